//! A command to the manager.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::command::debug_command;
use super::command_reply::debug_reply;
use super::{Message, msg_type};
use crate::types::ErrorCode;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text, Uuid};

/// A command to the manager, with its input as data: `MMgrCommand`. To managers before Nautilus it is
/// [`MCommand`](super::MCommand).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MMgrCommand {
    /// The cluster.
    pub fsid: Uuid,
    /// The command: one text, JSON.
    pub cmd: Vec<String>,
    /// Its input.
    pub inbl: BufferList,
}

/// Without the command, which may hold a password or a key.
impl fmt::Debug for MMgrCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_command(f, "MMgrCommand", &self.cmd, &self.inbl)
    }
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
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MMgrCommandReply {
    /// Whether it went well.
    pub r: ErrorCode,
    /// A line about that.
    pub rs: Text,
    /// The output.
    pub outbl: BufferList,
}

/// Without what the command gave, which may hold a password or a key.
impl fmt::Debug for MMgrCommandReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_reply(f, "MMgrCommandReply", self.r, &self.rs, &self.outbl)
    }
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

#[cfg(test)]
mod tests {
    use alloc::format;

    use bytes::Bytes;

    use super::*;

    #[test]
    fn neither_a_command_nor_its_output_is_in_a_log() {
        let command = MMgrCommand { cmd: [String::from("secret")].into(), ..MMgrCommand::default() };
        let reply =
            MMgrCommandReply { outbl: Bytes::from_static(b"secret").into(), ..MMgrCommandReply::default() };
        let shown = format!("{command:?} {reply:?}");
        assert!(shown.contains("cmd_len: 6") && shown.contains("outbl_len: 6"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
