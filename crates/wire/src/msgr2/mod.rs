//! The framing of messenger v2, revisions 2.0 and 2.1 (`msg/async/frames_v2.h`, `doc/dev/msgr2.rst`).
//!
//! A connection begins with a [`Banner`] in both directions. From then on each side sends frames: a [`Preamble`] with a
//! [`Tag`] and the lengths of up to four segments, the segments, and an epilogue ([`CrcEpilogue`]). [`Layout`] says how
//! many bytes each part takes. All frames but [`Tag::MESSAGE`] have one segment: a [`ControlFrame`].
//!
//! The two sides say who they are ([`HelloFrame`]), authenticate ([`AuthRequestFrame`] and those behind it), sign all
//! that was said until then ([`AuthSignatureFrame`]), and open or take up a session ([`ClientIdentFrame`],
//! [`ReconnectFrame`] and their answers). A message is a frame of a [`MessageHeader2`], a front, a middle and data.
//!
//! In mode [`ConMode::CRC`] parts are summed, in mode [`ConMode::SECURE`] they are padded and encrypted; the cipher is not
//! known here.

mod auth;
mod banner;
mod compression;
mod control;
mod epilogue;
mod frame;
mod header;
mod session;

pub use auth::{
    AuthBadMethodFrame, AuthDoneFrame, AuthReplyMoreFrame, AuthRequestFrame, AuthRequestMoreFrame,
    AuthSignatureFrame, HelloFrame, Secretive,
};
pub use banner::{BANNER_PREFIX, Banner, Msgr2Features};
pub use compression::CompressionAlgorithm;
pub use control::{ControlFrame, FRAME_FEATURES, REQUIRED_FEATURES};
pub use epilogue::{CrcEpilogue, CrcEpilogueRev0, LateStatus};
pub use frame::{
    INLINE_SIZE, Layout, MAX_NUM_SEGMENTS, PREAMBLE_SIZE, Preamble, Revision, SECURE_EPILOGUE_SIZE, Segment,
    TAG_SIZE, padded_len, segment_crc,
};
pub use header::MessageHeader2;
pub use session::{
    AckFrame, ClientIdentFrame, CompressionDoneFrame, CompressionRequestFrame, IdentMissingFeaturesFrame,
    KeepAliveFrame, KeepAliveFrameAck, ReconnectFrame, ReconnectOkFrame, ResetFrame, RetryFrame,
    RetryGlobalFrame, ServerIdentFrame, WaitFrame,
};

use core::fmt;

use crate::cephx::AuthMethod;
use crate::codec::as_inner;

/// What a frame is (`Tag`). Unknown values survive a round trip.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u8);

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        impl Tag {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// All that are known, in order of their number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

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
    /// Both: what I am, and where I see you.
    HELLO = 1;
    /// Client: how I want to prove who I am, and the first step of it.
    AUTH_REQUEST = 2;
    /// Server: not in this way.
    AUTH_BAD_METHOD = 3;
    /// Server: a further step.
    AUTH_REPLY_MORE = 4;
    /// Client: a further step.
    AUTH_REQUEST_MORE = 5;
    /// Server: I know who you are, and this proves who I am.
    AUTH_DONE = 6;
    /// Both: the signature over all that I have received until now.
    AUTH_SIGNATURE = 7;
    /// Client: a new session, please.
    CLIENT_IDENT = 8;
    /// Server: the session is open.
    SERVER_IDENT = 9;
    /// Server: you lack features that I need.
    IDENT_MISSING_FEATURES = 10;
    /// Client: I want to take up a session.
    SESSION_RECONNECT = 11;
    /// Server: I know no such session.
    SESSION_RESET = 12;
    /// Server: try again with a higher `connect_seq`.
    SESSION_RETRY = 13;
    /// Server: try again with a higher `global_seq`.
    SESSION_RETRY_GLOBAL = 14;
    /// Server: the session goes on.
    SESSION_RECONNECT_OK = 15;
    /// Server: wait for my connection, it comes at the same time.
    WAIT = 16;
    /// A message.
    MESSAGE = 17;
    /// A sign of life with a time that is to be sent back.
    KEEPALIVE2 = 18;
    /// The time of a [`Self::KEEPALIVE2`], sent back.
    KEEPALIVE2_ACK = 19;
    /// Messages up to that number have arrived.
    ACK = 20;
    /// Client: let us compress, in one of these ways.
    COMPRESSION_REQUEST = 21;
    /// Server: in this way, or not at all.
    COMPRESSION_DONE = 22;
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

/// How the frames of a connection are protected (`CEPH_CON_MODE_*`). Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConMode(pub u32);

as_inner!(ConMode(u32));

impl ConMode {
    /// None that both sides want.
    pub const UNKNOWN: Self = Self(0);
    /// Checksums: against faults, not against attackers.
    pub const CRC: Self = Self(1);
    /// Encrypted and authenticated, with AES-128-GCM.
    pub const SECURE: Self = Self(2);

    /// The mode of that name (`ms_client_mode` and its like).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "crc" => Some(Self::CRC),
            "secure" => Some(Self::SECURE),
            _ => None,
        }
    }

    /// How long a connection's secret must be (`AuthConnectionMeta::get_connection_secret_length`): a key and two nonces,
    /// with room.
    #[must_use]
    pub const fn secret_len(self) -> usize {
        match self {
            Self::SECURE => 64,
            _ => 0,
        }
    }

    /// Whether the mode can be had with that method: one without keys has nothing to encrypt with
    /// (`AuthRegistry::get_supported_modes`).
    #[must_use]
    pub fn suits(self, method: AuthMethod) -> bool {
        self == Self::CRC || method != AuthMethod::NONE
    }
}

impl fmt::Display for ConMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UNKNOWN => f.pad("unknown"),
            Self::CRC => f.pad("crc"),
            Self::SECURE => f.pad("secure"),
            Self(other) => write!(f, "mode {other}"),
        }
    }
}

#[cfg(test)]
mod tests;
