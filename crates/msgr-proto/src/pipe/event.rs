//! What a pipe tells, asks and is answered.

use core::net::SocketAddr;

use loligo_wire::entity::{EntityAddr, EntityAddrVec};

use crate::session::Wanted;
use crate::throttle::Taken;
use crate::{AuthRequest, AuthStep, Envelope, Fault, Peer};

/// Counts the streams that a pipe had. What belongs to an earlier one is of no effect any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incarnation(pub(crate) u32);

/// What happened on a pipe.
#[derive(Debug)]
pub enum PipeEvent {
    /// We called, and the session is open. On a lossless connection, once for each stream that it had.
    Connected(Peer),
    /// A peer called, and the session is open. On a lossless connection, once for each stream that it had.
    Accepted(Peer),
    /// A message arrived.
    Message(Arrived),
    /// The handshake waits for an answer: [`Pipe::answer`](crate::Pipe::answer).
    Asked(Ask),
    /// The peer has begun the session anew; what it had not acknowledged is lost.
    RemoteReset,
    /// A lossless connection wants a stream to that address. Then [`Pipe::started`](crate::Pipe::started) or
    /// [`Pipe::lost`](crate::Pipe::lost), for the incarnation that the pipe has when this is taken.
    Dial(SocketAddr),
    /// That stream of a lossless connection is of no use any more, and is to be closed; the connection lives on.
    HangUp {
        /// The stream.
        stream: Incarnation,
        /// Why. [`Fault::Refused`] for one that nobody took.
        why: Fault,
    },
    /// The pipe is dead; nothing more comes of it.
    Dead(Fault),
}

/// A message with what it takes of the throttles: dropped when the message is handled.
#[derive(Debug)]
pub struct Arrived {
    /// The message, checked and not decoded.
    pub envelope: Envelope,
    /// What it takes of the throttles.
    pub held: Held,
}

/// What a message takes of the throttles for bytes, messages and dispatch. Dropping it gives all back.
#[derive(Debug, Default)]
pub struct Held {
    pub(crate) message: Option<Taken>,
    pub(crate) bytes: Option<Taken>,
    pub(crate) dispatch: Option<Taken>,
}

/// A question of the handshake, to the pool or to the endpoint.
#[derive(Debug)]
pub enum Ask {
    /// To the pool: what is our own address? Answer: [`Answer::MyAddr`].
    MyAddr {
        /// What the peer sees as our address: what a messenger without one learns (`learned_addr`).
        seen: EntityAddr,
    },
    /// To the pool, on messenger v2: what are our own addresses? Answer: [`Answer::MyAddrs`].
    MyAddrs {
        /// What the peer sees as our address.
        seen: EntityAddr,
    },
    /// To the pool: a global sequence number above this one, please (`get_global_seq`). Answer:
    /// [`Answer::GlobalSeq`].
    GlobalSeq {
        /// What the peer has seen of us.
        above: u32,
    },
    /// To the pool: a peer that called wants this session. May there be another connection with it? See
    /// [`Pool::rival`](crate::Pool::rival).
    Session(Claim),
    /// To the endpoint. Answer: [`Answer::Auth`].
    Auth(AuthRequest),
}

/// The answer to an [`Ask`].
#[derive(Debug)]
pub enum Answer {
    /// Our own address with its nonce.
    MyAddr(EntityAddr),
    /// Our own addresses.
    MyAddrs(EntityAddrVec),
    /// The sequence number, with a random number that nobody else knows.
    GlobalSeq {
        /// The sequence number.
        seq: u32,
        /// The random number.
        random: u64,
    },
    /// What becomes of the session that a peer wants.
    Session(SessionAnswer),
    /// The endpoint's answer.
    Auth(AuthStep),
}

/// Which session a peer that called wants.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where the peer is.
    pub(crate) addrs: EntityAddrVec,
    /// The number of its connection, among all that it opens.
    pub(crate) global_seq: u32,
    /// The session.
    pub(crate) wanted: Wanted,
}

/// What becomes of the session that a peer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAnswer {
    /// There is no other connection with this peer: what it wants is a session that is new here.
    New,
    /// There was one, and it is over: a new session is opened, whatever the peer wants.
    Open,
    /// The pipe has taken the stream of the peer's call, and its own session goes on.
    GoOn {
        /// Numbers begin anew.
        anew: bool,
    },
    /// A connection of the session was newer (`RETRY_SESSION`, `SESSION_RETRY`).
    Retry {
        /// Its number: on messenger v1 the one to be taken, on v2 one less.
        connect_seq: u32,
    },
    /// A connection of the peer was newer (`RETRY_GLOBAL`, `SESSION_RETRY_GLOBAL`).
    RetryGlobal {
        /// Its number.
        global_seq: u32,
    },
    /// There is no such session any more (`RESETSESSION`, `SESSION_RESET`).
    Reset {
        /// What the peer has received is forgotten too; so always on messenger v1.
        full: bool,
    },
    /// We call as well, and our call goes on (`WAIT`).
    Wait,
    /// A newer connection of the peer is here already.
    Stale,
}
