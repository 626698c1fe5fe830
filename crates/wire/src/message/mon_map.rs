//! The monitors.

use bytes::Bytes;

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder};

/// The map of the monitors, encoded for the receiver's features: `MMonMap`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMonMap {
    /// The encoded map (`monmapbl`).
    pub monmap: Bytes,
}

impl Message for MMonMap {
    const TYPE: u16 = msg_type::MON_MAP;
    const NAME: &'static str = "MMonMap";

    fn encode_front(&self, e: &mut Encoder) {
        self.monmap.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { monmap: Bytes::decode(d)? })
    }
}
