//! Two pipes on messenger v2, in crc and in secure mode.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::{Note, Pair, addr, client_config, keyed, no_auth, server_addr, server_config};
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, Config, Fault, Modes, Pipe, PipeEvent, Throttle};
use loligo_wire::Features;
use loligo_wire::entity::{AddrType, EntityAddrVec, EntityName, EntityType};
use loligo_wire::msgr2::ConMode;

/// A caller that offers these modes to an OSD.
fn offering(modes: &[ConMode]) -> Config {
    let mut config = client_config();
    config.options.modes = Modes { ms_client_mode: modes.to_vec(), ..Modes::default() };
    config
}

fn secure() -> Config {
    offering(&[ConMode::SECURE])
}

fn opened(pair: Pair) -> Pair {
    let mut pair = pair.start();
    pair.run();
    let faults = (&pair.client.seen.faults, &pair.server.seen.faults);
    assert!(pair.client.pipe.is_open() && pair.server.pipe.is_open(), "{faults:?}");
    pair
}

fn notes() -> Vec<Note> {
    let bulk = Bytes::from((0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect::<Vec<_>>());
    let mut middle = Note::new(4, "front", "data");
    middle.middle = "middle".into();
    let mut only_middle = Note::new(5, "", "");
    only_middle.middle = "middle".into();
    vec![
        Note::new(1, "", ""),
        Note::new(2, "front", ""),
        Note::new(3, "", "data"),
        middle,
        only_middle,
        Note::new(6, vec![1; 16], vec![2; 48]),
        Note::new(7, "head", bulk),
        Note::new(8, "last", "one"),
    ]
}

#[test]
fn messages_of_all_shapes_go_both_ways_however_the_bytes_are_cut() {
    for config in [client_config, secure] {
        for step in [50, 5_000, usize::MAX] {
            let mut pair = Pair::v2(config(), server_config()).with_keys();
            pair.step = step;
            let mut pair = opened(pair);
            for note in notes() {
                pair.client.send(note.clone());
                pair.server.send(note);
            }
            pair.run();
            assert_eq!(pair.server.seen.notes, notes());
            assert_eq!(pair.client.seen.notes, notes());
            assert_eq!(pair.client.seen.seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
            assert_eq!(pair.client.seen.faults, []);
        }
    }
}

#[test]
fn both_ends_say_who_they_are() {
    let client = client_config();
    client.myname.set_num(4155);
    let pair = opened(Pair::v2(client, server_config()));
    let [server] = &pair.client.seen.opened[..] else { panic!() };
    assert_eq!(server.name, EntityName::osd(0));
    assert_eq!(server.addrs.front(), server_addr().with_kind(AddrType::MSGR2));
    let [client] = &pair.server.seen.opened[..] else { panic!() };
    assert_eq!(client.name, EntityName::client(4155));
    assert_eq!(client.addrs.to_string(), "10.0.0.2:0/22");
    assert!(client.features.has(Features::PACIFIC));
    assert_eq!(pair.client.seen.seen_as, [addr("10.0.0.2:0", 0)]);
}

#[test]
fn the_sender_of_a_message_is_who_opened_the_session() {
    let mut pair = opened(Pair::v2(client_config(), server_config()));
    pair.server.send(Note::new(1, "x", ""));
    let bytes = pair.server.write(pair.now, usize::MAX);
    pair.client.inbound.extend(bytes);
    pair.client.read(pair.now, usize::MAX);
    assert_eq!(pair.client.seen.notes.len(), 1);
}

#[test]
fn nothing_is_readable_in_secure_mode() {
    let secret = [0x5a; 64];
    for (config, readable) in [(client_config(), true), (secure(), false)] {
        let mut pair = opened(Pair::v2(config, server_config()).with_keys());
        pair.client.send(Note::new(1, secret.to_vec(), secret.to_vec()));
        let bytes = pair.client.write(pair.now, usize::MAX);
        assert_eq!(bytes.windows(secret.len()).any(|window| window == secret), readable);
    }
}

#[test]
fn the_callers_first_mode_that_is_allowed_is_taken() {
    let (crc, secure) = (ConMode::CRC, ConMode::SECURE);
    let cases: [(&[ConMode], &[ConMode], Option<usize>); 5] = [
        (&[crc, secure], &[secure, crc], Some(0)),
        (&[secure, crc], &[crc, secure], Some(64)),
        (&[secure, crc], &[crc], Some(0)),
        (&[secure], &[crc], None),
        (&[crc], &[secure], None),
    ];
    for (offered, allowed, expected) in cases {
        let mut server = server_config();
        server.options.modes = Modes { ms_service_mode: allowed.to_vec(), ..Modes::default() };
        let mut pair = Pair::v2(offering(offered), server).with_keys().start();
        pair.run();
        let lens = pair.server.seen.asked.iter().map(|request| match request {
            AuthRequest::CheckV2 { connection_secret_len, .. } => *connection_secret_len,
            other => panic!("{other:?}"),
        });
        assert_eq!(lens.last(), expected, "{offered:?} {allowed:?}");
        assert_eq!(pair.client.pipe.is_open(), expected.is_some());
        if expected.is_none() {
            assert_eq!(pair.client.seen.faults, [Fault::NoCommonMode]);
        }
    }
}

#[test]
fn without_keys_secure_mode_is_not_even_offered() {
    let mut pair = Pair::v2(secure(), server_config()).start();
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::NoModeWithoutKeys]);
    assert!(Fault::NoModeWithoutKeys.to_string().contains("authentication method none"));
}

#[test]
fn who_speaks_the_other_messenger_is_told_from_who_is_not_ceph() {
    let mut pair = Pair::v2(client_config(), server_config());
    pair.server = Pair::new(client_config(), server_config()).server;
    let mut pair = pair.start();
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::OtherProtocol { version: 1 }]);
    assert_eq!(pair.server.seen.faults, [Fault::OtherProtocol { version: 2 }]);
    let mut pair = Pair::v2(client_config(), server_config()).start();
    pair.client.inbound.extend(b"SSH-2.0");
    pair.client.read(pair.now, usize::MAX);
    assert_eq!(pair.client.seen.faults, [Fault::NotCeph]);
}

#[test]
fn somebody_else_at_the_address_is_refused() {
    let mut pair = Pair::v2_calling(EntityType::MON, client_config(), server_config()).start();
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::WrongPeer]);
    let mut pair = Pair::v2(client_config(), server_config());
    let elsewhere = EntityAddrVec::from(addr("10.0.0.9:6800", 11).with_kind(AddrType::MSGR2));
    pair.server.pipe =
        Pipe::accept_v2(Arc::new(server_config()), pair.now, elsewhere, addr("10.0.0.2:1", 0), 2);
    let mut pair = pair.start();
    pair.run();
    assert_eq!(pair.server.seen.faults, [Fault::WrongPeer]);
}

#[test]
fn features_that_are_missing_are_named() {
    let mut client = client_config();
    client.features_supported = Features(client.features_supported.0 & !Features::OSDREPLYMUX.0);
    let mut server = server_config();
    server.policies = loligo_msgr_proto::PolicySet::new(
        loligo_msgr_proto::Policy::stateless_server().requiring(Features::OSDREPLYMUX),
    );
    let mut pair = Pair::v2(client, server).start();
    pair.run();
    let Some(Fault::FeaturesRequired(missing)) = pair.client.seen.faults.first() else { panic!() };
    assert_eq!(missing.0, Features::OSDREPLYMUX.0);
}

#[test]
fn a_keepalive_is_answered_and_one_that_is_not_ends_the_connection() {
    for config in [client_config, secure] {
        let mut pair = opened(Pair::v2(config(), server_config()).with_keys());
        pair.client.pipe.send_keepalive(pair.now);
        pair.run();
        pair.advance(Duration::from_secs(31));
        assert_eq!(pair.client.seen.faults, []);
        pair.client.pipe.send_keepalive(pair.now);
        pair.client.write(pair.now, usize::MAX);
        pair.advance(Duration::from_secs(31));
        assert_eq!(pair.client.seen.faults, [Fault::KeepaliveTimeout]);
    }
}

#[test]
fn a_full_throttle_holds_the_bytes_back() {
    for config in [client_config, secure] {
        let mut server = server_config();
        server.dispatch_throttle = Arc::new(Throttle::new(2_000));
        let throttle = Arc::clone(&server.dispatch_throttle);
        let mut pair = opened(Pair::v2(config(), server).with_keys());
        pair.server.hold = true;
        for tid in 1..=3 {
            pair.client.send(Note::new(tid, vec![0; 500], vec![0; 400]));
        }
        pair.run();
        assert_eq!(pair.server.seen.notes.len(), 2);
        pair.server.seen.held.clear();
        pair.advance(Duration::from_millis(2));
        pair.run();
        assert_eq!(pair.server.seen.notes.len(), 3);
        pair.server.seen.held.clear();
        assert_eq!(throttle.current(), 0);
    }
}

#[test]
fn who_looks_at_checksums_and_who_does_not_understand_each_other() {
    for (client_looks, server_looks) in [(false, false), (false, true), (true, false)] {
        let (mut client, mut server) = (client_config(), server_config());
        client.options.ms_crc_data = client_looks;
        server.options.ms_crc_data = server_looks;
        let mut pair = opened(Pair::v2(client, server));
        pair.client.send(Note::new(1, "front", "data"));
        pair.server.send(Note::new(1, "front", "data"));
        pair.run();
        assert_eq!((pair.server.seen.notes.len(), pair.client.seen.notes.len()), (1, 1));
    }
}

#[test]
fn an_answer_of_the_size_that_was_asked_for_comes_in_one_piece() {
    for config in [client_config, secure] {
        let mut pair = opened(Pair::v2(config(), server_config()).with_keys());
        let mut question = Note::new(9, "how much?", "");
        question.reply_len = 3 << 20;
        pair.client.send(question);
        pair.run();
        pair.server.send(Note::new(9, "so much", vec![1; 3 << 20]));
        pair.run();
        assert_eq!(pair.client.seen.pieces, [1]);
    }
}

/// Has a pipe read bytes. Gives where it read to the last time that it read past its stage.
fn read_all(pair: &mut Pair, mut bytes: &[u8]) -> *const u8 {
    let mut place = core::ptr::null();
    while !bytes.is_empty() {
        let mut chunk = pair.client.pipe.recv_begin().unwrap();
        let bulk = &chunk.parts_mut()[0];
        if !bulk.is_empty() {
            place = bulk.as_ptr();
        }
        let n = chunk.fill(bytes);
        bytes = &bytes[n..];
        pair.client.pipe.recv_end(pair.now, chunk, n);
    }
    place
}

#[test]
fn a_sealed_message_is_opened_where_it_was_read_and_the_place_used_again() {
    const LEN: usize = 3 << 20;
    for reply_len in [0, LEN] {
        let mut pair = opened(Pair::v2(secure(), server_config()).with_keys());
        let mut places = Vec::new();
        for tid in 1..=2 {
            let mut question = Note::new(tid, "how much?", "");
            question.reply_len = reply_len;
            pair.client.send(question);
            pair.run();
            pair.server.send(Note::new(tid, "so much", vec![1; LEN]));
            let bytes = pair.server.write(pair.now, usize::MAX);
            let read_to = read_all(&mut pair, &bytes);
            let Some(PipeEvent::Message(arrived)) = pair.client.pipe.poll() else { panic!() };
            let [data] = arrived.envelope.payload.data.pieces() else { panic!() };
            assert!(data.as_ptr_range().contains(&read_to), "copied, with answers of {reply_len} expected");
            places.push(data.as_ptr());
        }
        assert_eq!(places[0], places[1], "with answers of {reply_len} expected");
    }
}

#[test]
fn a_login_may_bring_many_tickets() {
    const LEN: usize = 300_000;
    for config in [client_config, secure] {
        for step in [5_000, usize::MAX] {
            let mut pair = Pair::v2(config(), server_config());
            pair.step = step;
            pair.server.auth = Box::new(|request| match keyed(request) {
                Some(AuthStep::Accept(accept)) => {
                    Some(AuthStep::Accept(Accept { reply: vec![7; LEN].into(), ..accept }))
                }
                other => other,
            });
            pair.client.auth = Box::new(|request| match request {
                AuthRequest::Done { global_id, reply } if *reply == vec![7; LEN] => {
                    keyed(&AuthRequest::Done { global_id: *global_id, reply: "proof".into() })
                }
                other => keyed(other),
            });
            opened(pair);
        }
    }
}

#[test]
fn a_control_frame_may_be_larger_than_a_stage_where_the_limits_say_so() {
    const LEN: usize = 200_000;
    let mut server = server_config();
    server.limits.control = 1 << 20;
    server.limits.transcript = 1 << 20;
    let mut client = client_config();
    client.limits.transcript = 1 << 20;
    let mut pair = Pair::v2(client, server);
    pair.client.auth = Box::new(|request| match request {
        AuthRequest::Authorizer { .. } => {
            Some(AuthStep::Authorizer { method: 1, authorizer: vec![7; LEN].into() })
        }
        other => no_auth(other),
    });
    opened(pair);
}
