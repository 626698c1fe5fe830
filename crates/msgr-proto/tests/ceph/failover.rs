//! The failover cases of crimson's `test_messenger.cc`, on one end or the other: what happens is written down in a table, and is counted.
//! Where crimson counts for each of its connections, these count for all connections of the end that is tested.

use std::time::Duration;

use loligo_msgr_proto::{ConId, Policy};

use crate::world::kit::{
    Mode, V2_MODES, count, is_accepted, is_connected, is_remote_reset, is_reset, note, peers,
};
use crate::world::tap::{BANNER_ITEM, MESSAGE};
use crate::world::{Act, HostId, Rule, Way, World};

/// What is done by the end that is tested, and by its peer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Do {
    /// Connects, or finds that it is connected.
    Connect,
    PeerConnect,
    /// Sends a message by the connection that there is, or by the next one.
    Send,
    PeerSend,
    Keepalive,
    PeerKeepalive,
    MarkDown,
    PeerMarkDown,
    /// Time passes, less than what is waited before another call.
    Run,
    /// As much time as it takes until nothing waits any more.
    Settle,
    /// That long.
    Pass(Duration),
    /// Somebody waits at a step.
    Blocked,
    /// The first connection is open.
    Established,
    Unblock,
    /// Counts, as in the table.
    Expect(Counts),
    /// Has no stream, and does nothing about it.
    Standby,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Calls, new sessions asked for by them, sessions that were to go on, times that one was opened so.
    pub(crate) connect: [usize; 4],
    /// The same of calls that came.
    pub(crate) accept: [usize; 4],
    /// Connections that are over, and sessions that the peer forgot.
    pub(crate) reset: [usize; 2],
}

pub(crate) const fn counts(connect: [usize; 4], accept: [usize; 4], reset: [usize; 2]) -> Counts {
    Counts { connect, accept, reset }
}

pub(crate) const NONE: [usize; 4] = [0; 4];
/// Crimson does not say how often.
pub(crate) const ANY: usize = usize::MAX;

impl Counts {
    fn suits(&self, expected: &Self) -> bool {
        let all = |counts: &Self| [&counts.connect[..], &counts.accept, &counts.reset].concat();
        all(self).into_iter().zip(all(expected)).all(|(found, wanted)| wanted == ANY || found == wanted)
    }
}

/// Both ends, while a case is played.
pub(crate) struct Suite {
    pub(crate) world: World,
    me: HostId,
    peer: HostId,
    /// The messages that wait for a connection, at each.
    waiting: [Vec<u64>; 2],
    next: [u64; 2],
    case: String,
}

impl Suite {
    /// `i_win`: the call of the end that is tested goes on where two cross.
    pub(crate) fn new(
        case: String,
        mode: Mode,
        mine: Policy,
        theirs: Policy,
        i_win: bool,
        rules: &[(Way, &'static str, usize, Act)],
    ) -> Self {
        let (mut world, me, peer) = if i_win {
            peers(mode, mine, theirs)
        } else {
            let (world, peer, me) = peers(mode, theirs, mine);
            (world, me, peer)
        };
        let rule = |(way, item, nth, act): &(Way, &'static str, usize, Act)| Rule {
            host: me,
            way: *way,
            item,
            nth: *nth,
            act: *act,
        };
        world.script.as_mut().unwrap().rules = rules.iter().map(rule).collect();
        Self { world, me, peer, waiting: Default::default(), next: [0; 2], case }
    }

    const fn ends(&self, is_mine: bool) -> (HostId, HostId) {
        if is_mine { (self.me, self.peer) } else { (self.peer, self.me) }
    }

    /// The connection that an end would use.
    fn con(&self, host: HostId) -> Option<ConId> {
        let all: Vec<_> = self.world.hosts[host].pool.connections().map(|(con, _)| con).collect();
        let accepted = self.world.hosts[host].accepted();
        let known = |con: &ConId| self.world.hosts[host].has_asked_for(*con) || accepted.contains(con);
        all.into_iter().rev().find(known)
    }

    fn send(&mut self, is_mine: bool) {
        self.next[usize::from(is_mine)] += 1;
        let tid = self.next[usize::from(is_mine)];
        self.waiting[usize::from(is_mine)].push(tid);
        self.flush(is_mine);
    }

    fn flush(&mut self, is_mine: bool) {
        let (host, _) = self.ends(is_mine);
        if let Some(con) = self.con(host) {
            for tid in std::mem::take(&mut self.waiting[usize::from(is_mine)]) {
                self.world.send(host, con, note(tid));
            }
        }
    }

    fn connect(&mut self, is_mine: bool) {
        let (from, to) = self.ends(is_mine);
        self.world.get_connection(from, to);
        self.flush(is_mine);
    }

    fn run(&mut self, time: Duration) {
        let end = self.world.now.mono + time;
        loop {
            while self.world.turn() {
                self.flush(true);
                self.flush(false);
            }
            let Some(next) = self.world.next_timeout().filter(|next| *next <= end) else { break };
            self.world.at(next);
        }
        self.world.at(end);
        while self.world.turn() {}
    }

    fn items(&self, way: Way, called: bool, item: &str) -> usize {
        let log = &self.world.script.as_ref().unwrap().log;
        let is = |logged: &&crate::world::Logged| {
            logged.host == self.me && logged.way == way && logged.called == called && logged.item == item
        };
        log.iter().filter(is).count()
    }

    pub(crate) fn counted(&self) -> Counts {
        let events = |is: fn(&crate::world::Seen) -> bool| count(&self.world, self.me, is);
        let of = |way, called, item| self.items(way, called, item);
        Counts {
            connect: [
                of(Way::Write, true, BANNER_ITEM),
                of(Way::Write, true, "CLIENT_IDENT"),
                of(Way::Write, true, "SESSION_RECONNECT"),
                events(is_connected),
            ],
            accept: [
                of(Way::Write, false, BANNER_ITEM),
                of(Way::Read, false, "CLIENT_IDENT"),
                of(Way::Read, false, "SESSION_RECONNECT"),
                events(is_accepted),
            ],
            reset: [events(is_reset), events(is_remote_reset)],
        }
    }

    pub(crate) fn play(&mut self, steps: &[Do]) {
        for (at, step) in steps.iter().enumerate() {
            self.step(step, at);
        }
    }

    fn step(&mut self, step: &Do, at: usize) {
        let what = format!("{} at {at}: {step:?}", self.case);
        match *step {
            Do::Connect => self.connect(true),
            Do::PeerConnect => self.connect(false),
            Do::Send => self.send(true),
            Do::PeerSend => self.send(false),
            Do::Keepalive | Do::PeerKeepalive => {
                let (host, _) = self.ends(matches!(step, Do::Keepalive));
                let con = self.con(host).unwrap();
                self.world.keepalive(host, con);
            }
            Do::MarkDown | Do::PeerMarkDown => {
                let (host, _) = self.ends(matches!(step, Do::MarkDown));
                let con = self.con(host).unwrap();
                self.world.mark_down(host, con);
            }
            Do::Run => self.run(Duration::from_millis(50)),
            Do::Settle => self.run(Duration::from_secs(60)),
            Do::Pass(time) => self.run(time),
            Do::Blocked => {
                self.run(Duration::from_millis(50));
                assert!(self.world.is_held(), "{what}");
            }
            Do::Established => {
                self.run(Duration::from_secs(5));
                let con = self.con(self.me).unwrap();
                assert!(self.world.hosts[self.me].is_open(con), "{what}");
            }
            Do::Unblock => self.world.release(),
            Do::Expect(expected) => {
                let counted = self.counted();
                assert!(counted.suits(&expected), "{what}: {counted:?}");
            }
            Do::Standby => {
                let con = self.con(self.me).unwrap();
                assert!(!self.world.hosts[self.me].is_open(con) && self.world.streams.is_empty(), "{what}");
            }
        }
    }

    /// All rules have taken effect, all that was sent has come in order, once, and each end has one connection.
    pub(crate) fn is_whole(&self) {
        let script = self.world.script.as_ref().unwrap();
        assert_eq!(script.struck, script.rules.len(), "{}: a rule was of no effect", self.case);
        for (host, sent) in [(self.peer, self.next[1]), (self.me, self.next[0])] {
            let all: Vec<_> = (1..=sent).collect();
            assert_eq!(self.world.hosts[host].tids(), all, "{}", self.case);
            assert_eq!(self.world.hosts[host].connections(), 1, "{}", self.case);
        }
    }

    /// What came is some of what was sent, in order, once.
    pub(crate) fn is_some(&self) {
        let script = self.world.script.as_ref().unwrap();
        assert_eq!(script.struck, script.rules.len(), "{}: a rule was of no effect", self.case);
        for host in [self.peer, self.me] {
            assert!(self.world.hosts[host].tids().is_sorted_by(|a, b| a < b), "{}", self.case);
        }
    }
}

/// One line of a table.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) policies: fn() -> [Policy; 2],
    pub(crate) i_win: &'static [bool],
    /// Where it is struck: each of these once, and each of them all.
    pub(crate) at: &'static [&'static [(Way, &'static str, usize, Act)]],
    pub(crate) steps: &'static [Do],
    pub(crate) is_whole: bool,
}

/// Plays a line of a table in each mode, at each of its places.
pub(crate) fn play(line: &Line) {
    for mode in V2_MODES {
        for i_win in line.i_win {
            for rules in line.at {
                let case = format!("{} {mode:?} {i_win} {rules:?}", line.name);
                let [mine, theirs] = (line.policies)();
                let mut suite = Suite::new(case, mode, mine, theirs, *i_win, rules);
                suite.play(line.steps);
                if line.is_whole { suite.is_whole() } else { suite.is_some() }
            }
        }
    }
}

pub(crate) const READ: Way = Way::Read;
pub(crate) const WRITE: Way = Way::Write;
pub(crate) const BANNER: &str = BANNER_ITEM;
pub(crate) const MSG: &str = MESSAGE;
