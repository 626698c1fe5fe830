//! The answer to a subscription.

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Uuid};

/// A monitor has noted a subscription: `MMonSubscribeAck`. To clients with `MON_STATEFUL_SUB` it is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMonSubscribeAck {
    /// Seconds after which the subscription lapses.
    pub interval: u32,
    /// The cluster.
    pub fsid: Uuid,
}

impl Message for MMonSubscribeAck {
    const TYPE: u16 = msg_type::MON_SUBSCRIBE_ACK;
    const NAME: &'static str = "MMonSubscribeAck";

    fn encode_front(&self, e: &mut Encoder) {
        self.interval.encode(e);
        self.fsid.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { interval: u32::decode(d)?, fsid: Uuid::decode(d)? })
    }
}
