//! A million messages between 32 clients and 8 servers whose streams break all the time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use common::Note;
use loligo_base::Prng;
use loligo_msgr_proto::{ConId, Config, Policy, PolicySet, Protocols};
use loligo_wire::entity::{EntityName, EntityType};
use world::checker::{Checker, Promise, Violation, content};
use world::{HostId, Seen, World};

const CLIENTS: usize = 32;
const SERVERS: usize = 8;

/// How the two sides treat each other.
struct Sides {
    client: Policy,
    server: Policy,
    /// Both sides call.
    peers: bool,
}

impl Sides {
    fn all() -> [Self; 5] {
        let lossy = |server| Self { client: Policy::lossy_client(), server, peers: false };
        let peers = |policy: Policy| Self { client: policy.clone(), server: policy, peers: true };
        [
            lossy(Policy::stateless_server()),
            lossy(Policy::stateless_registered_server()),
            Self { client: Policy::lossless_client(), server: Policy::stateful_server(), peers: false },
            peers(Policy::lossless_peer()),
            peers(Policy::lossless_peer_reuse()),
        ]
    }
}

struct Stress {
    world: World,
    checker: Checker,
    dice: Prng,
    /// What was seen is looked at up to here.
    looked: Vec<usize>,
    /// The connections of each host that are alive, with a number for all that is sent there.
    cons: BTreeMap<(HostId, ConId), u64>,
    named: u64,
    resets: u64,
    remote_resets: u64,
}

fn config(name: EntityName, policy: Policy, protocols: Protocols) -> Config {
    let mut config = Config::new(name, PolicySet::new(policy));
    config.options.protocols = protocols;
    config.limits.half_open_per_host = 4_096;
    config
}

impl Stress {
    fn new(sides: &Sides, protocols: Protocols, failures: u64, seed: u64) -> Self {
        let mut world = World::new(seed);
        (world.failures, world.step) = (failures, 16 << 10);
        let hosts = CLIENTS + SERVERS;
        for n in 0..hosts {
            let number = i64::try_from(n).unwrap();
            if n < SERVERS {
                world.host(config(EntityName::osd(number), sides.server.clone(), protocols), 6_800);
            } else {
                let kind = if sides.peers { EntityType::OSD } else { EntityType::CLIENT };
                let port = if sides.peers { 6_800 } else { 0 };
                world.host(config(EntityName::new(kind, number), sides.client.clone(), protocols), port);
            }
        }
        Self {
            world,
            checker: Checker::default(),
            dice: Prng::new(seed ^ 77),
            looked: vec![0; hosts],
            cons: BTreeMap::new(),
            named: 0,
            resets: 0,
            remote_resets: 0,
        }
    }

    fn name(&mut self, host: HostId, con: ConId) {
        self.named += 1;
        self.cons.entry((host, con)).or_insert(self.named);
    }

    /// Looks at what was seen since.
    fn look(&mut self) {
        for host in 0..self.looked.len() {
            let new = self.world.hosts[host].seen.split_off(0);
            for (con, seen) in new {
                match seen {
                    Seen::Message(envelope) => self.checker.came(&envelope.payload.front),
                    Seen::Accepted(_) => self.name(host, con),
                    Seen::Reset(_) => {
                        self.resets += u64::from(self.cons.remove(&(host, con)).is_some());
                    }
                    Seen::RemoteReset => self.remote_resets += 1,
                    Seen::Connected(_) | Seen::Refused => {}
                }
            }
        }
    }

    /// Everybody calls whom it has no connection with.
    fn connect(&mut self, peers: bool) {
        for client in SERVERS..SERVERS + CLIENTS {
            let server = self.dice.index(SERVERS).unwrap();
            let back = peers && self.dice.chance(1, 4);
            let (from, to) = if back { (server, client) } else { (client, server) };
            let addr = self.world.addrs(to).front();
            if self.world.hosts[from].pool.get_connection(addr).is_none() {
                let con = self.world.connect(from, to);
                self.name(from, con);
            }
        }
    }

    fn send(&mut self, most: u64) -> u64 {
        let mut sent = 0;
        let all: Vec<_> = self.cons.iter().map(|((host, con), name)| (*host, *con, *name)).collect();
        for (host, con, name) in all {
            for _ in 0..self.dice.below(8).min(most - sent) {
                let front = self.checker.next((host, name));
                let data = vec![1; usize::try_from(self.dice.below(400)).unwrap()];
                self.world.send(host, con, Box::new(Note::new(name, front, data)));
                sent += 1;
            }
        }
        sent
    }

    fn run(mut self, sides: &Sides, messages: u64) -> Self {
        let mut left = messages;
        while left > 0 {
            self.connect(sides.peers);
            left -= self.send(left);
            let time = Duration::from_millis(self.dice.below(3_000));
            self.world.run_for(time);
            self.look();
        }
        self.world.failures = 0;
        self.world.run_for(Duration::from_secs(120));
        self.look();
        self
    }
}

/// Runs one setting; gives how many messages were sent, how many streams broke.
fn run(sides: &Sides, protocols: Protocols, failures: u64, messages: u64) -> (u64, u64) {
    let stress = Stress::new(sides, protocols, failures, 2_026).run(sides, messages);
    let promise = if sides.client.lossy { Promise::AtMostOnce } else { Promise::All };
    let setting = format!("{protocols:?} {:?} one in {failures}", sides.client);
    assert_eq!(stress.checker.violations(promise), [], "{setting}");
    assert_eq!(stress.remote_resets, 0, "{setting}");
    assert_eq!(stress.resets > 0, sides.client.lossy, "{setting}");
    let (sent, came) = stress.checker.counts();
    assert!(came > 1_000 && (!sides.client.lossy || came < sent), "{setting}: {came} of {sent}");
    for host in &stress.world.hosts {
        assert_eq!(host.config.dispatch_throttle.current(), 0, "{setting}");
        assert_eq!(host.pending(), 0, "{setting}: what has come is acknowledged, and not kept");
    }
    (sent, stress.world.broken)
}

fn all(protocols: Protocols) {
    let (mut sent, mut broken) = (0, 0);
    for sides in Sides::all() {
        for failures in [30, 5] {
            let one = run(&sides, protocols, failures, 50_000);
            sent += one.0;
            broken += one.1;
        }
    }
    assert_eq!(sent, 500_000);
    assert!(broken > 50_000, "{broken}");
}

#[test]
fn half_a_million_messages_on_v1() {
    all(Protocols { v1: true, v2: false });
}

#[test]
fn half_a_million_messages_on_v2() {
    all(Protocols { v1: true, v2: true });
}

#[test]
fn the_checker_finds_each_kind_of_violation() {
    let way = (3, 4);
    let see = |came: &[u64], promise| {
        let mut checker = Checker::default();
        for _ in 0..5 {
            checker.next(way);
        }
        came.iter().for_each(|number| checker.came(&content(way, *number)));
        checker.violations(promise)
    };
    for promise in [Promise::All, Promise::AtMostOnce] {
        assert_eq!(see(&[1, 2, 3, 4, 5], promise), []);
        assert_eq!(see(&[1, 2, 2, 3, 4, 5], promise), [Violation::Doubled { way, number: 2 }]);
        assert_eq!(see(&[1, 3, 2, 4, 5], promise), [Violation::Reordered { way, number: 2, after: 3 }]);
        assert_eq!(see(&[1, 2, 3, 4, 5, 6], promise), [Violation::Invented { way, number: 6 }]);
        let again = see(&[1, 2, 3, 4, 5, 1], promise);
        assert_eq!(again, [Violation::Doubled { way, number: 1 }]);
    }
    assert_eq!(see(&[1, 2, 5], Promise::AtMostOnce), []);
    assert_eq!(see(&[1, 2, 5], Promise::All), [Violation::Lost { way, last: 2, next: 5 }]);
    assert_eq!(see(&[1, 2, 3, 4], Promise::All), [Violation::Lost { way, last: 4, next: 6 }]);
    assert_eq!(see(&[2, 3, 4, 5], Promise::All), [Violation::Lost { way, last: 0, next: 2 }]);
}
