//! What monitors know.

use core::fmt;
use core::ops::BitOr;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Release};

/// What monitors know: `mon_feature_t`. Unknown ones survive a round trip.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonFeatures(pub u64);

impl MonFeatures {
    /// None.
    pub const NONE: Self = Self(0);
    /// What Kraken added.
    pub const KRAKEN: Self = Self(1 << 0);
    /// What Luminous added.
    pub const LUMINOUS: Self = Self(1 << 1);
    /// What Mimic added.
    pub const MIMIC: Self = Self(1 << 2);
    /// Old versions of the OSD map can be thinned out.
    pub const OSDMAP_PRUNE: Self = Self(1 << 3);
    /// What Nautilus added.
    pub const NAUTILUS: Self = Self(1 << 4);
    /// What Octopus added.
    pub const OCTOPUS: Self = Self(1 << 5);
    /// What Pacific added.
    pub const PACIFIC: Self = Self(1 << 6);
    /// Monitors ping one another, and may elect by how well they are connected.
    pub const PINGING: Self = Self(1 << 7);
    /// What Quincy added.
    pub const QUINCY: Self = Self(1 << 8);
    /// What Reef added.
    pub const REEF: Self = Self(1 << 9);
    /// What Squid added.
    pub const SQUID: Self = Self(1 << 10);
    /// What Tentacle added.
    pub const TENTACLE: Self = Self(1 << 11);
    /// Keys may be of the type aes256k.
    pub const CEPHX_AUTH_AES256K: Self = Self(1 << 31);
    /// Gateways of NVMe over fabrics tell of changes alone.
    pub const NVMEOF_BEACON_DIFF: Self = Self(1 << 32);

    const KNOWN: u8 = 1;

    /// Whether all of `features` are there.
    #[must_use]
    pub const fn contains_all(self, features: Self) -> bool {
        self.0 & features.0 == features.0
    }

    /// The newest release whose features are there (`infer_ceph_release_from_mon_features`).
    #[must_use]
    pub fn release(self) -> Release {
        let added = [
            (Self::TENTACLE, Release::TENTACLE),
            (Self::SQUID, Release::SQUID),
            (Self::REEF, Release::REEF),
            (Self::QUINCY, Release::QUINCY),
            (Self::PACIFIC, Release::PACIFIC),
            (Self::OCTOPUS, Release::OCTOPUS),
            (Self::NAUTILUS, Release::NAUTILUS),
            (Self::MIMIC, Release::MIMIC),
            (Self::LUMINOUS, Release::LUMINOUS),
            (Self::KRAKEN, Release::KRAKEN),
        ];
        let newest = added.into_iter().find(|(features, _)| self.contains_all(*features));
        newest.map_or(Release::UNKNOWN, |(_, release)| release)
    }
}

impl BitOr for MonFeatures {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for MonFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Decode for MonFeatures {
    const MIN_SIZE: usize = 14;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("mon_feature_t", Self::KNOWN, |d, _| u64::decode(d).map(Self))
    }
}

impl Encode for MonFeatures {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(Self::KNOWN, 1, |e| self.0.encode(e));
    }
}
