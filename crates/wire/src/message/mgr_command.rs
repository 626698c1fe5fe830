//! A command to the manager.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Message, msg_type};
use crate::types::ErrorCode;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text, Uuid};

/// A command to the manager, with its input as data: `MMgrCommand`. To managers before Nautilus it is
/// [`MCommand`](super::MCommand).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrCommand {
    /// The cluster.
    pub fsid: Uuid,
    /// The command: one text, JSON.
    pub cmd: Vec<String>,
    /// Its input.
    pub inbl: BufferList,
}

impl Message for MMgrCommand {
    const TYPE: u16 = msg_type::MGR_COMMAND;
    const NAME: &'static str = "MMgrCommand";

    fn encode_front(&self, e: &mut Encoder) {
        self.fsid.encode(e);
        self.cmd.encode(e);
    }

    fn data(&self) -> BufferList {
        self.inbl.clone()
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { fsid: Uuid::decode(d)?, cmd: Vec::decode(d)?, inbl: data })
    }
}

/// What came of it: `MMgrCommandReply`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrCommandReply {
    /// Whether it went well.
    pub r: ErrorCode,
    /// A line about that.
    pub rs: Text,
    /// The output.
    pub outbl: BufferList,
}

impl Message for MMgrCommandReply {
    const TYPE: u16 = msg_type::MGR_COMMAND_REPLY;
    const NAME: &'static str = "MMgrCommandReply";

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
