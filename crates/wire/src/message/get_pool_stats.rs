//! Asks for the statistics of pools.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Message, msg_type, paxos};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Uuid};

/// Asks for the statistics of pools: `MGetPoolStats`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MGetPoolStats {
    /// The version of the statistics that the sender has.
    pub version: u64,
    /// The cluster.
    pub fsid: Uuid,
    /// The names of the pools.
    pub pools: Vec<String>,
}

impl Message for MGetPoolStats {
    const TYPE: u16 = msg_type::GETPOOLSTATS;
    const NAME: &'static str = "MGetPoolStats";

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.fsid.encode(e);
        self.pools.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { version: paxos::decode(d)?, fsid: Uuid::decode(d)?, pools: Vec::decode(d)? })
    }
}
