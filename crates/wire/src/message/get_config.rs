//! Asks for options.

use super::{Message, msg_type};
use crate::{AuthEntityName, BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text};

/// Asks a monitor for the options of somebody, who need not have logged in: `MGetConfig`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MGetConfig {
    /// Whose options.
    pub name: AuthEntityName,
    /// On which host.
    pub host: Text,
    /// On what class of device.
    pub device_class: Text,
}

impl Message for MGetConfig {
    const TYPE: u16 = msg_type::GET_CONFIG;
    const NAME: &'static str = "MGetConfig";

    fn encode_front(&self, e: &mut Encoder) {
        self.name.encode(e);
        self.host.encode(e);
        self.device_class.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { name: AuthEntityName::decode(d)?, host: Text::decode(d)?, device_class: Text::decode(d)? })
    }
}
