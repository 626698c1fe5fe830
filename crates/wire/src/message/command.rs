//! A command to an OSD or a metadata server.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Uuid};

/// A command to an OSD or a metadata server: `MCommand`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MCommand {
    /// The cluster.
    pub fsid: Uuid,
    /// The command in JSON, by custom in one string.
    pub cmd: Vec<String>,
    /// The data that belong to it.
    pub inbl: BufferList,
}

/// Without the command, which may hold a password or a key.
impl fmt::Debug for MCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_command(f, "MCommand", &self.cmd, &self.inbl)
    }
}

/// How long a command and its input are.
pub(super) fn debug_command(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    cmd: &[String],
    inbl: &BufferList,
) -> fmt::Result {
    f.debug_struct(name)
        .field("cmd_len", &cmd.iter().map(String::len).sum::<usize>())
        .field("inbl_len", &inbl.len())
        .finish_non_exhaustive()
}

impl Message for MCommand {
    const TYPE: u16 = msg_type::COMMAND;
    const NAME: &'static str = "MCommand";

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
