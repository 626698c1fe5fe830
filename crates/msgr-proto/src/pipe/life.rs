//! What becomes of a pipe whose stream breaks, and of one that gets another.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::net::SocketAddr;
use core::time::Duration;

use loligo_base::{Mono, Now};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};

use super::{Chores, Incarnation, Pipe, PipeEvent, Spares, Stage, StallWatch, Writer};
use crate::Fault;
use crate::protocol::Protocol;
use crate::session::Session;
use crate::v1::V1;
use crate::v2::V2;

/// Where a pipe is between birth and death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// The stream is being opened.
    Opening {
        /// When the greeting must be over.
        deadline: Mono,
    },
    /// The two ends greet each other.
    Greeting {
        /// When that must be over.
        deadline: Mono,
    },
    /// Messages go both ways.
    Open,
    /// There is no stream and nothing to send: the peer calls, or there will be something.
    Standby,
    /// There is no stream, and the peer is called when that time has come.
    Backoff {
        /// The time.
        until: Mono,
    },
    /// Over.
    Dead,
}

/// What a session had come to when it was opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    in_seq: u64,
    acked: u64,
    at: Mono,
}

impl Progress {
    pub(super) const fn of(session: &Session, now: Now) -> Self {
        Self { in_seq: session.in_seq(), acked: session.acked(), at: now.mono }
    }

    /// Whether the stream was of use since: a message went over it in either direction, or it has lasted.
    fn is_of_use(&self, session: &Session, now: Now, lasted: Duration) -> bool {
        let moved = (self.in_seq, self.acked) != (session.in_seq(), session.acked());
        moved || now.mono.saturating_since(self.at) >= lasted
    }
}

/// Whom a pipe calls.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    pub(super) kind: EntityType,
    /// All addresses of the peer.
    pub(super) addrs: EntityAddrVec,
    /// The one that is called.
    pub(super) target: EntityAddr,
}

impl Callee {
    /// The handshake of a call.
    pub(super) fn protocol(&self) -> Protocol {
        if self.target.kind == AddrType::MSGR2 {
            Protocol::V2(Box::new(V2::client(self.kind, self.target)))
        } else {
            Protocol::V1(Box::new(V1::client(self.kind, self.addrs.clone())))
        }
    }

    fn socket(&self) -> Option<SocketAddr> {
        self.target.socket_addr().filter(|socket| socket.port() != 0)
    }
}

/// A stream with the handshake that goes on there, on its way from one pipe to another.
pub(super) struct Stream {
    protocol: Protocol,
    stage: Stage,
    writer: Writer,
    deadline: Mono,
}

impl Pipe {
    /// Something went wrong on the stream (`fault`). A lossy connection is dead then, as is one that a peer opened and that never
    /// was of use; any other lives on.
    pub(super) fn fault(&mut self, now: Now, fault: Fault) {
        if self.life == Life::Dead {
            return;
        }
        self.was_open |= self.said_open;
        let newcomer = self.is_accepted && !self.was_open && !self.has_something() && !self.replacing;
        if self.policy.lossy || self.disposable || newcomer {
            return self.die(fault);
        }
        let was = self.life;
        let is_wait = fault == Fault::Wait;
        self.events.push_back(PipeEvent::HangUp { stream: self.incarnation, why: fault });
        self.drop_stream();
        let replacing = core::mem::take(&mut self.replacing);
        let is_calling = matches!(was, Life::Opening { .. } | Life::Greeting { .. }) && !self.is_accepted;
        if self.rests(is_wait) {
            self.life = Life::Standby;
        } else if is_calling || is_wait || (replacing && self.is_v2) {
            // On v1 the peer has not heard of one more.
            if self.is_v2 {
                self.count_session();
            }
            self.back_off(now, is_wait);
        } else if self.is_fruitless_again(now) {
            self.count_session();
            self.back_off(now, false);
        } else {
            self.backoff = Duration::ZERO;
            self.wake(now);
        }
    }

    /// Whether the stream that broke was of no use, and the one before it neither. Ceph calls at once each time: a message that the
    /// peer does not take keeps both ends busy for ever.
    fn is_fruitless_again(&mut self, now: Now) -> bool {
        let lasted = self.config.options.ms_max_backoff;
        let is_fruitless = !self.opened.is_of_use(&self.session, now, lasted);
        core::mem::replace(&mut self.was_fruitless, is_fruitless) && is_fruitless
    }

    /// Whether it waits for somebody to want something of it.
    fn rests(&self, is_wait: bool) -> bool {
        let idle = self.policy.standby && !self.has_something() && !is_wait;
        idle || self.policy.server || self.callee.as_ref().and_then(Callee::socket).is_none()
    }

    /// Whether there is something to send, now or again.
    pub(super) fn has_something(&self) -> bool {
        self.queue.len() > 0 || !self.session.is_acked() || self.chores.keepalive
    }

    /// Waits before the next call: longer each time, and for a random time, so that those who lost the same peer do not all call
    /// at once.
    fn back_off(&mut self, now: Now, is_wait: bool) {
        let options = &self.config.options;
        self.backoff = if is_wait {
            options.ms_max_backoff
        } else if self.backoff.is_zero() {
            options.ms_initial_backoff.min(options.ms_max_backoff)
        } else {
            self.backoff.saturating_mul(2).min(options.ms_max_backoff)
        };
        let most = u64::try_from(self.backoff.as_nanos() / 2).unwrap_or(u64::MAX);
        let cut = Duration::from_nanos(self.dice.below(most));
        self.life = Life::Backoff { until: now.mono + self.backoff.saturating_sub(cut) };
    }

    /// Calls the peer to go on with the session.
    pub(super) fn wake(&mut self, now: Now) {
        self.count_session();
        self.dial(now);
    }

    /// The session is opened once more, if there is one.
    fn count_session(&mut self) {
        if !self.is_v2 || self.session.server_cookie != 0 {
            self.session.connect_seq = self.session.connect_seq.wrapping_add(1);
        }
    }

    /// Wants a stream to the peer.
    pub(super) fn dial(&mut self, now: Now) {
        let Some(callee) = &self.callee else { return };
        let Some(socket) = callee.socket() else { return };
        self.is_accepted = false;
        self.is_v2 = callee.target.kind == AddrType::MSGR2;
        self.protocol = callee.protocol();
        self.life = Life::Opening { deadline: now.mono + self.config.options.ms_connection_ready_timeout };
        self.events.push_back(PipeEvent::Dial(socket));
    }

    /// The connection is over, and that is told.
    pub(super) fn die(&mut self, fault: Fault) {
        if self.life != Life::Dead {
            self.bury();
            self.events.push_back(PipeEvent::Dead(fault));
        }
    }

    pub(super) fn bury(&mut self) {
        self.drop_stream();
        self.life = Life::Dead;
        self.spares = Spares::new(Arc::clone(&self.config.spares_throttle));
        self.queue.clear();
        self.session.clear();
        self.chores = Chores::default();
        self.replacing = false;
    }

    /// Forgets all that belongs to the stream. What was written there and is not acknowledged has to be written again.
    fn drop_stream(&mut self) {
        self.protocol = Protocol::Closed;
        self.incarnation = Incarnation(self.incarnation.0.wrapping_add(1));
        self.stage = Stage::default();
        self.writer.clear();
        self.session.requeue_sent();
        self.chores = Chores { keepalive: self.chores.keepalive, ..Chores::default() };
        self.stall = StallWatch::default();
        self.throttled_until = None;
        (self.chunk_out, self.batch_out, self.asking, self.said_open) = (false, false, None, false);
    }

    /// Gives up the stream of a newcomer, which is dead then, and says nothing of it.
    pub(super) fn give_stream(&mut self) -> Stream {
        let deadline = match self.life {
            Life::Opening { deadline } | Life::Greeting { deadline } => deadline,
            _ => Mono::ZERO,
        };
        let stream = Stream {
            protocol: core::mem::replace(&mut self.protocol, Protocol::Closed),
            stage: core::mem::take(&mut self.stage),
            writer: core::mem::take(&mut self.writer),
            deadline,
        };
        self.bury();
        self.events.clear();
        stream
    }

    /// Goes on with the stream that another pipe gave up, in the midst of its greeting.
    pub(super) fn take_stream(&mut self, now: Now, stream: Stream) {
        let Stream { protocol, stage, writer, deadline } = stream;
        self.drop_stream();
        (self.protocol, self.stage, self.writer) = (protocol, stage, writer);
        self.is_v2 = matches!(self.protocol, Protocol::V2(_));
        self.life = Life::Greeting { deadline };
        self.is_accepted = true;
        self.replacing = true;
        self.last_read = now.mono;
    }
}
