//! Snapshots.

use alloc::vec::Vec;
use core::fmt;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// The number of a snapshot: `snapid_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapId(pub u64);

impl SnapId {
    /// The object as it is now (`CEPH_NOSNAP`).
    pub const HEAD: Self = Self(u64::MAX - 1);
    /// The object that old releases kept the snapshots of a deleted object in (`CEPH_SNAPDIR`).
    pub const SNAPDIR: Self = Self(u64::MAX);
}

/// `head`, `snapdir`, or the number in hexadecimal.
impl fmt::Display for SnapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::HEAD => f.pad("head"),
            Self::SNAPDIR => f.pad("snapdir"),
            Self(id) => write!(f, "{id:x}"),
        }
    }
}

impl Decode for SnapId {
    const MIN_SIZE: usize = 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        u64::decode(d).map(Self)
    }
}

impl Encode for SnapId {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
    }
}

/// The snapshots that a write has to keep the object for: `SnapContext`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SnapContext {
    /// The newest snapshot there ever was.
    pub seq: SnapId,
    /// The snapshots that exist, newest first.
    pub snaps: Vec<SnapId>,
}

impl SnapContext {
    /// Whether the snapshots fall strictly and none of them is newer than `seq`, which is no reserved number
    /// (`SnapContext::is_valid`). An OSD refuses others with `EINVAL`.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let falls = self.snaps.windows(2).all(|pair| matches!(pair, [newer, older] if newer > older));
        let newest_is_known = self.snaps.first().is_none_or(|newest| *newest <= self.seq);
        self.seq < SnapId::HEAD && falls && newest_is_known
    }
}

impl Decode for SnapContext {
    const MIN_SIZE: usize = 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { seq: SnapId::decode(d)?, snaps: Vec::decode(d)? })
    }
}

impl Encode for SnapContext {
    fn encode(&self, e: &mut Encoder) {
        self.seq.encode(e);
        self.snaps.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_is_that_of_ceph() {
        let context = |seq: u64, snaps: &[u64]| SnapContext {
            seq: SnapId(seq),
            snaps: snaps.iter().copied().map(SnapId).collect(),
        };
        assert!(context(0, &[]).is_valid());
        assert!(context(20, &[18, 3, 1]).is_valid());
        assert!(!context(17, &[18, 3, 1]).is_valid());
        assert!(!context(20, &[18, 18]).is_valid());
        assert!(!context(20, &[3, 18]).is_valid());
        assert!(!context(SnapId::HEAD.0, &[]).is_valid());
    }
}
