//! Lines for the cluster log.

use alloc::vec::Vec;

use super::{Message, msg_type, paxos};
use crate::log::LogEntry;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text, Uuid};

/// Lines for the cluster log: `MLog`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MLog {
    /// Not used.
    pub version: u64,
    /// The cluster.
    pub fsid: Uuid,
    /// The lines.
    pub entries: Vec<LogEntry>,
}

impl Message for MLog {
    const TYPE: u16 = msg_type::LOG;
    const NAME: &'static str = "MLog";

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.fsid.encode(e);
        self.entries.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { version: paxos::decode(d)?, fsid: Uuid::decode(d)?, entries: Vec::decode(d)? })
    }
}

/// Acknowledges all lines up to one: `MLogAck`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MLogAck {
    /// The cluster.
    pub fsid: Uuid,
    /// The number of the last line.
    pub last: u64,
    /// Its log.
    pub channel: Text,
}

impl Message for MLogAck {
    const TYPE: u16 = msg_type::LOGACK;
    const NAME: &'static str = "MLogAck";

    fn encode_front(&self, e: &mut Encoder) {
        self.fsid.encode(e);
        self.last.encode(e);
        self.channel.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { fsid: Uuid::decode(d)?, last: u64::decode(d)?, channel: Text::decode(d)? })
    }
}
