//! Feature bits of a peer (`include/ceph_features.h`, as of 20.2).

use core::fmt;
use core::ops::{BitAnd, BitOr};

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Release};

/// What a peer can do: 64 bits, some of which have been used again for something newer. A feature is therefore a
/// mask: its own bit and the bits of its incarnation; test it with [`Features::has`], which tests them all.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Features(pub u64);

/// The bits that, together with a feature's own, say which use of the bit is meant.
const fn incarnation(n: u8) -> u64 {
    match n {
        1 => 0,
        2 => 1 << 57,
        // Bits that Nautilus still offers with their old meaning: they count beside SERVER_OCTOPUS alone.
        4 => (1 << 57) | (1 << 28) | (1 << 16),
        _ => (1 << 57) | (1 << 28),
    }
}

macro_rules! features {
    ($($name:ident: $bit:literal, $incarnation:literal;)*) => {
        impl Features {
            $(
                #[doc = concat!("`CEPH_FEATUREMASK_", stringify!($name), "`")]
                pub const $name: Self = Self(1 << $bit | incarnation($incarnation));
            )*

            /// Each feature that is known here, with its name.
            pub const NAMED: &'static [(&'static str, Self)] = &[$((stringify!($name), Self::$name)),*];
        }
    };
}

features! {
    UID: 0, 1;
    NOSRCADDR: 1, 1;
    FLOCK: 3, 1;
    SUBSCRIBE2: 4, 1;
    MONNAMES: 5, 1;
    RECONNECT_SEQ: 6, 1;
    DIRLAYOUTHASH: 7, 1;
    OBJECTLOCATOR: 8, 1;
    PGID64: 9, 1;
    INCSUBOSDMAP: 10, 1;
    PGPOOL3: 11, 1;
    OSDREPLYMUX: 12, 1;
    OSDENC: 13, 1;
    MONENC: 15, 1;
    CRUSH_TUNABLES: 18, 1;
    MSG_AUTH: 23, 1;
    CRUSH_TUNABLES2: 25, 1;
    CREATEPOOLID: 26, 1;
    REPLY_CREATE_INODE: 27, 1;
    MDSENC: 29, 1;
    OSDHASHPSPOOL: 30, 1;
    OSD_CACHEPOOL: 35, 1;
    CRUSH_V2: 36, 1;
    EXPORT_PEER: 37, 1;
    OSDMAP_ENC: 39, 1;
    MDS_INLINE_DATA: 40, 1;
    CRUSH_TUNABLES3: 41, 1;
    OSD_PRIMARY_AFFINITY: 41, 1;
    MSGR_KEEPALIVE2: 42, 1;
    OSD_POOLRESEND: 43, 1;
    OSD_FADVISE_FLAGS: 46, 1;
    MDS_QUOTA: 47, 1;
    CRUSH_V4: 48, 1;
    NEW_OSDOP_ENCODING: 56, 1;
    MON_STATEFUL_SUB: 57, 1;
    SERVER_JEWEL: 57, 1;
    CRUSH_TUNABLES5: 58, 1;
    FS_FILE_LAYOUT_V2: 58, 1;
    NEW_OSDOPREPLY_ENCODING: 58, 1;
    FS_BTIME: 59, 1;
    FS_CHANGE_ATTR: 59, 1;
    MSG_ADDR2: 59, 1;
    OSD_RECOVERY_DELETES: 60, 1;
    CEPHX_V2: 61, 1;
    SERVER_KRAKEN: 14, 2;
    OSD_PGLOG_HARDLIMIT: 19, 2;
    CRUSH_CHOOSE_ARGS: 21, 2;
    OSDMAP_PG_UPMAP: 21, 2;
    RADOS_BACKOFF: 21, 2;
    RESEND_ON_SPLIT: 21, 2;
    SERVER_LUMINOUS: 21, 2;
    OSD_FIXED_COLLECTION_LIST: 22, 2;
    RECOVERY_RESERVATION_2: 24, 2;
    SERVER_MIMIC: 28, 2;
    SERVER_NAUTILUS: 2, 3;
    OSD_REPOP_MLCOD: 16, 3;
    SERVER_OCTOPUS: 16, 3;
    SERVER_PACIFIC: 20, 3;
    SERVER_REEF: 31, 3;
    STRETCH_MODE: 32, 3;
    SERVER_QUINCY: 33, 3;
    RANGE_BLOCKLIST: 34, 3;
    CRUSH_MSR: 38, 4;
    NVMEOFHA: 44, 2;
    NVMEOFHAMAP: 45, 2;
    SERVER_SQUID: 49, 2;
    SERVER_TENTACLE: 50, 4;
}

impl Features {
    /// None.
    pub const NONE: Self = Self(0);

    /// All features that are known here, up to those of Reef.
    pub const ALL: Self = {
        let mut all = 0;
        let mut rest = Self::NAMED;
        while let [(_, one), tail @ ..] = rest {
            all |= one.0;
            rest = tail;
        }
        Self(all & Self::REEF.0)
    };

    /// What a Pacific (16) daemon offers and means.
    ///
    /// It also offers bit 31, which was MON_SINGLE_PAXOS then and is `SERVER_REEF` since: the features of a Pacific peer
    /// have [`Self::SERVER_REEF`], but not [`Self::SERVER_QUINCY`]. 16.2.15 offers [`Self::RANGE_BLOCKLIST`] too.
    pub const PACIFIC: Self = Self(0x3f01_cfb9_7ffd_ffff);

    /// What an Octopus (15) daemon means: without bit 31, as [`Self::PACIFIC`].
    pub const OCTOPUS: Self = Self(0x3f01_cfb8_7fad_ffff);

    /// What a Nautilus (14) daemon offers.
    pub const NAUTILUS: Self = Self(0x3ffd_dff8_ffec_ffff);

    /// What a Quincy (17) daemon means: as Reef, without bit 31, which Quincy offers with its old meaning.
    pub const QUINCY: Self = Self(0x3f01_cfbf_7ffd_ffff);

    /// What a Reef (18) daemon offers.
    pub const REEF: Self = Self(0x3f01_cfbf_fffd_ffff);

    /// What a Squid (19) daemon means, as far as formats depend on it.
    pub const SQUID: Self = Self(0x3f03_cfff_fffd_ffff);

    /// What a Tentacle (20) daemon offers.
    pub const TENTACLE: Self = Self(0x3f07_ffff_fffd_ffff);

    /// The releases for which everything here can be written, with what their daemons mean.
    pub const RELEASES: [(Release, Self); 7] = [
        (Release::NAUTILUS, Self::NAUTILUS),
        (Release::OCTOPUS, Self::OCTOPUS),
        (Release::PACIFIC, Self::PACIFIC),
        (Release::QUINCY, Self::QUINCY),
        (Release::REEF, Self::REEF),
        (Release::SQUID, Self::SQUID),
        (Release::TENTACLE, Self::TENTACLE),
    ];

    /// Whether all bits of `feature` are there, those of its incarnation included.
    #[must_use]
    pub const fn has(self, feature: Self) -> bool {
        self.0 & feature.0 == feature.0
    }

    /// The features of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The features that both have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Without the features of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Features {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitAnd for Features {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.intersection(other)
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

impl Decode for Features {
    const MIN_SIZE: usize = 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        u64::decode(d).map(Self)
    }
}

impl Encode for Features {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_bit_alone_is_not_the_newer_feature() {
        // Bit 21 was MON_GV long before it meant SERVER_LUMINOUS.
        assert!(!Features(1 << 21).has(Features::SERVER_LUMINOUS));
        assert!(Features(1 << 21 | 1 << 57).has(Features::SERVER_LUMINOUS));
        assert!(!Features(1 << 16 | 1 << 57).has(Features::SERVER_OCTOPUS));
    }

    #[test]
    fn each_release_has_what_came_with_it_and_nothing_newer() {
        let since = [
            (Release::NAUTILUS, Features::SERVER_NAUTILUS),
            (Release::OCTOPUS, Features::SERVER_OCTOPUS),
            (Release::PACIFIC, Features::SERVER_PACIFIC),
            (Release::QUINCY, Features::SERVER_QUINCY),
            (Release::SQUID, Features::SERVER_SQUID),
            (Release::SQUID, Features::CRUSH_MSR),
            (Release::TENTACLE, Features::SERVER_TENTACLE),
        ];
        for (release, features) in Features::RELEASES {
            for (first, feature) in since {
                assert_eq!(features.has(feature), release >= first, "{feature:?} of {release}");
            }
        }
    }

    #[test]
    fn pacific_is_not_quincy() {
        assert!(Features::PACIFIC.has(Features::SERVER_PACIFIC));
        assert!(!Features::PACIFIC.has(Features::SERVER_QUINCY));
        assert!(!Features::PACIFIC.has(Features::SERVER_REEF));
        // `ceph features` of a 16.2.15 cluster.
        let offered = Features(0x3f01_cfbd_fffd_ffff);
        assert_eq!(offered.without(Features(1 << 31 | 1 << 34)), Features::PACIFIC);
        assert!(offered.has(Features::SERVER_REEF), "bit 31 meant something else");
        assert!(!offered.has(Features::SERVER_QUINCY));
        assert!(Features::PACIFIC.has(Features::MSG_ADDR2));
        assert!(Features::PACIFIC.has(Features::CEPHX_V2));
    }
}
