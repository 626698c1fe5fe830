//! The statistics of pools.

use alloc::collections::BTreeMap;

use super::{Message, msg_type, paxos};
use crate::types::PoolStat;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text, Uuid};

/// The statistics of pools: `MGetPoolStatsReply`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MGetPoolStatsReply {
    /// The version of the statistics.
    pub version: u64,
    /// The cluster.
    pub fsid: Uuid,
    /// By name of the pool. One that does not exist is left out.
    pub pool_stats: BTreeMap<Text, PoolStat>,
    /// Whether all OSDs report the space of each pool, so that `store_stats` say how much is used.
    pub per_pool: bool,
}

impl Message for MGetPoolStatsReply {
    const TYPE: u16 = msg_type::GETPOOLSTATSREPLY;
    const NAME: &'static str = "MGetPoolStatsReply";
    const HEAD_VERSION: u16 = 2;

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.fsid.encode(e);
        self.pool_stats.encode(e);
        self.per_pool.encode(e);
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            version: paxos::decode(d)?,
            fsid: Uuid::decode(d)?,
            pool_stats: BTreeMap::decode(d)?,
            per_pool: if version >= 2 { bool::decode(d)? } else { false },
        })
    }
}
