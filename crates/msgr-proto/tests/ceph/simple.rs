//! `test_msgr.cc`: connections that nobody disturbs.

use std::time::Duration;

use loligo_msgr_proto::{Fault, Link, Policy, Protocols};
use loligo_wire::Features;

use crate::common::Note;
use crate::world::kit::{MODES, Mode, V2_MODES, count, duo, is_connected, is_reset, note};
use crate::world::{ECHO, HostId, Seen, World};

const MINUTE: Duration = Duration::from_secs(60);

/// A client and a server without sessions, which answers.
fn lossy(mode: Mode) -> (World, HostId, HostId) {
    let (mut world, client, server) = duo(mode, Policy::lossy_client(), Policy::stateless_server());
    world.hosts[server].echo = true;
    (world, client, server)
}

#[test]
fn simple() {
    for mode in MODES {
        let (mut world, client, server) = lossy(mode);
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run();
        assert!(world.hosts[client].is_open(con));
        assert_eq!(world.hosts[client].tids(), [ECHO + 1], "{mode:?}");
        let Some(Seen::Connected(peer)) = world.hosts[client].seen_of(con).first().cloned() else { panic!() };
        assert_eq!(peer.name.kind, loligo_wire::entity::EntityType::OSD);

        // The server takes calls elsewhere, as somebody new.
        let before = world.addrs(server);
        world.rebind(server, 6_900);
        world.run();
        assert_eq!(count(&world, client, is_reset), 1);
        assert!(world.addrs(server).iter().all(|addr| addr.port() == 6_900 && !before.contains(addr)));
        assert_ne!(world.addrs(server).front().nonce, before.front().nonce);
        let con = world.connect(client, server);
        world.send(client, con, note(2));
        world.run();
        assert_eq!(world.hosts[client].tids(), [ECHO + 1, ECHO + 2], "{mode:?}");

        // Marked down: nothing comes of it, and nothing is told here.
        world.mark_down(client, con);
        assert!(!world.hosts[client].is_open(con));
        world.send(client, con, note(3));
        world.run();
        assert_eq!(count(&world, client, is_reset), 1);
        assert_eq!(world.hosts[server].tids(), [1, 2]);

        // Nobody is there.
        world.hosts[server].listens = None;
        let con = world.connect(client, server);
        world.send(client, con, note(4));
        world.run_for(MINUTE);
        assert!(!world.hosts[client].is_open(con));
        assert_eq!(count(&world, client, |seen| matches!(seen, Seen::Refused)), 1);

        // Oneself.
        let con = world.connect(client, client);
        let Some(Seen::Connected(peer)) = world.hosts[client].seen_of(con).first().cloned() else { panic!() };
        assert_eq!(peer.name, world.hosts[client].config.myname.get());
        assert_eq!(world.hosts[client].pool.link(con), Some(&Link::Local));
    }
}

#[test]
fn simple_msgr2() {
    for mode in V2_MODES {
        for is_old in [false, true] {
            let (mut world, client, server) = lossy(mode);
            world.hosts[server].listen_v1(6_801);
            assert_eq!(world.addrs(server).0.len(), 2);
            if is_old {
                let mut config =
                    crate::world::kit::config(mode, crate::world::kit::client(), Policy::lossy_client());
                config.options.protocols = Protocols { v1: true, v2: false };
                let old = world.host(config, 0);
                world.hosts[old].auth = Box::new(|_, _, request| crate::world::kit::keyed(request));
                let con = world.connect(old, server);
                world.send(old, con, note(1));
                world.run();
                assert_eq!(world.hosts[old].tids(), [ECHO + 1]);
                assert!(names(&world).contains(&"CONNECT") && !names(&world).contains(&"HELLO"));
            } else {
                let con = world.connect(client, server);
                world.send(client, con, note(1));
                world.run();
                assert_eq!(world.hosts[client].tids(), [ECHO + 1]);
                assert!(!names(&world).contains(&"CONNECT") && names(&world).contains(&"HELLO"));
            }
        }
    }
}

/// The items that moved.
fn names(world: &World) -> Vec<&'static str> {
    world.script.as_ref().unwrap().log.iter().map(|logged| logged.item).collect()
}

#[test]
fn features() {
    for mode in MODES {
        let needed = Features(1 << 62);
        let of_server = Policy::stateless_server().requiring(needed);
        let (mut world, poor, server) = duo(mode, Policy::lossy_client(), of_server);
        world.hosts[server].echo = true;
        let con = world.connect(poor, server);
        world.send(poor, con, note(1));
        world.run_for(MINUTE);
        let seen = world.hosts[poor].seen_of(con);
        assert!(
            matches!(seen[..], [Seen::Reset(Fault::FeaturesRequired(missing))] if missing == needed),
            "{seen:?}"
        );
        assert!(world.hosts[server].tids().is_empty());

        let mut config = crate::world::kit::config(mode, crate::world::kit::client(), Policy::lossy_client());
        config.features_supported = config.features_supported | needed;
        let rich = world.host(config, 0);
        world.hosts[rich].auth = Box::new(|_, _, request| crate::world::kit::keyed(request));
        let con = world.connect(rich, server);
        world.send(rich, con, note(1));
        world.run();
        assert_eq!(world.hosts[rich].tids(), [ECHO + 1], "{mode:?}");
    }
}

/// Why both ends' connections were over.
fn resets(world: &World, host: HostId) -> Vec<Fault> {
    let of = |seen: &Seen| if let Seen::Reset(fault) = seen { Some(fault.clone()) } else { None };
    world.hosts[host].seen.iter().filter_map(|(_, seen)| of(seen)).collect()
}

#[test]
fn timeout() {
    for mode in MODES {
        let idle = |mut config: loligo_msgr_proto::Config| {
            config.options.ms_connection_idle_timeout = Duration::from_secs(1);
            config
        };
        let mut world = World::new(1);
        let name = crate::world::kit::client();
        let client = world.host(idle(crate::world::kit::config(mode, name, Policy::lossy_client())), 0);
        let osd = loligo_wire::entity::EntityName::osd(0);
        let of_server = crate::world::kit::config(mode, osd, Policy::stateless_server());
        let server = world.host(idle(of_server), 6_800);
        crate::world::kit::with_keys(&mut world);
        world.hosts[server].echo = true;
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run_for(Duration::from_millis(900));
        assert!(world.hosts[client].is_open(con));
        world.run_for(Duration::from_millis(1_600));
        assert!(!world.hosts[client].is_open(con), "{mode:?}");
        // Who was first cannot be said, and the other saw the end of the stream or the same.
        for host in [client, server] {
            let told = resets(&world, host);
            assert!(matches!(told[..], [Fault::Idle | Fault::Closed]), "{told:?}");
        }
        assert_eq!(world.streams.len(), 0);
    }
}

#[test]
fn anonymous_connections() {
    for mode in MODES {
        let (mut world, client, server) = lossy(mode);
        let cons = [world.connect(client, server), world.connect(client, server)];
        for (con, tid) in cons.into_iter().zip(1..) {
            world.send(client, con, note(tid));
            world.run();
        }
        assert_ne!(cons[0], cons[1]);
        let taken = world.hosts[server].accepted();
        assert_eq!(taken.len(), 2, "{mode:?}");
        for (con, tid) in cons.into_iter().zip(3..) {
            world.send(client, con, note(tid));
            world.run();
        }
        assert_eq!(world.hosts[client].tids(), [1, 2, 3, 4].map(|tid| ECHO + tid));
        assert_eq!(count(&world, client, is_connected), 2);
        for con in cons {
            world.mark_down(client, con);
            assert!(!world.hosts[client].is_open(con));
        }
        world.run();
        assert_eq!(world.hosts[server].connections(), 0);
    }
}

#[test]
fn large_messages() {
    const LARGE: usize = 26 * 30 * 1_024;
    for mode in MODES {
        for step in [64 << 10, 1_000_000] {
            let (mut world, client, server) = duo(mode, Policy::lossless_peer(), Policy::stateful_server());
            world.script = None;
            world.step = step;
            let con = world.connect(client, server);
            let sent = [
                Note::new(1, vec![b'f'; LARGE], Vec::new()),
                Note::new(2, Vec::new(), vec![b'd'; LARGE]),
                Note { middle: vec![b'm'; LARGE].into(), ..Note::new(3, vec![1; 5], vec![2; LARGE]) },
            ];
            for note in &sent {
                world.send(client, con, Box::new(note.clone()));
            }
            world.run();
            let came: Vec<_> = world.hosts[server]
                .seen
                .iter()
                .filter_map(|(_, seen)| match seen {
                    Seen::Message(envelope) => Some(Note::of(envelope)),
                    _ => None,
                })
                .collect();
            assert!(came == sent, "{mode:?}");
        }
    }
}
