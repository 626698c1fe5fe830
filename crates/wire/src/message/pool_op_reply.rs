//! The result of an operation on a pool.

use bytes::Bytes;

use super::{Message, msg_type, paxos};
use crate::types::ErrorCode;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Uuid};

/// The result of an operation on a pool: `MPoolOpReply`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MPoolOpReply {
    /// The version of the OSD map.
    pub version: u64,
    /// The cluster.
    pub fsid: Uuid,
    /// Whether it went well (`replyCode`).
    pub reply_code: ErrorCode,
    /// The epoch in which it took effect.
    pub epoch: Epoch,
    /// What it gave: the number of a new snapshot that the client manages. Empty is nothing.
    pub response_data: Bytes,
}

impl Message for MPoolOpReply {
    const TYPE: u16 = msg_type::POOLOP_REPLY;
    const NAME: &'static str = "MPoolOpReply";

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.fsid.encode(e);
        self.reply_code.encode(e);
        self.epoch.encode(e);
        Some(&self.response_data).filter(|data| !data.is_empty()).encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            version: paxos::decode(d)?,
            fsid: Uuid::decode(d)?,
            reply_code: ErrorCode::decode(d)?,
            epoch: Epoch::decode(d)?,
            response_data: Option::decode(d)?.unwrap_or_default(),
        })
    }
}
