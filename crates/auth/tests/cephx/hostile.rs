//! Peers that do not keep to the protocol.

use crate::world::{CEPHX, OPTIONS, World, challenge};
use bytes::Bytes;
use loligo_auth::{
    AuthClient, AuthError, AuthorizeHandler, CryptoKey, LoginHandler, LoginReply, LoginRequest, LoginStep,
    Unsealable, Usage, Verdict,
};
use loligo_base::SeededEntropy;
use loligo_wire::cephx::AuthMethod;
use loligo_wire::{EntityType, GlobalId};
use proptest::prelude::*;

/// A logged-in client and its world.
fn world() -> (World, AuthClient) {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    world.login(&mut client);
    (world, client)
}

#[test]
fn an_overheard_authorizer_is_of_no_use_on_another_connection() {
    let (mut world, client) = world();
    let mut osd = AuthorizeHandler::new(CEPHX);
    let mut authorizer = world.authorizer(&client);
    let asked = challenge(world.show(&mut osd, &authorizer).unwrap());
    let first = authorizer.payload().clone();
    authorizer.add_challenge(&asked, &mut world.entropy).unwrap();
    assert!(matches!(world.show(&mut osd, &authorizer), Ok(Verdict::Accept(_))));
    // Each of the two, on a connection of the eavesdropper.
    for overheard in [&first, authorizer.payload()] {
        let mut osd = AuthorizeHandler::new(CEPHX);
        challenge(world.show_bytes(&mut osd, overheard).unwrap());
        let error = world.show_bytes(&mut osd, overheard).unwrap_err();
        assert!(matches!(error, AuthError::NotChallenged | AuthError::WrongAnswer), "{error:?}");
    }
}

/// CVE-2018-1128: a service that skips the challenge accepts replays; we do not talk to it.
#[test]
fn a_service_that_does_not_challenge_is_not_used() {
    let (mut world, client) = world();
    let (mut authorizer, accepted) = world.connect(&client).unwrap();
    assert!(authorizer.verify_reply(&accepted.reply).is_ok());
    let fresh = world.authorizer(&client);
    assert_eq!(fresh.verify_reply(&accepted.reply).unwrap_err(), AuthError::NotChallenged);
    // Nor one whose challenge is empty, or from somebody without the key.
    let unsealable = AuthError::Unsealable(Unsealable { usage: Usage::AuthorizeChallenge });
    for bad in [&[][..], &[0; 32], &accepted.reply] {
        assert_eq!(authorizer.add_challenge(bad, &mut world.entropy), Err(unsealable.clone()));
    }
}

#[test]
fn a_service_must_prove_that_it_read_this_nonce() {
    let (mut world, client) = world();
    let (one, accepted_one) = world.connect(&client).unwrap();
    let (two, _) = world.connect(&client).unwrap();
    assert!(one.verify_reply(&accepted_one.reply).is_ok());
    assert_eq!(two.verify_reply(&accepted_one.reply).unwrap_err(), AuthError::WrongNonce);
}

#[test]
fn a_flipped_bit_or_a_lost_byte_in_an_authorizer_is_noticed() {
    let (mut world, client) = world();
    let payload = world.authorizer(&client).payload().clone();
    for bit in 0..payload.len() * 8 {
        let mut flipped = payload.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut osd = AuthorizeHandler::new(CEPHX);
        let verdict = world.show_bytes(&mut osd, &Bytes::from(flipped));
        // AES-CBC without a MAC garbles what it does not protect: in a version byte, or in the parts of a ticket that
        // are not checked against anything, a change goes unnoticed here. It never gets past the challenge, which
        // needs the session key.
        let Ok(Verdict::Challenge(asked)) = verdict else { continue };
        let mut answer = world.authorizer(&client);
        if answer.add_challenge(&asked, &mut world.entropy).is_ok() {
            let verdict = world.show(&mut osd, &answer);
            assert!(matches!(verdict, Ok(Verdict::Accept(_))), "bit {bit}: {verdict:?}");
        }
    }
    for cut in 0..payload.len() {
        let mut osd = AuthorizeHandler::new(CEPHX);
        assert!(world.show_bytes(&mut osd, &payload.slice(..cut)).is_err(), "{cut} bytes");
    }
}

#[test]
fn a_flipped_bit_in_the_answer_to_the_challenge_is_noticed() {
    let (mut world, client) = world();
    let mut osd = AuthorizeHandler::new(CEPHX);
    let mut authorizer = world.authorizer(&client);
    let asked = challenge(world.show(&mut osd, &authorizer).unwrap());
    authorizer.add_challenge(&asked, &mut world.entropy).unwrap();
    let payload = authorizer.payload().clone();
    let sealed = payload.len() - 32;
    for bit in sealed * 8..payload.len() * 8 {
        let mut osd = AuthorizeHandler::new(CEPHX);
        // The same challenge on each connection: the entropy is the same.
        let entropy = &mut SeededEntropy::new(3);
        let keys = world.keys.service_keys(EntityType::OSD).unwrap();
        let now = world.now.wall;
        let mut authorizer = client.build_authorizer(EntityType::OSD, &mut SeededEntropy::new(4)).unwrap();
        let shown = authorizer.payload();
        let asked = challenge(osd.verify(&keys, now, AuthMethod::CEPHX, shown, 0, entropy).unwrap());
        authorizer.add_challenge(&asked, entropy).unwrap();
        let mut flipped = authorizer.payload().to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let verdict = osd.verify(&keys, now, AuthMethod::CEPHX, &flipped.into(), 0, entropy);
        assert!(verdict.is_err(), "bit {bit}: {verdict:?}");
        // After a failure a new challenge is needed, even for the right answer.
        let verdict = osd.verify(&keys, now, AuthMethod::CEPHX, authorizer.payload(), 0, entropy);
        assert!(matches!(verdict, Ok(Verdict::Challenge(_))), "{verdict:?}");
    }
}

#[test]
fn a_flipped_bit_or_a_lost_byte_in_the_proof_of_a_service_is_noticed() {
    let (mut world, client) = world();
    let (authorizer, accepted) = world.connect(&client).unwrap();
    for bit in 0..accepted.reply.len() * 8 {
        let mut flipped = accepted.reply.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(authorizer.verify_reply(&flipped).is_err(), "bit {bit}");
    }
    for cut in 0..accepted.reply.len() {
        assert!(authorizer.verify_reply(&accepted.reply[..cut]).is_err(), "{cut} bytes");
    }
}

#[test]
fn a_ticket_is_good_for_its_service_its_time_and_its_client() {
    let (mut world, client) = world();
    let payload = world.authorizer(&client).payload().clone();
    let mut osd = AuthorizeHandler::new(CEPHX);
    let keys = world.keys.service_keys(EntityType::MGR).unwrap();
    let wrong = osd.verify(&keys, world.now.wall, AuthMethod::CEPHX, &payload, 0, &mut world.entropy);
    let error = AuthError::WrongService { found: EntityType::OSD, wanted: EntityType::MGR };
    assert_eq!(wrong.unwrap_err(), error);
    // Somebody else's number, in the open part.
    let mut other = payload.to_vec();
    other[1] ^= 1;
    let error = world.show_bytes(&mut osd, &other.into()).unwrap_err();
    assert!(matches!(error, AuthError::WrongClient { .. }), "{error:?}");
    // One second before the end, and at the end.
    world.pass(59);
    assert!(world.show_bytes(&mut osd, &payload).is_ok());
    world.pass(1);
    assert_eq!(
        world.show_bytes(&mut AuthorizeHandler::new(CEPHX), &payload).unwrap_err(),
        AuthError::TicketExpired
    );
    // And when the secret has been forgotten.
    for _ in 0..3 {
        world.pass(1000);
        world.keys.rotate(world.now.wall, &mut world.entropy);
    }
    let error = world.show_bytes(&mut AuthorizeHandler::new(CEPHX), &payload).unwrap_err();
    assert!(matches!(error, AuthError::NoSecret { service: EntityType::OSD, .. }), "{error:?}");
    let method = AuthMethod::NONE;
    let keys = world.keys.service_keys(EntityType::OSD).unwrap();
    let refused = osd.verify(&keys, world.now.wall, method, &payload, 0, &mut world.entropy);
    assert_eq!(refused.unwrap_err(), AuthError::MethodNotAllowed(method));
}

/// CVE-2021-20288: who claims the global id of another must show that client's ticket.
#[test]
fn a_global_id_of_another_client_cannot_be_claimed() {
    let (mut world, victim) = world();
    let mut thief = world.client();
    world.login(&mut thief);
    // Without a ticket, and with one of its own.
    let mut bare = world.client();
    for thief in [&mut bare, &mut thief] {
        let (mut login, request) = thief.login();
        let mut start = request.payload.to_vec();
        let at = start.len() - 8;
        start[at..].copy_from_slice(&victim.global_id().0.to_le_bytes());
        let mut monitor = LoginHandler::new(CEPHX);
        let claim = LoginRequest { payload: start.into(), ..request };
        let mut answer = world.ask(&mut monitor, &claim);
        assert_eq!(answer.reply.global_id, victim.global_id());
        // The thief's own machine would not go along: it is told that it has the number that it knows.
        answer.reply.global_id = thief.global_id().max(GlobalId(1));
        let step = thief.handle_reply(&mut login, world.now, answer.reply, &mut world.entropy);
        let LoginStep::Send(proof) = step else { panic!("{step:?}") };
        let answer = world.ask(&mut monitor, &proof);
        assert_eq!(answer.reply.result, -13, "{:?}", answer.refusal);
        assert!(answer.client.is_none());
    }
}

#[test]
fn a_monitor_that_loses_its_way_is_left() {
    let (mut world, _) = world();
    let fail = |world: &mut World, change: &dyn Fn(usize, &mut LoginReply)| {
        let mut client = world.client();
        let (mut login, mut request) = client.login();
        let mut monitor = LoginHandler::new(CEPHX);
        for round in 0..2 {
            let mut reply = world.ask(&mut monitor, &request).reply;
            change(round, &mut reply);
            match client.handle_reply(&mut login, world.now, reply.clone(), &mut world.entropy) {
                LoginStep::Send(next) => request = next,
                LoginStep::Failed(error) => {
                    let again = client.handle_reply(&mut login, world.now, reply, &mut world.entropy);
                    assert!(matches!(again, LoginStep::Failed(AuthError::Unexpected)), "{again:?}");
                    assert_eq!(client.global_id(), GlobalId(0));
                    return error;
                }
                step => panic!("{step:?}"),
            }
        }
        panic!("the change was not noticed")
    };
    let error = fail(&mut world, &|_, reply| reply.global_id = GlobalId(0));
    assert_eq!(error, AuthError::GlobalId { found: GlobalId(0), wanted: GlobalId(0) });
    let error = fail(&mut world, &|round, reply| reply.global_id = GlobalId(7 + round as u64));
    assert_eq!(error, AuthError::GlobalId { found: GlobalId(8), wanted: GlobalId(7) });
    let error = fail(&mut world, &|_, reply| reply.result = i32::MIN);
    assert_eq!(error, AuthError::Refused { errno: i32::MAX });
    let error = fail(&mut world, &|round, reply| {
        if round == 1 {
            reply.payload = Bytes::from_static(&[0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        }
    });
    assert!(matches!(error, AuthError::WrongReply { .. }), "{error:?}");
    let error = fail(&mut world, &|round, reply| {
        if round == 1 {
            reply.payload = Bytes::from_static(&[0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        }
    });
    assert_eq!(error, AuthError::NoAuthTicket);
    // A monitor that does not know our key cannot tell us a session key.
    let error = fail(&mut world, &|round, reply| {
        if round == 1 {
            let mut garbled = reply.payload.to_vec();
            garbled[6 + 5 + 4 + 1 + 4] ^= 1;
            reply.payload = garbled.into();
        }
    });
    assert_eq!(error, AuthError::Unsealable(Unsealable { usage: Usage::TicketSessionKey }));
}

#[test]
fn a_client_that_loses_its_way_is_refused() {
    let (mut world, mut client) = world();
    let request =
        |method, payload: &'static [u8]| LoginRequest { method, payload: Bytes::from_static(payload) };
    let result = |world: &mut World, monitor: &mut LoginHandler, request: &LoginRequest| {
        let answer = world.ask(monitor, request);
        assert!(answer.client.is_none());
        answer.reply.result
    };
    let mut monitor = LoginHandler::new(CEPHX);
    assert_eq!(result(&mut world, &mut monitor, &request(AuthMethod::CEPHX, &[0, 1])), -22);
    assert_eq!(result(&mut world, &mut monitor, &request(AuthMethod::UNKNOWN, &[1])), -22);
    client.forget_identity();
    let (mut login, start) = client.login();
    let answer = world.ask(&mut monitor, &start);
    // Tickets before the login, with an authorizer that is none.
    assert_eq!(result(&mut world, &mut monitor, &request(AuthMethod::CEPHX, &[0, 2])), -13);
    assert_eq!(result(&mut world, &mut monitor, &request(AuthMethod::CEPHX, &[0, 9])), -22);
    assert_eq!(result(&mut world, &mut monitor, &request(AuthMethod::CEPHX, &[0])), -1);
    assert_eq!(result(&mut world, &mut monitor, &start), -22);
    let step = client.handle_reply(&mut login, world.now, answer.reply, &mut world.entropy);
    let LoginStep::Send(proof) = step else { panic!("{step:?}") };
    for cut in 0..proof.payload.len() {
        let short = LoginRequest { payload: proof.payload.slice(..cut), ..proof };
        assert_ne!(result(&mut world, &mut monitor, &short), 0, "{cut} bytes");
    }
    let mut wrong = proof.payload.to_vec();
    wrong[2 + 1 + 8] ^= 1;
    let wrong = LoginRequest { payload: wrong.into(), ..proof };
    assert_eq!(result(&mut world, &mut monitor, &wrong), -13);
    // The right one still gets in.
    assert!(world.ask(&mut monitor, &proof).client.is_some());
}

proptest! {
    /// Whatever comes, nothing panics and nobody gets in.
    #[test]
    fn arbitrary_bytes_lead_nowhere(bytes in prop::collection::vec(any::<u8>(), 0..200), result in any::<i32>()) {
        let (mut world, mut client) = world();
        let bytes = Bytes::from(bytes);
        let mut authorizer = world.authorizer(&client);
        prop_assert!(world.show_bytes(&mut AuthorizeHandler::new(CEPHX), &bytes).is_err());
        prop_assert!(authorizer.add_challenge(&bytes, &mut world.entropy).is_err());
        prop_assert!(authorizer.verify_reply(&bytes).is_err());
        prop_assert!(CryptoKey::from_base64(&String::from_utf8_lossy(&bytes)).is_err());
        let _ = loligo_auth::Keyring::parse(&bytes);
        let mut monitor = LoginHandler::new(CEPHX);
        let mut request = LoginRequest { method: AuthMethod::UNKNOWN, payload: bytes.clone() };
        prop_assert!(world.ask(&mut monitor, &request).client.is_none());
        let (mut login, start) = client.login();
        let reply = world.ask(&mut LoginHandler::new(CEPHX), &start).reply;
        let step = client.handle_reply(&mut login, world.now, reply, &mut world.entropy);
        prop_assert!(matches!(step, LoginStep::Send(_)));
        request.method = AuthMethod::CEPHX;
        prop_assert!(world.ask(&mut monitor, &request).client.is_none());
        let global_id = client.global_id();
        let reply = LoginReply { method: AuthMethod::CEPHX, result, global_id, payload: bytes };
        let step = client.handle_reply(&mut login, world.now, reply, &mut world.entropy);
        prop_assert!(matches!(step, LoginStep::Failed(_)));
    }
}
