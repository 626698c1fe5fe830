//! Sessions that outlive their streams.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;
mod world;

use std::time::Duration;

use common::Note;
use loligo_msgr_proto::{Config, Policy, PolicySet, Protocols};
use loligo_wire::entity::{EntityName, EntityType};
use world::{HostId, Seen, World};

const V1: Protocols = Protocols { v1: true, v2: false };
const V2: Protocols = Protocols { v1: true, v2: true };
const BOTH: [Protocols; 2] = [V1, V2];

fn config(name: EntityName, policy: Policy, protocols: Protocols) -> Config {
    let mut config = Config::new(name, PolicySet::new(policy));
    config.options.protocols = protocols;
    config
}

fn note(tid: u64) -> Box<Note> {
    Box::new(Note::new(tid, vec![7; 100], vec![8; 3_000]))
}

/// A world with a client and a server of these policies.
fn world(protocols: Protocols, client: Policy, server: Policy, seed: u64) -> (World, HostId, HostId) {
    let mut world = World::new(seed);
    let client = world.host(config(EntityName::new(EntityType::CLIENT, 4), client, protocols), 0);
    let server = world.host(config(EntityName::osd(0), server, protocols), 6_800);
    (world, client, server)
}

fn peers(protocols: Protocols, policy: &Policy, seed: u64) -> (World, HostId, HostId) {
    let mut world = World::new(seed);
    let a = world.host(config(EntityName::osd(0), policy.clone(), protocols), 6_800);
    let b = world.host(config(EntityName::osd(1), policy.clone(), protocols), 6_800);
    (world, a, b)
}

fn count(world: &World, host: HostId, is: impl Fn(&Seen) -> bool) -> usize {
    world.hosts[host].seen.iter().filter(|(_, seen)| is(seen)).count()
}

fn is_reset(seen: &Seen) -> bool {
    matches!(seen, Seen::Reset(_))
}

fn is_remote_reset(seen: &Seen) -> bool {
    matches!(seen, Seen::RemoteReset)
}

#[test]
fn a_stream_that_breaks_loses_doubles_and_reorders_nothing() {
    for protocols in BOTH {
        let mut broken = 0;
        for seed in 0..200 {
            let mut sent = Vec::new();
            let (mut world, client, server) =
                world(protocols, Policy::lossless_client(), Policy::stateful_server(), seed);
            (world.failures, world.step) = (8, 1_000);
            let con = world.connect(client, server);
            for tid in 1..=40 {
                world.send(client, con, note(tid));
                world.run_for(Duration::from_millis(seed));
                if let [taken, ..] = world.hosts[server].accepted()[..] {
                    sent.push(tid + 1_000);
                    world.send(server, taken, note(tid + 1_000));
                }
            }
            world.failures = 0;
            world.run_for(Duration::from_secs(60));
            broken += world.broken;
            assert_eq!(world.hosts[server].tids(), (1..=40).collect::<Vec<_>>(), "{protocols:?} {seed}");
            assert_eq!(world.hosts[client].tids(), sent, "{protocols:?} {seed}");
            for host in [client, server] {
                assert_eq!(count(&world, host, is_reset), 0);
                assert_eq!(count(&world, host, is_remote_reset), 0);
            }
        }
        assert!(broken > 1_000, "{broken}");
    }
}

/// Runs until nothing is lost any more, and long enough for whatever waits.
fn settle(world: &mut World) {
    world.failures = 0;
    world.run_for(Duration::from_secs(60));
}

#[test]
fn of_two_calls_that_cross_one_goes_on_and_nothing_is_lost() {
    for protocols in BOTH {
        for policy in [Policy::lossless_peer(), Policy::lossless_peer_reuse()] {
            for seed in 0..200 {
                let (mut world, a, b) = peers(protocols, &policy, seed);
                (world.step, world.failures) = (500, seed % 3 * 20);
                let (to_b, to_a) = (world.connect(a, b), world.connect(b, a));
                for tid in 1..=20 {
                    world.send(a, to_b, note(tid));
                    world.send(b, to_a, note(tid));
                    world.run_for(Duration::from_millis(10));
                }
                settle(&mut world);
                for host in [a, b] {
                    assert_eq!(count(&world, host, |seen| is_reset(seen) || is_remote_reset(seen)), 0);
                    assert_eq!(world.hosts[host].connections(), 1, "{protocols:?} {policy:?} {seed}");
                    let tids = world.hosts[host].tids();
                    assert_eq!(tids, (1..=20).collect::<Vec<_>>(), "{protocols:?} {policy:?} {seed} {host}");
                }
                assert_eq!(world.streams.len(), 1);
            }
        }
    }
}

#[test]
fn a_server_that_forgot_the_session_resets_it_once_before_anything_new() {
    for protocols in BOTH {
        let (mut world, client, server) =
            world(protocols, Policy::lossless_client(), Policy::stateful_server(), 1);
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        settle(&mut world);
        world.restart(server);
        settle(&mut world);
        assert_eq!(count(&world, client, is_remote_reset), 1, "{protocols:?}");
        world.send(client, con, note(2));
        settle(&mut world);
        assert_eq!(world.hosts[server].tids(), [1, 2], "{protocols:?}");
        assert_eq!(count(&world, client, is_reset), 0);
    }
}

#[test]
fn a_client_that_begins_anew_resets_the_session_at_the_server() {
    for protocols in BOTH {
        let (mut world, client, server) =
            world(protocols, Policy::lossless_client(), Policy::stateful_server(), 1);
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        settle(&mut world);
        let taken = world.hosts[server].accepted()[0];
        world.send(server, taken, note(11));
        settle(&mut world);
        world.restart(client);
        world.send(server, taken, note(12));
        settle(&mut world);
        let con = world.connect(client, server);
        world.send(client, con, note(2));
        settle(&mut world);
        let seen: Vec<_> = world.hosts[server].seen_of(taken);
        let order: Vec<_> = seen
            .iter()
            .map(|seen| match seen {
                Seen::Accepted(_) => 'a',
                Seen::Message(_) => 'm',
                Seen::RemoteReset => 'r',
                _ => '?',
            })
            .collect();
        assert_eq!(order, ['a', 'm', 'r', 'a', 'm'], "{protocols:?}");
        assert_eq!(world.hosts[server].accepted(), [taken]);
        world.send(server, taken, note(13));
        settle(&mut world);
        assert_eq!(world.hosts[client].tids(), [11, 13], "{protocols:?}");
    }
}

#[test]
fn peers_stand_by_with_nothing_to_say_and_a_message_wakes_them() {
    for protocols in BOTH {
        let (mut world, a, b) = peers(protocols, &Policy::lossless_peer(), 1);
        let to_b = world.connect(a, b);
        world.send(a, to_b, note(1));
        settle(&mut world);
        let to_a = world.hosts[b].accepted()[0];
        for (from, con, tid) in [(b, to_a, 2), (a, to_b, 3), (b, to_a, 4)] {
            world.cut_all();
            settle(&mut world);
            assert!(world.streams.is_empty(), "they stand by");
            assert_eq!(world.next_timeout(), None);
            world.send(from, con, note(tid));
            settle(&mut world);
        }
        world.cut_all();
        settle(&mut world);
        world.keepalive(b, to_a);
        settle(&mut world);
        assert_eq!(world.streams.len(), 1, "somebody wants to know");
        assert_eq!(world.hosts[b].tids(), [1, 3]);
        assert_eq!(world.hosts[a].tids(), [2, 4]);
    }
}

#[test]
fn a_server_never_calls_and_what_it_has_for_a_client_waits() {
    for protocols in BOTH {
        let (mut world, client, server) =
            world(protocols, Policy::lossless_client(), Policy::stateful_server(), 1);
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        settle(&mut world);
        let taken = world.hosts[server].accepted()[0];
        world.hosts[server].is_deaf = true;
        world.cut_all();
        world.send(server, taken, note(2));
        settle(&mut world);
        assert!(world.streams.is_empty());
        assert!(
            count(&world, client, |seen| matches!(seen, Seen::Refused)) > 3,
            "the client calls again and again"
        );
        world.hosts[server].is_deaf = false;
        settle(&mut world);
        assert_eq!(world.hosts[client].tids(), [2], "{protocols:?}");
    }
}

#[test]
fn a_client_that_calls_anew_has_one_connection_where_it_is_registered() {
    for protocols in BOTH {
        for (policy, replaces) in
            [(Policy::stateless_registered_server(), true), (Policy::stateless_server(), false)]
        {
            let (mut world, client, server) = world(protocols, Policy::lossy_client(), policy, 1);
            let first = world.connect(client, server);
            settle(&mut world);
            let second = world.connect(client, server);
            settle(&mut world);
            let before = world.hosts[server].accepted()[0];
            let resets = world.hosts[server].seen_of(before).iter().filter(|seen| is_reset(seen)).count();
            assert_eq!(resets, usize::from(replaces), "{protocols:?}");
            assert_eq!(world.hosts[client].is_open(first), !replaces);
            assert!(world.hosts[client].is_open(second));
            world.connect(client, server);
            settle(&mut world);
            assert_eq!(world.hosts[server].connections(), if replaces { 1 } else { 3 }, "{protocols:?}");
        }
    }
}

#[test]
fn a_peer_that_comes_back_with_nothing_gets_what_it_has_not_numbered_from_one() {
    for protocols in BOTH {
        let (mut world, a, b) = peers(protocols, &Policy::lossless_peer(), 1);
        let to_b = world.connect(a, b);
        (1..=3).for_each(|tid| world.send(a, to_b, note(tid)));
        settle(&mut world);
        // Nobody takes the calls of the one that has something to say.
        world.hosts[b].is_deaf = true;
        world.cut_all();
        (4..=5).for_each(|tid| world.send(a, to_b, note(tid)));
        world.restart(b);
        let to_a = world.connect(b, a);
        settle(&mut world);
        let came = world.hosts[b].seen_of(to_a);
        let seqs = came.iter().filter_map(|seen| match seen {
            Seen::Message(envelope) => Some((envelope.header.tid.0, envelope.header.seq)),
            _ => None,
        });
        assert_eq!(seqs.collect::<Vec<_>>(), [(4, 1), (5, 2)], "{protocols:?}");
        assert_eq!(count(&world, a, is_remote_reset), 0, "daemons do not look for resets");
        world.send(b, to_a, note(6));
        settle(&mut world);
        assert_eq!(world.hosts[a].tids(), [6], "{protocols:?}");
    }
}
