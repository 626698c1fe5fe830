//! What the application does to a connection at every step of its handshakes: marks it down, makes it disposable, asks for a sign
//! of life.

use std::time::Duration;

use loligo_msgr_proto::{ConId, Policy};

use crate::world::kit::{MODES, Mode, count, duo, is_remote_reset, is_reset, note, peers};
use crate::world::tap::BANNER_ITEM;
use crate::world::{Act, HostId, Rule, Script, Seen, Way, World};

const BACK: Duration = Duration::from_secs(15 + 10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    MarkDown,
    MarkDisposable,
    Keepalive,
}

type Place = (Way, &'static str, usize);

struct Case {
    world: World,
    caller: HostId,
    called: HostId,
    con: ConId,
    what: String,
}

fn world(mode: Mode, pair: usize) -> (World, HostId, HostId) {
    match pair {
        0 => duo(mode, Policy::lossy_client(), Policy::stateless_server()),
        1 => duo(mode, Policy::lossless_client(), Policy::stateful_server()),
        _ => peers(mode, Policy::lossless_peer_reuse(), Policy::lossless_peer_reuse()),
    }
}

/// A connection that is opened with something to say, or nothing, breaks, and goes on; until the caller is held at that place.
fn play(mode: Mode, pair: usize, speaks: bool, at: Option<Place>) -> Case {
    let (mut world, caller, called) = world(mode, pair);
    let mut script = Script::default();
    if let Some((way, item, nth)) = at {
        script.rules.push(Rule { host: caller, way, item, nth, act: Act::Hold });
    }
    world.script = Some(script);
    let con = world.connect(caller, called);
    if speaks {
        world.send(caller, con, note(1));
    }
    world.run();
    if pair > 0 && !world.is_held() {
        world.cut_all();
        world.send(caller, con, note(2));
        world.run();
    }
    Case { world, caller, called, con, what: format!("{mode:?} {pair} {speaks} {at:?}") }
}

fn places(mode: Mode, pair: usize, speaks: bool) -> Vec<Place> {
    let case = play(mode, pair, speaks, None);
    let mut places: Vec<Place> = Vec::new();
    for logged in case.world.script.unwrap().log.iter().filter(|logged| logged.host == case.caller) {
        let same = |(way, item, _): &&Place| *way == logged.way && *item == logged.item;
        let nth = 1 + places.iter().filter(same).count();
        places.push((logged.way, logged.item, nth));
    }
    places
}

impl Case {
    fn seen(&self) -> Vec<Seen> {
        self.world.hosts[self.caller].seen_of(self.con)
    }

    fn come(&self) -> Vec<u64> {
        self.world.hosts[self.called].tids()
    }

    fn marked_down(mut self) {
        let before = self.seen().len();
        self.world.mark_down(self.caller, self.con);
        self.world.release();
        self.world.run_for(BACK);
        assert_eq!(self.seen().len(), before, "something after it: {}", self.what);
        assert!(self.world.hosts[self.caller].pool.link(self.con).is_none());
        assert!(self.come().is_sorted_by(|a, b| a < b), "{}", self.what);
        self.calls_seldom();
    }

    /// What could be sent was sent; and with its stream the connection is over, which is told once.
    fn disposed_of(mut self, speaks: bool, way: Way) {
        self.world.mark_disposable(self.caller, self.con);
        self.world.release();
        self.world.run_for(BACK);
        self.world.cut_all();
        self.world.run_for(BACK);
        assert!(self.world.hosts[self.caller].pool.link(self.con).is_none(), "still there: {}", self.what);
        let resets = self.seen().iter().filter(|seen| is_reset(seen)).count();
        assert_eq!(resets, 1, "{}", self.what);
        // What it is about to write here it has written, as far as it knows, and this stream drops what waits where it is closed.
        if speaks && way == Way::Read {
            assert!(self.come().starts_with(&[1]), "{:?} {}", self.come(), self.what);
        }
        self.calls_seldom();
    }

    fn asked_for_life(mut self, sent: &[u64]) {
        self.world.keepalive(self.caller, self.con);
        self.world.release();
        self.world.run_for(BACK);
        assert!(self.world.hosts[self.caller].is_open(self.con), "{}", self.what);
        assert!(sent.starts_with(&self.come()), "{}", self.what);
        assert_eq!(count(&self.world, self.caller, is_reset), 0, "{}", self.what);
        let forgets = [self.caller, self.called].map(|host| count(&self.world, host, is_remote_reset));
        assert_eq!(forgets, [0; 2], "{}", self.what);
        // The answer came: nothing is given up later.
        let faults = self.world.hosts[self.caller].faults.len();
        self.world.run_for(Duration::from_secs(60));
        assert_eq!(self.world.hosts[self.caller].faults.len(), faults, "{}", self.what);
    }

    fn calls_seldom(&self) {
        let log = &self.world.script.as_ref().unwrap().log;
        let calls = log
            .iter()
            .filter(|logged| logged.called && logged.way == Way::Write && logged.item == BANNER_ITEM);
        assert!(calls.count() < 20, "{}", self.what);
    }
}

fn all(does: Does) -> usize {
    let mut cells = 0;
    for mode in MODES {
        for (pair, speaks) in (0..3).flat_map(|pair| [(pair, true), (pair, false)]) {
            for at in places(mode, pair, speaks) {
                let case = play(mode, pair, speaks, Some(at));
                assert!(case.world.is_held(), "{}", case.what);
                match does {
                    Does::MarkDown => case.marked_down(),
                    Does::MarkDisposable => case.disposed_of(speaks, at.0),
                    Does::Keepalive => case.asked_for_life(if speaks { &[1, 2] } else { &[2] }),
                }
                cells += 1;
            }
        }
    }
    cells
}

#[test]
fn marked_down_at_every_step() {
    assert_eq!(all(Does::MarkDown), 592);
}

#[test]
fn disposable_at_every_step() {
    assert_eq!(all(Does::MarkDisposable), 592);
}

#[test]
fn keepalive_at_every_step() {
    assert_eq!(all(Does::Keepalive), 592);
}
