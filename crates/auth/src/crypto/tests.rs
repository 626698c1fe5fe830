use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use loligo_base::SeededEntropy;
use loligo_wire::cephx::{AUTH_ENC_MAGIC, CephXAuthorizeChallenge};
use loligo_wire::{Decode as _, DecodeError};

use super::*;

fn key_of(cipher: Cipher, secret: &[u8]) -> Result<CryptoKey, KeyError> {
    let (key_type, secret) = (cipher.key_type(), Secret::new(secret));
    CryptoKey::from_wire(cephx::CryptoKey { key_type, created: Wall::ZERO, secret })
}

fn aes_key(secret: &[u8]) -> Result<CryptoKey, KeyError> {
    key_of(Cipher::Aes, secret)
}

fn aes256k_key() -> CryptoKey {
    let secret: Vec<u8> = (0..32).collect();
    key_of(Cipher::Aes256k, &secret).unwrap()
}

const COUNTING: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn counting_key() -> CryptoKey {
    aes_key(&COUNTING).unwrap()
}

/// The values of Ceph's own test (`src/test/crypto.cc`, `AES.Encrypt`).
#[test]
fn aes_gives_the_bytes_of_cephs_own_test() {
    let key = Aes::from_array(&COUNTING);
    let plain = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128.to_be_bytes();
    let sealed = [
        0xb3, 0x8f, 0x5b, 0xc9, 0x35, 0x4c, 0xf8, 0xc6, 0x13, 0x15, 0x66, 0x6f, 0x37, 0xd7, 0x79, 0x3a, 0x11,
        0x90, 0x7b, 0xe9, 0xd8, 0x3c, 0x35, 0x70, 0x58, 0x7b, 0x97, 0x9b, 0x03, 0xd2, 0xa5, 0x01,
    ];
    assert_eq!(key.encrypt(BytesMut::from(&plain[..]))[..], sealed);
    assert_eq!(key.decrypt(&sealed).unwrap().as_slice(), plain);
}

#[test]
fn a_secret_must_have_16_bytes_and_only_those_are_used() {
    for length in 1..16 {
        let error = KeyError::TooShort { key_type: KeyType::AES, length, wanted: 16 };
        assert_eq!(aes_key(&[1; 15][..length]).err(), Some(error));
    }
    let answer = |length| {
        let blob = CephXChallengeBlob { server_challenge: 1, client_challenge: 2 };
        aes_key(&[1; 50][..length]).unwrap().answer(&blob)
    };
    assert!((16..50).all(|length| answer(length) == answer(16)));
}

#[test]
fn padding_is_always_there_and_comes_off() {
    let key = Aes::from_array(&[3; 16]);
    for length in 0..70 {
        let plain: Vec<u8> = (0..length).collect();
        let sealed = key.encrypt(BytesMut::from(&plain[..]));
        assert_eq!(sealed.len(), (plain.len() / 16 + 1) * 16);
        assert_eq!(*key.decrypt(&sealed).unwrap(), plain);
    }
    assert!(key.decrypt(&[]).is_none());
    assert!(key.decrypt(&[0; 17]).is_none());
}

/// The value was computed apart from this crate, with OpenSSL's AES, by the formula in Ceph's
/// `cephx_calc_client_server_challenge`.
#[test]
fn the_answer_to_a_challenge_folds_the_length_in() {
    let blob = CephXChallengeBlob {
        server_challenge: 0x1122_3344_5566_7788,
        client_challenge: 0x99aa_bbcc_ddee_ff00,
    };
    assert_eq!(counting_key().answer(&blob), 0x4fad_d850_10bc_ad18);
}

/// The values were computed apart from this crate, with Python's `hmac`, by the formulas in Ceph's
/// `cephx_calc_client_server_challenge` and `CephxSessionHandler::_calc_signature`.
#[test]
fn aes256k_answers_and_signs_with_a_hash() {
    let blob = CephXChallengeBlob {
        server_challenge: 0x1122_3344_5566_7788,
        client_challenge: 0x99aa_bbcc_ddee_ff00,
    };
    assert_eq!(aes256k_key().answer(&blob), 0x5246_0fb0_91ff_144a);
    let block: Vec<u8> = [0x0102_0304, 0x0506_0708, 0x1234, 0, 0, 0xdead_beef, 4096, 7]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    assert_eq!(aes256k_key().sign(block.first_chunk().unwrap()), 0x8816_984e_1fb9_68dd);
}

#[test]
fn aes256k_seals_the_same_value_differently_each_time_and_for_one_use_only() {
    let (key, entropy) = (aes256k_key(), &mut SeededEntropy::new(1));
    let value = CephXAuthorizeChallenge { server_challenge: 77 };
    let sealed = key.seal(Usage::AuthorizeChallenge, &value, entropy);
    assert_ne!(sealed, key.seal(Usage::AuthorizeChallenge, &value, entropy));
    assert_eq!(key.open(Usage::AuthorizeChallenge, &sealed), Ok(value));
    let usage = Usage::AuthorizeReply;
    assert_eq!(key.open::<CephXAuthorizeChallenge>(usage, &sealed), Err(Unsealable { usage }));
}

#[test]
fn a_made_key_has_the_length_of_its_type_and_reads_back() {
    for (cipher, length) in [(Cipher::Aes, 16), (Cipher::Aes256k, 32)] {
        let key = CryptoKey::generate_of(cipher, Wall::new(5, 6), &mut SeededEntropy::new(7));
        assert_eq!((key.cipher(), key.to_wire().secret.expose().len()), (cipher, length));
        let read = CryptoKey::from_base64(&key.to_base64()).unwrap();
        assert_eq!(read.to_wire(), key.to_wire());
        let blob = CephXChallengeBlob { server_challenge: 1, client_challenge: 2 };
        assert!([&read, &key.duplicate()].into_iter().all(|other| other.answer(&blob) == key.answer(&blob)));
    }
}

#[test]
fn a_sealed_value_opens_with_its_key_only_and_not_when_a_bit_is_flipped() {
    let key = counting_key();
    let value = CephXAuthorizeChallenge { server_challenge: 77 };
    let sealed = key.seal(Usage::AuthorizeChallenge, &value, &mut SeededEntropy::new(1));
    assert_eq!(key.open(Usage::AuthorizeChallenge, &sealed), Ok(value));
    let unsealable = Err::<CephXAuthorizeChallenge, _>(Unsealable { usage: Usage::AuthorizeChallenge });
    assert_eq!(aes_key(&[9; 16]).unwrap().open(Usage::AuthorizeChallenge, &sealed), unsealable);
    for cut in 0..sealed.len() {
        assert_eq!(key.open(Usage::AuthorizeChallenge, &sealed[..cut]), unsealable, "{cut} bytes");
    }
    for bit in 0..128 {
        let mut flipped = sealed.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.open(Usage::AuthorizeChallenge, &flipped), unsealable, "bit {bit}");
    }
}

/// Who seals zero bytes of padding, or more than a block of it, gets no panic and no value.
#[test]
fn padding_that_no_one_writes_is_bounded() {
    let key = Aes::from_array(&[0; 16]);
    for (padding, left) in [(0u8, 16), (1, 15), (16, 0), (17, 0), (255, 0)] {
        let mut blocks = [0x55; 32];
        blocks[15] = padding;
        let sealed = key.encrypt_two_blocks(blocks);
        assert_eq!(key.decrypt(&sealed[..16]).unwrap().len(), left, "{padding} bytes of padding");
    }
}

#[test]
fn keys_that_cannot_be_used_are_named() {
    let wire = |key_type, secret: &[u8]| cephx::CryptoKey {
        key_type,
        created: Wall::ZERO,
        secret: Secret::new(secret),
    };
    let error = |key| CryptoKey::from_wire(key).err().unwrap();
    assert_eq!(error(wire(KeyType::NONE, &[])), KeyError::Empty);
    assert_eq!(error(wire(KeyType::NONE, &[1; 16])), KeyError::Empty);
    assert_eq!(error(wire(KeyType::AES, &[])), KeyError::Empty);
    assert_eq!(error(wire(KeyType::AES256K, &[])), KeyError::Empty);
    assert_eq!(
        format!("{}", error(wire(KeyType::AES256K, &[1; 31]))),
        "the secret of type aes256k is 31 bytes long, 32 are needed"
    );
    assert_eq!(format!("{}", error(wire(KeyType(3), &[1; 32]))), "keys of type 3 are not supported");
    assert_eq!(format!("{}", error(wire(KeyType(7), &[1; 32]))), "keys of type 7 are not supported");
}

#[test]
fn the_text_form_reads_back_and_says_what_is_wrong_with_it() {
    let key = CryptoKey::generate(Wall::new(1_600_000_000, 5), &mut SeededEntropy::new(7));
    let text = key.to_base64();
    let read = CryptoKey::from_base64(&format!(" {}\n", *text)).unwrap();
    assert_eq!(read.to_wire(), key.to_wire());
    assert_eq!(CryptoKey::from_base64("not base64!").err(), Some(KeyError::NotBase64));
    let short = KeyError::Malformed(DecodeError::Truncated { wanted: 4, left: 1 });
    assert_eq!(CryptoKey::from_base64("AQAA").err(), Some(short));
    let long = String::from(&text[..]) + "AAAA";
    assert!(matches!(CryptoKey::from_base64(&long), Err(KeyError::NotBase64 | KeyError::Malformed(_))));
}

#[test]
fn nothing_of_a_key_is_printed() {
    assert_eq!(format!("{:?}", counting_key()), "CryptoKey(aes)");
    assert_eq!(format!("{:?}", aes256k_key()), "CryptoKey(aes256k)");
    assert_eq!(format!("{:?}", crate::SessionKey::new(counting_key())), "SessionKey(aes)");
}

#[test]
fn the_envelope_is_a_version_and_the_magic() {
    let key = counting_key();
    let sealed = key.seal(Usage::Authorize, &5u8, &mut SeededEntropy::new(1));
    let Handler::Aes(aes) = &key.handler else { panic!("{key:?}") };
    let plain = aes.decrypt(&sealed).unwrap();
    let mut d = Decoder::new(&plain);
    assert_eq!(u8::decode(&mut d), Ok(1));
    assert_eq!(u64::decode(&mut d), Ok(AUTH_ENC_MAGIC));
    assert_eq!(d.rest(), [5]);
}
