//! `test_msgr.cc`: many messengers, and connections that come and go. Ceph's tests see whether messages arrive; these also see what
//! comes twice or in another order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use loligo_msgr_proto::{ConId, Policy, Throttle};
use loligo_wire::entity::{EntityName, EntityType};

use crate::common::Note;
use crate::world::kit::{MODES, Mode, config, is_accepted, is_connected, is_remote_reset, with_keys};
use crate::world::{Held, HostId, Seen, World};

/// What a test is made of.
#[derive(Clone)]
struct Plan {
    servers: usize,
    clients: usize,
    of_server: Policy,
    of_client: Policy,
    seeded: usize,
    ops: usize,
    /// Of a hundred operations, so many open a connection, and so many mark one down.
    opens: u64,
    drops: u64,
    failures: u64,
    delays: u64,
    dispatch_throttle: u64,
}

impl Plan {
    fn new(servers: usize, clients: usize, of_server: Policy, of_client: Policy) -> Self {
        Self {
            servers,
            clients,
            of_server,
            of_client,
            seeded: 100,
            ops: 1_000,
            opens: 10,
            drops: 10,
            failures: 0,
            delays: 0,
            dispatch_throttle: 100 << 20,
        }
    }

    fn is_lossy(&self) -> bool {
        self.of_server.lossy
    }

    fn are_peers(&self) -> bool {
        !self.of_server.server
    }
}

/// Who sent a message, by which of its connections, to whom, and which one it was.
const fn tid(from: HostId, con: u64, to: HostId, n: u64) -> u64 {
    ((from as u64) << 56) | ((to as u64) << 48) | (con << 32) | n
}

struct Workload {
    mode: Mode,
    plan: Plan,
    world: World,
    /// The connections that are in use, with who has them and whom they lead to.
    cons: Vec<(HostId, HostId, ConId)>,
    numbers: BTreeMap<(HostId, ConId), u64>,
    sent: BTreeMap<(HostId, ConId), Vec<u64>>,
    /// The connections that were marked down.
    dropped: BTreeSet<(HostId, HostId, ConId)>,
    throttles: Vec<Arc<Throttle>>,
}

fn pair(a: HostId, b: HostId) -> [HostId; 2] {
    [a.min(b), a.max(b)]
}

impl Workload {
    fn new(mode: Mode, plan: Plan, seed: u64) -> Self {
        let mut world = World::new(seed);
        let mut throttles = Vec::new();
        for id in 0..plan.servers + plan.clients {
            let is_server = id < plan.servers;
            let name = EntityName::new(
                if is_server || plan.are_peers() { EntityType::OSD } else { EntityType::CLIENT },
                i64::try_from(id).unwrap(),
            );
            let policy = if is_server { &plan.of_server } else { &plan.of_client };
            let mut config = config(mode, name, policy.clone());
            config.options.ms_max_backoff = Duration::from_secs(1);
            config.dispatch_throttle = Arc::new(Throttle::new(plan.dispatch_throttle));
            throttles.push(Arc::clone(&config.dispatch_throttle));
            let port = if is_server || plan.are_peers() { 6_800 } else { 0 };
            world.host(config, port);
        }
        with_keys(&mut world);
        (world.failures, world.delays, world.delay_max) =
            (plan.failures, plan.delays, Duration::from_secs(5));
        world.step = 2_000;
        let (numbers, sent, dropped) = Default::default();
        Self { mode, plan, world, cons: Vec::new(), numbers, sent, dropped, throttles }
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.world.prng.below(n as u64)).unwrap()
    }

    fn open(&mut self) {
        let (servers, all) = (self.plan.servers, self.plan.servers + self.plan.clients);
        let server = self.below(servers);
        let other =
            if self.plan.are_peers() { self.below(all) } else { servers + self.below(self.plan.clients) };
        if other == server {
            return;
        }
        let (from, to) = if self.plan.are_peers() && self.world.prng.chance(1, 2) {
            (server, other)
        } else {
            (other, server)
        };
        let con = self.world.get_connection(from, to);
        if !self.cons.contains(&(from, to, con)) {
            self.cons.push((from, to, con));
        }
    }

    fn drop_one(&mut self) {
        if self.cons.len() < 10 {
            return;
        }
        let at = self.below(self.cons.len());
        let (from, to, con) = self.cons.swap_remove(at);
        self.dropped.insert((from, to, con));
        self.world.mark_down(from, con);
    }

    fn send(&mut self) {
        if self.cons.is_empty() {
            return;
        }
        let at = self.below(self.cons.len());
        let (from, to, con) = self.cons[at];
        if self.world.hosts[from].pool.link(con).is_none() {
            // It was over by itself; the application learns that, and calls again when it likes.
            self.cons.swap_remove(at);
            return;
        }
        let next = u64::try_from(self.numbers.len()).unwrap();
        let number = *self.numbers.entry((from, con)).or_insert(next);
        let sent = self.sent.entry((from, con)).or_default();
        let tid = tid(from, number, to, sent.len() as u64);
        sent.push(tid);
        let size = 1 + usize::try_from(self.world.prng.below(5_000)).unwrap();
        self.world.send(from, con, Box::new(Note::new(tid, vec![3; 20], vec![4; size])));
    }

    fn run(mut self) {
        for _ in 0..self.plan.seeded {
            self.open();
        }
        for _ in 0..self.plan.ops {
            let dice = self.world.prng.below(100);
            let (opens, drops) = (self.plan.opens, self.plan.drops);
            match dice {
                0..10 => self.world.run_for(Duration::from_micros(500)),
                _ if dice < 10 + opens => self.open(),
                _ if dice < 10 + opens + drops => self.drop_one(),
                _ => self.send(),
            }
            for _ in 0..20 {
                self.world.turn();
            }
        }
        (self.world.failures, self.world.delays) = (0, 0);
        self.world.run_for(Duration::from_secs(60));
        self.check();
        // What nobody knows of is over some time.
        self.world.run_for(Duration::from_secs(2_000));
        self.no_leaks();
    }

    fn check(&self) {
        let mut came: BTreeMap<u64, usize> = BTreeMap::new();
        for host in &self.world.hosts {
            let mut last: BTreeMap<(u64, u64), u64> = BTreeMap::new();
            for tid in host.tids() {
                *came.entry(tid).or_default() += 1;
                let by = (tid >> 56, (tid >> 32) & 0xffff);
                let before = last.insert(by, tid);
                assert!(before.is_none_or(|before| before < tid), "in another order, or twice");
            }
        }
        assert!(came.values().all(|times| *times == 1));
        let mut whole = 0;
        for ((from, con), sent) in &self.sent {
            let to = usize::try_from((sent[0] >> 48) & 0xff).unwrap();
            if self.is_disturbed(*from, to, *con) {
                continue;
            }
            whole += sent.len();
            assert!(sent.iter().all(|tid| came.contains_key(tid)), "something is lost: {from} to {to}");
        }
        // Where peers mark down so many, there is no pair in the end of which none has.
        assert!(whole > 0 || (self.plan.are_peers() && self.plan.drops > 10));
        let all: usize = self.sent.values().map(Vec::len).sum();
        assert!(came.len() * 4 > all, "{} of {all}", came.len());
        for throttle in &self.throttles {
            assert_eq!(throttle.current(), 0, "all is given back");
        }
    }

    /// Something of the connection may be lost: it was marked down, or is lossy and broke, or the peer forgot the session. (On messenger
    /// v1, who checks for resets takes a first answer that was lost for one.)
    fn is_disturbed(&self, from: HostId, to: HostId, con: ConId) -> bool {
        let seen = self.world.hosts[from].seen_of(con);
        let is_over = seen.iter().any(|seen| matches!(seen, Seen::Reset(_) | Seen::RemoteReset));
        let is_dropped = if self.plan.are_peers() {
            self.dropped.iter().any(|(from_, to_, _)| pair(*from_, *to_) == pair(from, to))
                || self.was_reset(from, to)
                || self.was_reset(to, from)
        } else {
            self.dropped.contains(&(from, to, con))
        };
        is_over || is_dropped
    }

    fn was_reset(&self, host: HostId, other: HostId) -> bool {
        let nonce = self.world.addrs(other).front().nonce;
        let host = &self.world.hosts[host];
        let leads_there = |con: ConId| {
            host.seen_of(con).iter().any(|seen| match seen {
                Seen::Connected(peer) | Seen::Accepted(peer) => peer.addrs.front().nonce == nonce,
                _ => false,
            })
        };
        host.seen.iter().any(|(con, seen)| is_remote_reset(seen) && leads_there(*con))
    }

    /// There are no more connections than the policy allows.
    fn no_leaks(&self) {
        for (id, host) in self.world.hosts.iter().enumerate() {
            let opened = host.seen.iter().filter(|(_, seen)| is_connected(seen) || is_accepted(seen));
            let all: BTreeSet<_> = opened.map(|(con, _)| *con).collect();
            for (con, _) in host.pool.connections() {
                assert!(
                    all.contains(&con) || host.has_asked_for(con),
                    "a connection that nobody knows: {id} {con:?} {:?}",
                    self.mode
                );
            }
            if !self.plan.is_lossy() {
                let most = if self.plan.are_peers() { self.world.hosts.len() } else { self.plan.clients };
                assert!(host.connections() <= most, "{} connections", host.connections());
            }
        }
    }
}

fn run(plan: &Plan) {
    for (mode, seed) in MODES.into_iter().zip(1..) {
        Workload::new(mode, plan.clone(), seed).run();
    }
}

#[test]
fn stress() {
    let plan = Plan::new(8, 32, Policy::stateful_server(), Policy::lossless_client());
    run(&Plan { ops: 5_000, ..plan });
}

#[test]
fn stress_1() {
    let plan = Plan::new(16, 32, Policy::lossless_peer_reuse(), Policy::lossless_peer_reuse());
    run(&Plan { seeded: 10, ops: 10_000, opens: 20, drops: 20, ..plan });
}

#[test]
fn inject() {
    let plan = Plan::new(8, 32, Policy::stateful_server(), Policy::lossless_client());
    run(&Plan { failures: 30, dispatch_throttle: 16 << 10, ..plan });
}

#[test]
fn inject_2() {
    let plan = Plan::new(8, 16, Policy::lossless_peer_reuse(), Policy::lossless_peer_reuse());
    run(&Plan { failures: 30, ..plan });
}

#[test]
fn inject_3() {
    let plan = Plan::new(8, 16, Policy::stateless_server(), Policy::lossy_client());
    run(&Plan { failures: 600, ..plan });
}

#[test]
fn inject_4() {
    let plan = Plan::new(16, 32, Policy::lossless_peer(), Policy::lossless_peer());
    run(&Plan { failures: 30, delays: 20, opens: 5, drops: 0, ..plan });
}

/// The network is full for a long time: what is sent waits, and then all of it arrives.
#[test]
fn inject_5() {
    for mode in MODES {
        let plan = Plan::new(1, 8, Policy::stateful_server(), Policy::lossless_client());
        let mut work = Workload::new(mode, Plan { seeded: 2, ..plan }, 5);
        work.open();
        work.open();
        work.world.run();
        for stream in work.world.streams.values_mut() {
            stream.held[0] = Some(Held::Released);
        }
        work.world.step = 1 << 20;
        for round in 0..5_000 {
            work.send();
            if round == 1_600 {
                assert!(work.world.hosts[0].tids().is_empty());
                work.world.release();
            }
            work.world.turn();
        }
        work.world.run_for(Duration::from_secs(60));
        assert_eq!(work.world.hosts[0].tids().len(), 5_000, "{mode:?}");
        work.check();
    }
}
