//! Keys and values that the monitors keep.

use alloc::collections::BTreeMap;
use core::fmt;

use bytes::Bytes;

use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text};

/// What the monitors keep under the keys of a prefix, to who subscribed to `kv:PREFIX`: `MKVData`. Since Pacific.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MKVData {
    /// Counts the changes of all keys.
    pub version: u64,
    /// What the keys begin with.
    pub prefix: Text,
    /// Whether [`Self::data`] are changes; else they are all there is.
    pub incremental: bool,
    /// Values by key; none is a key that was deleted.
    pub data: BTreeMap<Text, Option<Bytes>>,
}

/// Without the values: one may be a secret.
impl fmt::Debug for MKVData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MKVData {{ version: {}, prefix: {:?}", self.version, self.prefix)?;
        write!(f, ", incremental: {}, data: ", self.incremental)?;
        f.debug_set().entries(self.data.keys()).finish()?;
        f.write_str(" }")
    }
}

impl Message for MKVData {
    const TYPE: u16 = msg_type::KV_DATA;
    const NAME: &'static str = "MKVData";

    fn encode_front(&self, e: &mut Encoder) {
        self.version.encode(e);
        self.prefix.encode(e);
        self.incremental.encode(e);
        self.data.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        let (version, prefix) = <(u64, Text)>::decode(d)?;
        Ok(Self { version, prefix, incremental: bool::decode(d)?, data: BTreeMap::decode(d)? })
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn no_value_is_shown() {
        let value = Some(Bytes::from_static(b"password"));
        let message = MKVData { data: BTreeMap::from([(Text::from("key"), value)]), ..MKVData::default() };
        let shown = format!("{message:?}");
        assert!(shown.contains("key") && !shown.contains("password"), "{shown}");
    }
}
