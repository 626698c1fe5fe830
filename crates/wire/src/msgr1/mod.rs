//! The framing of messenger v1 (`include/msgr.h`, `doc/dev/network-protocol.rst`).
//!
//! A connection begins with [`BANNER`] in both directions. The server sends its address and the one it sees of the
//! client, the client its own, each in the form without `MSG_ADDR2` ([`EntityAddr::encode_legacy`],
//! [`LEGACY_ADDR_SIZE`] bytes). Then the client sends a [`ConnectMessage`] with an authorizer, the server a
//! [`ConnectReply`], until they agree. From then on each item begins with a [`Tag`].
//!
//! [`EntityAddr::encode_legacy`]: crate::EntityAddr::encode_legacy

mod connect;
mod footer;
mod header;
mod stream;

pub use connect::{ConnectMessage, ConnectReply, protocol};
pub use footer::{FooterFlags, MessageFooter, OldFooter};
pub use header::{MessageHeader, priority};
pub use stream::{Footer, Item, Side, StreamReader};

use core::fmt;

/// The first bytes in both directions (`CEPH_BANNER`).
pub const BANNER: &[u8; 9] = b"ceph v027";

/// The size of an address behind the banner.
pub const LEGACY_ADDR_SIZE: usize = 136;

/// What begins an item of the stream, or tells the outcome of a connect (`CEPH_MSGR_TAG_*`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u8);

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        impl Tag {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// Its name; `None` where it is not known.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

tags! {
    /// Server to client: ready for messages.
    READY = 1;
    /// Server to client: your session is unknown here, begin a new one.
    RESETSESSION = 2;
    /// Server to client: wait for my connection, it comes at the same time.
    WAIT = 3;
    /// Server to client: try again with a higher `connect_seq`.
    RETRY_SESSION = 4;
    /// Server to client: try again with a higher `global_seq`.
    RETRY_GLOBAL = 5;
    /// The connection is being closed.
    CLOSE = 6;
    /// A message.
    MSG = 7;
    /// Messages up to that sequence number (`u64`) have arrived.
    ACK = 8;
    /// A sign of life, alone.
    KEEPALIVE = 9;
    /// Server to client: another protocol version is needed.
    BADPROTOVER = 10;
    /// Server to client: the authorizer is not good.
    BADAUTHORIZER = 11;
    /// Server to client: features are missing.
    FEATURES = 12;
    /// Server to client: ready, and the sequence number (`u64`) of the last message seen follows.
    SEQ = 13;
    /// A sign of life with a time (`utime_t`) that is to be sent back.
    KEEPALIVE2 = 14;
    /// The time of a [`Self::KEEPALIVE2`], sent back.
    KEEPALIVE2_ACK = 15;
    /// Server to client: build another authorizer, from this challenge.
    CHALLENGE_AUTHORIZER = 16;
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "tag {}", self.0),
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}
