//! The thread that reads, accepts, dials and keeps time.

mod accept;
mod events;

use std::collections::BTreeMap;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use loligo_base::Timers;
use loligo_msgr_proto::{Endpoint, Fault, Held, Input, Link, NetEvent, PipeEvent};
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};

use crate::cell::{After, Cell, ReadOutcome, kind};
use crate::drain::{Shared, Thread};
use crate::remote::{Command, WAKE};
use crate::sync::lock;
use accept::Accepter;

/// How often one pipe is read before the others have their turn.
const READS_MAX: usize = 16;
/// How often the wishes are looked at before the sockets have their turn.
const OBEYS_MAX: usize = 16;
/// How many events are taken at once.
const EVENTS_MAX: usize = 256;
/// How many panics of endpoint and sink are survived while the node ends.
const PANICS_MAX: usize = 1_000;

/// The thread that reads, accepts, dials and keeps time. It alone takes the events of pipes, so they reach the
/// endpoint in order.
pub(crate) struct Reactor<E: Endpoint> {
    shared: Arc<Shared<E>>,
    poll: Poll,
    pipes: BTreeMap<usize, Line>,
    accepters: BTreeMap<usize, Accepter>,
    next_token: usize,
    timers: Timers<usize>,
    /// Pipes that may have more to read although no event will say so.
    ready: Vec<Arc<Cell>>,
    /// Scratch for [`Self::pump`].
    events: Vec<PipeEvent>,
    commands: Vec<Command>,
    /// The endpoint was given more than was worked on.
    is_behind: bool,
    nodelay: bool,
    rcvbuf: usize,
}

/// A pipe as the reactor knows it.
struct Line {
    cell: Arc<Cell>,
    /// The socket is being connected.
    dialling: bool,
    /// The peer has closed, or the socket failed. An edge says so once: whoever reads later must read to the end.
    ends: bool,
}

impl<E: Endpoint> Reactor<E> {
    pub(crate) fn new(shared: Arc<Shared<E>>, poll: Poll, nodelay: bool, rcvbuf: usize) -> Self {
        Self {
            shared,
            poll,
            pipes: BTreeMap::new(),
            accepters: BTreeMap::new(),
            next_token: WAKE.0 + 1,
            timers: Timers::new(),
            ready: Vec::new(),
            events: Vec::new(),
            commands: Vec::new(),
            is_behind: false,
            nodelay,
            rcvbuf,
        }
    }

    /// Works until the node is shut down. A panic on this thread, be it of the endpoint or of the sink, and an event queue
    /// that is broken end the node as well: all connections are reset and the endpoint hears that there will be nothing more,
    /// so that nobody waits for ever.
    pub(crate) fn run(&mut self) {
        if panic::catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            tracing::error!("the node ends because of a panic on its thread");
        }
        self.shared.stopped.store(true, Ordering::SeqCst);
        if panic::catch_unwind(AssertUnwindSafe(|| self.mark_down_all(&Fault::Shutdown))).is_err() {
            tracing::error!("a panic while the connections were closed");
        }
        self.shared.post(Input::Stopped, Held::default());
        // Who panicked once may again. Each time, that takes what it stumbled over out of the way.
        for _ in 0..PANICS_MAX {
            if panic::catch_unwind(AssertUnwindSafe(|| self.shared.run(Thread::Reactor))).is_ok() {
                break;
            }
        }
    }

    fn work(&mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        while self.obey() {
            if let Err(error) = self.sleep(&mut events) {
                tracing::error!(%error, "the event queue is broken");
                break;
            }
            for event in &events {
                self.event(event);
            }
            for cell in std::mem::take(&mut self.ready) {
                self.read(&cell);
            }
            self.fire();
            self.is_behind = self.shared.run(Thread::Reactor);
        }
    }

    fn sleep(&mut self, events: &mut Events) -> io::Result<()> {
        let now = self.shared.clock.mono();
        let most = self.shared.remote.sleep(now, self.timers.next());
        let at_once = self.is_behind || !self.ready.is_empty();
        let most = if at_once { Some(std::time::Duration::ZERO) } else { most };
        let polled = self.poll.poll(events, most);
        self.shared.remote.awake(self.shared.clock.mono());
        polled.or_else(|error| if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) })
    }

    /// Does what others asked for, for a while; says whether to go on.
    fn obey(&mut self) -> bool {
        for _ in 0..OBEYS_MAX {
            let mut commands = std::mem::take(&mut self.commands);
            self.shared.remote.take(self.shared.clock.mono(), &mut commands);
            if commands.is_empty() {
                self.commands = commands;
                break;
            }
            for command in commands.drain(..) {
                match command {
                    Command::Dial(cell) => self.dial(&cell),
                    Command::Service(cell) => self.read(&cell),
                    Command::Flush(cell) => {
                        cell.taken();
                        self.settle(&cell);
                    }
                    Command::Close(cell) => self.close(&cell),
                    // Done below.
                    Command::Run => {}
                    Command::Listen(listener, kind) => self.listen(listener, kind),
                    Command::MarkDownAll => self.mark_down_all(&Fault::Closed),
                    Command::Stop => return false,
                }
            }
            self.commands = commands;
            self.is_behind |= self.shared.run(Thread::Reactor);
        }
        true
    }

    fn event(&mut self, event: &Event) {
        let token = event.token().0;
        if self.accepters.contains_key(&token) {
            return self.accept(token);
        }
        let Some(line) = self.pipes.get_mut(&token) else { return };
        let cell = Arc::clone(&line.cell);
        line.ends |= event.is_read_closed() || event.is_error();
        if line.dialling {
            match dialled(&cell) {
                Ok(false) => return,
                Ok(true) => {
                    line.dialling = false;
                    cell.lock().started(self.shared.clock.now());
                }
                Err(fault) => cell.lock().lost(self.shared.clock.now(), fault),
            }
        }
        if event.is_writable() {
            cell.writable();
            // What is left to see to is seen to by the read below.
            let _ = cell.flush(&self.shared.clock);
        }
        self.read(&cell);
    }

    /// Reads what there is and tells it upward.
    fn read(&mut self, cell: &Arc<Cell>) {
        let line = cell.token().and_then(|token| self.pipes.get(&token));
        // No further event will say that the peer closed.
        let to_the_end = line.is_some_and(|line| line.ends);
        let mut left = READS_MAX;
        loop {
            let outcome = cell.read(&self.shared.clock);
            self.pump(cell);
            left -= 1;
            match outcome {
                ReadOutcome::Stopped => break,
                ReadOutcome::Drained if !to_the_end => break,
                ReadOutcome::Drained | ReadOutcome::More if left == 0 => {
                    self.ready.push(Arc::clone(cell));
                    break;
                }
                ReadOutcome::Drained | ReadOutcome::More => {}
            }
        }
        self.settle(cell);
    }

    /// Writes what reading brought about, and sets the timer.
    fn settle(&mut self, cell: &Arc<Cell>) {
        if cell.token().is_none() {
            // It has no timer yet. It is settled when it is taken in.
            return;
        }
        while cell.flush(&self.shared.clock) == After::Service {
            self.pump(cell);
            let moved = cell.lock().rearm();
            match (moved, cell.token()) {
                (Some(at), Some(token)) => self.timers.set(token, at),
                _ if cell.lock().pipe.has_events() => {}
                _ => {
                    // It wants bytes again that were there before.
                    self.ready.push(Arc::clone(cell));
                    break;
                }
            }
        }
    }

    fn fire(&mut self) {
        let now = self.shared.clock.now();
        while let Some(token) = self.timers.pop_expired(now.mono) {
            if let Some(accepter) = self.accepters.get_mut(&token) {
                accepter.resume();
                self.accept(token);
            } else if let Some(line) = self.pipes.get(&token) {
                let cell = Arc::clone(&line.cell);
                cell.lock().fired(now);
                self.pump(&cell);
                self.settle(&cell);
            }
        }
    }

    fn token(&mut self) -> usize {
        self.next_token += 1;
        self.next_token
    }

    fn dial(&mut self, cell: &Arc<Cell>) {
        // It may have been marked down by another thread, whose command to close it came first.
        if cell.lock().pipe.is_dead() {
            return;
        }
        match self.open(cell) {
            Ok(stream) => self.adopt(cell, stream, true),
            Err(error) => {
                cell.lock().lost(self.shared.clock.now(), unreachable(&error));
                self.pump(cell);
            }
        }
    }

    /// A socket that is being connected.
    fn open(&self, cell: &Cell) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(cell.addr), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        if self.rcvbuf > 0 {
            socket.set_recv_buffer_size(self.rcvbuf)?;
        }
        match socket.connect(&cell.addr.into()) {
            Err(error) if !in_progress(&error) => Err(error),
            _ => Ok(TcpStream::from_std(socket.into())),
        }
    }

    /// Takes a socket in for a pipe.
    fn adopt(&mut self, cell: &Arc<Cell>, mut stream: TcpStream, dialling: bool) {
        let token = self.token();
        let nodelay = if self.nodelay { stream.set_nodelay(true) } else { Ok(()) };
        let registered =
            self.poll.registry().register(&mut stream, Token(token), Interest::READABLE | Interest::WRITABLE);
        cell.attach(token, stream);
        self.pipes.insert(token, Line { cell: Arc::clone(cell), dialling, ends: false });
        if let Err(error) = nodelay.and(registered) {
            cell.lock().lost(self.shared.clock.now(), Fault::Io(kind(&error)));
        }
        self.pump(cell);
        self.settle(cell);
    }

    fn close(&mut self, cell: &Arc<Cell>) {
        if let Some(token) = cell.token() {
            self.pipes.remove(&token);
            self.timers.cancel(&token);
        }
        if let Some(stream) = cell.stream() {
            // Others may hold the cell a little longer: the socket ends now. Where it ended already, so much the better.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Takes no more calls, and resets all connections.
    fn mark_down_all(&mut self, why: &Fault) {
        let mut pool = lock(&self.shared.pool);
        let all: Vec<_> = pool.connections().map(|(con, _)| con).collect();
        let links: Vec<_> = all.into_iter().filter_map(|con| Some((con, pool.remove(con)?))).collect();
        drop(pool);
        for (con, link) in links {
            if let Link::Pipe(cell) = link {
                cell.lock().pipe.mark_down();
                self.close(&cell);
            }
            let event = NetEvent::Reset { con, why: why.clone() };
            self.shared.post(Input::Net(event), Held::default());
        }
        self.pipes.clear();
        self.accepters.clear();
    }
}

/// Whether the socket is connected now.
fn dialled(cell: &Cell) -> Result<bool, Fault> {
    let Some(stream) = cell.stream() else { return Ok(false) };
    if let Ok(Some(error)) | Err(error) = stream.take_error() {
        return Err(unreachable(&error));
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected || in_progress(&error) => Ok(false),
        Err(error) => Err(unreachable(&error)),
    }
}

fn unreachable(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Fault::Refused,
        _ => Fault::Unreachable(kind(error)),
    }
}

/// `EINPROGRESS` has no kind of its own.
fn in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::EINPROGRESS)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
mod tests {
    use std::net::TcpListener;

    use loligo_base::Now;
    use loligo_msgr_proto::{ConId, Connect, Envelope, Output, PeerError, Pool};
    use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};
    use mio::Poll;

    use super::*;
    use crate::NodeOptions;
    use crate::remote::Remote;

    /// Wants nothing and says nothing.
    struct Idle;

    impl Endpoint for Idle {
        type Msg = ();
        type Call = ();
        type Done = ();

        fn decode(_envelope: Envelope) -> Result<(), PeerError> {
            Ok(())
        }

        fn handle(&mut self, _now: Now, _input: Input<(), ()>) {}

        fn poll(&mut self) -> Option<Output<()>> {
            None
        }

        fn next_timeout(&self) -> Option<loligo_base::Mono> {
            None
        }
    }

    #[test]
    fn a_pipe_that_is_looked_at_before_it_is_dialled_keeps_its_timer() {
        let poll = Poll::new().unwrap();
        let remote = Remote::new(&poll).unwrap();
        let pool = Pool::new(
            Arc::new(NodeOptions::client().config),
            1,
            Box::new(loligo_base::SeededEntropy::new(1)),
        );
        let shared =
            Arc::new(Shared::new(Idle, pool, remote, Box::new(|_: &mut dyn Iterator<Item = ()>| {})));
        let mut reactor = Reactor::new(Arc::clone(&shared), poll, true, 0);
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = EntityAddr::new(AddrType::LEGACY, silent.local_addr().unwrap(), 0);
        let con = ConId::opened(1);
        let dial =
            lock(&shared.pool).connect(shared.clock.now(), con, EntityType::OSD, EntityAddrVec::from(addr));
        let Connect::Dial { pipe, socket, .. } = dial else { panic!("it is called") };
        let cell = Arc::new(Cell::new(con, socket, *pipe));

        // Somebody sent on it, and the wish to write came before that to dial.
        reactor.settle(&cell);
        reactor.dial(&cell);
        assert!(reactor.timers.next().is_some(), "a peer that says nothing is given up some time");
    }
}
