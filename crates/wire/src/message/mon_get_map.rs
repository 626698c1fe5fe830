//! Asks for the monitors.

use super::{Message, msg_type};
use crate::{BufferList, DecodeError, Decoder, Encoder};

/// Asks for an [`MMonMap`](super::MMonMap), before any login: `MMonGetMap`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MMonGetMap;

impl Message for MMonGetMap {
    const TYPE: u16 = msg_type::MON_GET_MAP;
    const NAME: &'static str = "MMonGetMap";

    fn encode_front(&self, _e: &mut Encoder) {}

    fn decode_parts(_version: u16, _d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}
