//! What a peer may do that nobody expects: policies that do not fit, messages that are refused for ever, streams that are over.

use std::sync::Arc;
use std::time::Duration;

use loligo_msgr_proto::{Policy, Throttle};

use crate::common::Note;
use crate::world::kit::{MODES, Mode, config, count, duo, is_remote_reset, is_reset, note, with_keys};
use crate::world::tap::BANNER_ITEM;
use crate::world::{Act, ECHO, Rule, Seen, Way, World};
use loligo_wire::entity::EntityName;

const MINUTE: Duration = Duration::from_secs(60);

/// How often anybody called.
fn calls(world: &World) -> usize {
    let log = &world.script.as_ref().unwrap().log;
    log.iter()
        .filter(|logged| logged.called && logged.way == Way::Write && logged.item == BANNER_ITEM)
        .count()
}

#[test]
fn a_message_that_the_peer_never_takes_makes_nobody_call_without_a_pause() {
    for mode in MODES {
        let mut world = World::new(3);
        world.script = Some(crate::world::Script::default());
        let name = crate::world::kit::client();
        let client = world.host(config(mode, name, Policy::lossless_client()), 0);
        let mut small = config(mode, EntityName::osd(0), Policy::stateful_server());
        small.limits.front = 500;
        let server = world.host(small, 6_800);
        with_keys(&mut world);
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run_for(MINUTE);
        world.send(client, con, Box::new(Note::new(2, vec![0; 501], Vec::new())));
        world.send(client, con, note(3));
        world.run_for(MINUTE);
        assert!(calls(&world) < 20, "{mode:?} {}", calls(&world));
        assert_eq!(world.hosts[server].tids(), [1]);
        assert_eq!(count(&world, client, is_reset), 0);
    }
}

/// Policies by name.
fn policies() -> Vec<(&'static str, Policy)> {
    vec![
        ("lossy_client", Policy::lossy_client()),
        ("lossless_client", Policy::lossless_client()),
        ("stateless_server", Policy::stateless_server()),
        ("registered_server", Policy::stateless_registered_server()),
        ("stateful_server", Policy::stateful_server()),
        ("lossless_peer", Policy::lossless_peer()),
        ("lossless_peer_reuse", Policy::lossless_peer_reuse()),
    ]
}

/// Whoever calls whom: the end that is called decides whether the session is lossy.
#[test]
fn policies_that_do_not_fit() {
    for mode in MODES {
        for (mine, of_caller) in policies() {
            for (theirs, of_called) in policies() {
                let what = format!("{mode:?} {mine} calls {theirs}");
                let (mut world, caller, called) = duo(mode, of_caller.clone(), of_called.clone());
                let con = world.connect(caller, called);
                for tid in 1..=6 {
                    world.send(caller, con, note(tid));
                    world.run_for(MINUTE);
                    if let Some(taken) = world.hosts[called].accepted().last().copied() {
                        world.send(called, taken, note(tid));
                    }
                    world.cut_all();
                    world.run_for(MINUTE);
                }
                let [there, back] = [called, caller].map(|host| world.hosts[host].tids());
                for tids in [&there, &back] {
                    assert!(tids.is_sorted_by(|a, b| a < b), "{what}: {tids:?}");
                }
                if of_called.lossy {
                    assert_eq!(there, [1], "{what}");
                    assert_eq!(count(&world, caller, is_reset), 1, "{what}");
                    assert_eq!(count(&world, called, is_reset), 1, "{what}");
                    assert_eq!(world.hosts[caller].connections() + world.hosts[called].connections(), 0);
                } else if !of_caller.server {
                    assert_eq!(there, [1, 2, 3, 4, 5, 6], "{what}");
                    // What was cut off with the last stream waits for the next call, where only the caller calls.
                    assert!(back.starts_with(&[1, 2, 3, 4, 5]), "{what}: {back:?}");
                    assert_eq!(
                        count(&world, caller, is_reset) + count(&world, called, is_reset),
                        0,
                        "{what}"
                    );
                }
                let resets = count(&world, caller, is_remote_reset) + count(&world, called, is_remote_reset);
                assert_eq!(resets, 0, "{what}");
                assert!(calls(&world) < 30, "{what}: {}", calls(&world));
            }
        }
    }
}

/// Chunks and batches of a stream that is over change nothing, and what comes late of it is of no effect.
#[test]
fn a_stale_stream_delivers_nothing() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
        world.script = None;
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run();
        let taken = world.hosts[server].accepted()[0];
        let now = world.now;
        let stale = world.hosts[server].with(taken, |pipe| (pipe.incarnation(), pipe.recv_begin().unwrap()));
        let (before, mut chunk) = stale.unwrap();
        world.send(client, con, note(2));
        let batch = world.hosts[client].with(con, |pipe| pipe.send_begin(now, 1 << 20).unwrap()).unwrap();
        let bytes: Vec<u8> = batch.pieces().flatten().copied().collect();
        world.cut_all();
        world.run_for(MINUTE);
        assert_eq!(world.hosts[server].tids(), [1, 2], "{mode:?}");
        let length = chunk.fill(&bytes);
        world.hosts[server].with(taken, |pipe| {
            assert_ne!(pipe.incarnation(), before);
            pipe.recv_end(now, chunk, length);
            pipe.lost(now, before, loligo_msgr_proto::Fault::Closed);
            pipe.started(now, before);
            assert!(pipe.is_open());
        });
        let length = bytes.len();
        world.hosts[client].with(con, |pipe| pipe.send_end(batch, length));
        world.send(client, con, note(3));
        world.run_for(MINUTE);
        assert_eq!(world.hosts[server].tids(), [1, 2, 3], "{mode:?}");
        assert_eq!(count(&world, server, |seen| matches!(seen, Seen::Accepted(_))), 2);
    }
}

/// Throttles that are full: messages wait, streams break meanwhile, and nothing is lost or kept.
#[test]
fn full_throttles_and_streams_that_break() {
    for mode in MODES {
        for seed in 0..20 {
            let [messages, bytes, dispatch] = [2, 2_000, 1_500].map(|max| Arc::new(Throttle::new(max)));
            let mut world = World::new(seed);
            let name = crate::world::kit::client();
            let client = world.host(config(mode, name, Policy::lossless_client()), 0);
            let policy =
                Policy::stateful_server().throttled(Some(Arc::clone(&bytes)), Some(Arc::clone(&messages)));
            let mut of_server = config(mode, EntityName::osd(0), policy);
            of_server.dispatch_throttle = Arc::clone(&dispatch);
            let server = world.host(of_server, 6_800);
            with_keys(&mut world);
            world.hosts[server].held = Some(Vec::new());
            world.step = 700;
            let con = world.connect(client, server);
            for tid in 1..=30 {
                world.send(client, con, note(tid));
                world.run_for(Duration::from_millis(3));
                if tid % 4 == 0 {
                    world.cut_all();
                }
                assert!(messages.current() <= 2 && bytes.current() <= 2_000 && dispatch.current() <= 1_500);
                if tid % 3 == 0 {
                    world.hosts[server].held = Some(Vec::new());
                }
            }
            world.hosts[server].held = None;
            world.run_for(MINUTE);
            assert_eq!(world.hosts[server].tids(), (1..=30).collect::<Vec<_>>(), "{mode:?} {seed}");
            assert_eq!([messages.current(), bytes.current(), dispatch.current()], [0; 3], "{mode:?} {seed}");
        }
    }
}

/// A caller that has more than was ever sent to it means another session: both begin anew, instead of calling for ever.
#[test]
fn a_session_that_the_two_ends_do_not_agree_on_begins_anew() {
    for mode in [Mode::Crc] {
        let (mut world, caller, called) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
        world.hosts[called].echo = true;
        let con = world.connect(caller, called);
        world.send(caller, con, note(1));
        world.run();
        // In place of what asks for the session to go on, what asked for it first: numbers begin anew where it is read.
        let script = world.script.as_mut().unwrap();
        script.swap = script.first[&(0, "CLIENT_IDENT")].clone();
        let (way, item) = (Way::Read, "SESSION_RECONNECT");
        script.rules.push(Rule { host: called, way, item, nth: 1, act: Act::Swap });
        world.cut_all();
        world.run();
        assert!(world.is_held());
        world.release();
        world.run_for(MINUTE);
        for tid in 2..=3 {
            world.send(caller, con, note(tid));
            world.run_for(MINUTE);
        }
        assert!(calls(&world) <= 4, "{}", calls(&world));
        assert!(world.hosts[called].tids().ends_with(&[2, 3]), "{:?}", world.hosts[called].tids());
        assert!(world.hosts[caller].tids().ends_with(&[2, 3].map(|tid| ECHO + tid)));
        assert_eq!(count(&world, caller, is_remote_reset), 1);
        assert_eq!(count(&world, caller, is_reset) + count(&world, called, is_reset), 0);
    }
}

/// Peers that have proved who they are, and go before they have heard that the session is open, keep no place from others.
#[test]
fn who_is_gone_before_the_session_is_open_is_not_half_open() {
    for mode in MODES {
        let mut world = World::new(5);
        world.script = Some(crate::world::Script::default());
        let mut of_server = config(mode, EntityName::osd(0), Policy::stateful_server());
        of_server.limits.half_open = 2;
        let server = world.host(of_server, 6_800);
        for num in 1..=4 {
            world.host(config(mode, EntityName::client(num), Policy::lossless_client()), 0);
        }
        with_keys(&mut world);
        let item = if mode.is_v2() { "SERVER_IDENT" } else { "SEQ" };
        for client in 1..=3 {
            let rule = Rule { host: client, way: Way::Read, item, nth: 1, act: Act::Hold };
            world.script.as_mut().unwrap().rules.push(rule);
            let con = world.connect(client, server);
            world.run();
            assert!(world.is_held());
            world.mark_down(client, con);
            world.cut_all();
            world.run();
        }
        let con = world.connect(4, server);
        world.send(4, con, note(1));
        world.run();
        assert_eq!(world.hosts[server].tids(), [1], "{mode:?}");
        // Some time later they are forgotten.
        world.run_for(MINUTE * 31);
        let left = world.hosts[server].connections();
        assert_eq!(
            left,
            if mode.is_v2() { 4 } else { 1 },
            "who was told of them can mark them down: {mode:?}"
        );
    }
}
