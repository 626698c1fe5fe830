//! The world of one seed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use loligo_base::{Mono, Now, Prng, Wall};
use loligo_objecter::{Input, ObjectOperation, Objecter, Op, Options, Output, SessionId, WantMap};
use loligo_wire::osdmap::{Incremental, OsdMapFlags};
use loligo_wire::types::ObjectLocator;
use loligo_wire::{Epoch, OsdId, PoolId, Tid};

use super::ledger::Ledger;
use super::osds::{Arrival, Link, Store, ToClient, ToOsd, Whim};
use super::placement::Places;
use crate::common::{self, Cluster};

const OSDS: u16 = 4;
const OBJECTS: u64 = 6;

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) replays: u32,
    pub(crate) dropped: u32,
    pub(crate) backoffs: u32,
    pub(crate) refused: u32,
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
}

pub(crate) struct World {
    seed: u64,
    trace: bool,
    dice: Prng,
    now: Mono,
    cluster: Cluster,
    places: Places,
    objecter: Objecter<usize>,
    links: BTreeMap<SessionId, Link>,
    /// The ports of the OSDs that run.
    ports: BTreeMap<OsdId, u16>,
    /// The map that the OSDs have.
    epoch: Epoch,
    store: Store,
    want: Option<WantMap>,
    checks: VecDeque<u64>,
    ledger: Ledger,
    tids: BTreeMap<usize, Tid>,
    tally: Tally,
    healing: bool,
    /// How likely each fault is in this world, in percent.
    odds: [u64; 8],
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Prng::new(seed);
        let options = Options {
            objecter_inflight_ops: 1 + dice.below(40),
            objecter_inflight_op_bytes: 8 + dice.below(400),
            ..Options::default()
        };
        let odds = core::array::from_fn(|_| if dice.chance(1, 3) { 0 } else { dice.below(30) });
        Self {
            seed,
            trace: std::env::var_os("MODEL_TRACE").is_some(),
            now: Mono::ZERO,
            cluster: Cluster::new(OSDS, 8, 2),
            places: Places::default(),
            objecter: Objecter::new(options),
            links: BTreeMap::new(),
            ports: (0..i32::from(OSDS)).map(|osd| (OsdId(osd), 6800)).collect(),
            epoch: Epoch(1),
            store: Store::default(),
            want: None,
            checks: VecDeque::new(),
            ledger: Ledger::default(),
            tids: BTreeMap::new(),
            tally: Tally::default(),
            healing: false,
            odds,
            dice,
        }
    }

    pub(crate) fn run(mut self) -> Tally {
        self.drain();
        for _ in 0..400 {
            self.step();
        }
        self.heal();
        for _ in 0..4_000 {
            if self.ledger.open() == 0 {
                break;
            }
            self.step();
        }
        let stuck: Vec<String> = self.objecter.dump_ops().map(|info| info.to_string()).collect();
        assert!(stuck.is_empty(), "after all has healed: {stuck:#?}");
        self.ledger.check();
        // Invariant O12.
        assert_eq!(self.objecter.budget_taken(), (0, 0));
        self.count()
    }

    fn count(mut self) -> Tally {
        for op in &self.ledger.ops {
            match &op.outcome {
                Some(Ok(_)) => self.tally.succeeded += 1,
                _ => self.tally.failed += 1,
            }
        }
        self.tally
    }

    fn happens(&mut self, fault: usize) -> bool {
        let odds = self.odds[fault];
        !self.healing && self.dice.chance(odds, 100)
    }

    /// One thing moves.
    fn step(&mut self) {
        match self.dice.below(12) {
            0..=2 if !self.healing => self.submit(),
            0..=6 => self.move_link(),
            7 => self.deliver_maps(),
            8 => self.answer_check(),
            9 => self.pass_time(),
            10 => self.fault(),
            _ => self.unblock(),
        }
        self.drain();
    }

    fn now(&self) -> Now {
        Now { mono: self.now, wall: Wall::new(u32::try_from(self.ledger.ops.len()).unwrap(), 0) }
    }

    fn handle(&mut self, input: Input<usize>) {
        if self.trace {
            eprintln!("> {input:?}");
        }
        self.objecter.handle(self.now(), input);
    }

    fn drain(&mut self) {
        while let Some(output) = self.objecter.poll() {
            if self.trace {
                eprintln!("< {output:?}");
            }
            match output {
                Output::OpenSession { session, addrs } => {
                    let mut link = Link::default();
                    let port = self.ports.get(&session.osd);
                    if port.is_some_and(|port| common::addrs(session.osd, *port) == addrs) {
                        link.down.push_back(ToClient::Opened);
                    } else {
                        link.cut();
                    }
                    self.links.insert(session, link);
                }
                Output::CloseSession(session) => drop(self.links.remove(&session)),
                Output::Send { session, tid, message } => self.put(session, ToOsd::Op(tid, message)),
                Output::SendBackoffAck { session, ack } => self.put(session, ToOsd::Ack(ack)),
                Output::Ping(_) => {}
                Output::WantMap(want) => self.want = Some(want),
                Output::GotMap(epoch) => {
                    if self.want.is_some_and(|want| !want.continuous && want.start <= epoch) {
                        self.want = None;
                    }
                }
                Output::GetVersion { check } => self.checks.push_back(check),
                Output::Complete(op, outcome) => self.ledger.complete(op, outcome),
            }
        }
    }

    fn put(&mut self, session: SessionId, message: ToOsd) {
        let link = self.links.get_mut(&session).unwrap();
        if !link.broken {
            link.up.push_back(message);
        }
    }

    fn submit(&mut self) {
        let object = u32::try_from(self.dice.below(OBJECTS)).unwrap();
        let writes = self.dice.chance(3, 4);
        let number = self.ledger.ask(object, writes);
        let mut operation = ObjectOperation::new();
        if writes {
            operation.append(Bytes::from(vec![0; usize::try_from(1 + self.dice.below(60)).unwrap()]));
        } else {
            operation.read(0, self.dice.below(60));
        }
        let pool = if self.happens(0) { PoolId(9) } else { PoolId(1) };
        let oid = Bytes::from(object.to_string());
        let oloc = ObjectLocator::new(pool);
        let mut op = if writes { Op::mutate(oid, oloc, operation) } else { Op::read(oid, oloc, operation) };
        // The model finds the op again by its time.
        op.mtime = Some(Wall::new(u32::try_from(number).unwrap(), 0));
        op.no_wait = self.dice.chance(1, 20);
        op.deadline = self.happens(1).then(|| self.now + Duration::from_millis(self.dice.below(20_000)));
        let now = self.now();
        let tid = self.objecter.op_submit(now, op, number);
        self.tids.insert(number, tid);
    }

    /// Something moves in a link: up or down.
    fn move_link(&mut self) {
        let sessions: Vec<SessionId> = self.links.keys().copied().collect();
        let Some(session) = self.dice.index(sessions.len()).map(|i| sessions[i]) else { return };
        if self.dice.chance(1, 2) { self.move_up(session) } else { self.move_down(session) }
    }

    fn move_up(&mut self, session: SessionId) {
        let whim = self.whim();
        let link = self.links.get_mut(&session).unwrap();
        match link.up.pop_front() {
            None => {}
            Some(ToOsd::Ack(ack)) => Store::acked(link, &ack),
            Some(ToOsd::Op(tid, op)) => {
                let epoch = self.osd_epoch(op.osdmap_epoch);
                let mut at = Arrival {
                    cluster: &self.cluster,
                    places: &mut self.places,
                    ledger: &mut self.ledger,
                    tally: &mut self.tally,
                    epoch,
                    session,
                };
                let link = self.links.get_mut(&session).unwrap();
                self.store.take(&mut at, link, tid, &op, whim);
            }
        }
    }

    /// The map of the OSDs when an op arrives: at least that which the op was sent by, at most the newest, never older than
    /// before. They have it in common, as peering sees to it that no group has two primaries.
    fn osd_epoch(&mut self, sent: Epoch) -> Epoch {
        let newest = self.cluster.epoch();
        let least = self.epoch.max(sent);
        let drawn =
            Epoch(least.0 + u32::try_from(self.dice.below(u64::from(newest.0 - least.0) + 1)).unwrap());
        self.epoch = if self.healing { newest } else { drawn };
        self.epoch
    }

    fn whim(&mut self) -> Whim {
        if self.happens(2) {
            Whim::Block
        } else if self.happens(3) {
            Whim::Refuse
        } else {
            Whim::Execute
        }
    }

    fn move_down(&mut self, session: SessionId) {
        let Some(message) = self.links.get_mut(&session).and_then(|link| link.down.pop_front()) else {
            return;
        };
        let input = match message {
            ToClient::Opened => Input::SessionOpened(session),
            ToClient::Reply(tid, reply) => Input::Reply { session, tid, reply: *reply },
            ToClient::Backoff(backoff) => Input::Backoff { session, backoff: *backoff },
            ToClient::Reset => {
                self.links.remove(&session);
                Input::SessionReset(session)
            }
        };
        self.handle(input);
    }

    fn unblock(&mut self) {
        let epoch = self.cluster.epoch();
        let sessions: Vec<SessionId> = self.links.keys().copied().collect();
        if let Some(i) = self.dice.index(sessions.len()) {
            let link = self.links.get_mut(&sessions[i]).unwrap();
            if !link.broken {
                Store::unblock(link, epoch);
            }
        }
    }

    /// The monitors send what is subscribed to; until all heals, OSDs send maps too, some of them useless.
    fn deliver_maps(&mut self) {
        let have = self.objecter.osdmap().get_epoch();
        let wanted = self.want.is_some_and(|want| self.cluster.epoch() >= want.start);
        if !wanted && (self.healing || self.dice.chance(3, 4)) {
            return;
        }
        let mut message = self.cluster.since(if wanted { have } else { have.max(Epoch(1)) });
        if self.happens(4) {
            let keep = usize::try_from(self.dice.below(4)).unwrap();
            let skipped: Vec<Epoch> = message.incremental_maps.keys().copied().take(keep).collect();
            message.incremental_maps.retain(|epoch, _| !skipped.contains(epoch));
            message.cluster_osdmap_trim_lower_bound = Epoch(1);
        } else if self.happens(4) {
            // The cluster has trimmed all but the newest.
            message.incremental_maps.clear();
            message.maps = self.cluster.full(self.cluster.epoch()).maps;
            message.cluster_osdmap_trim_lower_bound = self.cluster.epoch();
        } else if self.dice.chance(1, 2) {
            let first: Vec<Epoch> = message.incremental_maps.keys().copied().take(1).collect();
            message.incremental_maps.retain(|epoch, _| first.contains(epoch));
        }
        self.handle(Input::OsdMap(message));
    }

    fn answer_check(&mut self) {
        if let Some(check) = self.checks.pop_front() {
            self.handle(Input::LatestMap { check, newest: self.cluster.epoch() });
        }
    }

    fn pass_time(&mut self) {
        self.now += Duration::from_millis(self.dice.below(2_000));
        if self.objecter.next_timeout().is_some_and(|at| at <= self.now) {
            self.handle(Input::Timeout);
        }
    }

    fn fault(&mut self) {
        if self.happens(5) {
            let sessions: Vec<SessionId> = self.links.keys().copied().collect();
            if let Some(i) = self.dice.index(sessions.len()) {
                self.links.get_mut(&sessions[i]).unwrap().cut();
            }
        }
        if self.happens(6)
            && let Some(i) = self.dice.index(self.tids.len())
        {
            let tid = *self.tids.values().nth(i).unwrap();
            self.handle(Input::Cancel(tid));
        }
        if self.happens(7) || self.happens(7) {
            self.change();
        }
    }

    /// The map changes.
    fn change(&mut self) {
        let osd = OsdId(i32::try_from(self.dice.below(u64::from(OSDS))).unwrap());
        let what = self.dice.below(9);
        let draw = self.dice.below(4);
        let ports = &mut self.ports;
        let mut dead = None;
        let epoch = self.cluster.change(|map, inc| match what {
            0 | 1 if map.is_up(osd) => {
                Cluster::set_down(map, inc, osd);
                ports.remove(&osd);
                dead = Some(osd);
            }
            0..=2 if !map.is_up(osd) => {
                let port = 6800 + u16::try_from(inc.epoch.0).unwrap();
                Cluster::set_up(inc, osd, port);
                ports.insert(osd, port);
            }
            3 => {
                let weight = if map.is_in(osd) { 0 } else { loligo_wire::osdmap::OSDMap::IN };
                inc.new_weight.insert(osd, weight);
            }
            4 => toggle(map, inc, OsdMapFlags::PAUSEWR),
            5 => toggle(map, inc, OsdMapFlags::PAUSERD),
            6 => toggle(map, inc, OsdMapFlags::FULL),
            7 => change_pool(map, inc, |pool| {
                pool.set_pg_num([8, 9, 12, 16][usize::try_from(draw).unwrap()]);
                pool.pgp_num = pool.pg_num;
            }),
            8 => {
                let epoch = inc.epoch;
                change_pool(map, inc, |pool| pool.set_last_force_op_resend(epoch));
            }
            _ => {}
        });
        assert_eq!(epoch, self.cluster.epoch());
        for (_, link) in self.links.iter_mut().filter(|(session, _)| Some(session.osd) == dead) {
            link.cut();
        }
    }

    /// All faults stop, every OSD comes up, no flag is left.
    fn heal(&mut self) {
        self.healing = true;
        let down: Vec<OsdId> =
            (0..i32::from(OSDS)).map(OsdId).filter(|osd| self.cluster.newest().is_down(*osd)).collect();
        let ports = &mut self.ports;
        self.cluster.change(|map, inc| {
            for osd in &down {
                Cluster::set_up(inc, *osd, 7_777);
                ports.insert(*osd, 7_777);
            }
            inc.new_weight = map.get_all_osds().map(|osd| (osd, loligo_wire::osdmap::OSDMap::IN)).collect();
            let stops = OsdMapFlags::PAUSERD | OsdMapFlags::PAUSEWR | OsdMapFlags::FULL;
            inc.new_flags = Some(map.flags.without(stops));
        });
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("MODEL_SEED={} fails", self.seed);
        }
    }
}

fn toggle(map: &loligo_wire::osdmap::OSDMap, inc: &mut Incremental, flag: OsdMapFlags) {
    inc.new_flags = Some(if map.test_flag(flag) { map.flags.without(flag) } else { map.flags | flag });
}

fn change_pool(
    map: &loligo_wire::osdmap::OSDMap,
    inc: &mut Incremental,
    change: impl FnOnce(&mut loligo_wire::osdmap::PgPool),
) {
    let mut pool = loligo_wire::osdmap::PgPool::clone(map.get_pg_pool(PoolId(1)).unwrap());
    change(&mut pool);
    inc.new_pools.insert(PoolId(1), pool);
}
