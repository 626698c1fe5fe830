use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

/// Each that the processor can run.
fn all(key: &[u8; KEY_LEN]) -> Vec<Gcm> {
    let mut all = Vec::from([Gcm::Portable(portable::Gcm::new(key))]);
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    all.extend(fast::Gcm::new(key).map(Gcm::Fast));
    #[cfg(feature = "aws-lc")]
    all.extend(aws_lc::Gcm::new(key).map(Gcm::AwsLc));
    all
}

fn sealed(gcm: &Gcm, nonce: &[u8; NONCE_LEN], plain: &[u8]) -> Vec<u8> {
    let mut bytes = plain.to_vec();
    let tag = gcm.seal(nonce, &mut bytes).unwrap();
    bytes.extend_from_slice(&tag);
    bytes
}

proptest! {
    #[test]
    fn what_one_seals_every_other_opens(
        key: [u8; KEY_LEN],
        nonce: [u8; NONCE_LEN],
        plain in proptest::collection::vec(any::<u8>(), 0..2000),
        (place, bit) in any::<(proptest::sample::Index, u32)>(),
    ) {
        let all = all(&key);
        let expected = sealed(&Gcm::new(&key), &nonce, &plain);
        for gcm in &all {
            prop_assert_eq!(&sealed(gcm, &nonce, &plain), &expected);
            let mut bytes = expected.clone();
            prop_assert_eq!(gcm.open(&nonce, &mut bytes).map(|opened| opened.to_vec()), Ok(plain.clone()));
            // Whatever bit is another one, it is noticed.
            let mut bytes = expected.clone();
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << (bit % 8);
            prop_assert_eq!(gcm.open(&nonce, &mut bytes), Err(Failed));
        }
    }
}

#[test]
fn less_than_a_proof_is_refused() {
    for gcm in all(&[1; KEY_LEN]) {
        for len in 0..TAG_LEN {
            assert_eq!(gcm.open(&[2; NONCE_LEN], &mut alloc::vec![0; len]), Err(Failed));
        }
    }
}
