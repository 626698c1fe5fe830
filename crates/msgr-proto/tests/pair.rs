//! Two pipes that talk to each other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::{Note, Pair, addr, client_addr, client_config, server_addr, server_config};
use loligo_auth::SessionKey;
use loligo_base::{SeededEntropy, Wall};
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, Config, Fault, Policy, PolicySet, Throttle};
use loligo_wire::Features;
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};

fn bulk(len: usize) -> Bytes {
    (0..len).map(|i| u8::try_from(i % 253).unwrap()).collect()
}

fn notes() -> Vec<Note> {
    let mut notes = vec![
        Note::new(1, "", ""),
        Note::new(2, "front", ""),
        Note::new(3, "front", bulk(4096)),
        Note::new(4, bulk(70_000), bulk(3 << 20)),
        Note::new(5, "", bulk(1)),
    ];
    notes[1].middle = Bytes::from_static(b"middle");
    notes
}

#[test]
fn messages_arrive_once_in_order_and_numbered_however_the_bytes_are_chopped() {
    for (seed, step) in [(1, usize::MAX), (2, 1_000_000), (3, 5_000), (4, 70)] {
        let mut pair = Pair::new(client_config(), server_config()).start();
        pair.prng = loligo_base::Prng::new(seed);
        pair.step = step;
        let notes = if step < 1_000 { notes()[..3].to_vec() } else { notes() };
        for note in &notes {
            pair.client.send(note.clone());
            pair.server.send(note.clone());
        }
        pair.run();
        for end in [&pair.client, &pair.server] {
            assert_eq!(end.seen.notes, notes);
            assert_eq!(end.seen.seqs, (1..=notes.len() as u64).collect::<Vec<_>>());
            assert_eq!(end.seen.opened.len(), 1);
            assert_eq!(end.seen.faults, []);
        }
    }
}

#[test]
fn each_end_learns_who_the_other_is() {
    let pair = Pair::open(client_config(), server_config());
    let server = &pair.client.seen.opened[0];
    assert_eq!((server.name.kind, server.addrs.front()), (EntityType::OSD, server_addr()));
    let client = &pair.server.seen.opened[0];
    assert_eq!((client.name.kind, client.addrs.front()), (EntityType::CLIENT, client_addr()));
    assert_eq!(client.features, Features::PACIFIC);
}

#[test]
fn a_client_without_an_address_is_where_its_socket_is() {
    let mut pair = Pair::new(client_config(), server_config()).start();
    pair.client.my_addr = EntityAddr::NONE.with_nonce(5);
    pair.run();
    assert_eq!(pair.server.seen.opened[0].addrs.front(), addr("10.0.0.2:50000", 5).with_port(0));
}

#[test]
fn higher_priorities_go_first() {
    let mut pair = Pair::open(client_config(), server_config());
    for (tid, priority) in [(1, 63), (2, 127), (3, 63), (4, 196), (5, 127)] {
        pair.client.send(Note { priority, ..Note::new(tid, "", "") });
    }
    pair.run();
    let order: Vec<_> = pair.server.seen.notes.iter().map(|note| note.tid).collect();
    assert_eq!(order, [4, 2, 5, 1, 3]);
}

#[test]
fn somebody_else_at_the_address_is_not_talked_to() {
    let mut pair = Pair::new(client_config(), server_config()).start();
    let config = Arc::new(server_config());
    let elsewhere = addr("10.0.0.1:6800", 99);
    pair.server.pipe = loligo_msgr_proto::Pipe::accept(config, pair.now, elsewhere, client_addr(), 2);
    pair.server.started(pair.now);
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::WrongPeer]);
}

#[test]
fn a_peer_that_does_not_know_its_ip_is_talked_to() {
    let mut pair = Pair::new(client_config(), server_config());
    let blank = addr("0.0.0.0:6800", 11);
    pair.server.pipe =
        loligo_msgr_proto::Pipe::accept(Arc::new(server_config()), pair.now, blank, client_addr(), 2);
    let mut pair = pair.start();
    pair.run();
    assert!(pair.client.pipe.is_open());
}

#[test]
fn a_client_asks_a_monitor_without_an_authorizer() {
    let server = Config::new(EntityName::mon(0), PolicySet::new(Policy::stateless_server()));
    let mut pair = Pair::calling(EntityType::MON, client_config(), server).start();
    pair.run();
    assert!(pair.client.pipe.is_open());
    assert!(pair.client.seen.asked.is_empty());
    assert!(
        matches!(&pair.server.seen.asked[..], [AuthRequest::Check { method: 0, authorizer, .. }] if authorizer.is_empty())
    );
}

#[test]
fn missing_features_are_named_on_both_sides() {
    // No release offers this bit.
    let missing = Features(1 << 17);
    let strict = Policy::stateless_server().requiring(missing);
    let server = Config::new(EntityName::osd(0), PolicySet::new(strict));
    let mut pair = Pair::new(client_config(), server).start();
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::FeaturesRequired(missing)]);

    let strict = PolicySet::new(Policy::lossy_client().requiring(missing));
    let client = Config::new(EntityName::client(-1), strict);
    let mut pair = Pair::new(client, server_config()).start();
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::FeaturesMissing(missing)]);
}

#[test]
fn another_version_of_the_protocol_is_named() {
    let server = Config::new(EntityName::mon(0), PolicySet::new(Policy::stateless_server()));
    let mut pair = Pair::calling(EntityType::OSD, client_config(), server).start();
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::ProtocolVersion { peer: 15, ours: 24 }]);
}

/// The key that both ends of a test share.
fn key() -> SessionKey {
    SessionKey::generate(Wall::new(1, 0), &mut SeededEntropy::new(7))
}

/// Authentication with a challenge, as with cephx.
fn with_cephx(pair: &mut Pair, challenge: bool, server_key: impl Fn() -> SessionKey + 'static) {
    pair.client.auth = Box::new(|request| {
        Some(match request {
            AuthRequest::Authorizer { .. } => AuthStep::Authorizer { method: 2, authorizer: "first".into() },
            AuthRequest::Challenge { challenge } if challenge == "riddle" => {
                AuthStep::Authorizer { method: 2, authorizer: "solved".into() }
            }
            AuthRequest::Verify { reply } if reply == "proof" => {
                AuthStep::Accept(Accept { session_key: Some(key()), ..Accept::default() })
            }
            _ => AuthStep::Refuse,
        })
    });
    pair.server.auth = Box::new(move |request| {
        Some(match request {
            AuthRequest::Check { method: 2, authorizer, .. } if challenge && authorizer == "first" => {
                AuthStep::Challenge { challenge: "riddle".into() }
            }
            AuthRequest::Check { method: 2, .. } => AuthStep::Accept(Accept {
                reply: "proof".into(),
                session_key: Some(server_key()),
                ..Accept::default()
            }),
            _ => AuthStep::Refuse,
        })
    });
}

#[test]
fn a_challenge_is_answered_and_messages_are_signed() {
    let mut pair = Pair::new(client_config(), server_config()).start();
    with_cephx(&mut pair, true, key);
    pair.client.send(Note::new(1, "front", "data"));
    pair.server.send(Note::new(2, "front", "data"));
    pair.run();
    assert_eq!((pair.server.seen.notes[0].tid, pair.client.seen.notes[0].tid), (1, 2));
    let asked: Vec<_> = pair.client.seen.asked.iter().map(|request| format!("{request:?}")).collect();
    assert!(
        asked[0].starts_with("Authorizer")
            && asked[1].starts_with("Challenge")
            && asked[2].starts_with("Verify")
    );
}

#[test]
fn a_message_with_a_wrong_signature_kills_the_pipe() {
    let mut pair = Pair::new(client_config(), server_config()).start();
    with_cephx(&mut pair, true, || SessionKey::generate(Wall::new(1, 0), &mut SeededEntropy::new(8)));
    pair.client.send(Note::new(1, "front", "data"));
    pair.run();
    assert_eq!(pair.server.seen.faults, [Fault::Signature]);
    assert!(pair.server.seen.notes.is_empty());
}

#[test]
fn who_takes_the_feature_of_signatures_out_of_the_greeting_gets_no_connection() {
    for (signs, fault) in [(true, Some(Fault::FeaturesMissing(Features::MSG_AUTH))), (false, None)] {
        let (mut client, mut server) = (client_config(), server_config());
        // As whoever sits between would make the server look.
        server.features_supported = server.features_supported.without(Features::MSG_AUTH);
        (client.options.cephx_sign_messages, server.options.cephx_sign_messages) = (signs, signs);
        let mut pair = Pair::new(client, server).start();
        with_cephx(&mut pair, true, key);
        pair.client.send(Note::new(1, "front", "data"));
        pair.run();
        assert_eq!(pair.client.seen.faults, fault.clone().into_iter().collect::<Vec<_>>());
        assert_eq!(pair.client.seen.opened.len(), usize::from(fault.is_none()));
        assert_eq!(pair.server.seen.notes.len(), usize::from(fault.is_none()));
    }
}

#[test]
fn a_service_that_does_not_challenge_is_never_used() {
    let mut pair = Pair::new(client_config(), server_config()).start();
    with_cephx(&mut pair, false, key);
    pair.client.send(Note::new(1, "front", "data"));
    pair.run();
    assert_eq!(pair.client.seen.faults, [Fault::BadAuthorizer]);
    assert!(pair.client.seen.opened.is_empty());
}

#[test]
fn a_refused_authorizer_is_renewed_once() {
    for (server_wants, opens) in [("second", true), ("third", false)] {
        let mut pair = Pair::new(client_config(), server_config()).start();
        pair.client.auth = Box::new(|request| {
            Some(match request {
                AuthRequest::Authorizer { .. } => {
                    AuthStep::Authorizer { method: 1, authorizer: "first".into() }
                }
                AuthRequest::Rejected => AuthStep::Authorizer { method: 1, authorizer: "second".into() },
                _ => AuthStep::Accept(Accept::default()),
            })
        });
        pair.server.auth = Box::new(move |request| match request {
            AuthRequest::Check { authorizer, .. } if authorizer == server_wants => {
                Some(AuthStep::Accept(Accept::default()))
            }
            _ => Some(AuthStep::Refuse),
        });
        pair.run();
        assert_eq!(pair.client.pipe.is_open(), opens);
        assert_eq!(pair.client.seen.faults.contains(&Fault::BadAuthorizer), !opens);
    }
}

#[test]
fn the_handshake_waits_for_the_endpoint_and_no_longer_than_its_deadline() {
    let mut pair = Pair::new(client_config(), server_config()).start();
    pair.server.auth = Box::new(|_| None);
    pair.run();
    assert!(!pair.client.pipe.is_open());
    assert!(pair.client.pipe.next_timeout().is_some());
    pair.advance(Duration::from_millis(9_999));
    assert_eq!(pair.client.seen.faults, []);
    pair.advance(Duration::from_millis(1));
    assert_eq!(pair.client.seen.faults, [Fault::HandshakeTimeout]);
    assert_eq!(pair.server.seen.faults, [Fault::HandshakeTimeout]);
    assert_eq!(pair.client.pipe.next_timeout(), None);
}

#[test]
fn a_keepalive_is_answered_or_the_pipe_dies() {
    let mut pair = Pair::open(client_config(), server_config());
    pair.client.pipe.send_keepalive(pair.now);
    pair.run();
    pair.advance(Duration::from_secs(60));
    assert_eq!(pair.client.seen.faults, []);

    pair.client.pipe.send_keepalive(pair.now);
    let lost = pair.client.write(pair.now, usize::MAX);
    assert_eq!(lost.len(), 9);
    pair.advance(Duration::from_secs(29));
    assert_eq!(pair.client.seen.faults, []);
    // A second one does not put the deadline off.
    pair.client.pipe.send_keepalive(pair.now);
    pair.client.write(pair.now, usize::MAX);
    pair.advance(Duration::from_secs(1));
    assert_eq!(pair.client.seen.faults, [Fault::KeepaliveTimeout]);
}

#[test]
fn a_silent_connection_is_closed_after_the_idle_timeout() {
    let mut pair = Pair::open(client_config(), server_config());
    pair.advance(Duration::from_secs(899));
    pair.client.send(Note::new(1, "", ""));
    pair.run();
    pair.advance(Duration::from_secs(1));
    assert_eq!(pair.client.seen.faults, [Fault::Idle]);
    assert_eq!(pair.server.seen.faults, []);
}

#[test]
fn nothing_comes_after_mark_down_and_one_reset_after_a_loss() {
    let mut pair = Pair::open(client_config(), server_config());
    pair.client.send(Note::new(1, "", ""));
    pair.client.pipe.mark_down();
    pair.run();
    assert!(pair.client.seen.faults.is_empty() && pair.server.seen.notes.is_empty());

    pair.server.lost(pair.now, Fault::Closed);
    pair.server.lost(pair.now, Fault::Closed);
    pair.server.send(Note::new(2, "", ""));
    pair.run();
    pair.advance(Duration::from_secs(3_600));
    assert_eq!(pair.server.seen.faults, [Fault::Closed]);
}

#[test]
fn a_disposable_pipe_sends_what_waits_hears_the_answer_and_dies_of_the_first_fault() {
    let mut pair = Pair::open(client_config(), server_config());
    pair.client.send(Note::new(1, "", bulk(100_000)));
    pair.client.pipe.mark_disposable();
    pair.run();
    assert_eq!(pair.server.seen.notes.len(), 1);
    pair.server.send(Note::new(2, "", ""));
    pair.run();
    assert_eq!(pair.client.seen.notes.len(), 1);
    pair.client.lost(pair.now, Fault::Closed);
    pair.client.pump(pair.now);
    assert_eq!(pair.client.seen.faults, [Fault::Closed]);
    assert!(pair.client.pipe.is_dead());
}

#[test]
fn room_and_bytes_of_a_dead_stream_are_dropped() {
    let mut pair = Pair::open(client_config(), server_config());
    pair.server.send(Note::new(1, "", ""));
    pair.client.send(Note::new(1, "", ""));
    let bytes = pair.server.write(pair.now, usize::MAX);
    let mut chunk = pair.client.pipe.recv_begin().unwrap();
    let batch = pair.client.pipe.send_begin(pair.now, usize::MAX).unwrap();
    assert!(pair.client.pipe.recv_begin().is_none());
    assert!(pair.client.pipe.send_begin(pair.now, usize::MAX).is_none());
    pair.client.lost(pair.now, Fault::Closed);
    let n = chunk.fill(&bytes);
    pair.client.pipe.recv_end(pair.now, chunk, n);
    let written = batch.len();
    pair.client.pipe.send_end(batch, written);
    pair.client.pump(pair.now);
    assert!(pair.client.seen.notes.is_empty());
    assert_eq!(pair.client.seen.faults, [Fault::Closed]);
}

#[test]
fn throttles_hold_reading_and_get_back_what_they_gave() {
    let (bytes, messages) = (Arc::new(Throttle::new(100)), Arc::new(Throttle::new(2)));
    let policy = Policy::stateless_server().throttled(Some(Arc::clone(&bytes)), Some(Arc::clone(&messages)));
    let mut pair = Pair::open(client_config(), Config::new(EntityName::osd(0), PolicySet::new(policy)));
    pair.server.hold = true;
    for tid in 1..=5 {
        pair.client.send(Note::new(tid, bulk(40), bulk(10)));
    }
    pair.run();
    assert_eq!(pair.server.seen.notes.len(), 2);
    assert_eq!((bytes.current(), messages.current()), (100, 2));
    pair.server.seen.held.pop();
    pair.advance(Duration::from_millis(1));
    pair.run();
    assert_eq!(pair.server.seen.notes.len(), 3);
    // It waits with a part of what the next needs, and gives that back too when it dies.
    pair.server.lost(pair.now, Fault::Closed);
    pair.server.seen.held.clear();
    assert_eq!((bytes.current(), messages.current()), (0, 0));
}

/// A client that has sent the header and some of the data of a message of 100 bytes, and a server with a budget for one.
fn half_a_message() -> (Pair, Arc<Throttle>, Vec<u8>) {
    let mut config = server_config();
    config.dispatch_throttle = Arc::new(Throttle::new(100));
    let budget = Arc::clone(&config.dispatch_throttle);
    let mut pair = Pair::open(client_config(), config);
    pair.client.send(Note::new(1, "", bulk(100)));
    let mut bytes = pair.client.write(pair.now, usize::MAX);
    let rest = bytes.split_off(bytes.len() - 80);
    pair.server.inbound.extend(bytes);
    pair.run();
    assert_eq!((budget.current(), pair.server.seen.notes.len()), (100, 0));
    (pair, budget, rest)
}

#[test]
fn a_peer_that_stops_half_way_does_not_keep_the_budget_of_all() {
    let (mut pair, budget, rest) = half_a_message();
    pair.advance(Duration::from_secs(29));
    assert!(pair.server.seen.faults.is_empty());
    // Single bytes are no progress.
    pair.server.inbound.extend(&rest[..1]);
    pair.run();
    pair.advance(Duration::from_secs(1));
    assert_eq!(pair.server.seen.faults, [Fault::Stalled]);
    assert_eq!(budget.current(), 0);
}

#[test]
fn a_message_may_take_its_time_as_long_as_it_goes_on() {
    let (mut pair, _budget, rest) = half_a_message();
    pair.advance(Duration::from_secs(29));
    pair.server.inbound.extend(rest);
    pair.run();
    // The next one is large: each step of it has the whole time, and so has a pause between messages.
    pair.advance(Duration::from_secs(60));
    pair.client.send(Note::new(2, "", bulk(300_000)));
    let bytes = pair.client.write(pair.now, usize::MAX);
    for part in bytes.chunks(70_000) {
        pair.advance(Duration::from_secs(29));
        pair.server.inbound.extend(part);
        pair.run();
    }
    assert_eq!((pair.server.seen.notes.len(), pair.server.seen.faults.len()), (2, 0));
    assert_eq!(pair.server.pipe.next_timeout(), Some(pair.now.mono + Duration::from_secs(900)));
}

#[test]
fn without_checksums_a_flipped_bit_of_data_gets_through_and_with_them_it_does_not() {
    for summed in [true, false] {
        let mut config = client_config();
        config.options.ms_crc_data = summed;
        let mut pair = Pair::open(config, server_config());
        pair.client.send(Note::new(1, "front", bulk(2_000)));
        let mut bytes = pair.client.write(pair.now, usize::MAX);
        bytes[1_000] ^= 1;
        pair.server.inbound.extend(bytes);
        pair.run();
        assert_eq!(pair.server.seen.notes.len(), usize::from(!summed));
        assert_eq!(pair.server.seen.faults.contains(&Fault::Checksum { what: "data" }), summed);
    }
}

#[test]
fn nothing_is_read_before_the_stream_is_there() {
    let mut pair = Pair::new(client_config(), server_config());
    pair.server.started(pair.now);
    pair.run();
    assert!(pair.client.pipe.recv_begin().is_none());
    pair.client.started(pair.now);
    pair.run();
    assert!(pair.client.pipe.is_open());
}

#[test]
fn an_answer_of_the_size_that_was_asked_for_comes_in_one_piece() {
    let mut pair = Pair::open(client_config(), server_config());
    let large = 5 << 20;
    pair.client.send(Note { reply_len: large, ..Note::new(1, "", "") });
    pair.client.send(Note { reply_len: large - 1, ..Note::new(2, "", "") });
    pair.run();
    for tid in 1..=3 {
        pair.server.send(Note::new(tid, "", bulk(large)));
    }
    pair.run();
    assert_eq!(pair.client.seen.pieces, [1, 5, 5]);
    assert_eq!(pair.client.seen.notes[0].data, bulk(large));
}

#[test]
fn large_buffers_that_nobody_holds_are_read_into_again() {
    let config = client_config();
    let kept = Arc::clone(&config.spares_throttle);
    let mut pair = Pair::open(config, server_config());
    pair.step = 100_000;
    for tid in 1..=6 {
        // Other bytes each time: what was there before must not show.
        let data: Bytes = vec![u8::try_from(tid).unwrap(); (2 << 20) + 5].into();
        pair.server.send(Note::new(tid, "", data.clone()));
        pair.run();
        assert_eq!(pair.client.seen.notes.pop().map(|note| note.data), Some(data));
    }
    assert!((1 << 20..=32 << 20).contains(&kept.current()));
    drop(pair);
    assert_eq!(kept.current(), 0);
}
