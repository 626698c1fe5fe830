//! A pipe with the stream that it has now.

mod state;

use std::any::Any;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{ConId, Fault, Incarnation, Pipe, PipeEvent, RecvChunk, SendBatch};

use super::Host;
use super::inject::Faults;
use super::stream::Stream;
use crate::clock::Clock;
use crate::sync::lock;
use state::State;

/// A pipe with the stream that it has now, if it has one: what a [`Transport`](super::Transport) works on. A pipe may have
/// many streams, one after the other; what comes of one that it has no more is dropped here.
pub struct Line {
    con: ConId,
    /// Nothing more is told of the connection. Changed and looked at where the inbox of the endpoint is locked.
    pub(crate) is_over: AtomicBool,
    state: Mutex<State>,
    seat: OnceLock<Box<dyn Any + Send + Sync>>,
    /// What goes wrong on purpose.
    faults: Option<Arc<Faults>>,
}

/// What must be seen to after somebody worked on a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// Events, reading or a timer.
    Service,
}

/// What became of an attempt to read.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// There may be more.
    More,
    /// Nothing is left for now.
    Drained,
    /// The pipe does not want more now, or its stream is gone.
    Stopped,
}

impl Line {
    /// A pipe that waits for its first stream.
    pub(crate) fn new(con: ConId, addr: SocketAddr, pipe: Pipe, faults: Option<Arc<Faults>>) -> Self {
        let state = State::new(addr, pipe);
        Self { con, is_over: AtomicBool::new(false), state: Mutex::new(state), seat: OnceLock::new(), faults }
    }

    /// The connection that it belongs to.
    #[must_use]
    pub const fn con(&self) -> ConId {
        self.con
    }

    /// Where to dial; where from, for an accepted one.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.lock().addr
    }

    /// What the transport keeps of this line, made when it is first asked for. `None` where something of another type was
    /// made before.
    pub fn seat<S: Any + Send + Sync>(&self, make: impl FnOnce() -> S) -> Option<&S> {
        self.seat.get_or_init(|| Box::new(make())).downcast_ref()
    }

    /// What the transport made of it with [`Self::seat`], if it did.
    #[must_use]
    pub fn seat_if_any<S: Any + Send + Sync>(&self) -> Option<&S> {
        self.seat.get()?.downcast_ref()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Whether the pipe waits for a stream that has not been attached.
    #[must_use]
    pub fn wants_stream(&self) -> bool {
        self.lock().wants_stream()
    }

    /// Gives the pipe the stream that it waits for. False where it does not wait any more, and the stream is of no use.
    #[must_use = "the stream may be of no use"]
    pub fn attach(&self, stream: Arc<dyn Stream>) -> bool {
        let mut state = self.lock();
        if !state.wants_stream() {
            return false;
        }
        state.wanted = None;
        let old = state.replace(Some(stream));
        drop(state);
        if let Some(old) = old {
            old.end();
        }
        true
    }

    /// Takes the stream away and ends it, so that whoever waits for it wakes. The pipe hears nothing of it.
    pub fn cut(&self) {
        let old = self.lock().replace(None);
        if let Some(old) = old {
            old.end();
        }
    }

    /// The stream that it has now.
    #[must_use]
    pub fn stream(&self) -> Option<Arc<dyn Stream>> {
        self.lock().stream.clone()
    }

    /// The stream that it has now, where it is of that type: the one that its transport makes.
    #[must_use]
    pub fn stream_as<S: Stream>(&self) -> Option<Arc<S>> {
        let stream: Arc<dyn Any + Send + Sync> = self.stream()?;
        stream.downcast().ok()
    }

    /// Whether that is the stream that it has now.
    #[must_use]
    pub fn has(&self, stream: &dyn Stream) -> bool {
        self.lock().has(stream)
    }

    /// Whether nothing more comes of the pipe.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.lock().pipe.is_dead()
    }

    /// The stream is open.
    pub fn started(&self, now: Now, stream: &dyn Stream) {
        let mut state = self.lock();
        if state.has(stream) {
            let incarnation = state.incarnation;
            state.pipe.started(now, incarnation);
        }
    }

    /// The stream is broken.
    pub fn lost(&self, now: Now, stream: &dyn Stream, fault: Fault) {
        self.lock().lost(now, stream, fault);
    }

    /// The stream that the pipe waits for cannot be opened.
    pub fn unreachable(&self, now: Now, fault: Fault) {
        let mut state = self.lock();
        if let Some(wanted) = state.wanted.take() {
            state.pipe.lost(now, wanted, fault);
        }
    }

    /// That stream of the pipe is of no use any more.
    pub(crate) fn hang_up(&self, stream: Incarnation) {
        let mut state = self.lock();
        let old = if state.incarnation == stream { state.replace(None) } else { None };
        drop(state);
        if let Some(old) = old {
            old.end();
        }
    }

    /// Writes what there is, unless somebody else does that or the stream is full.
    pub fn flush(&self, now: Now) -> After {
        let mut state = self.lock();
        while let Some((stream, batch)) = state.send_begin(now) {
            drop(state);
            self.inject_fault(&*stream);
            let written = stream.write_batch(&batch);
            state = self.lock();
            state.send_end(now, &*stream, batch, written);
        }
        state.after()
    }

    /// The stream became writable.
    pub fn writable(&self) {
        let mut state = self.lock();
        state.writable = true;
        state.blocked = false;
    }

    /// Reads once. One thread at a time does that.
    pub fn read(&self, host: &dyn Host) -> ReadOutcome {
        let Some((stream, mut chunk)) = self.recv_begin() else { return ReadOutcome::Stopped };
        let read = stream.read_chunk(&mut chunk);
        self.recv_end(host.now(), &*stream, chunk, read)
    }

    /// Room for bytes that are to be read from this stream. `None` while the pipe wants none.
    pub fn recv_begin(&self) -> Option<(Arc<dyn Stream>, RecvChunk)> {
        let begun = self.lock().recv_begin()?;
        self.inject_fault(&*begun.0);
        Some(begun)
    }

    /// Takes room back, with what a read of the stream said.
    pub fn recv_end(
        &self,
        now: Now,
        stream: &dyn Stream,
        chunk: RecvChunk,
        read: io::Result<usize>,
    ) -> ReadOutcome {
        self.lock().recv_end(now, stream, chunk, read)
    }

    /// Bytes that are to be written to this stream. `None` while there are none, or somebody else has them.
    pub fn send_begin(&self, now: Now) -> Option<(Arc<dyn Stream>, SendBatch)> {
        let begun = self.lock().send_begin(now)?;
        self.inject_fault(&*begun.0);
        Some(begun)
    }

    /// Breaks a stream that is about to be read or written, where that is wanted.
    fn inject_fault(&self, stream: &dyn Stream) {
        if self.faults.as_ref().is_some_and(|faults| faults.breaks()) {
            tracing::debug!(con = %self.con, "injecting socket failure");
            stream.end();
        }
    }

    /// Takes what happened, with the faults that are wanted.
    pub(crate) fn take_events(&self, clock: &Clock, into: &mut Vec<PipeEvent>) {
        let mut state = self.lock();
        match &self.faults {
            None => state.take_events(into),
            Some(faults) => {
                state.take_late_events(clock.mono(), faults, into);
                drop(state);
                if into.iter().any(|event| !matches!(event, PipeEvent::Message(_))) {
                    faults.dawdle();
                }
            }
        }
    }

    /// Takes bytes back, with what a write to the stream said.
    pub fn send_end(&self, now: Now, stream: &dyn Stream, batch: SendBatch, written: io::Result<usize>) {
        self.lock().send_end(now, stream, batch, written);
    }

    /// What must be seen to.
    #[must_use]
    pub fn after(&self) -> After {
        self.lock().after()
    }

    /// Whether there is something for [`Host::pump`].
    #[must_use]
    pub fn has_events(&self) -> bool {
        self.lock().has_events()
    }

    /// Whether there are bytes to write and nobody writes.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.lock().pipe.wants_write()
    }

    /// Whether the pipe wants bytes again after it wanted none.
    #[must_use]
    pub fn resumes(&self) -> bool {
        self.lock().resumes()
    }

    /// Gives the time that the timer must be set to, if it must.
    pub fn rearm(&self) -> Option<Mono> {
        self.lock().rearm()
    }

    /// The timer fired.
    pub fn fired(&self, now: Now) {
        let mut state = self.lock();
        state.armed = None;
        state.is_late = state.delayed.front().is_some_and(|(due, _)| *due <= now.mono);
        state.pipe.handle_timeout(now);
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("con", &self.con).finish_non_exhaustive()
    }
}
