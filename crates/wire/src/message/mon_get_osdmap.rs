//! Asks for versions of the OSD map.

use super::{Message, msg_type, paxos};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch};

/// Asks a monitor for full maps and for incrementals, each from one epoch to another: `MMonGetOSDMap`. OSDs send it;
/// [`MOSDMap`](super::MOSDMap) answers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMonGetOSDMap {
    /// Not used.
    pub version: u64,
    /// The first and the last full map; 0 for none.
    pub full: (Epoch, Epoch),
    /// The first and the last incremental; 0 for none.
    pub inc: (Epoch, Epoch),
}

impl Message for MMonGetOSDMap {
    const TYPE: u16 = msg_type::MON_GET_OSDMAP;
    const NAME: &'static str = "MMonGetOSDMap";

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.full.encode(e);
        self.inc.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { version: paxos::decode(d)?, full: Decode::decode(d)?, inc: Decode::decode(d)? })
    }
}
