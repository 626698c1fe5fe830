//! A step of the login.

use core::fmt;

use bytes::Bytes;

use super::{Message, msg_type, paxos};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch};

/// A step of the login, to a monitor: `MAuth`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MAuth {
    /// Not used.
    pub version: u64,
    /// The method (`CEPH_AUTH_*`); 0 in the first step, whose payload names the methods that the client can use.
    pub protocol: u32,
    /// What the method has to say.
    pub auth_payload: Bytes,
    /// The monitor map that the client has.
    pub monmap_epoch: Epoch,
}

/// Without the payload, which proves an identity.
impl fmt::Debug for MAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MAuth")
            .field("protocol", &self.protocol)
            .field("auth_payload_len", &self.auth_payload.len())
            .field("monmap_epoch", &self.monmap_epoch)
            .finish_non_exhaustive()
    }
}

impl Message for MAuth {
    const TYPE: u16 = msg_type::AUTH;
    const NAME: &'static str = "MAuth";

    fn encode_front(&self, e: &mut Encoder) {
        paxos::encode(self.version, e);
        self.protocol.encode(e);
        self.auth_payload.encode(e);
        self.monmap_epoch.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self {
            version: paxos::decode(d)?,
            protocol: u32::decode(d)?,
            auth_payload: Bytes::decode(d)?,
            monmap_epoch: Epoch::decode(d)?,
        })
    }
}
