//! What the lock of a line protects.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{Arrived, Fault, Incarnation, Pipe, PipeEvent, RecvChunk, SendBatch};
use loligo_wire::entity::EntityType;

use super::{After, ReadOutcome};
use crate::transport::inject::Faults;
use crate::transport::socket::kind;
use crate::transport::stream::{Stream, is_same};

/// How many bytes are encoded and written at once.
const WRITE_MAX: usize = 256 << 10;

/// What the lock of a line protects.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) pipe: Pipe,
    /// Where to dial; where from, for an accepted one.
    pub(super) addr: SocketAddr,
    /// The stream that was asked for and that has not come.
    pub(super) wanted: Option<Incarnation>,
    pub(super) stream: Option<Arc<dyn Stream>>,
    /// What that stream is to the pipe.
    pub(super) incarnation: Incarnation,
    /// The stream took no more: wait until it is writable.
    pub(super) blocked: bool,
    /// It became writable after the current writer last looked.
    pub(super) writable: bool,
    /// The pipe wanted no bytes when there were some: read on when it does.
    pub(super) stalled: bool,
    /// When the transport will look at the pipe's timers.
    pub(super) armed: Option<Mono>,
    /// What type of peer there is, as far as it is known.
    pub(super) peer: EntityType,
    /// Messages that are told later, on purpose.
    pub(super) delayed: VecDeque<(Mono, Arrived)>,
    /// Some of them are due.
    pub(super) is_late: bool,
}

impl State {
    /// A pipe that waits for its first stream.
    pub(super) fn new(addr: SocketAddr, pipe: Pipe) -> Self {
        Self {
            addr,
            wanted: Some(pipe.incarnation()),
            incarnation: pipe.incarnation(),
            pipe,
            stream: None,
            blocked: false,
            writable: false,
            stalled: false,
            armed: None,
            peer: EntityType::default(),
            delayed: VecDeque::new(),
            is_late: false,
        }
    }

    pub(super) fn has(&self, stream: &dyn Stream) -> bool {
        self.stream.as_ref().is_some_and(|own| is_same(&**own, stream))
    }

    pub(super) fn wants_stream(&self) -> bool {
        self.wanted == Some(self.pipe.incarnation()) && !self.pipe.is_dead()
    }

    pub(super) fn lost(&mut self, now: Now, stream: &dyn Stream, fault: Fault) {
        if self.has(stream) {
            self.pipe.lost(now, self.incarnation, fault);
        }
    }

    /// Another stream, or none, for what the pipe is now; gives the one that it had.
    pub(crate) fn replace(&mut self, stream: Option<Arc<dyn Stream>>) -> Option<Arc<dyn Stream>> {
        (self.blocked, self.writable, self.stalled) = (false, false, false);
        self.incarnation = self.pipe.incarnation();
        std::mem::replace(&mut self.stream, stream)
    }

    pub(super) fn has_events(&self) -> bool {
        self.pipe.has_events() || self.is_late
    }

    pub(super) fn take_events(&mut self, into: &mut Vec<PipeEvent>) {
        into.extend(std::iter::from_fn(|| self.next_event()));
    }

    pub(super) fn next_event(&mut self) -> Option<PipeEvent> {
        let event = self.pipe.poll()?;
        match &event {
            PipeEvent::Dial(addr) => (self.addr, self.wanted) = (*addr, Some(self.pipe.incarnation())),
            PipeEvent::Connected(peer) | PipeEvent::Accepted(peer) => self.peer = peer.name.kind,
            _ => {}
        }
        Some(event)
    }

    /// The same, where messages may be late. They stay in order, and are told before what ends or renews the session.
    pub(super) fn take_late_events(&mut self, now: Mono, faults: &Faults, into: &mut Vec<PipeEvent>) {
        self.is_late = false;
        self.take_delayed(now, into);
        while let Some(event) = self.next_event() {
            match event {
                PipeEvent::Message(arrived) => {
                    let last = self.delayed.back().map_or(Mono::ZERO, |(due, _)| *due);
                    self.delayed.push_back((faults.tells_at(now, self.peer).max(last), arrived));
                    self.take_delayed(now, into);
                }
                PipeEvent::Asked(_) => into.push(event),
                _ => {
                    into.extend(self.delayed.drain(..).map(|(_, arrived)| PipeEvent::Message(arrived)));
                    into.push(event);
                }
            }
        }
    }

    pub(super) fn take_delayed(&mut self, now: Mono, into: &mut Vec<PipeEvent>) {
        while self.delayed.front().is_some_and(|(due, _)| *due <= now) {
            into.extend(self.delayed.pop_front().map(|(_, arrived)| PipeEvent::Message(arrived)));
        }
    }

    pub(super) fn send_begin(&mut self, now: Now) -> Option<(Arc<dyn Stream>, SendBatch)> {
        if self.blocked || !self.pipe.wants_write() {
            return None;
        }
        let stream = Arc::clone(self.stream.as_ref()?);
        self.writable = false;
        Some((stream, self.pipe.send_begin(now, WRITE_MAX)?))
    }

    pub(super) fn send_end(
        &mut self,
        now: Now,
        stream: &dyn Stream,
        batch: SendBatch,
        written: io::Result<usize>,
    ) {
        match written {
            Ok(n) => self.pipe.send_end(batch, n),
            Err(error) => {
                self.pipe.send_end(batch, 0);
                match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    // It may have become writable between the attempt and now: then nobody would tell again.
                    io::ErrorKind::WouldBlock => self.blocked = self.has(stream) && !self.writable,
                    _ => self.lost(now, stream, Fault::Io(kind(&error))),
                }
            }
        }
    }

    pub(super) fn recv_begin(&mut self) -> Option<(Arc<dyn Stream>, RecvChunk)> {
        let stream = Arc::clone(self.stream.as_ref()?);
        let chunk = self.pipe.recv_begin();
        self.stalled = chunk.is_none();
        Some((stream, chunk?))
    }

    pub(super) fn recv_end(
        &mut self,
        now: Now,
        stream: &dyn Stream,
        chunk: RecvChunk,
        read: io::Result<usize>,
    ) -> ReadOutcome {
        let room = chunk.room();
        let fault = match read {
            Ok(0) => Fault::Closed,
            Ok(n) => {
                self.pipe.recv_end(now, chunk, n);
                return if n < room { ReadOutcome::Drained } else { ReadOutcome::More };
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    self.pipe.recv_end(now, chunk, 0);
                    return ReadOutcome::Drained;
                }
                io::ErrorKind::Interrupted => {
                    self.pipe.recv_end(now, chunk, 0);
                    return ReadOutcome::More;
                }
                _ => Fault::Io(kind(&error)),
            },
        };
        self.lost(now, stream, fault);
        ReadOutcome::Stopped
    }

    pub(super) fn resumes(&self) -> bool {
        self.stalled && self.pipe.wants_read()
    }

    pub(super) fn after(&self) -> After {
        let due = self.has_events() || self.sooner().is_some() || self.resumes();
        if due { After::Service } else { After::Nothing }
    }

    /// The pipe's next timer, where it is due before the transport will look. One that moved to later is left: the
    /// transport looks early then, once, instead of being told each time.
    pub(super) fn sooner(&self) -> Option<Mono> {
        let late = self.delayed.front().map(|(due, _)| *due);
        let next = [self.pipe.next_timeout(), late].into_iter().flatten().min();
        next.filter(|next| self.armed.is_none_or(|armed| *next < armed))
    }

    pub(super) fn rearm(&mut self) -> Option<Mono> {
        let next = self.sooner()?;
        self.armed = Some(next);
        Some(next)
    }
}
