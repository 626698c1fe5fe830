//! A command to the monitors.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Message, msg_type, paxos};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Uuid};

/// A command to the monitors: `MMonCommand`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MMonCommand {
    /// Not used.
    pub version: u64,
    /// The cluster.
    pub fsid: Uuid,
    /// The command in JSON, by custom in one string.
    pub cmd: Vec<String>,
    /// The data that belong to it.
    pub inbl: BufferList,
}

/// Without the command, which may hold a password or a key.
impl fmt::Debug for MMonCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MMonCommand")
            .field("cmd_len", &self.cmd.iter().map(String::len).sum::<usize>())
            .field("inbl_len", &self.inbl.len())
            .finish_non_exhaustive()
    }
}

impl Message for MMonCommand {
    const TYPE: u16 = msg_type::MON_COMMAND;
    const NAME: &'static str = "MMonCommand";

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.fsid.encode(e);
        self.cmd.encode(e);
    }

    fn data(&self) -> BufferList {
        self.inbl.clone()
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { version: paxos::decode(d)?, fsid: Uuid::decode(d)?, cmd: Vec::decode(d)?, inbl: data })
    }
}
