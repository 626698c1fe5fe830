//! What goes on with new numbers, and what is written again and what is not.

use std::time::Duration;

use loligo_msgr_proto::{Config, Policy};
use loligo_wire::Features;
use loligo_wire::entity::EntityName;
use loligo_wire::msgr2::RetryGlobalFrame;

use crate::common::feed::control;
use crate::world::kit::{
    MODES, Mode, V2_MODES, client, config, count, duo, is_remote_reset, is_reset, items, note, peers, rule,
};
use crate::world::{Act, ECHO, HostId, Way, World};

const MINUTE: Duration = Duration::from_secs(60);
/// Less than a wait before another call.
const AT_ONCE: Duration = Duration::from_millis(50);

fn resets(world: &World, hosts: [HostId; 2]) -> usize {
    hosts.map(|host| count(world, host, is_reset) + count(world, host, is_remote_reset)).iter().sum()
}

/// `low` has a session with `high`, which forgets it and calls anew, while `low` wants to go on.
fn forgotten(mode: Mode) -> (World, HostId, HostId) {
    let (mut world, low, high) = peers(mode, Policy::lossless_peer(), Policy::lossless_peer());
    let to_high = world.connect(low, high);
    let to_low = |world: &World| world.hosts[high].accepted()[0];
    world.send(low, to_high, note(1));
    world.run();
    let con = to_low(&world);
    (1..=3).for_each(|tid| world.send(high, con, note(tid)));
    world.run_for(MINUTE);
    world.restart(high);
    rule(&mut world, high, Way::Write, "CLIENT_IDENT", 1, Act::Hold);
    let con = world.connect(high, low);
    world.send(high, con, note(4));
    world.run();
    assert!(world.is_held(), "{mode:?}");
    (world, low, high)
}

/// A session that is reset, and not in full: what the other end sends now has numbers from one.
#[test]
fn a_reset_that_is_not_full_begins_anew_with_all_numbers_and_loses_nothing() {
    for mode in V2_MODES {
        let (mut world, low, high) = forgotten(mode);
        let con = world.hosts[low].pool.connections().next().unwrap().0;
        world.send(low, con, note(14));
        world.run();
        assert_eq!(items(&world, high, Way::Write, "SESSION_RESET"), 1, "{mode:?}");
        world.release();
        world.run_for(MINUTE);
        assert_eq!(world.hosts[low].tids(), [1, 2, 3, 4], "{mode:?}");
        assert_eq!(world.hosts[high].tids(), [1, 14], "{mode:?}");
        // The other end may call as well, and both know how often the session was opened.
        world.cut_all();
        world.run_for(MINUTE);
        let con = world.hosts[high].pool.connections().next().unwrap().0;
        world.send(high, con, note(5));
        world.run_for(AT_ONCE);
        assert_eq!(world.hosts[low].tids(), [1, 2, 3, 4, 5], "{mode:?}");
        for item in ["WAIT", "SESSION_RETRY"] {
            assert_eq!(items(&world, low, Way::Write, item), 0, "{mode:?} {item}");
        }
        assert_eq!(count(&world, low, is_remote_reset), 0, "{mode:?}");
    }
}

/// The same, and the answer to who begins anew is lost: it begins anew once more.
#[test]
fn who_was_reset_asks_for_a_new_session_until_it_has_one() {
    for mode in V2_MODES {
        let (mut world, low, high) = forgotten(mode);
        rule(&mut world, low, Way::Read, "SERVER_IDENT", 1, Act::Fail);
        let con = world.hosts[low].pool.connections().next().unwrap().0;
        world.send(low, con, note(14));
        world.run_for(Duration::from_secs(5));
        assert_eq!(items(&world, low, Way::Write, "SESSION_RECONNECT"), 1, "{mode:?}");
        world.release();
        world.run_for(MINUTE);
        assert_eq!(world.hosts[high].tids(), [1, 14], "{mode:?}");
    }
}

/// A session that the peer has not heard of cannot be forgotten: what waits for the peer goes on waiting.
#[test]
fn a_session_that_the_peer_never_heard_of_is_not_lost() {
    let (mut world, a, b) = peers(Mode::V1, Policy::lossless_peer(), Policy::lossless_peer());
    let to_b = world.connect(a, b);
    world.send(a, to_b, note(1));
    world.run_for(MINUTE);
    world.hosts[b].is_deaf = true;
    world.restart(b);
    world.send(a, to_b, note(2));
    rule(&mut world, b, Way::Read, "SEQ", 1, Act::Hold);
    world.connect(b, a);
    world.run();
    assert!(world.is_held());
    world.hosts[b].is_deaf = false;
    world.restart(b);
    world.run_for(MINUTE);
    assert!(items(&world, b, Way::Write, "RESETSESSION") > 0);
    assert_eq!(world.hosts[b].tids(), [1, 2]);
    assert_eq!(count(&world, a, is_remote_reset), 0);
}

/// A caller that does not say which numbers it has: both ends keep them, and what comes twice is dropped.
#[test]
fn who_does_not_exchange_numbers_loses_and_doubles_nothing() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        let old = Features::PACIFIC.without(Features::RECONNECT_SEQ);
        let of_client =
            Config { features_supported: old, ..config(Mode::V1, client(), Policy::lossless_client()) };
        let client = world.host(of_client, 0);
        let server = world.host(config(Mode::V1, EntityName::osd(0), Policy::stateful_server()), 6_800);
        (world.failures, world.step) = (8, 1_000);
        world.hosts[server].echo = true;
        let con = world.connect(client, server);
        for tid in 1..=40 {
            world.send(client, con, note(tid));
            world.run_for(Duration::from_millis(seed));
        }
        world.failures = 0;
        world.run_for(MINUTE);
        let all: Vec<u64> = (1..=40).collect();
        assert_eq!(world.hosts[server].tids(), all, "{seed}");
        let echoes: Vec<u64> = all.iter().map(|tid| ECHO + tid).collect();
        assert_eq!(world.hosts[client].tids(), echoes, "{seed}");
    }
}

/// Acknowledgements are lost with a stream; the greeting of the next one says how far each end is.
#[test]
fn what_the_peer_has_is_not_written_again() {
    for mode in MODES {
        for at_client in [true, false] {
            let (mut world, client, server) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
            world.hosts[server].echo = true;
            let con = world.connect(client, server);
            let deaf = if at_client { client } else { server };
            // On v2 what is answered is acknowledged by that.
            let acks: &[_] = if at_client { &["ACK", "MESSAGE"] } else { &["ACK"] };
            acks.iter().for_each(|item| rule(&mut world, deaf, Way::Read, item, 1, Act::Hold));
            for tid in 1..=3 {
                world.send(client, con, note(tid));
            }
            world.run();
            assert!(world.is_held(), "{mode:?}");
            world.script.as_mut().unwrap().rules.clear();
            world.cut_all();
            world.send(client, con, note(4));
            world.run_for(MINUTE);
            assert_eq!(world.hosts[server].tids(), [1, 2, 3, 4]);
            // All that it has said has arrived, and it has not read so.
            assert_eq!(items(&world, deaf, Way::Write, "MESSAGE"), 4, "{mode:?} {at_client}");
            assert_eq!(world.hosts[client].tids().len(), 4);
            assert_eq!(resets(&world, [client, server]), 0);
        }
    }
}

/// Who is told that the session was opened more often takes the number above, so that its call goes on at once, even where the other
/// end's would win.
#[test]
fn who_has_counted_less_takes_the_number_above() {
    for mode in V2_MODES {
        let (mut world, low, high) = peers(mode, Policy::lossless_peer(), Policy::lossless_peer());
        let to_high = world.connect(low, high);
        world.send(low, to_high, note(1));
        world.run();
        let to_low = world.hosts[high].accepted()[0];
        world.hosts[high].is_deaf = true;
        world.cut_all();
        world.send(low, to_high, note(2));
        world.run_for(Duration::from_secs(1));
        world.send(high, to_low, note(11));
        world.run_for(AT_ONCE);
        assert_eq!(items(&world, low, Way::Write, "SESSION_RETRY"), 1, "{mode:?}");
        assert_eq!(items(&world, low, Way::Write, "WAIT"), 0, "{mode:?}");
        assert_eq!(world.hosts[low].tids(), [11], "{mode:?}");
        assert_eq!(world.hosts[high].tids(), [1, 2], "{mode:?}");
    }
}

/// The number of a connection is above what the peer has seen of this end.
#[test]
fn a_number_of_connections_goes_above_what_the_peer_has_seen() {
    let (mut world, client, server) = duo(Mode::Crc, Policy::lossless_client(), Policy::stateful_server());
    let con = world.connect(client, server);
    world.send(client, con, note(1));
    world.run();
    world.script.as_mut().unwrap().swap = control(&RetryGlobalFrame { global_seq: 1_000 });
    rule(&mut world, client, Way::Read, "SESSION_RECONNECT_OK", 1, Act::Swap);
    world.cut_all();
    world.send(client, con, note(2));
    world.run();
    assert!(world.hosts[client].pool.get_global_seq(0) > 1_001);
}
