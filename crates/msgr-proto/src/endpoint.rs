//! The seam between the messenger and what stands above it.

use alloc::boxed::Box;
use core::fmt;

use loligo_base::{Mono, Now};
use loligo_wire::entity::{EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::{Message, Payload};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::{DecodeError, Features, Tid};
use thiserror::Error;

use crate::{Arrived, AuthRequest, AuthStep, Fault, Held};

/// What stands above the messenger: a client, a daemon, a chain of dispatchers.
///
/// # The contract
///
/// An endpoint takes one [`Input`], then is drained: [`poll`](Self::poll) is called until it gives `None`, and each
/// output is carried out in that order. [`handle`](Self::handle) cannot fail: trouble comes out as an output. After
/// that, [`next_timeout`](Self::next_timeout) says when to come back with [`Input::Timeout`]; coming back earlier,
/// or when there is nothing to do, does no harm. The same inputs give the same outputs, byte for byte; the driver
/// (`msgr::Node`, or the simulator) decides nothing.
///
/// What an endpoint does in `handle` is short: messages come to it decoded and checked.
pub trait Endpoint {
    /// An incoming message, decoded.
    type Msg;
    /// What a caller asks of the endpoint.
    type Call;
    /// What the endpoint tells its callers. Handed over when no lock is held.
    type Done;

    /// Decodes a message. Has no state and runs on the thread of the pipe, before the endpoint's lock.
    ///
    /// # Errors
    ///
    /// When the peer sent something that it must not: the pipe faults.
    fn decode(envelope: Envelope) -> Result<Self::Msg, PeerError>;

    /// The same for an endpoint whose messages keep what they hold of the throttles until something later than
    /// [`handle`](Self::handle): gives what is still held until that.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn take(arrived: Arrived) -> Result<(Self::Msg, Held), PeerError> {
        Self::decode(arrived.envelope).map(|msg| (msg, arrived.held))
    }

    /// Takes one input.
    fn handle(&mut self, now: Now, input: Input<Self::Msg, Self::Call>);

    /// Gives the next output, until there is none.
    fn poll(&mut self) -> Option<Output<Self::Done>>;

    /// When [`Input::Timeout`] is due, if ever.
    fn next_timeout(&self) -> Option<Mono>;
}

/// What an [`Endpoint`] is told.
#[derive(Debug)]
pub enum Input<Msg, Call> {
    /// Something happened on a connection.
    Net(NetEvent<Msg>),
    /// A caller asks for something.
    Call(Call),
    /// The time that [`Endpoint::next_timeout`] gave has come.
    Timeout,
    /// The driver has ended, as it was asked to or because of a fault of its own. Connections are gone, none will open any
    /// more, and no time will be told: whoever waits for something must hear now that it will not come. What is asked
    /// later still arrives. May come more than once.
    Stopped,
}

/// What an [`Endpoint`] wants done.
#[derive(Debug)]
pub enum Output<Done> {
    /// Something to do on a connection.
    Net(NetCommand),
    /// Something to tell a caller.
    Done(Done),
}

/// Names a connection between an endpoint and the messenger, never used twice by one endpoint.
///
/// The endpoint names the connections that it opens, the messenger those that it accepts; the two cannot meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConId(u64);

impl ConId {
    /// The name of the `n`th connection that an endpoint opens.
    #[must_use]
    pub const fn opened(n: u64) -> Self {
        Self(n << 1)
    }

    /// The name of the `n`th connection that a messenger accepts.
    #[must_use]
    pub const fn accepted(n: u64) -> Self {
        Self(n << 1 | 1)
    }

    /// Whether the peer opened the connection.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        self.0 & 1 == 1
    }
}

impl fmt::Display for ConId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.is_accepted() { "in" } else { "out" };
        write!(f, "{side}{}", self.0 >> 1)
    }
}

/// An incoming message before it is decoded: checksums and signature are checked.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The header as it came.
    pub header: MessageHeader,
    /// The parts of the message.
    pub payload: Payload,
}

impl Envelope {
    /// Decodes the message as an `M`.
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn decode<M: Message>(self) -> Result<M, PeerError> {
        let message_type = self.header.message_type;
        M::decode(&self.header, self.payload).map_err(|source| PeerError { message_type, source })
    }
}

/// A message that cannot be decoded. The pipe that brought it faults.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("message of type {message_type}: {source}")]
pub struct PeerError {
    /// The type in the message's header.
    pub message_type: u16,
    /// What is wrong with it.
    pub source: DecodeError,
}

/// Something that happened on a connection.
#[derive(Debug)]
pub enum NetEvent<Msg> {
    /// A connection that the endpoint opened is ready (`ms_handle_connect`).
    Connected {
        /// The connection.
        con: ConId,
        /// Who is at the other end.
        peer: Peer,
    },
    /// A peer opened a connection and is who it says (`ms_handle_accept`).
    Accepted {
        /// The connection, named by the messenger.
        con: ConId,
        /// Who is at the other end.
        peer: Peer,
    },
    /// A message arrived (`ms_dispatch`).
    Message {
        /// The connection.
        con: ConId,
        /// The message's header.
        header: MessageHeader,
        /// The message.
        msg: Msg,
    },
    /// The connection is dead; nothing more comes of it (`ms_handle_reset`). Told once, and not at all for a
    /// connection that the endpoint marked down.
    Reset {
        /// The connection.
        con: ConId,
        /// Why.
        why: Fault,
    },
    /// A lossless session was begun anew by the peer; what it had not acknowledged is lost
    /// (`ms_handle_remote_reset`).
    RemoteReset {
        /// The connection.
        con: ConId,
    },
    /// Nobody listens at the address (`ms_handle_refused`). A [`NetEvent::Reset`] follows on a lossy connection.
    Refused {
        /// The connection.
        con: ConId,
    },
    /// The handshake waits for an answer of the endpoint, a [`NetCommand::AuthStep`].
    AuthWanted {
        /// The connection.
        con: ConId,
        /// The question.
        request: AuthRequest,
    },
}

impl<Msg> NetEvent<Msg> {
    /// The connection that it happened on.
    #[must_use]
    pub const fn con(&self) -> ConId {
        match self {
            Self::Connected { con, .. }
            | Self::Accepted { con, .. }
            | Self::Message { con, .. }
            | Self::Reset { con, .. }
            | Self::RemoteReset { con }
            | Self::Refused { con }
            | Self::AuthWanted { con, .. } => *con,
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The name, `osd.3`.
    pub name: EntityName,
    /// The addresses that the peer says it has.
    pub addrs: EntityAddrVec,
    /// The features that both ends have.
    pub features: Features,
}

/// Something to do on a connection.
#[derive(Debug)]
pub enum NetCommand {
    /// Open a connection (`get_connection`).
    Connect {
        /// Its name, from [`ConId::opened`].
        con: ConId,
        /// The type of the peer, which decides the policy.
        peer: EntityType,
        /// Where it is.
        addrs: EntityAddrVec,
    },
    /// Open a connection that nothing else is found by or found as: there may be any number of them to one peer (`anon`).
    ConnectAnon {
        /// Its name, from [`ConId::opened`].
        con: ConId,
        /// The type of the peer.
        peer: EntityType,
        /// Where it is.
        addrs: EntityAddrVec,
    },
    /// Send a message. On a connection that is dead or unknown, it is dropped.
    Send {
        /// The connection.
        con: ConId,
        /// The message.
        msg: Box<dyn Outgoing>,
    },
    /// Ask the peer for a sign of life (`send_keepalive`).
    SendKeepalive {
        /// The connection.
        con: ConId,
    },
    /// Close at once, without an event (`mark_down`).
    MarkDown {
        /// The connection.
        con: ConId,
    },
    /// Let the connection end with its stream: from now on it is lossy (`mark_disposable`).
    MarkDisposable {
        /// The connection.
        con: ConId,
    },
    /// From now on this messenger has that name in every message (`set_myname`): a client learns its number at login.
    SetMyName {
        /// The name. Its type is the one that the messenger had.
        name: EntityName,
    },
    /// Answer a [`NetEvent::AuthWanted`].
    AuthStep {
        /// The connection.
        con: ConId,
        /// The answer.
        step: AuthStep,
    },
}

/// A message on its way out. It is encoded by the pipe, when the features of the peer are known, and again where
/// they changed with a new session.
pub trait Outgoing: fmt::Debug + Send + Sync {
    /// The type for the header (`CEPH_MSG_*`).
    fn message_type(&self) -> u16;

    /// The transaction that the message belongs to; 0 for none.
    fn tid(&self) -> Tid;

    /// The priority for the header (`CEPH_MSG_PRIO_*`).
    fn priority(&self) -> u16;

    /// The parts of the message, for a peer with these features.
    fn encode(&self, features: Features) -> Payload;

    /// How many bytes of data the answer may have, as far as the message says; 0 where it does not. The data of an
    /// answer that has the same transaction and is no larger come in one piece.
    fn reply_len(&self) -> usize {
        0
    }
}

/// A message as it came, or put together by hand, on its way out: type, transaction, priority and parts.
impl Outgoing for Envelope {
    fn message_type(&self) -> u16 {
        self.header.message_type
    }

    fn tid(&self) -> Tid {
        self.header.tid
    }

    fn priority(&self) -> u16 {
        self.header.priority
    }

    fn encode(&self, _features: Features) -> Payload {
        self.payload.clone()
    }
}

/// A [`Message`] on its way out, with its transaction.
#[derive(Clone, Debug)]
pub struct Posted<M> {
    /// The transaction; 0 for none.
    pub tid: Tid,
    /// The message.
    pub message: M,
}

impl<M: Message + fmt::Debug + Send + Sync> Outgoing for Posted<M> {
    fn message_type(&self) -> u16 {
        M::TYPE
    }

    fn tid(&self) -> Tid {
        self.tid
    }

    fn priority(&self) -> u16 {
        M::PRIORITY
    }

    fn encode(&self, features: Features) -> Payload {
        self.message.encode(features)
    }
}
