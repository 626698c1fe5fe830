//! A client's logins and renewals at monitors of our own.

use std::time::Duration;

use crate::world::{CEPHX, OPTIONS, World, admin, want};
use loligo_auth::{
    AuthClient, AuthError, Cipher, CryptoKey, EntityAuth, KeyServerOptions, LoginHandler, LoginReply,
    LoginStep,
};
use loligo_base::{Mono, Now};
use loligo_wire::cephx::{AuthMethod, CephXResponseHeader, CephXServiceTicketReply, EntityTypes};
use loligo_wire::{AuthEntityName, Decode, DecodeError, Decoder, EntityType, GlobalId};

#[test]
fn a_login_brings_a_global_id_and_all_tickets_in_two_exchanges() {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    let (mut login, request) = client.login();
    let mut monitor = LoginHandler::new(CEPHX);
    assert_eq!(request.method, AuthMethod::UNKNOWN);
    let first = world.ask(&mut monitor, &request);
    assert_eq!(first.reply.method, AuthMethod::CEPHX);
    assert!(first.client.is_none());
    let step = client.handle_reply(&mut login, world.now, first.reply, &mut world.entropy);
    let LoginStep::Send(request) = step else { panic!("{step:?}") };
    let second = world.ask(&mut monitor, &request);
    let known = second.client.unwrap();
    let step = client.handle_reply(&mut login, world.now, second.reply, &mut world.entropy);
    let LoginStep::Done(logged_in) = step else { panic!("{step:?}") };
    assert!(logged_in.is_new_identity && login.is_done());
    assert_eq!((known.name, known.global_id), (admin(), logged_in.global_id));
    assert_eq!(&known.caps.caps[4..], b"allow *");
    for service in want().iter() {
        assert!(client.have_ticket(service, world.now), "{service}");
    }
}

#[test]
fn two_clients_get_two_global_ids() {
    let mut world = World::new(OPTIONS);
    let (mut one, mut two) = (world.client(), world.client());
    let ids = [world.login(&mut one).2.global_id, world.login(&mut two).2.global_id];
    assert_ne!(ids[0], ids[1]);
}

/// A monitor before Nautilus does not answer `other_keys`; the client then asks for the tickets.
#[test]
fn tickets_that_do_not_come_with_the_login_are_asked_for() {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    let (mut login, request) = client.login();
    let mut monitor = LoginHandler::new(CEPHX);
    let reply = world.ask(&mut monitor, &request).reply;
    let step = client.handle_reply(&mut login, world.now, reply, &mut world.entropy);
    let LoginStep::Send(request) = step else { panic!("{step:?}") };
    let mut reply = world.ask(&mut monitor, &request).reply;
    // The reply to the login itself is a header, one ticket, and an empty secret behind that.
    let first_part = first_part(&reply.payload).unwrap();
    reply.payload.truncate(first_part);
    let step = client.handle_reply(&mut login, world.now, reply, &mut world.entropy);
    let LoginStep::Send(request) = step else { panic!("{step:?}") };
    assert!(!client.have_ticket(EntityType::OSD, world.now));
    let step = world.exchange(&mut client, &mut login, &mut monitor, request);
    assert!(matches!(step, LoginStep::Done(_)), "{step:?}");
    assert!(client.have_ticket(EntityType::OSD, world.now));
    world.connect(&client).unwrap();
}

fn first_part(payload: &[u8]) -> Result<usize, DecodeError> {
    let mut d = Decoder::new(payload);
    CephXResponseHeader::decode(&mut d)?;
    CephXServiceTicketReply::decode(&mut d)?;
    Ok(payload.len() - d.left())
}

#[test]
fn a_reconnect_claims_the_global_id_and_proves_it() {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    let (.., first) = world.login(&mut client);
    world.pass(10);
    let (.., again) = world.login(&mut client);
    assert_eq!(again.global_id, first.global_id);
    assert!(!again.is_new_identity);
    world.connect(&client).unwrap();
}

#[test]
fn a_global_id_that_cannot_be_proven_is_refused_and_a_new_identity_is_not() {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    let (.., first) = world.login(&mut client);
    // All secrets of before are over.
    for _ in 0..3 {
        world.pass(1000);
        world.keys.rotate(world.now.wall, &mut world.entropy);
    }
    let error = world.try_login(&mut client).unwrap_err();
    assert_eq!(error, AuthError::ReclaimRefused { global_id: first.global_id, errno: 13 });
    client.forget_identity();
    let (.., again) = world.login(&mut client);
    assert!(again.is_new_identity);
    assert_ne!(again.global_id, first.global_id);
    world.connect(&client).unwrap();
}

#[test]
fn a_wrong_key_is_refused_as_such() {
    let mut world = World::new(OPTIONS);
    let key = CryptoKey::generate(world.now.wall, &mut world.entropy);
    let mut client = AuthClient::cephx(admin(), key, want());
    assert_eq!(world.try_login(&mut client).unwrap_err(), AuthError::Refused { errno: 13 });
    let mut client = AuthClient::cephx(AuthEntityName::client("nobody"), world.key(), want());
    assert_eq!(world.try_login(&mut client).unwrap_err(), AuthError::Refused { errno: 13 });
    // Whom the monitors allow nothing.
    let name = AuthEntityName::client("idle");
    let caps = [("osd".to_string(), "allow *".into())].into();
    let key = world.key();
    world.keys.add(name.clone(), EntityAuth { key, caps });
    let mut client = AuthClient::cephx(name, world.key(), want());
    assert_eq!(world.try_login(&mut client).unwrap_err(), AuthError::Refused { errno: 13 });
}

/// The tickets live a minute, the login two: for ten minutes a new OSD session is always possible.
#[test]
fn renewals_keep_all_tickets_alive() {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    let (mut login, mut monitor, first) = world.login(&mut client);
    assert_eq!(client.next_renewal(), Some(Mono::ZERO + Duration::from_secs(45)));
    let (mut sessions, mut tickets) = (0, 0);
    for _ in 0..600 {
        world.pass(1);
        world.keys.rotate(world.now.wall, &mut world.entropy);
        let due = client.next_renewal().unwrap() <= world.now.mono;
        let request = client.renew(&mut login, world.now, &mut world.entropy);
        assert_eq!(request.is_some(), due);
        if let Some(request) = request {
            assert!(client.renew(&mut login, world.now, &mut world.entropy).is_none(), "one at a time");
            if request.payload[..2] == [0, 1] {
                sessions += 1
            } else {
                tickets += 1
            }
            let step = world.exchange(&mut client, &mut login, &mut monitor, request);
            assert!(matches!(step, LoginStep::Renewed), "{step:?}");
        }
        let (.., accepted) = world.connect(&client).unwrap();
        assert_eq!(accepted.global_id, first.global_id);
    }
    // A ticket is renewed after three quarters of its time.
    assert_eq!((sessions, tickets), (600 / 90, 600 / 45 - 600 / 90));
}

#[test]
fn a_ticket_that_its_service_refused_is_renewed_at_once() {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    let (mut login, mut monitor, _) = world.login(&mut client);
    assert!(client.renew(&mut login, world.now, &mut world.entropy).is_none());
    client.invalidate_ticket(EntityType::OSD);
    assert!(!client.have_ticket(EntityType::OSD, world.now));
    let request = client.renew(&mut login, world.now, &mut world.entropy).unwrap();
    let step = world.exchange(&mut client, &mut login, &mut monitor, request);
    assert!(matches!(step, LoginStep::Renewed), "{step:?}");
    assert!(client.have_ticket(EntityType::OSD, world.now));
}

/// The wall clock is set back by a day: the monotonic one still knows when a ticket is due. While the machine slept, the
/// monotonic clock stood still: the other one knows.
#[test]
fn either_clock_brings_a_renewal() {
    let mut world = World::new(OPTIONS);
    let mut client = world.client();
    let (mut login, ..) = world.login(&mut client);
    let start = world.now;
    let later = Duration::from_secs(50);
    let day = Duration::from_secs(86_400);
    let back = Now { mono: start.mono + later, wall: start.wall.saturating_sub(day) };
    assert!(client.renew(&mut login, back, &mut world.entropy).is_some());
    let mut client = world.client();
    let (mut login, ..) = world.login(&mut client);
    let slept = Now { mono: start.mono, wall: start.wall.saturating_add(later) };
    assert!(client.renew(&mut login, slept, &mut world.entropy).is_some());
}

/// Tickets that are over as soon as they come must not make client and monitor talk without pause.
#[test]
fn tickets_without_life_are_not_asked_for_without_pause() {
    let none = Duration::ZERO;
    let mut world = World::new(KeyServerOptions { auth_service_ticket_ttl: none, ..OPTIONS });
    let mut client = world.client();
    let (mut login, mut monitor, _) = world.login(&mut client);
    let mut asked = 0;
    for _ in 0..100 {
        world.now.mono += Duration::from_millis(100);
        if let Some(request) = client.renew(&mut login, world.now, &mut world.entropy) {
            asked += 1;
            world.exchange(&mut client, &mut login, &mut monitor, request);
        }
    }
    assert_eq!(asked, 10);
}

#[test]
fn method_none_needs_no_key_and_is_believed() {
    let mut world = World::new(OPTIONS);
    let mut client = AuthClient::none(admin());
    let (mut login, request) = client.login();
    let mut monitor = LoginHandler::new(&[AuthMethod::CEPHX, AuthMethod::NONE]);
    let step = world.exchange(&mut client, &mut login, &mut monitor, request);
    let LoginStep::Done(logged_in) = step else { panic!("{step:?}") };
    assert!(logged_in.is_new_identity);
    assert_eq!(client.method(), AuthMethod::NONE);
    assert_eq!(client.next_renewal(), None);
    assert!(client.renew(&mut login, world.now, &mut world.entropy).is_none());
    let authorizer = world.authorizer(&client);
    assert_eq!(authorizer.method(), AuthMethod::NONE);
    let keys = world.keys.service_keys(EntityType::OSD).unwrap();
    let mut osd = loligo_auth::AuthorizeHandler::new(&[AuthMethod::NONE]);
    let shown = authorizer.payload();
    let verdict = osd.verify(&keys, world.now.wall, AuthMethod::NONE, shown, 0, &mut world.entropy).unwrap();
    let loligo_auth::Verdict::Accept(accepted) = verdict else { panic!("{verdict:?}") };
    assert_eq!((accepted.name, accepted.global_id), (admin(), logged_in.global_id));
    assert!(accepted.caps.allow_all && accepted.session_key.is_none());
    assert!(authorizer.verify_reply(&accepted.reply).unwrap().session_key.is_none());
}

#[test]
fn a_monitor_cannot_choose_a_method_that_was_not_offered() {
    let mut world = World::new(OPTIONS);
    for method in [AuthMethod::NONE, AuthMethod::GSS, AuthMethod::UNKNOWN, AuthMethod(77)] {
        let mut client = world.client();
        let (mut login, _) = client.login();
        let reply = LoginReply { method, result: 0, global_id: GlobalId(1), payload: bytes::Bytes::new() };
        let step = client.handle_reply(&mut login, world.now, reply, &mut world.entropy);
        let LoginStep::Failed(error) = step else { panic!("{step:?}") };
        assert_eq!(error, AuthError::MethodNotOffered(method));
    }
    // And a monitor without cephx refuses a client that offers only that.
    let mut client = world.client();
    let (mut login, request) = client.login();
    let mut monitor = LoginHandler::new(&[AuthMethod::NONE]);
    let step = world.exchange(&mut client, &mut login, &mut monitor, request);
    assert!(matches!(step, LoginStep::Failed(AuthError::Refused { errno: 95 })), "{step:?}");
}

#[test]
fn a_client_without_a_key_offers_no_cephx() {
    let client = AuthClient::new(admin(), None, vec![AuthMethod::CEPHX], EntityTypes::NONE);
    assert_eq!(client.login_v2(&[]).unwrap_err(), AuthError::NoKey { name: admin() });
}

/// The payloads of msgr v2 are the same, in other frames; a secret for the connection comes with the last one.
#[test]
fn a_login_on_v2_brings_the_secrets_of_the_connection() {
    for cipher in [Cipher::Aes, Cipher::Aes256k] {
        let mut world = World::with_key(cipher, OPTIONS);
        let mut client = world.client();
        for expect_new in [true, false] {
            let mut monitor = LoginHandler::new(CEPHX);
            let (mut login, request) = client.login_v2(&[]).unwrap();
            assert_eq!(request.method, AuthMethod::CEPHX);
            let (payload, none) = monitor.begin_v2(&mut world.keys, &request, &mut world.entropy).unwrap();
            assert!(none.is_none());
            let step = client.handle_reply_more(&mut login, world.now, payload, &mut world.entropy);
            let LoginStep::Send(request) = step else { panic!("{step:?}") };
            let (payload, known) = monitor
                .more_v2(&world.keys, world.now.wall, &request.payload, 64, &mut world.entropy)
                .unwrap();
            let step = client.handle_done(&mut login, world.now, known.global_id, payload);
            let LoginStep::Proven(keys) = step else { panic!("{step:?}") };
            let ours = keys.connection_secret.unwrap();
            assert_eq!(ours.expose(), known.connection_secret.unwrap().expose());
            assert_eq!(ours.expose().len(), 64);
            assert_eq!(keys.session_key.unwrap().to_secret(), known.session_key.unwrap().to_secret());
            // Nobody has vouched for that yet.
            assert_eq!((client.global_id() == GlobalId(0), login.is_done()), (expect_new, false));
            assert_eq!(client.have_ticket(EntityType::OSD, world.now), !expect_new);
            let step = client.connected(&mut login);
            let LoginStep::Done(logged_in) = step else { panic!("{step:?}") };
            assert_eq!(logged_in.is_new_identity, expect_new);
            assert_eq!(client.global_id(), known.global_id);
            world.connect(&client).unwrap();
            // Renewals are messages, as on v1.
            world.pass(100);
            let request = client.renew(&mut login, world.now, &mut world.entropy).unwrap();
            let step = world.exchange(&mut client, &mut login, &mut monitor, request);
            assert!(matches!(step, LoginStep::Renewed), "{step:?}");
        }
    }
}

/// The frame is not signed yet when it is read, and a monitor gives back the global id that was claimed, or refuses.
#[test]
fn on_v2_another_global_id_than_the_one_claimed_is_an_error() {
    let mut world = World::with_key(Cipher::Aes, OPTIONS);
    let mut client = world.client();
    let (.., logged_in) = world.login(&mut client);
    let (wanted, found) = (logged_in.global_id, GlobalId(logged_in.global_id.0 + 1));
    let mut monitor = LoginHandler::new(CEPHX);
    let (mut login, request) = client.login_v2(&[]).unwrap();
    let (payload, _) = monitor.begin_v2(&mut world.keys, &request, &mut world.entropy).unwrap();
    let step = client.handle_reply_more(&mut login, world.now, payload, &mut world.entropy);
    let LoginStep::Send(request) = step else { panic!("{step:?}") };
    let (payload, _) =
        monitor.more_v2(&world.keys, world.now.wall, &request.payload, 64, &mut world.entropy).unwrap();
    let step = client.handle_done(&mut login, world.now, found, payload);
    let LoginStep::Failed(error) = step else { panic!("{step:?}") };
    assert_eq!(error, AuthError::GlobalId { found, wanted });
    assert_eq!(client.global_id(), wanted);
    assert!(client.have_ticket(EntityType::OSD, world.now));
    // Nor does such a connection end in anything, should it open.
    assert!(matches!(client.connected(&mut login), LoginStep::Failed(AuthError::Unexpected)));
}
