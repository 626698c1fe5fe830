//! What a client wants to be told.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::payload::at_least;
use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder};

/// From which version on a map is wanted: `ceph_mon_subscribe_item`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SubscribeItem {
    /// The first version that is wanted; 0 is the newest one there is.
    pub start: u64,
    /// Whether it ends with the first answer (`CEPH_SUBSCRIBE_ONETIME`).
    pub onetime: bool,
}

impl Decode for SubscribeItem {
    const MIN_SIZE: usize = 9;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { start: u64::decode(d)?, onetime: u8::decode(d)? & 1 != 0 })
    }
}

impl Encode for SubscribeItem {
    fn encode(&self, e: &mut Encoder) {
        self.start.encode(e);
        u8::from(self.onetime).encode(e);
    }
}

/// Asks a monitor to send maps now and as they change: `MMonSubscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMonSubscribe {
    /// The maps (`monmap`, `osdmap`, `config`, ...).
    pub what: BTreeMap<String, SubscribeItem>,
    /// The client's host, by which options may be chosen.
    pub hostname: String,
}

impl Message for MMonSubscribe {
    const TYPE: u16 = msg_type::MON_SUBSCRIBE;
    const NAME: &'static str = "MMonSubscribe";
    const HEAD_VERSION: u16 = 3;

    fn encode_front(&self, e: &mut Encoder) {
        self.what.encode(e);
        self.hostname.encode(e);
    }

    /// Linux writes version 2, which has no host.
    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 2)?;
        let what = BTreeMap::decode(d)?;
        let hostname = if version >= 3 { String::decode(d)? } else { String::new() };
        Ok(Self { what, hostname })
    }
}
