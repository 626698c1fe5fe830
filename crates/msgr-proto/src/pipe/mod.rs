//! One connection as a machine: bytes in and out, messages in and out, time.

mod bytes;
mod event;
mod expected;
mod recv;
mod send;
mod spares;
mod stall;
mod steps;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::time::Duration;

use loligo_base::{Mono, Now, Wall};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};

pub use event::{Answer, Arrived, Ask, Held, PipeEvent};
pub(crate) use expected::Expected;
pub use recv::RecvChunk;
pub(crate) use recv::{Gather, PIECE_MAX, Stage};
use send::OutQueue;
pub use send::SendBatch;
pub(crate) use send::Writer;
pub(crate) use spares::Spares;
use stall::StallWatch;

use crate::config::Config;
use crate::policy::Policy;
use crate::protocol::{Cx, Protocol};
use crate::session::Session;
use crate::v1::V1;
use crate::v2::V2;
use crate::{Fault, Outgoing};

/// How long a full throttle is left alone, as in Ceph.
const THROTTLE_RETRY: Duration = Duration::from_millis(1);

/// One connection: the protocol over a stream of bytes that somebody else moves.
///
/// # The contract
///
/// [`started`](Self::started) once the stream is there. Then bytes come in by [`recv_begin`](Self::recv_begin) and
/// [`recv_end`](Self::recv_end), and go out by [`send_begin`](Self::send_begin) and [`send_end`](Self::send_end); at most
/// one chunk and one batch are out at a time, and nobody needs to hold the pipe meanwhile. A broken stream is told by
/// [`lost`](Self::lost). After each call, [`poll`](Self::poll) is drained, and [`next_timeout`](Self::next_timeout) says
/// when to call [`handle_timeout`](Self::handle_timeout). An [`PipeEvent::Asked`] is answered by
/// [`answer`](Self::answer), at once or later; until then the pipe neither parses nor hands out chunks.
#[derive(Debug)]
pub struct Pipe {
    config: Arc<Config>,
    policy: Policy,
    protocol: Protocol,
    /// The peer called.
    is_accepted: bool,
    session: Session,
    stage: Stage,
    spares: Spares,
    writer: Writer,
    queue: OutQueue,
    chores: Chores,
    events: VecDeque<PipeEvent>,
    life: Life,
    /// Counts the streams that this pipe had: what belongs to an earlier one is dropped.
    incarnation: u32,
    chunk_out: bool,
    batch_out: bool,
    asking: bool,
    throttled_until: Option<Mono>,
    last_read: Mono,
    stall: StallWatch,
    disposable: bool,
}

/// Where a pipe is between birth and death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
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
    Open,
    Dead,
}

/// Small things to say beside messages.
#[derive(Debug, Default)]
pub(crate) struct Chores {
    /// A keepalive is to be sent.
    pub(crate) keepalive: bool,
    /// When the answer to a keepalive must be here.
    pub(crate) keepalive_due: Option<Mono>,
    /// A keepalive with that stamp is to be answered.
    pub(crate) keepalive_ack: Option<Wall>,
    /// Messages up to that number are to be acknowledged.
    pub(crate) ack: Option<u64>,
}

impl Chores {
    const fn are_there(&self) -> bool {
        self.keepalive || self.keepalive_ack.is_some() || self.ack.is_some()
    }
}

impl Pipe {
    /// A pipe that calls a peer (`connect_rank`), at the address and in the protocol that [`Config::target_addr`] says.
    /// `global_seq` is from [`Pool`](crate::Pool).
    #[must_use]
    pub fn connect(
        config: Arc<Config>,
        now: Now,
        peer: EntityType,
        addrs: EntityAddrVec,
        global_seq: u32,
    ) -> Self {
        let policy = config.policies.get(peer).clone();
        let protocol = match config.target_addr(&addrs) {
            Some(target) if target.kind == AddrType::MSGR2 => {
                Protocol::V2(Box::new(V2::client(peer, target, global_seq)))
            }
            _ => Protocol::V1(Box::new(V1::client(peer, addrs, global_seq))),
        };
        Self::new(config, now, policy, protocol, false)
    }

    /// A pipe for a call that came in messenger v1 (`add_accept_pipe`): to a messenger at `my_addr`, from `seen`.
    #[must_use]
    pub fn accept(config: Arc<Config>, now: Now, my_addr: EntityAddr, seen: EntityAddr) -> Self {
        // Until the peer says what it is, it is served without a session.
        let protocol = Protocol::V1(Box::new(V1::server(my_addr, seen)));
        Self::new(config, now, Policy::stateless_server(), protocol, true)
    }

    /// A pipe for a call that came in messenger v2: to a messenger that has these addresses, from `seen`.
    #[must_use]
    pub fn accept_v2(config: Arc<Config>, now: Now, my_addrs: EntityAddrVec, seen: EntityAddr) -> Self {
        let protocol = Protocol::V2(Box::new(V2::server(my_addrs, seen)));
        Self::new(config, now, Policy::stateless_server(), protocol, true)
    }

    fn new(config: Arc<Config>, now: Now, policy: Policy, protocol: Protocol, is_accepted: bool) -> Self {
        let deadline = now.mono + config.options.ms_connection_ready_timeout;
        let spares = Spares::new(Arc::clone(&config.spares_throttle));
        Self {
            config,
            policy,
            protocol,
            is_accepted,
            session: Session::default(),
            stage: Stage::default(),
            spares,
            writer: Writer::default(),
            queue: OutQueue::default(),
            chores: Chores::default(),
            events: VecDeque::new(),
            life: Life::Opening { deadline },
            incarnation: 0,
            chunk_out: false,
            batch_out: false,
            asking: false,
            throttled_until: None,
            last_read: now.mono,
            stall: StallWatch::default(),
            disposable: false,
        }
    }

    /// The stream is open: the pipe begins to speak.
    pub fn started(&mut self, now: Now) {
        if let Life::Opening { deadline } = self.life {
            self.life = Life::Greeting { deadline };
            if let Err(fault) = self.with_protocol(now, Protocol::start) {
                self.die(fault);
            }
        }
        self.invariants();
    }

    /// Queues a message. On a dead pipe it is dropped.
    pub fn send(&mut self, msg: Box<dyn Outgoing>) {
        if self.life != Life::Dead {
            self.queue.push(msg);
        }
    }

    /// Asks the peer for a sign of life (`send_keepalive`). Without an answer in time, the pipe faults.
    pub const fn send_keepalive(&mut self) {
        self.chores.keepalive = true;
    }

    /// Closes at once. No event comes of it or after it (`mark_down`).
    pub fn mark_down(&mut self) {
        self.bury();
        self.events.clear();
    }

    /// Closes when all that waits is sent, or on the first fault (`mark_disposable`).
    pub fn mark_disposable(&mut self) {
        self.disposable = true;
        self.policy.lossy = true;
        self.dispose();
    }

    /// The stream broke or could not be opened.
    pub fn lost(&mut self, fault: Fault) {
        self.die(fault);
        self.invariants();
    }

    /// Answers a question. An answer to a question that was not asked is dropped.
    pub fn answer(&mut self, now: Now, answer: Answer) {
        if self.life == Life::Dead || !core::mem::take(&mut self.asking) {
            return;
        }
        let step = self.with_protocol(now, |protocol, cx| protocol.answer(cx, answer));
        if self.take_step(now, step) {
            self.parse(now);
        }
        self.invariants();
    }

    /// What happened, until there is nothing more.
    pub fn poll(&mut self) -> Option<PipeEvent> {
        self.events.pop_front()
    }

    /// Whether [`Self::poll`] has something.
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// When to call [`Self::handle_timeout`].
    #[must_use]
    pub fn next_timeout(&self) -> Option<Mono> {
        let life = match self.life {
            Life::Opening { deadline } | Life::Greeting { deadline } => Some(deadline),
            Life::Open => Some(self.last_read + self.config.options.ms_connection_idle_timeout),
            Life::Dead => return None,
        };
        [life, self.chores.keepalive_due, self.throttled_until, self.stall.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        let due = |at: Option<Mono>| at.is_some_and(|at| at <= now.mono);
        let idle = self.last_read + self.config.options.ms_connection_idle_timeout;
        match self.life {
            Life::Opening { deadline } | Life::Greeting { deadline } if due(Some(deadline)) => {
                self.die(Fault::HandshakeTimeout);
            }
            Life::Open if due(self.chores.keepalive_due) => self.die(Fault::KeepaliveTimeout),
            Life::Open if due(self.stall.deadline()) => self.die(Fault::Stalled),
            Life::Open if due(Some(idle)) => self.die(Fault::Idle),
            _ => {}
        }
        if due(self.throttled_until) {
            self.throttled_until = None;
            self.parse(now);
        }
        self.invariants();
    }

    /// Whether nothing more comes of this pipe.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.life == Life::Dead
    }

    /// Whether messages can go both ways.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.life == Life::Open
    }

    /// What it waits for, in words, for a log.
    #[must_use]
    pub fn waits_for(&self) -> &'static str {
        self.protocol.waits_for()
    }

    fn die(&mut self, fault: Fault) {
        if self.life != Life::Dead {
            self.bury();
            self.events.push_back(PipeEvent::Dead(fault));
        }
    }

    fn bury(&mut self) {
        self.life = Life::Dead;
        self.protocol = Protocol::Closed;
        self.incarnation = self.incarnation.wrapping_add(1);
        self.stage = Stage::default();
        self.spares = Spares::new(Arc::clone(&self.config.spares_throttle));
        self.writer.clear();
        self.queue.clear();
        self.chores = Chores::default();
        self.stall = StallWatch::default();
        self.throttled_until = None;
        (self.chunk_out, self.batch_out, self.asking) = (false, false, false);
    }

    fn with_protocol<T>(&mut self, now: Now, f: impl FnOnce(&mut Protocol, &mut Cx<'_>) -> T) -> T {
        let mut cx = Cx {
            config: &self.config,
            policy: &mut self.policy,
            session: &mut self.session,
            stage: &mut self.stage,
            spares: &mut self.spares,
            writer: &mut self.writer,
            chores: &mut self.chores,
            now,
        };
        f(&mut self.protocol, &mut cx)
    }

    /// Panics in debug builds where the pipe contradicts itself.
    pub fn invariants(&self) {
        self.session.invariants();
        let dead = self.life == Life::Dead;
        let busy = self.chunk_out || self.batch_out || self.asking || self.queue.len() > 0;
        let _ = loligo_base::never!(dead && busy, "a dead pipe has work");
        let _ = loligo_base::never!(
            self.protocol.is_open() != (self.life == Life::Open),
            "the pipe and its protocol disagree on whether it is open"
        );
    }
}
