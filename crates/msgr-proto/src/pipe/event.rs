//! What a pipe tells, asks and is answered.

use loligo_wire::entity::{EntityAddr, EntityAddrVec};

use crate::throttle::Taken;
use crate::{AuthRequest, AuthStep, Envelope, Fault, Peer};

/// What happened on a pipe.
#[derive(Debug)]
pub enum PipeEvent {
    /// We called, and the session is open.
    Connected(Peer),
    /// A peer called, and the session is open.
    Accepted(Peer),
    /// A message arrived.
    Message(Arrived),
    /// The handshake waits for an answer: [`Pipe::answer`](crate::Pipe::answer).
    Asked(Ask),
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
    /// The sequence number.
    GlobalSeq(u32),
    /// The endpoint's answer.
    Auth(AuthStep),
}
