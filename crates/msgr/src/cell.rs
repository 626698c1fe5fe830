//! A pipe with its socket.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{ConId, Fault, IoKind, Pipe, RecvChunk, SendBatch};
use mio::net::TcpStream;

use crate::clock::Clock;
use crate::sync::lock;

/// How many bytes are encoded and written at once.
const WRITE_MAX: usize = 256 << 10;
/// How many pieces one call of `writev` takes.
const PIECES_MAX: usize = 64;

/// A pipe with its socket. Its home is the reactor, which alone reads and takes events; any thread may write.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) con: ConId,
    /// Where to dial; where from, for an accepted one.
    pub(crate) addr: SocketAddr,
    state: Mutex<State>,
    stream: OnceLock<TcpStream>,
    /// The name that the reactor gave it.
    token: OnceLock<usize>,
    /// The reactor was asked to write.
    left: AtomicBool,
}

/// What the lock of a cell protects.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) pipe: Pipe,
    /// The socket took no more: wait until it is writable.
    blocked: bool,
    /// It became writable after the current writer last looked.
    writable: bool,
    /// The pipe wanted no bytes when there were some: read on when it does.
    stalled: bool,
    /// When the reactor will look at the pipe's timers.
    armed: Option<Mono>,
}

/// What the reactor must see to after somebody worked on a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing.
    Nothing,
    /// Events, reading or a timer.
    Service,
}

/// What became of an attempt to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadOutcome {
    /// There may be more.
    More,
    /// Nothing is left for now.
    Drained,
    /// The pipe does not want more now, or is dead.
    Stopped,
}

impl Cell {
    pub(crate) fn new(con: ConId, addr: SocketAddr, pipe: Pipe) -> Self {
        let state = State { pipe, blocked: false, writable: false, stalled: false, armed: None };
        Self {
            con,
            addr,
            state: Mutex::new(state),
            stream: OnceLock::new(),
            token: OnceLock::new(),
            left: AtomicBool::new(false),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Gives it its socket and its name, once.
    pub(crate) fn attach(&self, token: usize, stream: TcpStream) {
        let _ = self.token.set(token);
        let _ = self.stream.set(stream);
    }

    pub(crate) fn token(&self) -> Option<usize> {
        self.token.get().copied()
    }

    pub(crate) fn stream(&self) -> Option<&TcpStream> {
        self.stream.get()
    }

    /// Writes what there is, unless somebody else does that or the socket is full.
    pub(crate) fn flush(&self, clock: &Clock) -> After {
        let mut state = self.lock();
        if let Some(stream) = self.stream() {
            while !state.blocked && state.pipe.wants_write() {
                state.writable = false;
                let Some(batch) = state.pipe.send_begin(clock.now(), WRITE_MAX) else { break };
                drop(state);
                let written = write(stream, &batch);
                state = self.lock();
                state.wrote(clock.now(), batch, written);
            }
        }
        state.after()
    }

    /// Asks the reactor to write. False when somebody else did, and it has not yet.
    pub(crate) fn leave(&self) -> bool {
        !self.left.swap(true, Ordering::SeqCst)
    }

    /// The reactor is about to write: what is sent from now on must ask again.
    pub(crate) fn taken(&self) {
        self.left.store(false, Ordering::SeqCst);
    }

    /// The socket became writable.
    pub(crate) fn writable(&self) {
        let mut state = self.lock();
        state.writable = true;
        state.blocked = false;
    }

    /// Reads once. Only the reactor does that.
    pub(crate) fn read(&self, clock: &Clock) -> ReadOutcome {
        let Some(stream) = self.stream() else { return ReadOutcome::Stopped };
        let Some(mut chunk) = self.lock().recv_begin() else { return ReadOutcome::Stopped };
        let room = chunk.room();
        let read = read(stream, &mut chunk);
        let mut state = self.lock();
        match read {
            Ok(0) => state.lost(clock.now(), Fault::Closed),
            Ok(n) => {
                state.pipe.recv_end(clock.now(), chunk, n);
                return if n < room { ReadOutcome::Drained } else { ReadOutcome::More };
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    state.pipe.recv_end(clock.now(), chunk, 0);
                    return ReadOutcome::Drained;
                }
                io::ErrorKind::Interrupted => {
                    state.pipe.recv_end(clock.now(), chunk, 0);
                    return ReadOutcome::More;
                }
                _ => state.lost(clock.now(), Fault::Io(kind(&error))),
            },
        }
        ReadOutcome::Stopped
    }
}

impl State {
    fn wrote(&mut self, now: Now, batch: SendBatch, written: io::Result<usize>) {
        match written {
            Ok(n) => self.pipe.send_end(batch, n),
            Err(error) => {
                self.pipe.send_end(batch, 0);
                match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    // It may have become writable between the attempt and now: then nobody would tell again.
                    io::ErrorKind::WouldBlock => self.blocked = !self.writable,
                    _ => self.lost(now, Fault::Io(kind(&error))),
                }
            }
        }
    }

    /// Its stream broke, or could not be opened.
    pub(crate) fn lost(&mut self, now: Now, fault: Fault) {
        let stream = self.pipe.incarnation();
        self.pipe.lost(now, stream, fault);
    }

    /// Its stream is open.
    pub(crate) fn started(&mut self, now: Now) {
        let stream = self.pipe.incarnation();
        self.pipe.started(now, stream);
    }

    fn recv_begin(&mut self) -> Option<RecvChunk> {
        let chunk = self.pipe.recv_begin();
        self.stalled = chunk.is_none();
        chunk
    }

    /// Whether the reactor must see to something.
    pub(crate) fn after(&self) -> After {
        let resumes = self.stalled && self.pipe.wants_read();
        let due = self.pipe.has_events() || self.sooner().is_some() || resumes;
        if due { After::Service } else { After::Nothing }
    }

    /// The pipe's next timer, where it is due before the reactor will look. One that moved to later is left: the
    /// reactor looks early then, once, instead of being told each time.
    fn sooner(&self) -> Option<Mono> {
        self.pipe.next_timeout().filter(|next| self.armed.is_none_or(|armed| *next < armed))
    }

    /// Gives the time that the reactor's timer must be set to, if it must.
    pub(crate) fn rearm(&mut self) -> Option<Mono> {
        let next = self.sooner()?;
        self.armed = Some(next);
        Some(next)
    }

    /// The reactor's timer fired.
    pub(crate) fn fired(&mut self, now: Now) {
        self.armed = None;
        self.pipe.handle_timeout(now);
    }
}

/// What an error of the system becomes in a fault.
pub(crate) fn kind(error: &io::Error) -> IoKind {
    IoKind { errno: error.raw_os_error().unwrap_or(0) }
}

fn write(mut stream: &TcpStream, batch: &SendBatch) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); PIECES_MAX];
    let mut count = 0;
    for (slice, piece) in slices.iter_mut().zip(batch.pieces()) {
        *slice = IoSlice::new(piece);
        count += 1;
    }
    match slices.get(..count).unwrap_or_default() {
        [one] => stream.write(one),
        many => stream.write_vectored(many),
    }
}

fn read(mut stream: &TcpStream, chunk: &mut RecvChunk) -> io::Result<usize> {
    match chunk.parts_mut() {
        [[], stage] => stream.read(stage),
        [bulk, stage] => stream.read_vectored(&mut [IoSliceMut::new(bulk), IoSliceMut::new(stage)]),
    }
}
