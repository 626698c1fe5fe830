//! Asks for the version of a map.

use alloc::string::String;

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder};

/// Asks for the newest version of a map: `MMonGetVersion`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMonGetVersion {
    /// Comes back in the reply.
    pub handle: u64,
    /// The map (`osdmap`, ...).
    pub what: String,
}

impl Message for MMonGetVersion {
    const TYPE: u16 = msg_type::MON_GET_VERSION;
    const NAME: &'static str = "MMonGetVersion";

    fn encode_front(&self, e: &mut Encoder) {
        self.handle.encode(e);
        self.what.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { handle: u64::decode(d)?, what: String::decode(d)? })
    }
}
