//! AES-128-GCM, the cipher of messenger v2's secure mode, by each crate that has it: sealing and opening in place.

use std::hint::black_box;

use aes_gcm::aead::AeadInPlace as _;
use aes_gcm::{Aes128Gcm, KeyInit as _};
use aes_gcm_next::aead::AeadInOut as _;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use loligo_auth::{ConnectionSecret, FrameCiphers, Side};
use loligo_base::SeededEntropy;

const KEY: [u8; 16] = [7; 16];
const NONCE: [u8; 12] = [9; 12];
const TAG: usize = 16;

fn rustcrypto(bytes: &mut [u8]) {
    let (plain, tag) = bytes.split_last_chunk_mut::<TAG>().unwrap();
    let cipher = Aes128Gcm::new(&KEY.into());
    *tag = cipher.encrypt_in_place_detached(&NONCE.into(), &[], plain).unwrap().into();
}

fn rustcrypto_next(bytes: &mut [u8]) {
    use aes_gcm_next::KeyInit as _;
    let (plain, tag) = bytes.split_last_chunk_mut::<TAG>().unwrap();
    let cipher = aes_gcm_next::Aes128Gcm::new(&KEY.into());
    *tag = cipher.encrypt_inout_detached(&NONCE.into(), &[], plain.into()).unwrap().into();
}

fn graviola(bytes: &mut [u8]) {
    let (plain, tag) = bytes.split_last_chunk_mut::<TAG>().unwrap();
    graviola::aead::AesGcm::new(&KEY).encrypt(&NONCE, &[], plain, tag);
}

fn ring(bytes: &mut [u8]) {
    use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let (plain, tag) = bytes.split_last_chunk_mut::<TAG>().unwrap();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &KEY).unwrap());
    let nonce = Nonce::assume_unique_for_key(NONCE);
    tag.copy_from_slice(key.seal_in_place_separate_tag(nonce, Aad::empty(), plain).unwrap().as_ref());
}

fn aws_lc(bytes: &mut [u8]) {
    use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let (plain, tag) = bytes.split_last_chunk_mut::<TAG>().unwrap();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &KEY).unwrap());
    let nonce = Nonce::assume_unique_for_key(NONCE);
    tag.copy_from_slice(key.seal_in_place_separate_tag(nonce, Aad::empty(), plain).unwrap().as_ref());
}

/// Seals bytes in place.
type Seal = fn(&mut [u8]);

/// All give the same, else the figures mean nothing.
fn check(ciphers: &[(&str, Seal)]) {
    let sealed = |cipher: Seal| {
        let mut bytes = vec![0x5a; 1000];
        cipher(&mut bytes);
        bytes
    };
    let (_, first) = ciphers[0];
    for (name, cipher) in ciphers {
        assert_eq!(sealed(*cipher), sealed(first), "{name}");
    }
}

fn cipher(c: &mut Criterion) {
    let ciphers: [(&str, Seal); 5] = [
        ("aes-gcm 0.10", rustcrypto),
        ("aes-gcm 0.11", rustcrypto_next),
        ("graviola", graviola),
        ("ring, with C", ring),
        ("aws-lc-rs, with C", aws_lc),
    ];
    check(&ciphers);
    let mut group = c.benchmark_group("aes-128-gcm");
    for (name, size) in [("64 B", 64), ("4 KiB", 4 << 10), ("64 KiB", 64 << 10), ("4 MiB", 4 << 20)] {
        let mut bytes = vec![0x5a_u8; size + TAG];
        group.throughput(Throughput::Bytes(size as u64));
        let secret = ConnectionSecret::generate(64, &mut SeededEntropy::new(1)).unwrap();
        let mut ours = FrameCiphers::new(&secret, Side::Client).unwrap();
        let mut opener = FrameCiphers::new(&secret, Side::Server).unwrap().opener;
        group.bench_function(BenchmarkId::new("loligo refuses", name), |b| {
            b.iter(|| opener.open(black_box(&mut bytes)).is_err());
        });
        group.bench_function(BenchmarkId::new("loligo seals", name), |b| {
            b.iter(|| ours.sealer.seal_in_place(black_box(&mut bytes)));
        });
        for (cipher_name, cipher) in ciphers {
            group.bench_function(BenchmarkId::new(cipher_name, name), |b| {
                b.iter(|| cipher(black_box(&mut bytes)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, cipher);
criterion_main!(benches);
