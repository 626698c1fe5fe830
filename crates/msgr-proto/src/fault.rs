//! Why connections die.

use core::fmt;

use loligo_wire::msgr2::{CompressionAlgorithm, ConMode, Tag};
use loligo_wire::{DecodeError, Features};
use thiserror::Error;

use crate::PeerError;
use crate::compression::CompressionError;

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
    /// Both ends called each other, and the call of the peer goes on.
    #[error("the peer calls as well, and its call goes on")]
    Wait,
    /// The peer speaks the other messenger: v1 where v2 was called, or v2 where v1 was.
    #[error("the peer speaks messenger v{version} at this address")]
    OtherProtocol {
        /// The version that it speaks.
        version: u8,
    },
    /// The peer lacks features of the wire that are needed here, or needs some that are lacking here.
    #[error(
        "the two ends share no revision of messenger v2: only 2.1 is spoken here, which Ceph has since 14.2.9; with \
         ms_mode=legacy, peers are called in messenger v1"
    )]
    NoCommonRevision,
    /// The peer allows none of the connection modes that were offered.
    #[error(
        "the peer allows none of our connection modes: see ms_mode, ms_mon_client_mode (for monitors) and ms_client_mode (for \
         all others)"
    )]
    NoCommonMode,
    /// One end wants the secure mode alone, and the method of authentication, `none`, gives no keys for it.
    #[error(
        "there is no secure mode with authentication method none, which gives no keys: see ms_mode, ms_mon_client_mode, \
         ms_client_mode and auth_client_required"
    )]
    NoModeWithoutKeys,
    /// The peer chose a connection mode that was not offered.
    #[error("the peer chose the connection mode {0}, which was not offered")]
    ModeNotOffered(ConMode),
    /// A frame is compressed, and the two ends did not agree on that.
    #[error("a frame is compressed, which was not agreed on")]
    NotCompressing,
    /// The peer chose an algorithm that was not offered.
    #[error("the peer wants to compress with {0}, which was not offered")]
    AlgorithmNotOffered(CompressionAlgorithm),
    /// What came compressed cannot be had back.
    #[error("{what}: {error}")]
    Compression {
        /// The part of the frame.
        what: &'static str,
        /// What is wrong with it.
        error: CompressionError,
    },
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

impl IoKind {
    /// There is no address of a protocol that is spoken here: `EAFNOSUPPORT`.
    pub const NO_PROTOCOL: Self = Self { errno: 97 };
}

impl fmt::Display for IoKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "errno {}", self.errno)
    }
}
