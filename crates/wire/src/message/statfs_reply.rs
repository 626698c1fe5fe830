//! The space of the cluster or of a pool.

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Uuid};

/// The space of the cluster or of a pool: `MStatfsReply`, `ceph_mon_statfs_reply`, `ceph_statfs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MStatfsReply {
    /// The cluster.
    pub fsid: Uuid,
    /// The version of the statistics.
    pub version: u64,
    /// All space, in KiB.
    pub kb: u64,
    /// The space used, in KiB.
    pub kb_used: u64,
    /// The space free, in KiB.
    pub kb_avail: u64,
    /// How many objects there are.
    pub num_objects: u64,
}

impl Message for MStatfsReply {
    const TYPE: u16 = msg_type::STATFS_REPLY;
    const NAME: &'static str = "MStatfsReply";

    fn encode_front(&self, e: &mut Encoder) {
        self.fsid.encode(e);
        self.version.encode(e);
        self.kb.encode(e);
        self.kb_used.encode(e);
        self.kb_avail.encode(e);
        self.num_objects.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            fsid: Uuid::decode(d)?,
            version: u64::decode(d)?,
            kb: u64::decode(d)?,
            kb_used: u64::decode(d)?,
            kb_avail: u64::decode(d)?,
            num_objects: u64::decode(d)?,
        })
    }
}
