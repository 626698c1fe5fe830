//! The answer to a step of the login.

use core::fmt;

use bytes::Bytes;

use super::{Message, msg_type};
use crate::types::ErrorCode;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, GlobalId, Text};

/// A monitor's answer to a step of the login: `MAuthReply`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MAuthReply {
    /// The method that the monitor chose (`CEPH_AUTH_*`).
    pub protocol: u32,
    /// Whether it went well.
    pub result: ErrorCode,
    /// The client's number; 0 is none.
    pub global_id: GlobalId,
    /// What the method has to say.
    pub result_bl: Bytes,
    /// More about the result.
    pub result_msg: Text,
}

/// Without what the method has to say: it holds tickets.
impl fmt::Debug for MAuthReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MAuthReply")
            .field("protocol", &self.protocol)
            .field("result", &self.result)
            .field("global_id", &self.global_id)
            .field("result_bl_len", &self.result_bl.len())
            .field("result_msg", &self.result_msg)
            .finish()
    }
}

impl Message for MAuthReply {
    const TYPE: u16 = msg_type::AUTH_REPLY;
    const NAME: &'static str = "MAuthReply";

    fn encode_front(&self, e: &mut Encoder) {
        self.protocol.encode(e);
        self.result.encode(e);
        self.global_id.encode(e);
        self.result_bl.encode(e);
        self.result_msg.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            protocol: u32::decode(d)?,
            result: ErrorCode::decode(d)?,
            global_id: GlobalId::decode(d)?,
            result_bl: Bytes::decode(d)?,
            result_msg: Text::decode(d)?,
        })
    }
}
