//! The result of a command to an OSD or a metadata server.

use core::fmt;

use super::{Message, msg_type};
use crate::types::ErrorCode;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text};

/// The result of a command to an OSD or a metadata server: `MCommandReply`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MCommandReply {
    /// Whether it went well.
    pub r: ErrorCode,
    /// More about it.
    pub rs: Text,
    /// What it gave.
    pub outbl: BufferList,
}

/// Without what the command gave, which may hold a password or a key.
impl fmt::Debug for MCommandReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_reply(f, "MCommandReply", self.r, &self.rs, &self.outbl)
    }
}

/// What a command came to, and how long its output is.
pub(super) fn debug_reply(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    r: ErrorCode,
    rs: &Text,
    outbl: &BufferList,
) -> fmt::Result {
    f.debug_struct(name).field("r", &r).field("rs", rs).field("outbl_len", &outbl.len()).finish()
}

impl Message for MCommandReply {
    const TYPE: u16 = msg_type::COMMAND_REPLY;
    const NAME: &'static str = "MCommandReply";

    fn encode_front(&self, e: &mut Encoder) {
        self.r.encode(e);
        self.rs.encode(e);
    }

    fn data(&self) -> BufferList {
        self.outbl.clone()
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { r: ErrorCode::decode(d)?, rs: Text::decode(d)?, outbl: data })
    }
}
