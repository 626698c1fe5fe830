//! A snapshot of a whole pool.

use loligo_base::Wall;

use crate::types::SnapId;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Text};

/// A snapshot of a whole pool: `pool_snap_info_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolSnapInfo {
    /// Its number.
    pub snapid: SnapId,
    /// When it was made.
    pub stamp: Wall,
    /// Its name.
    pub name: Text,
}

impl PoolSnapInfo {
    const KNOWN: u8 = 2;
}

impl Decode for PoolSnapInfo {
    const MIN_SIZE: usize = 26;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("pool_snap_info_t", Self::KNOWN, |d, _| {
            Ok(Self { snapid: SnapId::decode(d)?, stamp: Wall::decode(d)?, name: Text::decode(d)? })
        })
    }
}

impl Encode for PoolSnapInfo {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(2, 2, |e| {
            self.snapid.encode(e);
            self.stamp.encode(e);
            self.name.encode(e);
        });
    }
}
