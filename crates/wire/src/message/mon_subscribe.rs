//! What a client wants to be told.

use alloc::collections::BTreeMap;
use alloc::string::String;

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

/// `ceph_mon_subscribe_item_old`, which says what the client has in place of what it wants; 0 is nothing.
struct OldItem(SubscribeItem);

impl Decode for OldItem {
    const MIN_SIZE: usize = 17;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (_unused, have) = <(u64, u64)>::decode(d)?;
        let start = if have == 0 { 0 } else { have.saturating_add(1) };
        Ok(Self(SubscribeItem { start, onetime: u8::decode(d)? != 0 }))
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

    /// Linux writes version 2, which has no host; before 4.6 it wrote version 1.
    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        let what = if version >= 2 {
            BTreeMap::decode(d)?
        } else {
            let what = BTreeMap::<String, OldItem>::decode(d)?;
            what.into_iter().map(|(name, OldItem(item))| (name, item)).collect()
        };
        let hostname = if version >= 3 { String::decode(d)? } else { String::new() };
        Ok(Self { what, hostname })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Features;

    /// Linux before 4.6 writes it; no corpus has it.
    #[test]
    fn the_first_version_says_what_the_client_has() {
        let items = [("monmap", (0u64, 3u64), 0u8), ("osdmap", (0, 0), 1)];
        let items = items.map(|(name, have, onetime)| (String::from(name), (have, onetime)));
        let front = BTreeMap::from(items).to_bytes(Features::NONE);
        let read = MMonSubscribe::decode_parts(1, &mut Decoder::new(&front), BufferList::new()).unwrap();
        let item = |start, onetime| SubscribeItem { start, onetime };
        let wanted = [(String::from("monmap"), item(4, false)), (String::from("osdmap"), item(0, true))];
        assert_eq!(read, MMonSubscribe { what: wanted.into(), hostname: String::new() });
    }
}
