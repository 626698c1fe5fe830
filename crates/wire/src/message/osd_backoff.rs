//! Tells a client to hold or to go on.

use super::{Message, msg_type};
use crate::msgr1::priority;
use crate::types::{BackoffOp, HObject, SpgId};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch};

/// Tells a client to hold a range of a PG or to go on; the client acknowledges the former: `MOSDBackoff`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MOSDBackoff {
    /// The PG.
    pub pgid: SpgId,
    /// The sender's map.
    pub map_epoch: Epoch,
    /// What it says.
    pub op: BackoffOp,
    /// Its number in the session.
    pub id: u64,
    /// The first object of the range.
    pub begin: HObject,
    /// What comes behind the range; equal to the first for a single object.
    pub end: HObject,
}

impl Message for MOSDBackoff {
    const TYPE: u16 = msg_type::OSD_BACKOFF;
    const NAME: &'static str = "MOSDBackoff";
    const PRIORITY: u16 = priority::OSD_CLIENT_OP;

    fn encode_front(&self, e: &mut Encoder) {
        self.pgid.encode(e);
        self.map_epoch.encode(e);
        self.op.encode(e);
        self.id.encode(e);
        self.begin.encode(e);
        self.end.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            pgid: SpgId::decode(d)?,
            map_epoch: Epoch::decode(d)?,
            op: BackoffOp::decode(d)?,
            id: u64::decode(d)?,
            begin: HObject::decode(d)?,
            end: HObject::decode(d)?,
        })
    }
}
