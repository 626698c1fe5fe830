//! One connection as a machine: bytes in and out, messages in and out, time.

mod bytes;
mod event;
mod expected;
mod life;
mod meet;
mod recv;
mod send;
mod spares;
mod stall;
mod steps;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::time::Duration;

use loligo_base::{Mono, Now, Prng, Wall};
use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityType};

pub use event::{Answer, Arrived, Ask, Claim, Held, Incarnation, PipeEvent, SessionAnswer};
pub(crate) use expected::Expected;
use life::{Callee, Life, Progress};
pub use meet::Meeting;
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
use crate::{Fault, Outgoing, Peer, PeerError};

/// How long a full throttle is left alone, as in Ceph.
const THROTTLE_RETRY: Duration = Duration::from_millis(1);

/// One connection: the protocol over a stream of bytes that somebody else moves. A lossless one outlives its streams: when one
/// breaks, what the peer has not acknowledged is kept, and it asks for another ([`PipeEvent::Dial`]), or waits for the peer to
/// call ([`Pool::meet`](crate::Pool::meet)).
///
/// # The contract
///
/// [`started`](Self::started) once a stream is there. Then bytes come in by [`recv_begin`](Self::recv_begin) and
/// [`recv_end`](Self::recv_end), and go out by [`send_begin`](Self::send_begin) and [`send_end`](Self::send_end); at most
/// one chunk and one batch are out at a time, and nobody needs to hold the pipe meanwhile. A broken stream is told by
/// [`lost`](Self::lost). After each call, [`poll`](Self::poll) is drained, and [`next_timeout`](Self::next_timeout) says
/// when to call [`handle_timeout`](Self::handle_timeout). An [`PipeEvent::Asked`] is answered by
/// [`answer`](Self::answer), at once or later; until then the pipe neither parses nor hands out chunks.
/// Streams have names, the [`incarnation`](Self::incarnation) of the pipe that they were opened for: what comes late of an earlier
/// one has no effect.
#[derive(Debug)]
pub struct Pipe {
    config: Arc<Config>,
    policy: Policy,
    protocol: Protocol,
    /// Whom it calls; `None` where only the peer can.
    callee: Option<Callee>,
    /// The peer called.
    is_accepted: bool,
    /// What is spoken is messenger v2.
    is_v2: bool,
    /// This end has said on this stream that the session is open, which the peer may have heard.
    said_open: bool,
    /// The same, on any stream.
    was_open: bool,
    /// The endpoint knows of the connection: it asked for it, or was told.
    is_known: bool,
    /// It has taken the stream of another pipe, and the greeting there is not over.
    replacing: bool,
    /// Who is at the other end, as it was said last.
    peer: Option<Peer>,
    session: Session,
    stage: Stage,
    spares: Spares,
    writer: Writer,
    queue: OutQueue,
    chores: Chores,
    events: VecDeque<PipeEvent>,
    life: Life,
    incarnation: Incarnation,
    chunk_out: bool,
    batch_out: bool,
    asking: Option<Asking>,
    throttled_until: Option<Mono>,
    last_read: Mono,
    stall: StallWatch,
    disposable: bool,
    /// How long it waited last before it called again; nothing once that was of use.
    backoff: Duration,
    /// What the session had come to when it was opened last.
    opened: Progress,
    /// The last stream was of no use, and it has called again at once.
    was_fruitless: bool,
    /// For how long it waits.
    dice: Prng,
}

/// What the pipe waits for an answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// Something that leaves the stream where it is.
    Any,
    /// [`Ask::Session`], which may give the stream to another pipe: nothing of it may be out.
    Session,
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
        self.are_urgent() || self.ack.is_some()
    }

    /// Whether there is something that messages have to wait for.
    const fn are_urgent(&self) -> bool {
        self.keepalive || self.keepalive_ack.is_some()
    }
}

impl Pipe {
    /// A pipe that calls a peer (`connect_rank`), at the address and in the protocol that [`Config::target_addr`] says.
    /// `seed` is for the dice that decide how long it waits after a call that failed.
    #[must_use]
    pub fn connect(config: Arc<Config>, now: Now, peer: EntityType, addrs: EntityAddrVec, seed: u64) -> Self {
        let policy = config.policies.get(peer).clone();
        let target = config.target_addr(&addrs).unwrap_or(EntityAddr::NONE);
        let callee = Callee { kind: peer, addrs, target };
        let pipe = Self::new(config, now, policy, callee.protocol(), seed);
        Self { callee: Some(callee), is_known: true, ..pipe }
    }

    /// A pipe for a call that came in messenger v1 (`add_accept_pipe`): to a messenger at `my_addr`, from `seen`.
    #[must_use]
    pub fn accept(config: Arc<Config>, now: Now, my_addr: EntityAddr, seen: EntityAddr, seed: u64) -> Self {
        // Until the peer says what it is, it is served without a session.
        let protocol = Protocol::V1(Box::new(V1::server(my_addr, seen)));
        let pipe = Self::new(config, now, Policy::stateless_server(), protocol, seed);
        Self { is_accepted: true, ..pipe }
    }

    /// A pipe for a call that came in messenger v2: to a messenger that has these addresses, from `seen`.
    #[must_use]
    pub fn accept_v2(
        config: Arc<Config>,
        now: Now,
        my_addrs: EntityAddrVec,
        seen: EntityAddr,
        seed: u64,
    ) -> Self {
        let protocol = Protocol::V2(Box::new(V2::server(my_addrs, seen)));
        let pipe = Self::new(config, now, Policy::stateless_server(), protocol, seed);
        Self { is_accepted: true, ..pipe }
    }

    fn new(config: Arc<Config>, now: Now, policy: Policy, protocol: Protocol, seed: u64) -> Self {
        let deadline = now.mono + config.options.ms_connection_ready_timeout;
        let spares = Spares::new(Arc::clone(&config.spares_throttle));
        let is_v2 = matches!(protocol, Protocol::V2(_));
        Self {
            config,
            policy,
            protocol,
            callee: None,
            is_accepted: false,
            is_v2,
            said_open: false,
            was_open: false,
            is_known: false,
            replacing: false,
            peer: None,
            session: Session::default(),
            stage: Stage::default(),
            spares,
            writer: Writer::default(),
            queue: OutQueue::default(),
            chores: Chores::default(),
            events: VecDeque::new(),
            life: Life::Opening { deadline },
            incarnation: Incarnation::default(),
            chunk_out: false,
            batch_out: false,
            asking: None,
            throttled_until: None,
            last_read: now.mono,
            stall: StallWatch::default(),
            disposable: false,
            backoff: Duration::ZERO,
            opened: Progress::default(),
            was_fruitless: false,
            dice: Prng::new(seed),
        }
    }

    /// The stream that it has, or waits for.
    #[must_use]
    pub const fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// The stream is open: the pipe begins to speak.
    pub fn started(&mut self, now: Now, stream: Incarnation) {
        if let Life::Opening { deadline } = self.life
            && stream == self.incarnation
        {
            self.life = Life::Greeting { deadline };
            if let Err(fault) = self.with_protocol(now, Protocol::start) {
                self.fault(now, fault);
            }
        }
        self.invariants();
    }

    /// Queues a message. On a dead pipe it is dropped; one that stands by calls the peer, where it may.
    pub fn send(&mut self, now: Now, msg: Box<dyn Outgoing>) {
        if self.life != Life::Dead {
            self.queue.push(msg);
            self.leave_standby(now);
        }
    }

    /// Asks the peer for a sign of life (`send_keepalive`). Without an answer in time, the stream is given up.
    pub fn send_keepalive(&mut self, now: Now) {
        if self.life != Life::Dead {
            self.chores.keepalive = true;
            self.leave_standby(now);
        }
    }

    /// There is something to say: no pipe stands by with that, but those that never call.
    fn leave_standby(&mut self, now: Now) {
        if self.life == Life::Standby && !self.policy.server {
            self.wake(now);
        }
    }

    /// Closes at once. No event comes of it or after it (`mark_down`).
    pub fn mark_down(&mut self) {
        self.bury();
        self.events.clear();
    }

    /// From now on the connection is lossy: messages go both ways until its stream breaks, which is its end (`mark_disposable`).
    pub fn mark_disposable(&mut self) {
        // Besides, as a session that opens later may say that it is not lossy.
        self.disposable = true;
        self.policy.lossy = true;
        if matches!(self.life, Life::Standby | Life::Backoff { .. }) {
            self.die(Fault::Closed);
        }
    }

    /// The stream broke or could not be opened.
    pub fn lost(&mut self, now: Now, stream: Incarnation, fault: Fault) {
        if stream == self.incarnation {
            self.fault(now, fault);
        }
        self.invariants();
    }

    /// A message that came of this pipe cannot be read: the peer is not trusted any further on this stream.
    pub fn rejected(&mut self, now: Now, error: PeerError) {
        self.fault(now, Fault::Message(error));
        self.invariants();
    }

    /// Answers a question. An answer to a question that was not asked is dropped.
    pub fn answer(&mut self, now: Now, answer: Answer) {
        if self.life == Life::Dead || self.asking.take().is_none() {
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
        if self.has_events() { self.events.pop_front() } else { None }
    }

    /// Whether [`Self::poll`] has something.
    #[must_use]
    pub fn has_events(&self) -> bool {
        // What may move the stream to another pipe waits until nobody writes there.
        let moves = |event: &PipeEvent| matches!(event, PipeEvent::Asked(Ask::Session(_)));
        self.events.front().is_some_and(|event| !self.batch_out || !moves(event))
    }

    /// When to call [`Self::handle_timeout`].
    #[must_use]
    pub fn next_timeout(&self) -> Option<Mono> {
        let life = match self.life {
            Life::Opening { deadline } | Life::Greeting { deadline } => Some(deadline),
            Life::Open => Some(self.last_read + self.config.options.ms_connection_idle_timeout),
            Life::Backoff { until } => Some(until),
            Life::Standby if !self.is_known => Some(self.forgotten_at()),
            Life::Standby => None,
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
                self.fault(now, Fault::HandshakeTimeout);
            }
            Life::Open if due(self.chores.keepalive_due) => self.fault(now, Fault::KeepaliveTimeout),
            Life::Open if due(self.stall.deadline()) => self.fault(now, Fault::Stalled),
            Life::Open if due(Some(idle)) => self.fault(now, Fault::Idle),
            Life::Standby if !self.is_known && due(Some(self.forgotten_at())) => self.die(Fault::Idle),
            Life::Backoff { until } if due(Some(until)) => self.dial(now),
            _ => {}
        }
        if due(self.throttled_until) {
            self.throttled_until = None;
            self.parse(now);
        }
        self.invariants();
    }

    /// When a session that nobody was told of is forgotten, as nobody here could close it. Not before the peer has found out that its
    /// stream is of no use, and has called again.
    fn forgotten_at(&self) -> Mono {
        self.last_read + self.config.options.ms_connection_idle_timeout.saturating_mul(2)
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

    /// How many messages were given to it that the peer has not: those that wait to be written and, on a lossless connection,
    /// those that are not acknowledged.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len() + self.session.unacked()
    }

    /// What it waits for, in words, for a log.
    #[must_use]
    pub fn waits_for(&self) -> &'static str {
        self.protocol.waits_for()
    }

    fn with_protocol<T>(&mut self, now: Now, f: impl FnOnce(&mut Protocol, &mut Cx<'_>) -> T) -> T {
        let mut cx = Cx {
            config: &self.config,
            policy: &mut self.policy,
            session: &mut self.session,
            said_open: &mut self.said_open,
            peer: &self.peer,
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
        let busy = self.chunk_out || self.batch_out || self.asking.is_some() || self.queue.len() > 0;
        let _ = loligo_base::never!(dead && busy, "a dead pipe has work");
        let _ = loligo_base::never!(
            self.protocol.is_open() != (self.life == Life::Open),
            "the pipe and its protocol disagree on whether it is open"
        );
    }
}
