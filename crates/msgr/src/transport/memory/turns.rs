//! The thread of a node on a network in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use loligo_base::Timers;

use super::link::{End, Watch};
use super::network::MemoryBound;
use super::{Seat, Shared, Wish};
use crate::bell::Desk;
use crate::sync::Ordering;
use crate::transport::settle::settle;
use crate::transport::socket::unreachable;
use crate::transport::{Host, Line, Listener, ReadOutcome, Scratch};

/// How often one pipe is read before the others have their turn.
const READS_MAX: usize = 16;
/// How many calls are accepted before others have their turn.
const ACCEPTS_MAX: usize = 64;

/// What the node's own thread works with. It alone reads, and tells events, so they reach the endpoint in order; any thread
/// writes.
pub(super) struct Turns<'a> {
    own: &'a Shared,
    host: &'a Arc<dyn Host>,
    lines: BTreeMap<u64, Known>,
    listeners: Vec<Arc<Listener>>,
    timers: Timers<u64>,
    /// Lines that may have more to read although nobody will say so.
    ready: Vec<Arc<Line>>,
    scratch: Scratch,
    wishes: Vec<Wish>,
    /// The endpoint was given more than was worked on.
    is_behind: bool,
}

/// A line as the thread knows it.
struct Known {
    line: Arc<Line>,
    /// The end for which an answer is awaited.
    dialled: Weak<End>,
}

/// Notes that something happened to a line's stream.
struct LineWatch {
    desk: Arc<Desk<Wish>>,
    line: Weak<Line>,
}

impl LineWatch {
    fn tell(&self, wish: fn(Arc<Line>) -> Wish) {
        if let Some(line) = self.line.upgrade() {
            self.desk.tell(wish(line));
        }
    }
}

impl Watch for LineWatch {
    fn readable(&self) {
        self.tell(Wish::Service);
    }

    fn writable(&self) {
        self.tell(Wish::Writable);
    }
}

/// Notes that somebody calls.
struct CallWatch {
    desk: Arc<Desk<Wish>>,
    listener: Weak<Listener>,
}

impl Watch for CallWatch {
    fn readable(&self) {
        if let Some(listener) = self.listener.upgrade() {
            self.desk.tell(Wish::Accept(listener));
        }
    }
}

impl<'a> Turns<'a> {
    pub(super) fn new(own: &'a Shared, host: &'a Arc<dyn Host>) -> Self {
        Self {
            own,
            host,
            lines: BTreeMap::new(),
            listeners: Vec::new(),
            timers: Timers::new(),
            ready: Vec::new(),
            scratch: Scratch::default(),
            wishes: Vec::new(),
            is_behind: false,
        }
    }

    /// Works until it is asked to stop.
    pub(super) fn work(mut self) {
        while self.obey() {
            for line in std::mem::take(&mut self.ready) {
                self.read(&line);
            }
            self.fire();
            self.is_behind |= self.host.run();
            if !std::mem::take(&mut self.is_behind) && self.ready.is_empty() {
                self.own.desk.sleep(self.host.now().mono, self.timers.next());
            }
        }
    }

    /// Does what others asked for; says whether to go on.
    fn obey(&mut self) -> bool {
        let mut wishes = std::mem::take(&mut self.wishes);
        self.own.desk.take(&mut wishes);
        for wish in wishes.drain(..) {
            match wish {
                Wish::Dial(line) => self.dial(&line),
                Wish::Adopt(line) => self.adopt(&line),
                Wish::HandOver(from, to) => {
                    self.close(&from);
                    self.adopt(&to);
                }
                Wish::Service(line) => self.service(&line),
                Wish::Writable(line) => {
                    line.writable();
                    self.service(&line);
                }
                Wish::Close(line) => self.close(&line),
                Wish::Listen(listener) => self.listen(Arc::new(listener)),
                Wish::Unlisten => self.listeners.clear(),
                Wish::Accept(listener) => self.accept(&listener),
                // Done by whoever called this.
                Wish::Run => {}
                Wish::Stop => return false,
            }
        }
        self.wishes = wishes;
        true
    }

    fn dial(&mut self, line: &Arc<Line>) {
        // It may have been marked down by another thread, whose wish to close it came first; or the peer has called.
        if !line.wants_stream() {
            return;
        }
        match self.own.network.call(self.own.ip, line.addr(), self.host.sockets()) {
            Ok(end) => {
                let end = Arc::new(end);
                if line.attach(Arc::clone(&end) as _) {
                    self.take_in(line, Arc::downgrade(&end));
                    self.watch(line, &end);
                }
            }
            Err(error) => {
                line.unreachable(self.host.now(), unreachable(&error));
                self.take_in(line, Weak::new());
            }
        }
        self.service(line);
    }

    /// Takes in a line with an open stream.
    pub(super) fn adopt(&mut self, line: &Arc<Line>) {
        self.take_in(line, Weak::new());
        if let Some(end) = line.stream_as::<End>() {
            self.watch(line, &end);
        }
        self.service(line);
    }

    fn take_in(&mut self, line: &Arc<Line>, dialled: Weak<End>) {
        if let Some(key) = self.key(line).filter(|_| !line.is_dead()) {
            self.lines.insert(key, Known { line: Arc::clone(line), dialled });
        }
    }

    fn watch(&self, line: &Arc<Line>, end: &End) {
        let desk = Arc::clone(&self.own.desk);
        end.watch(Arc::new(LineWatch { desk, line: Arc::downgrade(line) }));
        // If it got room before, somebody else was told.
        line.writable();
    }

    /// Sees to all that a line may want.
    fn service(&mut self, line: &Arc<Line>) {
        if self.dialled(line) {
            // What is left to see to is seen to by the read.
            let _ = line.flush(self.host.now());
        }
        self.read(line);
    }

    /// Whether a line's stream is open, or broken, be it just now.
    fn dialled(&mut self, line: &Arc<Line>) -> bool {
        let Some(known) = self.key(line).and_then(|key| self.lines.get_mut(&key)) else { return false };
        let Some(end) = known.dialled.upgrade() else { return true };
        match end.connected() {
            Ok(false) => return false,
            Ok(true) => line.started(self.host.now(), &*end),
            Err(fault) => line.lost(self.host.now(), &*end, fault),
        }
        known.dialled = Weak::new();
        true
    }

    /// Reads what there is and tells it upward.
    fn read(&mut self, line: &Arc<Line>) {
        for left in (0..READS_MAX).rev() {
            let outcome = line.read(&**self.host);
            self.host.pump(line, &mut self.scratch);
            // A piece may be less than there is, and of the rest nobody will tell.
            let is_more = || line.stream_as::<End>().is_some_and(|end| end.is_readable());
            if outcome == ReadOutcome::Stopped || !is_more() {
                break;
            }
            if left == 0 {
                self.ready.push(Arc::clone(line));
            }
        }
        self.settle(line);
    }

    /// Writes what reading brought about, and sets the timer.
    fn settle(&mut self, line: &Arc<Line>) {
        // One that is not known yet has no timer. It is settled when it is taken in.
        let Some(key) = self.key(line).filter(|key| self.lines.contains_key(key)) else { return };
        if settle(line, &**self.host, &mut self.scratch, &mut self.timers, key) {
            self.ready.push(Arc::clone(line));
        }
    }

    fn fire(&mut self) {
        let now = self.host.now();
        while let Some(key) = self.timers.pop_expired(now.mono) {
            if let Some(line) = self.lines.get(&key).map(|known| Arc::clone(&known.line)) {
                line.fired(now);
                self.host.pump(&line, &mut self.scratch);
                self.settle(&line);
            }
        }
    }

    fn close(&mut self, line: &Line) {
        if let Some(key) = self.key(line) {
            self.lines.remove(&key);
            self.timers.cancel(&key);
        }
    }

    fn listen(&mut self, listener: Arc<Listener>) {
        if let Some(bound) = listener.bound_as::<MemoryBound>() {
            let desk = Arc::clone(&self.own.desk);
            bound.watch(Arc::new(CallWatch { desk, listener: Arc::downgrade(&listener) }));
            self.accept(&listener);
            self.listeners.push(listener);
        }
    }

    fn accept(&mut self, listener: &Arc<Listener>) {
        for _ in 0..ACCEPTS_MAX {
            let Some(end) = listener.bound_as::<MemoryBound>().and_then(MemoryBound::accept) else {
                return;
            };
            let from = end.peer_addr();
            if let Some(line) = self.host.add_accept_pipe(listener, Arc::new(end) as _, from) {
                self.adopt(&line);
            }
        }
        // There may be more, of which nobody will tell.
        self.own.desk.tell(Wish::Accept(Arc::clone(listener)));
    }

    /// The name of a line here.
    fn key(&self, line: &Line) -> Option<u64> {
        let seat = line.seat(|| Seat { key: self.own.keys.fetch_add(1, Ordering::Relaxed) })?;
        Some(seat.key)
    }
}
