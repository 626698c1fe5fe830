//! The first words.

use core::fmt;
use core::ops::BitOr;

use crate::codec::as_inner;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// The first bytes in both directions (`CEPH_BANNER_V2_PREFIX`). The length of the rest follows, as a `u16`.
pub const BANNER_PREFIX: &[u8; 8] = b"ceph v2\n";

/// What a peer can do on the wire (`CEPH_MSGR2_FEATURE_*`), beside the features of its messages.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Msgr2Features(pub u64);

as_inner!(Msgr2Features(u64));

impl Msgr2Features {
    /// None.
    pub const NONE: Self = Self(0);
    /// Revision 2.1 of the frames. Since Nautilus 14.2.9 and Octopus 15.2.1; what came before can be attacked
    /// (CVE-2020-1759).
    pub const REVISION_1: Self = Self(1);
    /// Compression, negotiated after authentication. Since Quincy.
    pub const COMPRESSION: Self = Self(2);

    /// Whether all of `other` are among them.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those that are also in `other`.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Msgr2Features {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Msgr2Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Msgr2Features({:#x})", self.0)
    }
}

/// What stands behind [`BANNER_PREFIX`] and the length: what a peer can do, and what the other must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Banner {
    /// What it can do.
    pub supported: Msgr2Features,
    /// What the other must be able to do.
    pub required: Msgr2Features,
}

impl Banner {
    /// The size of the prefix and of the length behind it.
    pub const PREFIX_SIZE: usize = BANNER_PREFIX.len() + 2;
    /// The size on the wire of one that is written here, with prefix and length.
    pub const SIZE: usize = Self::PREFIX_SIZE + 16;

    /// The bytes on the wire, with prefix and length.
    #[must_use]
    pub fn to_array(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let length = 16_u16.to_le_bytes();
        let [supported, required] = [self.supported.0.to_le_bytes(), self.required.0.to_le_bytes()];
        let all = BANNER_PREFIX.iter().chain(&length).chain(&supported).chain(&required);
        for (to, from) in bytes.iter_mut().zip(all) {
            *to = *from;
        }
        bytes
    }
}

/// What is behind the length. A newer peer may say more.
impl Decode for Banner {
    const MIN_SIZE: usize = 16;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { supported: Decode::decode(d)?, required: Decode::decode(d)? })
    }
}

impl Encode for Banner {
    fn encode(&self, e: &mut Encoder) {
        self.supported.encode(e);
        self.required.encode(e);
    }
}
