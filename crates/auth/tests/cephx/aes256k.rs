//! Keys of both types in one cluster: a client's key and the secrets of services need not be of the same.

use crate::world::{CEPHX, OPTIONS, World};
use bytes::Bytes;
use loligo_auth::{
    AuthorizeHandler, Cipher, KeyServerOptions, LoginStep, MessageSigner, RequireSignatures, SignedParts,
};
use loligo_wire::{EntityType, Features};

/// The type of the client's key, and of the services' secrets.
const BOTH: [(Cipher, Cipher); 3] =
    [(Cipher::Aes256k, Cipher::Aes256k), (Cipher::Aes256k, Cipher::Aes), (Cipher::Aes, Cipher::Aes256k)];

fn world((key, auth_service_cipher): (Cipher, Cipher)) -> World {
    World::with_key(key, KeyServerOptions { auth_service_cipher, ..OPTIONS })
}

#[test]
fn a_client_logs_in_is_known_again_and_keeps_its_number_over_renewals() {
    for types in BOTH {
        let mut world = world(types);
        let mut client = world.client();
        let (mut login, mut monitor, logged_in) = world.login(&mut client);
        for _ in 0..6 {
            world.pass(50);
            let request = client.renew(&mut login, world.now, &mut world.entropy).unwrap();
            let step = world.exchange(&mut client, &mut login, &mut monitor, request);
            assert!(matches!(step, LoginStep::Renewed), "{types:?}: {step:?}");
            world.keys.rotate(world.now.wall, &mut world.entropy);
        }
        let again = world.login(&mut client).2;
        assert_eq!((again.global_id, again.is_new_identity), (logged_in.global_id, false), "{types:?}");
    }
}

#[test]
fn a_service_and_a_client_prove_themselves_and_sign() {
    for types in BOTH {
        let mut world = world(types);
        let mut client = world.client();
        world.login(&mut client);
        let (authorizer, accepted) = world.connect(&client).unwrap();
        let keys = [authorizer.verify_reply(&accepted.reply).unwrap().session_key, accepted.session_key];
        let [ours, theirs] = keys.map(|key| {
            let key = key.unwrap();
            assert_eq!(format!("{key:?}"), format!("SessionKey({})", types.0.key_type()));
            MessageSigner::new(key, Features::PACIFIC, RequireSignatures::V2).unwrap()
        });
        let parts = SignedParts { front_crc: 5, seq: 1, ..SignedParts::default() };
        assert_eq!(theirs.check(&parts, ours.sign(&parts)), Ok(()));
        assert!(theirs.check(&SignedParts { seq: 2, ..parts }, ours.sign(&parts)).is_err());
    }
}

/// With `aes` some flips go unnoticed until the client must answer the challenge.
#[test]
fn a_flipped_bit_in_what_is_sealed_is_noticed_at_once() {
    let mut world = world((Cipher::Aes256k, Cipher::Aes256k));
    let mut client = world.client();
    world.login(&mut client);
    let payload = world.authorizer(&client).payload().clone();
    let open = 1 + 8 + 4 + 1 + 8 + 4;
    for bit in open * 8..payload.len() * 8 {
        let mut flipped = payload.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut osd = AuthorizeHandler::new(CEPHX);
        assert!(world.show_bytes(&mut osd, &Bytes::from(flipped)).is_err(), "bit {bit}");
    }
}

/// A wrong key is refused, also one that differs in its last byte only.
#[test]
fn a_wrong_key_is_refused() {
    let mut world = world((Cipher::Aes256k, Cipher::Aes256k));
    let mut wire = world.key().to_wire();
    let mut secret = wire.secret.expose().to_vec();
    secret[31] ^= 1;
    wire.secret = loligo_wire::cephx::Secret::new(&secret);
    let key = loligo_auth::CryptoKey::from_wire(wire).unwrap();
    let mut client = loligo_auth::AuthClient::cephx(crate::world::admin(), key, crate::world::want());
    assert!(world.try_login(&mut client).is_err());
    assert!(!client.have_ticket(EntityType::OSD, world.now));
}
