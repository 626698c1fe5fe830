//! Keys and values of an object.

use alloc::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::plain_struct;
use crate::types::CmpXattrOp;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

plain_struct! {
    /// Which keys `OMAPGETKEYS` gives.
    OmapGetKeys {
        /// Those behind this one.
        start_after: Bytes,
        /// How many at most.
        max_return: u64,
    }
}

plain_struct! {
    /// What `OMAPGETKEYS` gives.
    OmapKeys {
        /// The keys.
        keys: BTreeSet<Bytes>,
        /// Whether there are more.
        truncated: bool,
    }
}

plain_struct! {
    /// Which values `OMAPGETVALS` gives.
    OmapGetVals {
        /// Those of keys behind this one.
        start_after: Bytes,
        /// How many at most.
        max_return: u64,
        /// Those of keys that begin so.
        filter_prefix: Bytes,
    }
}

plain_struct! {
    /// What `OMAPGETVALS` gives.
    OmapVals {
        /// Values by key.
        vals: BTreeMap<Bytes, Bytes>,
        /// Whether there are more.
        truncated: bool,
    }
}

plain_struct! {
    /// Which keys `OMAPRMKEYRANGE` removes.
    OmapRange {
        /// The first one.
        begin: Bytes,
        /// The one behind the last one.
        end: Bytes,
    }
}

/// What `OMAP_CMP` wants of the value of a key; a missing one is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OmapAssertion {
    /// What it is compared with.
    pub value: Bytes,
    /// How: an OSD knows `EQ`, `LT` and `GT`.
    pub op: CmpXattrOp,
}

/// The comparison takes 32 bits here.
impl Decode for OmapAssertion {
    const MIN_SIZE: usize = 4 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (value, op) = <(Bytes, u32)>::decode(d)?;
        let op = u8::try_from(op)
            .map_err(|_| DecodeError::Invalid { what: "comparison of an omap value", value: op.into() })?;
        Ok(Self { value, op: CmpXattrOp(op) })
    }
}

impl Encode for OmapAssertion {
    fn encode(&self, e: &mut Encoder) {
        self.value.encode(e);
        u32::from(self.op.0).encode(e);
    }
}
