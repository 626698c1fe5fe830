//! Options from the monitors.

use alloc::collections::BTreeMap;
use core::fmt;

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text};

/// The options that the monitors keep for the receiver: `MConfig`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MConfig {
    /// Values by name.
    pub config: BTreeMap<Text, Text>,
}

/// Without the values: one may be a password.
impl fmt::Debug for MConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MConfig")?;
        f.debug_set().entries(self.config.keys()).finish()
    }
}

impl Message for MConfig {
    const TYPE: u16 = msg_type::CONFIG;
    const NAME: &'static str = "MConfig";

    fn encode_front(&self, e: &mut Encoder) {
        self.config.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { config: BTreeMap::decode(d)? })
    }
}
