//! `test_msgr.cc`: both ends call at the same time.

use std::time::Duration;

use loligo_msgr_proto::Policy;

use crate::world::kit::{
    MODES, Mode, V2_MODES, count, is_connected, is_remote_reset, is_reset, items, note, peers, rule,
};
use crate::world::tap::BANNER_ITEM;
use crate::world::{Act, ECHO, HostId, Rule, Way, World};

/// Less than a wait before another call.
const AT_ONCE: Duration = Duration::from_millis(50);
const MINUTE: Duration = Duration::from_secs(60);

/// What asks for a new session.
const fn asks(mode: Mode) -> &'static str {
    if matches!(mode, Mode::V1) { "CONNECT" } else { "CLIENT_IDENT" }
}

/// On messenger v1 the first of them is challenged.
const fn nth(mode: Mode) -> usize {
    if matches!(mode, Mode::V1) { 2 } else { 1 }
}

fn hold(world: &mut World, host: HostId, way: Way, item: &'static str, nth: usize) {
    rule(world, host, way, item, nth, Act::Hold);
}

/// One connection at each end, one stream, nothing was reset.
fn converged(world: &World, hosts: [HostId; 2]) {
    for host in hosts {
        assert_eq!(world.hosts[host].connections(), 1);
        assert_eq!(count(world, host, is_reset) + count(world, host, is_remote_reset), 0);
    }
    assert_eq!(world.streams.len(), 1);
}

#[test]
fn connection_race() {
    for mode in MODES {
        for policy in [Policy::lossless_peer_reuse(), Policy::lossless_peer()] {
            let (mut world, a, b) = peers(mode, policy.clone(), policy);
            for host in [a, b] {
                hold(&mut world, host, Way::Write, asks(mode), nth(mode));
            }
            let (to_b, to_a) = (world.connect(a, b), world.connect(b, a));
            world.send(a, to_b, note(1));
            world.send(b, to_a, note(2));
            world.run();
            assert_eq!(world.script.as_ref().unwrap().struck, 2, "both are held");
            assert!(world.hosts[a].tids().is_empty() && world.hosts[b].tids().is_empty());
            world.release();
            world.run_for(AT_ONCE);
            assert_eq!(world.hosts[a].tids(), [2], "{mode:?}");
            assert_eq!(world.hosts[b].tids(), [1], "{mode:?}");
            assert!(world.hosts[a].is_open(to_b) && world.hosts[b].is_open(to_a));
            converged(&world, [a, b]);
            world.run_for(MINUTE);
            converged(&world, [a, b]);
            assert_eq!(world.hosts[a].tids().len() + world.hosts[b].tids().len(), 2);
        }
    }
}

/// The call of one end wins while that of the other has not said its banner yet.
#[test]
fn connection_race_reuse_banner() {
    for mode in MODES {
        // The one with the lower address wins: that is `a`.
        let reuse = Policy::lossless_peer_reuse;
        let (mut world, a, b) = peers(mode, reuse(), reuse());
        hold(&mut world, a, Way::Write, asks(mode), nth(mode));
        let to_b = world.connect(a, b);
        world.send(a, to_b, note(1));
        world.run();
        assert!(world.is_held());
        // The second banner of `b`: the first answered the call of `a`.
        hold(&mut world, b, Way::Write, BANNER_ITEM, 1);
        let to_a = world.connect(b, a);
        world.send(b, to_a, note(2));
        world.run();
        assert_eq!(world.script.as_ref().unwrap().struck, 2);
        let first = *world.streams.keys().next().unwrap();
        world.release_one(first);
        world.run();
        world.release();
        world.run_for(AT_ONCE);
        assert_eq!(world.hosts[a].tids(), [2], "{mode:?}");
        assert_eq!(world.hosts[b].tids(), [1], "{mode:?}");
        assert!(world.hosts[a].is_open(to_b) && world.hosts[b].is_open(to_a));
        converged(&world, [a, b]);
        // Opened once, and never called again.
        assert_eq!(items(&world, b, Way::Write, "SESSION_RECONNECT"), 0);
        assert_eq!(items(&world, b, Way::Write, asks(mode)), 0);
        assert_eq!(count(&world, b, is_connected), 0);
        assert_eq!(count(&world, a, is_connected), 1);
    }
}

/// A stream breaks with something to say at both ends, so that both call again.
#[test]
fn reconnect_race() {
    for mode in V2_MODES {
        let (mut world, a, b) = peers(mode, Policy::lossless_peer(), Policy::lossless_peer());
        world.hosts[b].echo = true;
        let con = world.connect(a, b);
        world.send(a, con, note(1));
        world.run();
        for host in [a, b] {
            hold(&mut world, host, Way::Write, "SESSION_RECONNECT", 1);
        }
        let fail = Rule { host: a, way: Way::Read, item: "MESSAGE", nth: 1, act: Act::Fail };
        world.script.as_mut().unwrap().rules.push(fail);
        world.send(a, con, note(2));
        world.run();
        world.send(a, con, note(3));
        world.run();
        assert_eq!(world.script.as_ref().unwrap().struck, 3, "both are about to go on");
        world.release();
        world.run_for(AT_ONCE);
        assert_eq!(world.hosts[a].tids(), [1, 2, 3].map(|tid| ECHO + tid), "{mode:?}");
        assert_eq!(world.hosts[b].tids(), [1, 2, 3]);
        converged(&world, [a, b]);
        // The lower address wins: `a` went on, and `b` answered; or it was told to try again once.
        assert!(matches!(items(&world, a, Way::Write, "SESSION_RECONNECT"), 1 | 2));
        assert_eq!(items(&world, a, Way::Write, "SESSION_RECONNECT_OK"), 0);
        assert_eq!(items(&world, b, Way::Write, "SESSION_RECONNECT_OK"), 1);
        assert_eq!(items(&world, b, Way::Write, "SESSION_RECONNECT"), 1);
        world.run_for(MINUTE);
        converged(&world, [a, b]);
    }
}

/// The same on messenger v1, where there is no such frame: the numbers of the connection say it.
#[test]
fn reconnect_race_v1() {
    for nth in 1..=2 {
        let (mut world, a, b) = peers(Mode::V1, Policy::lossless_peer(), Policy::lossless_peer());
        world.hosts[b].echo = true;
        let con = world.connect(a, b);
        world.send(a, con, note(1));
        world.run();
        let fail = Rule { host: a, way: Way::Read, item: "MESSAGE", nth: 1, act: Act::Fail };
        world.script.as_mut().unwrap().rules.push(fail);
        for host in [a, b] {
            hold(&mut world, host, Way::Write, "CONNECT", nth);
        }
        world.send(a, con, note(2));
        world.run();
        world.send(a, con, note(3));
        world.run();
        assert_eq!(world.script.as_ref().unwrap().struck, 3);
        world.release();
        world.run_for(AT_ONCE);
        assert_eq!(world.hosts[a].tids(), [1, 2, 3].map(|tid| ECHO + tid));
        assert_eq!(world.hosts[b].tids(), [1, 2, 3]);
        converged(&world, [a, b]);
    }
}
