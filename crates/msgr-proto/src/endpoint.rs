//! The seam between the messenger and what stands above it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use loligo_auth::{ConnectionSecret, SessionKey};
use loligo_base::{Mono, Now};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::{Message, Payload};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::msgr2::{ConMode, Tag};
use loligo_wire::{DecodeError, Features, GlobalId, Tid};
use thiserror::Error;

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

/// Why a connection died.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nobody listens at the address.
    #[error("connection refused")]
    Refused,
    /// The connection could not be opened.
    #[error("no connection could be opened: {0}")]
    Unreachable(IoKind),
    /// The peer closed it, or it was cut.
    #[error("closed by the peer")]
    Closed,
    /// Reading or writing failed.
    #[error("input or output failed: {0}")]
    Io(IoKind),
    /// The handshake did not end in time.
    #[error("the handshake took too long")]
    HandshakeTimeout,
    /// The peer did not answer a keepalive in time.
    #[error("no answer to a keepalive")]
    KeepaliveTimeout,
    /// The peer was silent for too long (`ms_connection_idle_timeout`).
    #[error("the connection was idle for too long")]
    Idle,
    /// A message began, and did not go on.
    #[error("a message began, and did not go on")]
    Stalled,
    /// The peer gave a message up in its midst.
    #[error("a message was cut short by its sender")]
    Aborted,
    /// The peer opened a newer connection.
    #[error("replaced by a newer connection")]
    Replaced,
    /// The peer speaks the other messenger: v1 where v2 was called, or v2 where v1 was.
    #[error("the peer speaks messenger v{version} at this address")]
    OtherProtocol {
        /// The version that it speaks.
        version: u8,
    },
    /// The peer lacks features of the wire that are needed here, or needs some that are lacking here.
    #[error("the two ends share no revision of messenger v2")]
    NoCommonRevision,
    /// The peer allows none of the connection modes that were offered.
    #[error("the peer allows none of our connection modes")]
    NoCommonMode,
    /// The peer chose a connection mode that was not offered.
    #[error("the peer chose the connection mode {0}, which was not offered")]
    ModeNotOffered(ConMode),
    /// The connection has sealed so much that it must not seal more.
    #[error("the connection is used up")]
    OutOfNonces,
    /// The peer means a session that is over, or wants this end to wait for a call.
    #[error("the peer answered {0} to a new session")]
    NoSession(Tag),
    /// The first bytes are not Ceph's banner.
    #[error("this is not Ceph: its banner is wrong")]
    NotCeph,
    /// The peer says that it has another address or name than the one that was called.
    #[error("somebody else is at this address")]
    WrongPeer,
    /// The peer lacks features that are required here.
    #[error("the peer lacks the features {0:?}")]
    FeaturesMissing(Features),
    /// This end lacks features that the peer requires.
    #[error("the peer requires the features {0:?}")]
    FeaturesRequired(Features),
    /// The two ends have other versions of the protocol.
    #[error("the peer speaks protocol version {peer}, this end {ours}")]
    ProtocolVersion {
        /// The peer's.
        peer: u32,
        /// Ours.
        ours: u32,
    },
    /// The peer refused the authorizer.
    #[error("the peer refused the authorizer")]
    BadAuthorizer,
    /// The endpoint refused the peer, or could not answer it.
    #[error("authentication failed")]
    AuthFailed,
    /// A checksum is wrong.
    #[error("checksum of the {what} is wrong")]
    Checksum {
        /// The part of the message.
        what: &'static str,
    },
    /// A signature is wrong or missing.
    #[error("a signature is wrong")]
    Signature,
    /// The peer announced more than it may.
    #[error("{what} of {size} bytes is more than {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its announced size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The peer sent something that must not come in this state.
    #[error("tag {tag} while {state}")]
    Unexpected {
        /// The tag.
        tag: u8,
        /// What this end was waiting for.
        state: &'static str,
    },
    /// A fixed structure of the handshake cannot be read.
    #[error("malformed handshake: {0}")]
    Malformed(DecodeError),
    /// A message cannot be decoded.
    #[error("{0}")]
    Message(PeerError),
    /// A message is missing in the sequence.
    #[error("message {found} came after {last}")]
    Gap {
        /// The sequence number of the message before.
        last: u64,
        /// The sequence number found.
        found: u64,
    },
    /// This end shuts down.
    #[error("shut down")]
    Shutdown,
}

/// What an operating system said, without its own types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoKind {
    /// The error number, 0 where there was none.
    pub errno: i32,
}

impl fmt::Display for IoKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "errno {}", self.errno)
    }
}

/// A question of the handshake to the endpoint.
#[derive(Clone, Debug)]
pub enum AuthRequest {
    /// We called a peer of this type: what do we show it? Answer: [`AuthStep::Authorizer`].
    Authorizer {
        /// The type of the peer.
        peer: EntityType,
    },
    /// We called a monitor on messenger v2, where the login comes before the session: how do we begin? Answer:
    /// [`AuthStep::Authorizer`].
    Login,
    /// The monitor does not want that method, or refuses us (`AUTH_BAD_METHOD`). Answer: [`AuthStep::Authorizer`] with
    /// another one, or [`AuthStep::Refuse`].
    BadMethod {
        /// Why: a negative errno.
        result: i32,
        /// The methods that it allows.
        allowed: Vec<AuthMethod>,
    },
    /// The peer challenged our authorizer (`CHALLENGE_AUTHORIZER`, or `AUTH_REPLY_MORE`). Answer:
    /// [`AuthStep::Authorizer`].
    Challenge {
        /// The peer's challenge.
        challenge: Bytes,
    },
    /// The peer refused our authorizer (`BADAUTHORIZER`, or `AUTH_BAD_METHOD`): perhaps it is out of date. Answer:
    /// [`AuthStep::Authorizer`] with a new one, or [`AuthStep::Refuse`].
    Rejected,
    /// The peer accepted our authorizer and proves itself. Answer: [`AuthStep::Accept`], or [`AuthStep::Refuse`].
    Verify {
        /// The peer's proof.
        reply: Bytes,
    },
    /// The same on messenger v2 (`AUTH_DONE`), where a monitor also tells the client's number. Answer: [`AuthStep::Accept`]
    /// with the keys, or [`AuthStep::Refuse`].
    Done {
        /// The number; 0 or our own from a service.
        global_id: GlobalId,
        /// The peer's proof.
        reply: Bytes,
    },
    /// A peer called us and shows this. Answer: [`AuthStep::Challenge`], [`AuthStep::Accept`], or
    /// [`AuthStep::Refuse`].
    Check {
        /// The type that the peer says it has.
        peer: EntityType,
        /// The method (`CEPH_AUTH_*`).
        method: u32,
        /// The authorizer.
        authorizer: Bytes,
    },
    /// The same on messenger v2 (`AUTH_REQUEST`, `AUTH_REQUEST_MORE`): an authorizer, or a step of a login at a monitor.
    /// Answer: [`AuthStep::Challenge`], [`AuthStep::Accept`], [`AuthStep::BadMethod`] or [`AuthStep::Refuse`].
    CheckV2 {
        /// The type that the peer says it has.
        peer: EntityType,
        /// The method.
        method: AuthMethod,
        /// What the peer shows.
        payload: Bytes,
        /// It answers a challenge.
        more: bool,
        /// How long the secret of the connection must be, in bytes; 0 for none.
        connection_secret_len: usize,
    },
}

/// The endpoint's answer to an [`AuthRequest`].
#[derive(Debug)]
pub enum AuthStep {
    /// Show the peer this.
    Authorizer {
        /// The method (`CEPH_AUTH_*`); 0 for none at all, as to a monitor.
        method: u32,
        /// The authorizer.
        authorizer: Bytes,
    },
    /// Challenge the peer with this.
    Challenge {
        /// The challenge.
        challenge: Bytes,
    },
    /// The peer is who it says.
    Accept(Accept),
    /// No, but perhaps in another way: the peer is told what is allowed. On messenger v1 the same as [`Self::Refuse`].
    BadMethod {
        /// Why: a negative errno.
        result: i32,
        /// The methods that are allowed.
        allowed: Vec<AuthMethod>,
    },
    /// No: the connection ends, or the peer is told so.
    Refuse,
}

/// What an endpoint says of a peer that is who it says.
#[derive(Debug, Default)]
pub struct Accept {
    /// What proves this end to a peer that called us; empty when we called.
    pub reply: Bytes,
    /// The key that messages are signed with on messenger v1, and the handshake on v2, where the method has one.
    pub session_key: Option<SessionKey>,
    /// What the keys of the secure mode are made of, on messenger v2.
    pub connection_secret: Option<ConnectionSecret>,
    /// The number of a client that called us on messenger v2; 0 when we called.
    pub global_id: GlobalId,
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
    /// Close when everything is sent, or on the first fault (`mark_disposable`).
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
