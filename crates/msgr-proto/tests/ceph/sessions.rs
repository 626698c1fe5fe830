//! `test_msgr.cc`: sessions that are lost, forgotten, taken up again, and connections that are marked down.

use std::time::Duration;

use loligo_base::Prng;
use loligo_msgr_proto::{ConId, Policy};

use crate::world::kit::{
    MODES, V2_MODES, config, count, duo, is_accepted, is_connected, is_remote_reset, is_reset, note, peers,
    with_keys,
};
use crate::world::{Act, ECHO, HostId, Rule, Seen, Way, World};

const MINUTE: Duration = Duration::from_secs(60);

/// What came of a connection, a letter each: it was opened, accepted, brought a message, was reset by the peer, was over, or
/// nobody took a call.
fn story(world: &World, host: HostId, con: ConId) -> String {
    let letter = |seen: &Seen| match seen {
        Seen::Connected(_) => 'c',
        Seen::Accepted(_) => 'a',
        Seen::Message(_) => 'm',
        Seen::RemoteReset => 'r',
        Seen::Reset(_) => 'x',
        Seen::Refused => 'f',
    };
    world.hosts[host].seen_of(con).iter().map(letter).collect()
}

#[test]
fn stateful() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
        world.hosts[server].echo = true;
        let first = world.get_connection(client, server);
        world.send(client, first, note(1));
        world.run();
        let taken = world.hosts[server].accepted()[0];
        world.mark_down(client, first);
        world.run_for(MINUTE);
        // The server keeps what it knows of the client.
        assert!(world.hosts[server].pool.link(taken).is_some());
        assert_eq!(story(&world, server, taken), "am");

        let second = world.get_connection(client, server);
        assert_ne!(first, second);
        world.send(client, second, note(2));
        world.run_for(MINUTE);
        assert_eq!(story(&world, client, second), "cm", "{mode:?}");
        assert_eq!(story(&world, server, taken), "amram", "the client began anew: {mode:?}");

        // The server forgets the client, which comes back by itself.
        world.mark_down(server, taken);
        world.run_for(MINUTE);
        assert_eq!(story(&world, client, second), "cmrc", "{mode:?}");
        assert!(world.hosts[client].is_open(second));
        world.send(client, second, note(3));
        world.run_for(MINUTE);
        assert_eq!(world.hosts[client].tids(), [1, 2, 3].map(|tid| ECHO + tid), "{mode:?}");
        assert_eq!(world.hosts[server].connections(), 1);
        let again = world.hosts[server].accepted()[1];
        assert_eq!(story(&world, server, again), "am", "nothing is left of before: {mode:?}");
    }
}

#[test]
fn stateless() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossy_client(), Policy::stateless_server());
        world.hosts[server].echo = true;
        let first = world.get_connection(client, server);
        world.send(client, first, note(1));
        world.run();
        world.mark_down(client, first);
        world.run_for(MINUTE);
        let second = world.get_connection(client, server);
        world.send(client, second, note(2));
        world.run_for(MINUTE);
        let [before, now] = world.hosts[server].accepted()[..] else { panic!() };
        assert_eq!(story(&world, server, before), "amx", "{mode:?}");
        assert_eq!(story(&world, server, now), "am");

        world.mark_down(server, now);
        world.keepalive(client, second);
        world.run_for(MINUTE);
        assert!(!world.hosts[client].is_open(second));
        assert_eq!(story(&world, client, second), "cmx", "{mode:?}");
        let third = world.get_connection(client, server);
        world.send(client, third, note(3));
        world.run_for(MINUTE);
        assert_eq!(story(&world, client, third), "cm");
        assert_eq!(count(&world, client, is_remote_reset) + count(&world, server, is_remote_reset), 0);
    }
}

#[test]
fn client_standby() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossless_peer(), Policy::stateful_server());
        world.hosts[server].echo = true;
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run();
        let taken = world.hosts[server].accepted()[0];
        world.mark_down(server, taken);
        world.run_for(MINUTE);
        assert_eq!(world.streams.len(), 0, "it stands by: {mode:?}");
        assert_eq!(story(&world, client, con), "cm");
        // What wakes it belongs to the session that is gone.
        world.send(client, con, note(2));
        world.run_for(MINUTE);
        assert_eq!(story(&world, client, con), "cmrc", "{mode:?}");
        world.send(client, con, note(3));
        world.run_for(MINUTE);
        assert_eq!(story(&world, client, con), "cmrcm", "{mode:?}");
        assert_eq!(world.hosts[server].tids(), [1, 3]);
        assert_eq!(story(&world, server, world.hosts[server].accepted()[1]), "am");
    }
}

fn rule(host: HostId, way: Way, item: &'static str, nth: usize, act: Act) -> Rule {
    Rule { host, way, item, nth, act }
}

fn script(world: &mut World, rules: &[Rule]) {
    world.script.as_mut().unwrap().rules.extend_from_slice(rules);
}

/// How often a host wrote or read an item, or was about to.
fn items(world: &World, host: HostId, way: Way, item: &str) -> usize {
    let log = &world.script.as_ref().unwrap().log;
    log.iter().filter(|logged| logged.host == host && logged.way == way && logged.item == item).count()
}

/// The server fails before it says that the session is open, with something to say. A lossy client is over with that, and the
/// application calls again. (On messenger v1 nobody is told of a connection before both ends have said that it is open.)
#[test]
fn missing_server_ident() {
    for mode in V2_MODES {
        let (mut world, client, server) = duo(mode, Policy::lossy_client(), Policy::stateful_server());
        script(&mut world, &[rule(server, Way::Write, "SERVER_IDENT", 1, Act::Hold)]);
        let first = world.get_connection(client, server);
        world.send(client, first, note(1));
        world.run();
        assert!(world.is_held());
        let taken = world.hosts[server].pool.connections().next().unwrap().0;
        world.send(server, taken, note(2));
        world.cut_all();
        world.run_for(MINUTE);
        assert_eq!(story(&world, client, first), "x", "{mode:?}");
        let second = world.get_connection(client, server);
        world.send(client, second, note(1));
        world.run_for(MINUTE);
        assert_eq!(story(&world, client, second), "cm", "{mode:?}");
        assert_eq!(world.hosts[client].tids(), [2]);
        assert_eq!(world.hosts[server].tids(), [1]);
        assert_eq!(world.hosts[server].connections(), 1);
        assert_eq!(count(&world, server, is_reset), 0);
    }
}

/// The same among peers, where nobody but the one that was called has something to say: it calls.
#[test]
fn missing_server_ident_2() {
    for mode in V2_MODES {
        for is_first in [true, false] {
            let (mut world, a, b) = peers(mode, Policy::lossless_peer(), Policy::lossless_peer());
            let (caller, called) = if is_first { (a, b) } else { (b, a) };
            script(&mut world, &[rule(called, Way::Write, "SERVER_IDENT", 1, Act::Hold)]);
            let con = world.get_connection(caller, called);
            world.run();
            assert!(world.is_held());
            let taken = world.hosts[called].pool.connections().next().unwrap().0;
            world.send(called, taken, note(2));
            world.cut_all();
            world.run_for(MINUTE);
            assert!(story(&world, caller, con).ends_with('m'), "{mode:?}");
            assert_eq!(world.hosts[caller].tids(), [2], "{mode:?}");
            assert!(world.hosts[called].is_open(taken));
            for host in [a, b] {
                assert_eq!(world.hosts[host].connections(), 1);
                assert_eq!(count(&world, host, is_reset) + count(&world, host, is_remote_reset), 0);
            }
            assert_eq!(items(&world, called, Way::Read, "MESSAGE"), 0);
        }
    }
}

/// The client fails while a message comes, and goes on with the session.
#[test]
fn reconnect() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossless_peer(), Policy::stateful_server());
        world.hosts[server].echo = true;
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run();
        script(&mut world, &[rule(client, Way::Read, "MESSAGE", 1, Act::Fail)]);
        world.send(client, con, note(2));
        world.run();
        world.send(client, con, note(3));
        world.run_for(MINUTE);
        assert_eq!(world.hosts[client].tids(), [1, 2, 3].map(|tid| ECHO + tid), "{mode:?}");
        assert_eq!(world.hosts[server].tids(), [1, 2, 3]);
        assert_eq!(count(&world, client, is_connected), 2);
        assert_eq!(count(&world, server, is_accepted), 2);
        if mode.is_v2() {
            assert_eq!(items(&world, client, Way::Write, "SESSION_RECONNECT"), 1);
            assert_eq!(items(&world, server, Way::Write, "SESSION_RECONNECT_OK"), 1);
            assert_eq!(items(&world, server, Way::Write, "SESSION_RECONNECT"), 0);
            assert_eq!(items(&world, client, Way::Write, "SESSION_RECONNECT_OK"), 0);
        } else {
            assert_eq!(items(&world, client, Way::Write, BANNER), 2);
            assert_eq!(items(&world, server, Way::Write, "SEQ"), 2);
        }
    }
}

const BANNER: &str = crate::world::tap::BANNER_ITEM;

/// Somebody who marks down a connection when a message comes on another one, a thousand times.
#[test]
fn mark_down_while_messages_come() {
    for mode in MODES {
        for seed in 0..3 {
            let mut world = World::new(seed);
            let policy = || {
                if seed == 0 { Policy::stateless_server() } else { Policy::stateful_server() }
            };
            let of_client = if seed == 0 { Policy::lossy_client() } else { Policy::lossless_client() };
            let client = world.host(config(mode, crate::world::kit::client(), of_client), 0);
            let osd = loligo_wire::entity::EntityName::osd(0);
            let servers = [6_800, 6_801].map(|port| world.host(config(mode, osd, policy()), port));
            with_keys(&mut world);
            let mut dice = Prng::new(seed);
            let mut came = [0; 2];
            for round in 0..1_000 {
                let cons = servers.map(|server| world.get_connection(client, server));
                for con in cons {
                    world.send(client, con, note(round + 1));
                }
                for _ in 0..dice.below(30) {
                    world.turn();
                }
                let at = usize::try_from(dice.below(2)).unwrap();
                if world.hosts[servers[at]].tids().len() > came[at] {
                    let other = servers[1 - at];
                    let taken: Vec<_> = world.hosts[other].pool.connections().map(|(con, _)| con).collect();
                    taken.into_iter().for_each(|con| world.mark_down(other, con));
                }
                came = servers.map(|server| world.hosts[server].tids().len());
                if dice.chance(1, 10) {
                    world.mark_down(client, cons[at]);
                }
                world.run_for(Duration::from_millis(300));
            }
            world.run_for(MINUTE);
            for server in servers {
                let tids = world.hosts[server].tids();
                assert!(tids.len() > 500, "{mode:?} {seed} {}", tids.len());
                assert!(tids.is_sorted_by(|a, b| a < b), "at most once, and in order: {mode:?} {seed}");
                assert!(world.hosts[server].connections() <= 1);
            }
            assert!(world.streams.len() <= 2);
        }
    }
}
