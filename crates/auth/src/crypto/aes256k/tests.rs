use loligo_base::{Entropy as _, SeededEntropy};

use super::*;

/// The key and the use that RFC 8009 takes in its appendix A.
const RFC_SECRET: &str = "6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52";
const RFC_USAGE: u32 = 2;

/// What it seals there: the confounder, how many bytes from 0 up, and the result.
const RFC_SEALED: [(&str, u8, &str); 4] = [
    (
        "f764e9fa15c276478b2c7d0c4e5f58e4",
        0,
        "41f53fa5bfe7026d91faf9be959195a058707273a96a40f0a01960621ac612748b9bbfbe7eb4ce3c",
    ),
    (
        "b80d3251c1f6471494256ffe712d0b9a",
        6,
        "4ed7b37c2bcac8f74f23c1cf07e62bc7b75fb3f637b9f559c7f664f69eab7b6092237526ea0d1f61cb20d69d10f2",
    ),
    (
        "53bf8a0d105265d4e276428624ce5e63",
        16,
        "bc47ffec7998eb91e8115cf8d19dac4bbbe2e163e87dd37f49beca92027764f68cf51f14d798c2273f35df574d1f932e\
         40c4ff255b36a266",
    ),
    (
        "763e65367e864f02f55153c7e3b58af1",
        21,
        "40013e2df58e8751957d2878bcd2d6fe101ccfd556cb1eae79db3c3ee86429f2b2a602ac86fef6ecb647d6295fae077a\
         1feb517508d2c16b4192e01f62",
    ),
];

fn hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

fn rfc_key() -> Aes256k {
    Aes256k::new(&hex(RFC_SECRET)).unwrap()
}

fn key() -> Aes256k {
    Aes256k::from_array(&[7; KEY_LEN])
}

fn sealed(key: &Aes256k, usage: u32, plain: &[u8]) -> Vec<u8> {
    let mut confounder = [0; CONFOUNDER_LEN];
    SeededEntropy::new(3).fill(&mut confounder);
    key.seal(usage, [&confounder, plain].concat().as_slice().into()).to_vec()
}

#[test]
fn the_derived_keys_are_those_of_rfc_8009() {
    let ke: Zeroizing<[u8; 32]> = rfc_key().key(RFC_USAGE, Purpose::Encryption);
    assert_eq!(ke[..], hex("56ab22bee63d82d7bc5227f6773f8ea7a5eb1c825160c38312980c442e5c7e49"));
    let ki: Zeroizing<[u8; 24]> = rfc_key().key(RFC_USAGE, Purpose::Integrity);
    assert_eq!(ki[..], hex("69b16514e3cd8e56b82010d5c73012b622c4d00ffc23ed1f"));
}

#[test]
fn what_rfc_8009_seals_is_sealed_and_opened_alike() {
    for (confounder, length, result) in RFC_SEALED {
        let plain: Vec<u8> = (0..length).collect();
        let data = [hex(confounder), plain.clone()].concat();
        assert_eq!(rfc_key().seal(RFC_USAGE, data.as_slice().into())[..], hex(result), "{length} bytes");
        assert_eq!(*rfc_key().open(RFC_USAGE, &hex(result)).unwrap(), plain);
    }
}

#[test]
fn values_of_every_length_come_back() {
    for length in 0..70 {
        let plain: Vec<u8> = (0..length).collect();
        let sealed = sealed(&key(), 0x10, &plain);
        assert_eq!(sealed.len(), CONFOUNDER_LEN + plain.len() + TAG_LEN);
        assert_eq!(*key().open(0x10, &sealed).unwrap(), plain);
    }
}

#[test]
fn nothing_opens_that_was_changed_cut_or_sealed_otherwise() {
    let plain = [0x55; 21];
    let sealed = sealed(&key(), 0x10, &plain);
    assert!(key().open(0x11, &sealed).is_none(), "another use");
    assert!(Aes256k::from_array(&[8; KEY_LEN]).open(0x10, &sealed).is_none(), "another key");
    for bit in 0..8 * sealed.len() {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(key().open(0x10, &flipped).is_none(), "bit {bit}");
    }
    for cut in 0..sealed.len() {
        assert!(key().open(0x10, &sealed[..cut]).is_none(), "the first {cut} bytes");
        assert!(key().open(0x10, &sealed[sealed.len() - cut..]).is_none(), "the last {cut} bytes");
    }
}

/// A tag alone does not make a value: who has the key and seals less than a confounder gets no panic.
#[test]
fn less_than_a_confounder_is_nothing() {
    for length in 0..CONFOUNDER_LEN {
        let data = alloc::vec![0; length];
        let tag = key().mac(0x10, &data).finalize().into_bytes();
        assert!(key().open(0x10, &[&data, &tag[..TAG_LEN]].concat()).is_none(), "{length} bytes");
    }
}

#[test]
fn a_secret_has_32_bytes_or_more_and_all_are_used() {
    for length in 0..KEY_LEN {
        let error = KeyError::TooShort { key_type: KeyType::AES256K, length, wanted: 32 };
        assert_eq!(Aes256k::new(&[1; KEY_LEN][..length]).err(), Some(error));
    }
    let secret = [1; 200];
    let tags: Vec<_> =
        (KEY_LEN..200).map(|length| Aes256k::new(&secret[..length]).unwrap().hash(b"x")).collect();
    assert!(tags.windows(2).all(|pair| pair[0] != pair[1]));
}
