//! Asks for the space of the cluster or of a pool.

use super::{Message, msg_type, paxos};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, PoolId, Uuid};

/// Asks for the space of the cluster or of a pool: `MStatfs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MStatfs {
    /// The version of the statistics that the sender has.
    pub version: u64,
    /// The cluster.
    pub fsid: Uuid,
    /// The pool; none for all.
    pub data_pool: Option<PoolId>,
}

impl Message for MStatfs {
    const TYPE: u16 = msg_type::STATFS;
    const NAME: &'static str = "MStatfs";
    const HEAD_VERSION: u16 = 2;

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.fsid.encode(e);
        self.data_pool.encode(e);
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            version: paxos::decode(d)?,
            fsid: Uuid::decode(d)?,
            data_pool: if version >= 2 { Option::decode(d)? } else { None },
        })
    }
}
