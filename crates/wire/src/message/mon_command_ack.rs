//! The result of a command to the monitors.

use alloc::vec::Vec;
use core::fmt;

use super::{Message, msg_type, paxos};
use crate::types::ErrorCode;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text};

/// The result of a command to the monitors: `MMonCommandAck`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MMonCommandAck {
    /// The version of the map in which it took effect.
    pub version: u64,
    /// Whether it went well.
    pub r: ErrorCode,
    /// More about it.
    pub rs: Text,
    /// The command, sent back.
    pub cmd: Vec<Text>,
    /// What it gave.
    pub outbl: BufferList,
}

/// Without the command and what it gave, which may hold a password or a key.
impl fmt::Debug for MMonCommandAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MMonCommandAck")
            .field("version", &self.version)
            .field("r", &self.r)
            .field("rs", &self.rs)
            .field("outbl_len", &self.outbl.len())
            .finish_non_exhaustive()
    }
}

impl Message for MMonCommandAck {
    const TYPE: u16 = msg_type::MON_COMMAND_ACK;
    const NAME: &'static str = "MMonCommandAck";

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.r.encode(e);
        self.rs.encode(e);
        self.cmd.encode(e);
    }

    fn data(&self) -> BufferList {
        self.outbl.clone()
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            version: paxos::decode(d)?,
            r: ErrorCode::decode(d)?,
            rs: Text::decode(d)?,
            cmd: Vec::decode(d)?,
            outbl: data,
        })
    }
}
