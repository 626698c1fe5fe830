//! The version of a map.

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder};

/// The versions of a map that the monitors have: `MMonGetVersionReply`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMonGetVersionReply {
    /// What the question had.
    pub handle: u64,
    /// The newest version.
    pub version: u64,
    /// The oldest version that is still there.
    pub oldest_version: u64,
}

impl Message for MMonGetVersionReply {
    const TYPE: u16 = msg_type::MON_GET_VERSION_REPLY;
    const NAME: &'static str = "MMonGetVersionReply";
    const HEAD_VERSION: u16 = 2;
    const COMPAT_VERSION: u16 = 2;

    fn encode_front(&self, e: &mut Encoder) {
        self.handle.encode(e);
        self.version.encode(e);
        self.oldest_version.encode(e);
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        let (handle, newest) = (u64::decode(d)?, u64::decode(d)?);
        let oldest_version = if version >= 2 { u64::decode(d)? } else { 0 };
        Ok(Self { handle, version: newest, oldest_version })
    }
}
