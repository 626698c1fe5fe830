//! Every step of every handshake × what can happen there × every pair of policies × both ends × both messengers: each is played to
//! its end, and what must hold then is asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use loligo_msgr_proto::{ConId, Policy};

use crate::world::kit::{MODES, Mode, count, duo, is_connected, is_remote_reset, is_reset, note, peers};
use crate::world::tap::BANNER_ITEM;
use crate::world::{Act, HostId, Rule, Script, Seen, Way, World};

/// The longest wait before another call, and how long a handshake may take.
const BACK: Duration = Duration::from_secs(15 + 10);
/// How long a step is delayed: no handshake takes too long by that.
const DELAY: Duration = Duration::from_secs(3);
/// When a stream on which nothing moves any more is given up.
const IDLE: Duration = Duration::from_secs(900);

/// Which two policies meet: that of the caller first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    Stateless,
    Registered,
    Stateful,
    Peers,
    PeersReuse,
}

const PAIRS: [Pair; 5] = [Pair::Stateless, Pair::Registered, Pair::Stateful, Pair::Peers, Pair::PeersReuse];

impl Pair {
    fn is_lossy(self) -> bool {
        matches!(self, Self::Stateless | Self::Registered)
    }

    fn world(self, mode: Mode, lower_calls: bool) -> (World, HostId, HostId) {
        let swap = |(world, a, b)| if lower_calls { (world, a, b) } else { (world, b, a) };
        match self {
            Self::Stateless => duo(mode, Policy::lossy_client(), Policy::stateless_server()),
            Self::Registered => duo(mode, Policy::lossy_client(), Policy::stateless_registered_server()),
            Self::Stateful => duo(mode, Policy::lossless_client(), Policy::stateful_server()),
            Self::Peers => swap(peers(mode, Policy::lossless_peer(), Policy::lossless_peer())),
            Self::PeersReuse => {
                swap(peers(mode, Policy::lossless_peer_reuse(), Policy::lossless_peer_reuse()))
            }
        }
    }
}

/// A place in a handshake where something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    of_caller: bool,
    way: Way,
    item: &'static str,
    nth: usize,
}

/// One cell, while it is played.
struct Cell {
    world: World,
    caller: HostId,
    called: HostId,
    pair: Pair,
    act: Option<Act>,
    what: String,
    /// What each end has sent, and what waits there for a connection: the caller is 1.
    sent: [u64; 2],
    waiting: [Vec<u64>; 2],
}

impl Cell {
    fn new(mode: Mode, pair: Pair, lower_calls: bool, at: Option<(Place, Act)>) -> Self {
        let (mut world, caller, called) = pair.world(mode, lower_calls);
        let mut script = Script::default();
        if let Some((Place { of_caller, way, item, nth }, act)) = at {
            let host = if of_caller { caller } else { called };
            script.rules.push(Rule { host, way, item, nth, act });
        }
        world.script = Some(script);
        let what = format!("{mode:?} {pair:?} {at:?}");
        let act = at.map(|(_, act)| act);
        Self { world, caller, called, pair, act, what, sent: [0; 2], waiting: Default::default() }
    }

    fn host(&self, is_caller: bool) -> HostId {
        if is_caller { self.caller } else { self.called }
    }

    /// The connection that an end knows of.
    fn con(&self, is_caller: bool) -> Option<ConId> {
        let host = &self.world.hosts[self.host(is_caller)];
        let accepted = host.accepted();
        let all: Vec<_> = host.pool.connections().map(|(con, _)| con).collect();
        all.into_iter().rev().find(|con| host.has_asked_for(*con) || accepted.contains(con))
    }

    fn send(&mut self, is_caller: bool, messages: u64) {
        let sent = &mut self.sent[usize::from(is_caller)];
        self.waiting[usize::from(is_caller)].extend(*sent + 1..=*sent + messages);
        *sent += messages;
        self.flush();
    }

    fn flush(&mut self) {
        for is_caller in [true, false] {
            if let Some(con) =
                self.con(is_caller).filter(|_| !self.waiting[usize::from(is_caller)].is_empty())
            {
                for tid in std::mem::take(&mut self.waiting[usize::from(is_caller)]) {
                    self.world.send(self.host(is_caller), con, note(tid));
                }
            }
        }
    }

    /// Lets pass so much time.
    fn run(&mut self, time: Duration) {
        let end = self.world.now.mono + time;
        let mut turns = 0;
        loop {
            while self.world.turn() {
                self.flush();
                turns += 1;
                assert!(turns < 100_000, "it does not come to rest: {}", self.what);
            }
            let Some(next) = self.world.next_timeout().filter(|next| *next <= end) else { break };
            self.world.at(next);
        }
        self.world.at(end);
        self.flush();
        while self.world.turn() {}
    }

    /// As long as it may take until all has arrived, whatever happened.
    fn settle(&mut self) {
        let struck = |cell: &Self| cell.world.script.as_ref().unwrap().struck;
        let before = struck(self);
        self.run(BACK);
        match self.act {
            Some(Act::Stop) if struck(self) > before => self.run(IDLE),
            Some(Act::Delay(time)) if struck(self) > before => self.run(time),
            _ => {}
        }
    }

    fn tids(&self, is_caller: bool) -> Vec<u64> {
        self.world.hosts[self.host(is_caller)].tids()
    }

    /// All that was sent has come, in order, once (M1, M10).
    fn is_whole(&self, when: &str) {
        for is_caller in [true, false] {
            let all: Vec<_> = (1..=self.sent[usize::from(!is_caller)]).collect();
            assert_eq!(self.tids(is_caller), all, "{when}, at the caller: {is_caller}: {}", self.what);
        }
    }

    /// What a lossless session must come through.
    fn play_lossless(&mut self) {
        self.world.get_connection(self.caller, self.called);
        self.send(true, 3);
        self.send(false, 3);
        self.settle();
        self.is_whole("after the first call");
        self.world.cut_all();
        self.send(true, 3);
        self.send(false, 3);
        self.settle();
        self.is_whole("after the stream broke");
        for host in [self.caller, self.called] {
            assert_eq!(count(&self.world, host, is_remote_reset), 0, "nobody forgot: {}", self.what);
            assert_eq!(count(&self.world, host, is_reset), 0, "it is lossless: {}", self.what);
        }
        self.forget();
        self.survivor();
        self.begin_anew();
        self.survivor();
    }

    /// The end that calls forgets the session, and calls again: who checks for that is told of it.
    fn begin_anew(&mut self) {
        let con = self.con(true).unwrap();
        self.world.mark_down(self.caller, con);
        self.world.get_connection(self.caller, self.called);
        let before = [self.tids(false).len(), self.tids(true).len()];
        self.send(true, 2);
        self.settle();
        self.send(false, 2);
        self.settle();
        for (is_caller, before) in [false, true].into_iter().zip(before) {
            let tids = self.tids(is_caller);
            assert!(tids.is_sorted_by(|a, b| a < b), "{tids:?} {}", self.what);
            assert_eq!(tids.len(), before + 2, "{}", self.what);
        }
        let resets = usize::from(self.pair != Pair::Peers);
        assert_eq!(count(&self.world, self.called, is_remote_reset), resets, "{}", self.what);
        assert_eq!(count(&self.world, self.caller, is_remote_reset), 1, "{}", self.what);
    }

    /// The end that was called forgets the session, which is told once (M4), before anything of the new one.
    fn forget(&mut self) {
        let before = self.tids(true).len();
        let con = self.con(false).unwrap();
        let events = self.world.hosts[self.called].seen_of(con).len();
        self.world.mark_down(self.called, con);
        self.send(true, 1);
        self.settle();
        assert_eq!(count(&self.world, self.caller, is_remote_reset), 1, "{}", self.what);
        let lost = self.sent[1];
        self.send(true, 2);
        self.send(false, 2);
        self.settle();
        assert_eq!(count(&self.world, self.caller, is_remote_reset), 1, "{}", self.what);
        assert_eq!(count(&self.world, self.called, is_remote_reset), 0, "{}", self.what);
        assert_eq!(self.world.hosts[self.called].seen_of(con).len(), events, "marked down: {}", self.what);
        let came = self.tids(false);
        assert!(came.is_sorted_by(|a, b| a < b), "{came:?} {}", self.what);
        assert!(came.ends_with(&[lost + 1, lost + 2]), "{came:?} {}", self.what);
        assert_eq!(self.tids(true).len(), before + 2, "{}", self.what);
        let seen = self.world.hosts[self.caller].seen.clone();
        let at = |is: fn(&Seen) -> bool| seen.iter().position(|(_, seen)| is(seen)).unwrap();
        let last = seen.iter().rposition(|(_, seen)| is_connected(seen) || matches!(seen, Seen::Accepted(_)));
        assert!(at(is_remote_reset) < last.unwrap(), "{}", self.what);
    }

    /// Of all connections and streams one is left (M5).
    fn survivor(&self) {
        for host in [self.caller, self.called] {
            assert_eq!(self.world.hosts[host].connections(), 1, "{}", self.what);
        }
        assert!(self.world.streams.len() <= 1, "{}", self.what);
    }

    /// What lossy connections must do: the application calls again when one is over, and resends nothing.
    fn play_lossy(&mut self) {
        for _ in 0..4 {
            self.world.get_connection(self.caller, self.called);
            self.send(true, 2);
            self.send(false, 2);
            self.settle();
            for is_caller in [true, false] {
                let tids = self.tids(is_caller);
                assert!(tids.is_sorted_by(|a, b| a < b), "{tids:?} {}", self.what);
            }
        }
        let last = self.sent[1];
        assert!(self.tids(false).ends_with(&[last - 1, last]), "{}", self.what);
        for host in [self.caller, self.called] {
            self.one_reset(host);
        }
        let resets = count(&self.world, self.caller, is_reset);
        let most = usize::from(matches!(self.act, Some(Act::Fail | Act::Stop)));
        assert!(resets <= most, "{resets} {}", self.what);
        let idle = self.world.hosts[self.called].connections();
        assert_eq!(idle, 1, "{}", self.what);
    }

    /// A connection that is over is told of once, and nothing is after that (M2).
    fn one_reset(&self, host: HostId) {
        let host = &self.world.hosts[host];
        let mut over: BTreeMap<ConId, usize> = BTreeMap::new();
        for (con, seen) in &host.seen {
            let resets = over.entry(*con).or_default();
            assert_eq!(*resets, 0, "something after the end: {seen:?} {}", self.what);
            *resets += usize::from(is_reset(seen));
        }
        for (con, resets) in over {
            assert_eq!(resets == 0, host.pool.link(con).is_some(), "{}", self.what);
        }
    }

    /// Nothing comes of what was marked down (M9), and nothing is left of it; throttles have all back (M8).
    fn end(&mut self) {
        if let Some(con) = self.con(true) {
            let events = self.world.hosts[self.caller].seen_of(con).len();
            self.world.mark_down(self.caller, con);
            self.run(BACK);
            assert_eq!(self.world.hosts[self.caller].seen_of(con).len(), events, "{}", self.what);
        }
        for host in [self.caller, self.called] {
            assert_eq!(self.world.hosts[host].config.dispatch_throttle.current(), 0, "{}", self.what);
        }
        self.world.hosts[self.caller].pool.invariants();
        self.world.hosts[self.called].pool.invariants();
    }

    fn play(&mut self) {
        if self.pair.is_lossy() {
            self.play_lossy()
        } else {
            self.play_lossless()
        }
        // A delay breaks nothing that would not have broken.
        if let Some(Act::Delay(_)) = self.act
            && self.pair.is_lossy()
        {
            assert_eq!(count(&self.world, self.caller, is_reset), 0, "{}", self.what);
        }
        self.end();
        let script = self.world.script.as_ref().unwrap();
        assert_eq!(script.struck, script.rules.len(), "it never came there: {}", self.what);
    }
}

/// All places that are come by where nothing goes wrong: in the first handshake, in that by which the session goes on, and in that by
/// which it begins anew.
fn places(mode: Mode, pair: Pair, lower_calls: bool) -> Vec<Place> {
    let mut cell = Cell::new(mode, pair, lower_calls, None);
    cell.play();
    places_of(&cell)
}

fn places_of(cell: &Cell) -> Vec<Place> {
    let mut times: BTreeMap<(bool, Way, &'static str), usize> = BTreeMap::new();
    let log = &cell.world.script.as_ref().unwrap().log;
    let mut places = Vec::new();
    for logged in log {
        let of_caller = logged.host == cell.caller;
        let nth = times.entry((of_caller, logged.way, logged.item)).or_default();
        *nth += 1;
        places.push(Place { of_caller, way: logged.way, item: logged.item, nth: *nth });
    }
    // Of messages and what is said beside them the first of each.
    let beside = |place: &Place| matches!(place.item, "MESSAGE" | "ACK" | "KEEPALIVE2" | "KEEPALIVE2_ACK");
    places.retain(|place| !beside(place) || place.nth == 1);
    places
}

fn cells(mode: Mode, pairs: &[Pair]) -> usize {
    let mut cells = 0;
    for pair in pairs {
        let orders: &[bool] =
            if matches!(pair, Pair::Peers | Pair::PeersReuse) { &[true, false] } else { &[true] };
        for lower_calls in orders {
            for place in places(mode, *pair, *lower_calls) {
                for act in [Act::Fail, Act::Stop, Act::Delay(DELAY)] {
                    Cell::new(mode, *pair, *lower_calls, Some((place, act))).play();
                    cells += 1;
                }
            }
        }
    }
    cells
}

#[test]
fn every_fault_at_every_step_v1() {
    assert_eq!(cells(Mode::V1, &PAIRS), 1_812);
}

#[test]
fn every_fault_at_every_step_v2_crc() {
    assert_eq!(cells(Mode::Crc, &PAIRS), 2_424);
}

#[test]
fn every_fault_at_every_step_v2_secure() {
    assert_eq!(cells(Mode::Secure, &PAIRS), 2_424);
}

#[test]
fn every_fault_at_every_step_v2_compressed() {
    assert_eq!(cells(Mode::Compressed, &PAIRS), 2_736);
}

/// Both ends call at once, and one stream or the other fails at any step of it: one connection is left, after five calls at most, and
/// nothing is lost.
fn race(mode: Mode, pair: Pair, at: Option<(Place, Act)>, seed: u64) -> Cell {
    let mut cell = Cell::new(mode, pair, true, at);
    cell.world.prng = loligo_base::Prng::new(seed);
    cell.world.get_connection(cell.caller, cell.called);
    cell.world.get_connection(cell.called, cell.caller);
    cell.send(true, 3);
    cell.send(false, 3);
    cell.settle();
    cell.run(BACK);
    cell.is_whole("after both called");
    cell.survivor();
    for host in [cell.caller, cell.called] {
        assert_eq!(count(&cell.world, host, is_remote_reset), 0, "nobody forgot: {}", cell.what);
        assert_eq!(count(&cell.world, host, is_reset), 0, "it is lossless: {}", cell.what);
        let log = &cell.world.script.as_ref().unwrap().log;
        let calls = log
            .iter()
            .filter(|logged| logged.host == host && logged.called && logged.item == BANNER_ITEM)
            .filter(|logged| logged.way == Way::Write);
        let calls = calls.count();
        assert!(calls <= 5, "{calls} calls: {}", cell.what);
    }
    cell
}

#[test]
fn every_fault_at_every_step_of_a_race() {
    let mut cells = 0;
    for (mode, seed) in MODES.into_iter().flat_map(|mode| [(mode, 1), (mode, 2), (mode, 3)]) {
        for pair in [Pair::Peers, Pair::PeersReuse] {
            let calm = race(mode, pair, None, seed);
            for place in places_of(&calm) {
                for act in [Act::Fail, Act::Stop, Act::Delay(DELAY)] {
                    race(mode, pair, Some((place, act)), seed).end();
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, 4_608);
}
