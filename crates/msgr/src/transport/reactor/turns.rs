//! The thread that reads, accepts, dials and keeps time.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Weak};
use std::time::Duration;

use loligo_base::Timers;
use loligo_msgr_proto::Fault;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::accept::Accepter;
use super::homes::Homes;
use super::remote::{Command, Remote};
use crate::transport::settle::settle;
use crate::transport::socket::{connect, connected, kind, unreachable};
use crate::transport::{Host, Line, ReadOutcome, Scratch};

/// How often one pipe is read before the others have their turn.
const READS_MAX: usize = 16;
/// How often the wishes are looked at before the sockets have their turn.
const OBEYS_MAX: usize = 16;
/// How many events are taken at once.
const EVENTS_MAX: usize = 256;

/// One of the threads. It alone takes the events of the pipes that are at home here, so they reach the endpoint in order.
pub(super) struct Reactor {
    pub(super) host: Arc<dyn Host>,
    /// Its place among the others.
    at: usize,
    pub(super) poll: Poll,
    /// The way to it.
    pub(super) own: Arc<Remote>,
    homes: Arc<Homes>,
    lines: BTreeMap<usize, Known>,
    pub(super) accepters: BTreeMap<usize, Accepter>,
    pub(super) timers: Timers<usize>,
    /// Lines that may have more to read although no event will say so.
    ready: Vec<Arc<Line>>,
    scratch: Scratch,
    commands: Vec<Command>,
    /// The endpoint was given more than was worked on.
    is_behind: bool,
}

/// A line as its reactor knows it.
struct Known {
    line: Arc<Line>,
    /// The stream that the system tells of.
    stream: Weak<TcpStream>,
    /// The socket is being connected.
    dialling: bool,
    /// The peer has closed, or the socket failed. An edge says so once: whoever reads later must read to the end.
    ends: bool,
}

impl Reactor {
    /// The one at that place.
    pub(super) fn new(host: Arc<dyn Host>, at: usize, poll: Poll, homes: Arc<Homes>) -> Option<Self> {
        let own = Arc::clone(homes.all().get(at)?);
        Some(Self {
            host,
            at,
            poll,
            own,
            homes,
            lines: BTreeMap::new(),
            accepters: BTreeMap::new(),
            timers: Timers::new(),
            ready: Vec::new(),
            scratch: Scratch::default(),
            commands: Vec::new(),
            is_behind: false,
        })
    }

    /// Works until it is asked to stop, or the event queue breaks, which stops the others as well.
    pub(super) fn work(&mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        while self.obey() {
            if let Err(error) = self.sleep(&mut events) {
                tracing::error!(%error, "the event queue is broken");
                return self.homes.all().iter().for_each(|remote| remote.tell(Command::Stop));
            }
            for event in &events {
                self.event(event);
            }
            for line in std::mem::take(&mut self.ready) {
                self.read(&line);
            }
            self.fire();
            // What others left is written before results are handed out, as that may take long.
            if !self.obey() {
                return;
            }
            self.is_behind = self.host.run();
        }
    }

    fn sleep(&mut self, events: &mut Events) -> io::Result<()> {
        let most = self.own.sleep(self.host.now().mono, self.timers.next());
        let at_once = self.is_behind || !self.ready.is_empty();
        let most = if at_once { Some(Duration::ZERO) } else { most };
        let polled = self.poll.poll(events, most);
        self.own.awake(self.host.now().mono);
        polled.or_else(|error| if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) })
    }

    /// Does what others asked for, for a while; says whether to go on.
    fn obey(&mut self) -> bool {
        for _ in 0..OBEYS_MAX {
            let mut commands = std::mem::take(&mut self.commands);
            self.own.take(self.host.now().mono, &mut commands);
            if commands.is_empty() {
                self.commands = commands;
                break;
            }
            for command in commands.drain(..) {
                match command {
                    Command::Dial(line) => self.dial(&line),
                    Command::Adopt(line) => self.adopt(&line),
                    Command::HandOver(from, to) => self.hand_over(&from, to),
                    Command::Service(line) => self.read(&line),
                    Command::Flush(line) => {
                        if let Some((_, seat)) = self.homes.of(&line) {
                            seat.taken();
                        }
                        self.settle(&line);
                    }
                    Command::Close(line) => self.close(&line),
                    // Done below.
                    Command::Run => {}
                    Command::Listen(listener) => self.listen(listener),
                    Command::Unlisten => self.unlisten(),
                    Command::Stop => return false,
                }
            }
            self.commands = commands;
            self.is_behind |= self.host.run();
        }
        true
    }

    /// Whether it reads on without an event.
    #[cfg(test)]
    pub(super) fn is_reading(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(super) fn event(&mut self, event: &Event) {
        let token = event.token().0;
        if self.accepters.contains_key(&token) {
            return self.accept(token);
        }
        let Some(known) = self.lines.get_mut(&token) else { return };
        let line = Arc::clone(&known.line);
        known.ends |= event.is_read_closed() || event.is_error();
        if known.dialling && !self.dialled(token, &line) {
            return;
        }
        if event.is_writable() {
            line.writable();
            // What is left to see to is seen to by the read below.
            let _ = line.flush(self.host.now());
        }
        self.read(&line);
    }

    /// Something happened to a socket that is being connected. Says whether the call has an end, good or bad.
    fn dialled(&mut self, token: usize, line: &Line) -> bool {
        let Some(known) = self.lines.get_mut(&token) else { return false };
        let Some(stream) = known.stream.upgrade() else { return false };
        match connected(&stream) {
            Ok(false) => return false,
            Ok(true) => {
                known.dialling = false;
                line.started(self.host.now(), &*stream);
            }
            Err(fault) => line.lost(self.host.now(), &*stream, fault),
        }
        true
    }

    /// Reads what there is and tells it upward.
    fn read(&mut self, line: &Arc<Line>) {
        // No further event will say that the peer closed.
        let to_the_end =
            self.token(line).and_then(|token| self.lines.get(&token)).is_some_and(|known| known.ends);
        let mut left = READS_MAX;
        let mut was_drained = false;
        loop {
            let outcome = line.read(&*self.host);
            self.host.pump(line, &mut self.scratch);
            left -= 1;
            match outcome {
                ReadOutcome::Stopped => break,
                ReadOutcome::Drained if !to_the_end => break,
                // Behind all that came there is no end: what the system told of was an earlier stream, which somebody still held.
                ReadOutcome::Drained if was_drained => {
                    self.ends_not(line);
                    break;
                }
                ReadOutcome::Drained | ReadOutcome::More if left == 0 => {
                    self.ready.push(Arc::clone(line));
                    break;
                }
                ReadOutcome::Drained | ReadOutcome::More => {}
            }
            was_drained = outcome == ReadOutcome::Drained;
        }
        self.settle(line);
    }

    fn ends_not(&mut self, line: &Line) {
        if let Some(known) = self.token(line).and_then(|token| self.lines.get_mut(&token)) {
            known.ends = false;
        }
    }

    /// Writes what reading brought about, and sets the timer.
    pub(super) fn settle(&mut self, line: &Arc<Line>) {
        let Some(token) = self.token(line).filter(|token| self.lines.contains_key(token)) else {
            // It has no timer yet. It is settled when it is taken in.
            return;
        };
        if settle(line, &*self.host, &mut self.scratch, &mut self.timers, token) {
            self.ready.push(Arc::clone(line));
        }
    }

    fn fire(&mut self) {
        let now = self.host.now();
        while let Some(token) = self.timers.pop_expired(now.mono) {
            if let Some(accepter) = self.accepters.get_mut(&token) {
                accepter.resume();
                self.accept(token);
            } else if let Some(known) = self.lines.get(&token) {
                let line = Arc::clone(&known.line);
                line.fired(now);
                self.host.pump(&line, &mut self.scratch);
                self.settle(&line);
            }
        }
    }

    pub(super) fn dial(&mut self, line: &Arc<Line>) {
        // It may have been marked down by another thread, whose command to close it came first; or the peer has called.
        if !line.wants_stream() {
            return;
        }
        let called = self.host.sockets().socket(line.addr()).map_err(|error| unreachable(&error));
        let called = called.and_then(|socket| connect(&socket, line.addr()).map(|()| socket));
        match called {
            Ok(socket) => {
                let stream = Arc::new(socket);
                if line.attach(Arc::clone(&stream) as _) {
                    self.register(line, &stream, true);
                }
            }
            Err(fault) => line.unreachable(self.host.now(), fault),
        }
        self.take_in(line);
    }

    /// Takes in a line with an open stream.
    pub(super) fn adopt(&mut self, line: &Arc<Line>) {
        if let Some(stream) = line.stream_as() {
            self.register(line, &stream, false);
        }
        self.take_in(line);
    }

    /// Gives a line that has a stream to the reactor that it is at home at.
    pub(super) fn take_home(&mut self, line: Arc<Line>) {
        match self.elsewhere(&line).map(|remote| remote.tell(Command::Adopt(Arc::clone(&line)))) {
            Some(()) => {}
            None => self.adopt(&line),
        }
    }

    fn hand_over(&mut self, from: &Arc<Line>, to: Arc<Line>) {
        if let Some(known) = self.token(from).and_then(|token| self.lines.get(&token))
            && let Some(stream) = known.stream.upgrade()
            && let Err(error) = self.poll.registry().deregister(&mut SourceFd(&stream.as_raw_fd()))
        {
            tracing::error!(%error, "a stream cannot be handed over");
            to.lost(self.host.now(), &*stream, Fault::Io(kind(&error)));
        }
        self.close(from);
        self.take_home(to);
    }

    /// From now on the system tells of that stream of the line.
    fn register(&mut self, line: &Arc<Line>, stream: &Arc<TcpStream>, dialling: bool) {
        let Some(token) = self.token(line) else { return };
        let fd = stream.as_raw_fd();
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut SourceFd(&fd), Token(token), both) {
            line.lost(self.host.now(), &**stream, Fault::Io(kind(&error)));
        }
        let known = Known { line: Arc::clone(line), stream: Arc::downgrade(stream), dialling, ends: false };
        self.lines.insert(token, known);
    }

    /// Sees to a line that may be new here.
    fn take_in(&mut self, line: &Arc<Line>) {
        if let Some(token) = self.token(line).filter(|_| !line.is_dead()) {
            let new = || Known { line: Arc::clone(line), stream: Weak::new(), dialling: false, ends: false };
            self.lines.entry(token).or_insert_with(new);
        }
        self.host.pump(line, &mut self.scratch);
        self.settle(line);
    }

    fn close(&mut self, line: &Arc<Line>) {
        if let Some(token) = self.token(line) {
            self.lines.remove(&token);
            self.timers.cancel(&token);
        }
    }

    /// The name of a line that is at home here.
    fn token(&self, line: &Line) -> Option<usize> {
        let (_, seat) = self.homes.of(line)?;
        (seat.home == self.at).then_some(seat.token)
    }

    /// The reactor that a line is at home at, where that is another one.
    fn elsewhere<'a>(&'a self, line: &'a Line) -> Option<&'a Remote> {
        let (remote, seat) = self.homes.of(line)?;
        (seat.home != self.at).then_some(remote)
    }
}
