//! The maps of the manager.

use super::{Message, msg_type};
use crate::mgrmap::MgrMap;
use crate::service_map::ServiceMap;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder};

/// Which manager is active: `MMgrMap`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrMap {
    /// The map.
    pub map: MgrMap,
}

impl Message for MMgrMap {
    const TYPE: u16 = msg_type::MGR_MAP;
    const NAME: &'static str = "MMgrMap";

    fn encode_front(&self, e: &mut Encoder) {
        self.map.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { map: MgrMap::decode(d)? })
    }
}

/// The services beside the daemons: `MServiceMap`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MServiceMap {
    /// The map.
    pub service_map: ServiceMap,
}

impl Message for MServiceMap {
    const TYPE: u16 = msg_type::SERVICE_MAP;
    const NAME: &'static str = "MServiceMap";

    fn encode_front(&self, e: &mut Encoder) {
        self.service_map.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { service_map: ServiceMap::decode(d)? })
    }
}
