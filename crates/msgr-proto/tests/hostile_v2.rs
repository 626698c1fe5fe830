//! Peers that break the rules of messenger v2, and somebody between two that keep them. Whatever is sent: no panic, a bounded
//! allocation, a fault that says what is wrong, and no session that both ends did not agree on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use std::time::Duration;

use common::feed::{Way, control, feed_client, feed_server, frame, through};
use common::{Note, Pair, client_config, server_config};
use loligo_msgr_proto::{AuthStep, Config, Fault, Modes};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{EntityAddr, EntityType};
use loligo_wire::msgr2::{
    AuthDoneFrame, AuthReplyMoreFrame, AuthRequestFrame, Banner, ConMode, ControlFrame, HelloFrame,
    Msgr2Features, PREAMBLE_SIZE, Preamble, Tag,
};
use loligo_wire::{Decode, Decoder, GlobalId};

const BANNER: Banner = Banner { supported: Msgr2Features::REVISION_1, required: Msgr2Features::NONE };

fn secure() -> Config {
    let mut config = client_config();
    config.options.modes = Modes { ms_client_mode: vec![ConMode::SECURE], ..Modes::default() };
    config
}

fn hello(entity_type: EntityType) -> Vec<u8> {
    control(&HelloFrame { entity_type, peer_addr: EntityAddr::NONE })
}

fn pair(client: Config) -> Pair {
    Pair::v2(client, server_config()).with_keys().start()
}

/// How many bytes go each way until both ends are open.
fn lengths(client: fn() -> Config) -> [(Way, usize); 2] {
    let mut pair = pair(client());
    let mut lengths = [(Way::ToServer, 0), (Way::ToClient, 0)];
    through(&mut pair, |way, at, bytes| lengths[usize::from(way == Way::ToClient)].1 = at + bytes.len());
    assert!(pair.client.pipe.is_open() && pair.server.pipe.is_open());
    lengths
}

#[test]
fn a_handshake_that_is_cut_anywhere_ends_in_time_and_opens_nothing() {
    for client in [client_config, secure] {
        for (cut_way, length) in lengths(client) {
            for cut in 0..length {
                let mut pair = pair(client());
                through(&mut pair, |way, at, bytes| {
                    if way == cut_way {
                        bytes.truncate(cut.saturating_sub(at));
                    }
                });
                pair.advance(Duration::from_secs(11));
                let end = if cut_way == Way::ToServer { &pair.server } else { &pair.client };
                assert_eq!(end.seen.faults, [Fault::HandshakeTimeout], "{cut_way:?} at {cut}");
                assert!(end.seen.opened.is_empty());
            }
        }
    }
}

#[test]
fn a_handshake_with_any_wrong_bit_opens_nothing() {
    for client in [client_config, secure] {
        for (wrong_way, length) in lengths(client) {
            for bit in 0..length * 8 {
                let mut pair = pair(client());
                through(&mut pair, |way, at, bytes| {
                    let here = (bit / 8).checked_sub(at).filter(|_| way == wrong_way);
                    if let Some(byte) = here.and_then(|here| bytes.get_mut(here)) {
                        *byte ^= 1 << (bit % 8);
                    }
                });
                pair.advance(Duration::from_secs(11));
                let (client, server) = (&pair.client.seen, &pair.server.seen);
                // What comes last is the server's word that the session is open: the client does not believe it.
                assert!(client.opened.is_empty(), "{wrong_way:?} bit {bit}: {:?}", server.faults);
                assert_eq!(client.faults.len(), 1, "{wrong_way:?} bit {bit}");
            }
        }
    }
}

#[test]
fn a_wrong_bit_in_a_message_is_noticed() {
    for client in [client_config, secure] {
        let sent = || {
            let mut pair = pair(client());
            pair.run();
            pair.client.send(Note::new(1, "front", "data"));
            let bytes = pair.client.write(pair.now, usize::MAX);
            (pair, bytes)
        };
        for bit in 0..sent().1.len() * 8 {
            let (mut pair, mut bytes) = sent();
            bytes[bit / 8] ^= 1 << (bit % 8);
            feed_server(&mut pair, bytes);
            // The upper half of the late status means nothing, as in Ceph; the seal covers it.
            let spare = pair.server.seen.notes == [Note::new(1, "front", "data")];
            assert!(pair.server.seen.faults.len() == 1 || spare, "bit {bit}");
            assert!(pair.server.seen.notes.is_empty() || spare, "bit {bit}");
        }
    }
}

#[test]
fn who_takes_secure_mode_out_of_the_offer_is_noticed() {
    let mut client = client_config();
    client.options.modes = Modes { ms_client_mode: vec![ConMode::SECURE, ConMode::CRC], ..Modes::default() };
    let mut pair = pair(client);
    let mut stripped = 0;
    through(&mut pair, |way, _, bytes| {
        let Ok(preamble) = Preamble::decode(&mut Decoder::new(bytes)) else { return };
        if way == Way::ToServer && preamble.tag == Tag::AUTH_REQUEST {
            let segment = &bytes[PREAMBLE_SIZE..PREAMBLE_SIZE + preamble.length(0) as usize];
            let request = AuthRequestFrame::from_segment(&segment.to_vec().into()).unwrap();
            *bytes = control(&AuthRequestFrame { preferred_modes: vec![ConMode::CRC], ..request });
            stripped += 1;
        }
    });
    assert_eq!(stripped, 1);
    assert_eq!(pair.client.seen.faults, [Fault::Signature]);
    assert!(pair.client.seen.opened.is_empty() && pair.server.seen.opened.is_empty());
}

/// A client that was greeted and has asked to authenticate, all that it said thrown away.
fn client_that_authenticates(config: Config) -> Pair {
    let mut pair = pair(config);
    feed_client(&mut pair, BANNER.to_array());
    feed_client(&mut pair, hello(EntityType::OSD));
    assert_eq!(pair.client.pipe.waits_for(), "waiting for the answer to the authorizer");
    pair
}

fn done(con_mode: ConMode) -> AuthDoneFrame {
    let auth_payload = loligo_wire::msgr2::Secretive("proof".into());
    AuthDoneFrame { global_id: GlobalId(1), con_mode, auth_payload }
}

fn challenge() -> Vec<u8> {
    control(&AuthReplyMoreFrame { auth_payload: loligo_wire::msgr2::Secretive("riddle".into()) })
}

#[test]
fn a_mode_that_was_not_offered_is_refused() {
    for (offered, chosen) in [(secure(), ConMode::CRC), (client_config(), ConMode(3)), (secure(), ConMode(0))]
    {
        let mut pair = client_that_authenticates(offered);
        feed_client(&mut pair, challenge());
        feed_client(&mut pair, control(&done(chosen)));
        assert_eq!(pair.client.seen.faults, [Fault::ModeNotOffered(chosen)]);
    }
}

#[test]
fn who_does_not_challenge_is_not_believed() {
    let mut pair = client_that_authenticates(client_config());
    feed_client(&mut pair, control(&done(ConMode::CRC)));
    assert_eq!(pair.client.seen.faults, [Fault::BadAuthorizer]);
}

#[test]
fn who_challenges_without_end_is_left() {
    let mut pair = client_that_authenticates(client_config());
    let rounds = client_config().limits.handshake_rounds;
    for _ in 0..=rounds {
        feed_client(&mut pair, challenge());
    }
    assert!(matches!(pair.client.seen.faults[..], [Fault::Unexpected { .. }]));
    assert_eq!(pair.client.seen.asked.len(), 1 + rounds as usize);
}

#[test]
fn secure_mode_without_a_secret_is_refused() {
    let mut pair = pair(secure());
    pair.client.auth = Box::new(|request| {
        common::keyed(request).map(|step| match step {
            AuthStep::Accept(accept) => {
                AuthStep::Accept(loligo_msgr_proto::Accept { connection_secret: None, ..accept })
            }
            step => step,
        })
    });
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::AuthFailed]);
}

#[test]
fn announced_sizes_are_bounded() {
    let too_large = |faults: &[Fault], wanted: &str| match faults {
        [Fault::TooLarge { what, .. }] => assert_eq!(*what, wanted),
        other => panic!("{wanted}: {other:?}"),
    };
    let mut banner = BANNER.to_array();
    banner[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
    let mut pair = pair(client_config());
    feed_client(&mut pair, banner);
    feed_server(&mut pair, banner);
    too_large(&pair.client.seen.faults, "banner");
    too_large(&pair.server.seen.faults, "banner");
    let huge = Preamble::new(Tag::HELLO, [u32::MAX, 0, 0, 0]).to_array();
    let mut pair = self::pair(client_config());
    feed_client(&mut pair, BANNER.to_array());
    feed_server(&mut pair, BANNER.to_array());
    feed_client(&mut pair, huge);
    feed_server(&mut pair, huge);
    too_large(&pair.client.seen.faults, "control frame");
    too_large(&pair.server.seen.faults, "control frame");
    // A caller may be told more than it may say.
    let large = |n| Preamble::new(Tag::AUTH_DONE, [n, 0, 0, 0]).to_array();
    for (size, is_too_large) in [(1 << 20, false), ((1 << 20) + 1, true)] {
        let mut pair = client_that_authenticates(client_config());
        feed_client(&mut pair, large(size));
        assert_eq!(!pair.client.seen.faults.is_empty(), is_too_large);
        let mut pair = self::pair(client_config());
        feed_server(&mut pair, [BANNER.to_array().to_vec(), hello(EntityType::CLIENT)].concat());
        feed_server(&mut pair, large(size));
        too_large(&pair.server.seen.faults, "control frame");
    }
    for (lengths, what) in
        [([41, u32::MAX, 0, 0], "front"), ([41, 0, u32::MAX, 0], "middle"), ([41, 0, 0, u32::MAX], "data")]
    {
        let mut pair = self::pair(client_config());
        pair.run();
        feed_server(&mut pair, Preamble::new(Tag::MESSAGE, lengths).to_array());
        too_large(&pair.server.seen.faults, what);
    }
    let mut pair = self::pair(client_config());
    pair.run();
    feed_server(&mut pair, Preamble::new(Tag::MESSAGE, [42, 1, 0, 0]).to_array());
    assert!(matches!(pair.server.seen.faults[..], [Fault::Malformed(_)]));
}

#[test]
fn more_than_was_sent_cannot_be_acknowledged() {
    let mut pair = pair(client_config());
    pair.run();
    feed_server(&mut pair, control(&loligo_wire::msgr2::AckFrame { seq: 1 }));
    assert!(matches!(pair.server.seen.faults[..], [Fault::Unexpected { .. }]));
}

#[test]
fn compressed_frames_that_nobody_agreed_on_are_refused() {
    let mut pair = pair(client_config());
    pair.run();
    feed_server(&mut pair, Preamble::new(Tag::ACK, [8, 0, 0, 0]).compressed().to_array());
    assert_eq!(pair.server.seen.faults, [Fault::NotCompressing]);
    let mut pair = self::pair(client_config());
    feed_server(&mut pair, BANNER.to_array());
    feed_server(&mut pair, Preamble::new(Tag::HELLO, [8, 0, 0, 0]).compressed().to_array());
    assert_eq!(pair.server.seen.faults, [Fault::NotCompressing]);
}

/// What a state does with a frame whose tag it waits for, and which is empty.
fn refuses_empty(fault: &Fault) -> bool {
    matches!(fault, Fault::Malformed(_) | Fault::Signature)
}

/// Feeds every tag to an end in some state: those in `wanted` are read, all others are named.
fn every_tag(at: &str, wanted: &[Tag], make: impl Fn() -> Pair, is_client: bool) {
    for tag in 0..=u8::MAX {
        let mut pair = make();
        let end = if is_client { &pair.client } else { &pair.server };
        assert_eq!(end.pipe.waits_for(), at);
        let open_before = end.seen.opened.len();
        let bytes = frame(Tag(tag), &[]);
        if is_client {
            feed_client(&mut pair, bytes)
        } else {
            feed_server(&mut pair, bytes)
        }
        let end = if is_client { &pair.client } else { &pair.server };
        match end.seen.faults.first() {
            Some(Fault::Unexpected { tag: found, state }) => {
                assert_eq!((*found, *state), (tag, at));
                assert!(!wanted.contains(&Tag(tag)), "{} while {at}", Tag(tag));
            }
            Some(Fault::NoSession(found)) => assert_eq!(found.0, tag),
            Some(fault) => {
                assert!(wanted.contains(&Tag(tag)) && refuses_empty(fault), "{tag} {at}: {fault:?}")
            }
            None => assert_eq!((Tag(tag), at), (Tag::WAIT, "nothing"), "no outcome"),
        }
        assert_eq!(end.seen.opened.len(), open_before);
    }
}

#[test]
fn every_tag_has_an_outcome_in_every_state() {
    let greeted = || {
        let mut pair = pair(client_config());
        feed_client(&mut pair, BANNER.to_array());
        feed_server(&mut pair, BANNER.to_array());
        pair
    };
    every_tag("waiting for the hello", &[Tag::HELLO], greeted, true);
    every_tag("waiting for the hello", &[Tag::HELLO], greeted, false);
    let auth = [Tag::AUTH_BAD_METHOD, Tag::AUTH_REPLY_MORE, Tag::AUTH_DONE];
    let authenticates = || client_that_authenticates(client_config());
    every_tag("waiting for the answer to the authorizer", &auth, authenticates, true);
    let signs = || {
        let mut pair = client_that_authenticates(client_config());
        feed_client(&mut pair, challenge());
        feed_client(&mut pair, control(&done(ConMode::CRC)));
        pair
    };
    every_tag("waiting for the signature of the handshake", &[Tag::AUTH_SIGNATURE], signs, true);
    let ident = [
        Tag::SERVER_IDENT,
        Tag::IDENT_MISSING_FEATURES,
        Tag::SESSION_RESET,
        Tag::SESSION_RETRY,
        Tag::SESSION_RETRY_GLOBAL,
        Tag::WAIT,
    ];
    every_tag("waiting for the session", &ident, || stopped_at("waiting for the session", true), true);

    let asked = || {
        let mut pair = greeted();
        feed_server(&mut pair, hello(EntityType::CLIENT));
        pair
    };
    every_tag("waiting for a request to authenticate", &[Tag::AUTH_REQUEST], asked, false);
    let challenged = || stopped_at("waiting for the answer to a challenge", false);
    every_tag("waiting for the answer to a challenge", &[Tag::AUTH_REQUEST_MORE], challenged, false);
    let signed = || stopped_at("waiting for the signature of the handshake", false);
    every_tag("waiting for the signature of the handshake", &[Tag::AUTH_SIGNATURE], signed, false);
    let idents = [Tag::CLIENT_IDENT, Tag::SESSION_RECONNECT];
    every_tag("waiting for the session", &idents, || stopped_at("waiting for the session", false), false);

    let open = || {
        let mut pair = pair(client_config());
        pair.run();
        pair
    };
    let beside = [Tag::KEEPALIVE2, Tag::KEEPALIVE2_ACK, Tag::ACK, Tag::MESSAGE];
    every_tag("waiting for a frame", &beside, open, true);
    every_tag("waiting for a frame", &beside, open, false);
}

/// A pair whose one end waits for that.
fn stopped_at(state: &str, is_client: bool) -> Pair {
    let mut pair = pair(client_config());
    for _ in 0..10_000 {
        let end = if is_client { &pair.client } else { &pair.server };
        if end.pipe.waits_for() == state && end.inbound.is_empty() {
            return pair;
        }
        let back = pair.server.write(pair.now, usize::MAX);
        pair.client.inbound.extend(back);
        let out = pair.client.write(pair.now, usize::MAX);
        pair.server.inbound.extend(out);
        if is_client {
            pair.server.read(pair.now, usize::MAX)
        } else {
            pair.client.read(pair.now, usize::MAX)
        };
        let end = if is_client { &mut pair.client } else { &mut pair.server };
        // By single bytes, so that it stops where it is wanted.
        while end.pipe.waits_for() != state && end.read(pair.now, 1) {}
        if end.pipe.waits_for() == state {
            end.inbound.clear();
        }
    }
    panic!("it never waits for {state}");
}

#[test]
fn a_message_before_its_time_is_refused() {
    let message = Preamble::new(Tag::MESSAGE, [41, 100, 0, 0]).to_array();
    let mut pair = pair(client_config());
    feed_server(&mut pair, BANNER.to_array());
    feed_server(&mut pair, message);
    assert!(matches!(pair.server.seen.faults[..], [Fault::Unexpected { tag: 17, .. }]));
    let mut pair = client_that_authenticates(client_config());
    feed_client(&mut pair, message);
    assert!(matches!(pair.client.seen.faults[..], [Fault::Unexpected { tag: 17, .. }]));
}

#[test]
fn who_needs_what_is_not_here_is_left() {
    let mut pair = pair(client_config());
    let needs = Banner { required: Msgr2Features(1 << 40), ..BANNER };
    feed_client(&mut pair, needs.to_array());
    assert_eq!(pair.client.seen.faults, [Fault::NoCommonRevision]);
    let mut pair = self::pair(client_config());
    feed_server(&mut pair, Banner { supported: Msgr2Features::NONE, ..BANNER }.to_array());
    assert_eq!(pair.server.seen.faults, [Fault::NoCommonRevision]);
}

#[test]
fn a_method_that_nobody_allows_is_told() {
    let mut pair = Pair::v2(client_config(), server_config()).start();
    pair.server.auth =
        Box::new(|_| Some(AuthStep::BadMethod { result: -95, allowed: vec![AuthMethod::CEPHX] }));
    pair.run();
    assert!(pair.client.pipe.is_dead() && pair.server.seen.opened.is_empty());
    assert_eq!(pair.client.seen.faults, [Fault::BadAuthorizer]);
}
