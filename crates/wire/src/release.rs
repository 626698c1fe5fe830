//! Ceph's releases.

use core::fmt;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// A release of Ceph by number: `ceph_release_t`. Numbers that are not known here survive a round trip.
///
/// 0 is "unknown" and comes before all releases; 0xff is "no value" ([`Self::NONE`]) and comes before that, as in
/// Ceph's own comparison.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Release(pub u8);

impl Release {
    /// Not a release: an incremental that does not change a requirement.
    pub const NONE: Self = Self(0xff);
    /// No particular release.
    pub const UNKNOWN: Self = Self(0);
    /// 10.
    pub const JEWEL: Self = Self(10);
    /// 11.
    pub const KRAKEN: Self = Self(11);
    /// 12.
    pub const LUMINOUS: Self = Self(12);
    /// 13.
    pub const MIMIC: Self = Self(13);
    /// 14.
    pub const NAUTILUS: Self = Self(14);
    /// 15.
    pub const OCTOPUS: Self = Self(15);
    /// 16.
    pub const PACIFIC: Self = Self(16);
    /// 17.
    pub const QUINCY: Self = Self(17);
    /// 18.
    pub const REEF: Self = Self(18);
    /// 19.
    pub const SQUID: Self = Self(19);
    /// 20.
    pub const TENTACLE: Self = Self(20);

    const NAMES: [&str; 21] = [
        "unknown",
        "argonaut",
        "bobtail",
        "cuttlefish",
        "dumpling",
        "emperor",
        "firefly",
        "giant",
        "hammer",
        "infernalis",
        "jewel",
        "kraken",
        "luminous",
        "mimic",
        "nautilus",
        "octopus",
        "pacific",
        "quincy",
        "reef",
        "squid",
        "tentacle",
    ];

    /// Its name, `unknown` where it has none here (`ceph_release_name`).
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.get(usize::from(self.0)).copied().unwrap_or("unknown")
    }

    /// The release of that name (`ceph_release_from_name`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (1..)
            .zip(Self::NAMES.iter().skip(1))
            .find(|(_, known)| **known == name)
            .map(|(number, _)| Self(number))
    }

    /// The order of `ceph_release_t`: numbers above 127 were once -1 and come first.
    const fn rank(self) -> i8 {
        self.0.cast_signed()
    }
}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Release {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Release({} {})", self.0, self.name())
    }
}

impl Decode for Release {
    const MIN_SIZE: usize = 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        u8::decode(d).map(Self)
    }
}

impl Encode for Release {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_comes_before_every_release() {
        assert!(Release::NONE < Release::UNKNOWN);
        assert!(Release::UNKNOWN < Release::JEWEL);
        assert!(Release::PACIFIC < Release::TENTACLE);
    }

    #[test]
    fn names_and_numbers_agree() {
        assert_eq!(Release::from_name("pacific"), Some(Release::PACIFIC));
        assert_eq!(Release::from_name("tentacle"), Some(Release::TENTACLE));
        assert_eq!(Release::from_name("unknown"), None);
        assert_eq!(Release::NONE.name(), "unknown");
        assert_eq!(Release(18).name(), "reef");
    }
}
