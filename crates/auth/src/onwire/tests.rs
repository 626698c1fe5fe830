use alloc::vec;

use loligo_wire::cephx::Secret;

use super::*;

fn secret(bytes: &[u8]) -> ConnectionSecret {
    ConnectionSecret::new(Secret::new(bytes)).unwrap()
}

fn pair() -> (FrameCiphers, FrameCiphers) {
    let secret = secret(&core::array::from_fn::<u8, 64, _>(|at| u8::try_from(at).unwrap()));
    let of = |side| FrameCiphers::new(&secret, side).unwrap();
    (of(Side::Client), of(Side::Server))
}

/// Case 3 of the specification of GCM (McGrew and Viega, appendix B): key, nonce, plain text, cipher text, tag.
#[test]
fn the_cipher_is_aes_128_gcm() {
    let hex = |text: &str| -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    };
    let mut bytes = hex("feffe9928665731c6d6a8f9467308308");
    let nonce = hex("cafebabefacedbaddecaf888");
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&nonce);
    let mut client = FrameCiphers::new(&secret(&bytes), Side::Client).unwrap();
    let mut part = hex(concat!(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
    ));
    client.sealer.seal(&mut part).unwrap();
    let expected = hex(concat!(
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e",
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
        "4d5c2af327cd64a62cf35abd2ba6fab4",
    ));
    assert_eq!(part, expected);
}

#[test]
fn each_end_opens_what_the_other_sealed_in_order() {
    let (mut client, mut server) = pair();
    for n in 0..5u8 {
        let mut part = vec![n; 40];
        client.sealer.seal(&mut part).unwrap();
        assert_eq!(part.len(), 56);
        assert_eq!(server.opener.open(&mut part).unwrap(), vec![n; 40]);
        let mut part = vec![n; 3];
        server.sealer.seal(&mut part).unwrap();
        assert_eq!(client.opener.open(&mut part).unwrap(), vec![n; 3]);
    }
}

#[test]
fn what_was_changed_comes_again_or_is_missing_is_refused() {
    let (mut client, _) = pair();
    let mut part = vec![7; 32];
    client.sealer.seal(&mut part).unwrap();
    for bit in 0..part.len() * 8 {
        let mut wrong = part.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(pair().1.opener.open(&mut wrong), Err(AuthError::WrongSignature), "bit {bit}");
    }
    let (_, mut server) = pair();
    assert!(server.opener.open(&mut part.clone()).is_ok());
    assert_eq!(server.opener.open(&mut part.clone()), Err(AuthError::WrongSignature), "a second time");
    assert_eq!(pair().1.opener.open(&mut [0; 15]), Err(AuthError::WrongSignature), "too short");
    let (mut client, _) = pair();
    assert!(client.opener.open(&mut part).is_err(), "what was sent is no answer");
}

#[test]
fn the_counter_goes_over_its_end_and_stops_before_it_meets_itself() {
    let mut nonce = Nonce::new(&[1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(nonce.next().unwrap()[4..], [0xff; 8]);
    assert_eq!(nonce.next().unwrap(), [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
    nonce.left = 1;
    assert!(nonce.next().is_ok());
    assert_eq!(nonce.next(), Err(AuthError::OutOfNonces));
}

#[test]
fn a_secret_that_is_too_short_is_named() {
    let short = FrameCiphers::new(&secret(&[1; 39]), Side::Client).unwrap_err();
    assert_eq!(short, AuthError::ShortSecret { length: 39, wanted: 40 });
}

#[test]
fn nothing_of_them_is_printed() {
    let (client, _) = pair();
    let shown = alloc::format!("{client:?}");
    assert_eq!(shown, "FrameCiphers { sealer: FrameSealer, opener: FrameOpener }");
}
