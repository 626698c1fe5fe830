use loligo_base::{SeededEntropy, Wall};
use loligo_wire::cephx::{self, KeyType, Secret};

use super::*;
use crate::CryptoKey;

fn key() -> SessionKey {
    let secret: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let key = cephx::CryptoKey { key_type: KeyType::AES, created: Wall::ZERO, secret: Secret::new(&secret) };
    SessionKey::new(CryptoKey::from_wire(key).unwrap())
}

const PARTS: SignedParts = SignedParts {
    header_crc: 0x0102_0304,
    front_crc: 0x0506_0708,
    front_len: 0x1234,
    middle_crc: 0,
    middle_len: 0,
    data_crc: 0xdead_beef,
    data_len: 4096,
    seq: 0x1_0000_0007,
};

/// The values were computed apart from this crate, with OpenSSL's AES, by the formulas in Ceph's
/// `CephxSessionHandler::_calc_signature`.
#[test]
fn both_signatures_have_the_values_that_their_formulas_give() {
    let signer = MessageSigner::new(key(), Features::PACIFIC, RequireSignatures::V2).unwrap();
    assert_eq!(signer.sign(&PARTS), 0xf2d5_3cbb_8fe5_94bf);
    let old = Features::PACIFIC.without(Features::CEPHX_V2);
    let signer = MessageSigner::new(key(), old, RequireSignatures::V1).unwrap();
    assert_eq!(signer.sign(&PARTS), 0x6d76_5c19_ec11_f63a);
}

#[test]
fn the_old_signature_is_refused_unless_it_is_asked_for() {
    let old = Features::PACIFIC.without(Features::CEPHX_V2);
    let refused = MessageSigner::new(key(), old, RequireSignatures::default()).err();
    assert_eq!(refused, Some(AuthError::OldSignatures));
}

/// Nobody who knows only the old signatures knows such keys.
#[test]
fn with_aes256k_the_old_signature_is_refused_also_when_it_is_asked_for() {
    let old = Features::PACIFIC.without(Features::CEPHX_V2);
    let key = CryptoKey::generate_of(Cipher::Aes256k, Wall::ZERO, &mut SeededEntropy::new(1));
    let refused = MessageSigner::new(SessionKey::new(key), old, RequireSignatures::V1).err();
    assert_eq!(refused, Some(AuthError::OldSignatures));
}

#[test]
fn a_change_of_anything_that_is_covered_is_noticed() {
    let signer = MessageSigner::new(key(), Features::PACIFIC, RequireSignatures::V2).unwrap();
    let signature = signer.sign(&PARTS);
    assert_eq!(signer.check(&PARTS, signature), Ok(()));
    let changed = [
        SignedParts { header_crc: 1, ..PARTS },
        SignedParts { front_crc: 1, ..PARTS },
        SignedParts { front_len: 1, ..PARTS },
        SignedParts { middle_crc: 1, ..PARTS },
        SignedParts { middle_len: 1, ..PARTS },
        SignedParts { data_crc: 1, ..PARTS },
        SignedParts { data_len: 1, ..PARTS },
        SignedParts { seq: 8, ..PARTS },
    ];
    for parts in changed {
        assert_eq!(signer.check(&parts, signature), Err(AuthError::WrongSignature), "{parts:?}");
    }
    for bit in 0..64 {
        assert_eq!(signer.check(&PARTS, signature ^ 1 << bit), Err(AuthError::WrongSignature));
    }
    // Only the lower word of seq is covered.
    assert_eq!(signer.check(&SignedParts { seq: 7, ..PARTS }, signature), Ok(()));
}
