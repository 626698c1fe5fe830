//! A sign of life.

use super::{Message, msg_type};
use crate::{BufferList, DecodeError, Decoder, Encoder};

/// A sign of life, which a monitor answers with one that holds its state: `MPing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MPing;

impl Message for MPing {
    const TYPE: u16 = msg_type::PING;
    const NAME: &'static str = "MPing";

    fn encode_front(&self, _e: &mut Encoder) {}

    fn decode_parts(_version: u16, _d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}
