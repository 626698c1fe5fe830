//! Flags of the map, of a pool and of an OSD.

use core::fmt;
use core::ops::{BitAnd, BitOr, BitOrAssign, Not};

macro_rules! flags {
    (
        $(#[$doc:meta])* $name:ident($inner:ty) {
            $($(#[$flag_doc:meta])* $flag:ident: $bit:literal, $text:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            $($(#[$flag_doc])* pub const $flag: Self = Self(1 << $bit);)*

            /// None.
            pub const NONE: Self = Self(0);

            const NAMED: &[(Self, &str)] = &[$((Self::$flag, $text)),*];

            /// Whether all of `flags` are set.
            #[must_use]
            pub const fn contains(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }

            /// Whether any of `flags` is set.
            #[must_use]
            pub const fn intersects(self, flags: Self) -> bool {
                self.0 & flags.0 != 0
            }

            /// Without `flags`.
            #[must_use]
            pub const fn without(self, flags: Self) -> Self {
                Self(self.0 & !flags.0)
            }

            /// The flag of that name, as Ceph prints it.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::NAMED.iter().find(|(_, known)| *known == name).map(|(flag, _)| *flag)
            }
        }

        impl BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.0 |= other.0;
            }
        }

        impl BitAnd for $name {
            type Output = Self;

            fn bitand(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl Not for $name {
            type Output = Self;

            fn not(self) -> Self {
                Self(!self.0)
            }
        }

        /// The names of the flags that are set, joined by commas.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let set = Self::NAMED.iter().filter(|(flag, _)| self.contains(*flag));
                for (i, (_, name)) in set.enumerate() {
                    write!(f, "{}{name}", if i == 0 { "" } else { "," })?;
                }
                Ok(())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:#x} {self})", stringify!($name), self.0)
            }
        }

        $crate::codec::as_inner!($name($inner));
    };
}

flags! {
    /// Flags of the whole cluster: `CEPH_OSDMAP_*`. Unknown ones survive a round trip.
    OsdMapFlags(u32) {
        /// Nearly out of space; unused since Mimic, where pools carry it.
        NEARFULL: 0, "nearfull";
        /// Out of space; unused since Mimic, where pools carry it.
        FULL: 1, "full";
        /// Reads wait.
        PAUSERD: 2, "pauserd";
        /// Writes wait.
        PAUSEWR: 3, "pausewr";
        /// Recovery waits.
        PAUSEREC: 4, "pauserec";
        /// No OSD is marked up.
        NOUP: 5, "noup";
        /// No OSD is marked down.
        NODOWN: 6, "nodown";
        /// No OSD is automatically marked out.
        NOOUT: 7, "noout";
        /// No OSD is automatically marked in.
        NOIN: 8, "noin";
        /// No backfill.
        NOBACKFILL: 9, "nobackfill";
        /// No recovery and no backfill.
        NORECOVER: 10, "norecover";
        /// No periodic scrub.
        NOSCRUB: 11, "noscrub";
        /// No periodic deep scrub.
        NODEEP_SCRUB: 12, "nodeep-scrub";
        /// No cache tiering agent.
        NOTIERAGENT: 13, "notieragent";
        /// Backfill only where copies are missing.
        NOREBALANCE: 14, "norebalance";
        /// Objects sort by their bits.
        SORTBITWISE: 15, "sortbitwise";
        /// Every OSD is Jewel or newer.
        REQUIRE_JEWEL: 16, "require_jewel_osds";
        /// Every OSD is Kraken or newer.
        REQUIRE_KRAKEN: 17, "require_kraken_osds";
        /// Every OSD is Luminous or newer.
        REQUIRE_LUMINOUS: 18, "require_luminous_osds";
        /// Objects are deleted during recovery.
        RECOVERY_DELETES: 19, "recovery_deletes";
        /// OSDs have converted their snapshot sets.
        PURGED_SNAPDIRS: 20, "purged_snapdirs";
        /// No trimming of snapshots.
        NOSNAPTRIM: 21, "nosnaptrim";
        /// PG logs have a hard limit.
        PGLOG_HARDLIMIT: 22, "pglog_hardlimit";
        /// No automatic change of pg_num.
        NOAUTOSCALE: 23, "noautoscale";
    }
}

impl OsdMapFlags {
    /// What once said which release the OSDs need (`CEPH_OSDMAP_LEGACY_REQUIRE_FLAGS`).
    pub const LEGACY_REQUIRE: Self =
        Self(Self::REQUIRE_JEWEL.0 | Self::REQUIRE_KRAKEN.0 | Self::REQUIRE_LUMINOUS.0);
}

flags! {
    /// Flags of a pool: `pg_pool_t::FLAG_*`. Unknown ones survive a round trip.
    PoolFlags(u64) {
        /// The placement seed is hashed with the pool's number, not added to it.
        HASHPSPOOL: 0, "hashpspool";
        /// Out of space, by quota or because an OSD is full.
        FULL: 1, "full";
        /// Erasure-coded objects can be overwritten; never cleared again.
        EC_OVERWRITES: 2, "ec_overwrites";
        /// Some clones may be missing, as the pool is or was a cache.
        INCOMPLETE_CLONES: 3, "incomplete_clones";
        /// The pool cannot be removed.
        NODELETE: 4, "nodelete";
        /// pg_num and pgp_num cannot be changed.
        NOPGCHANGE: 5, "nopgchange";
        /// size and min_size cannot be changed.
        NOSIZECHANGE: 6, "nosizechange";
        /// What is written will not be read soon.
        WRITE_FADVISE_DONTNEED: 7, "write_fadvise_dontneed";
        /// No periodic scrub.
        NOSCRUB: 8, "noscrub";
        /// No periodic deep scrub.
        NODEEP_SCRUB: 9, "nodeep-scrub";
        /// Out of space by quota; [`Self::FULL`] is set too.
        FULL_QUOTA: 10, "full_quota";
        /// Nearly out of space.
        NEARFULL: 11, "nearfull";
        /// Too full for backfill.
        BACKFILLFULL: 12, "backfillfull";
        /// Clients manage its snapshots.
        SELFMANAGED_SNAPS: 13, "selfmanaged_snaps";
        /// It has snapshots of the whole pool.
        POOL_SNAPS: 14, "pool_snaps";
        /// Its first PGs are being created.
        CREATING: 15, "creating";
        /// Every op of a client ends with EIO.
        EIO: 16, "eio";
        /// It will be large.
        BULK: 17, "bulk";
        /// Its PGs may live on crimson OSDs.
        CRIMSON: 18, "crimson";
        /// Its erasure code is optimized; never cleared again.
        EC_OPTIMIZATIONS: 19, "ec_optimizations";
    }
}

flags! {
    /// The state of an OSD, or flags of a CRUSH node or device class: `CEPH_OSD_*`. Unknown ones survive a round trip.
    OsdState(u32) {
        /// It is part of the cluster.
        EXISTS: 0, "exists";
        /// It runs.
        UP: 1, "up";
        /// It was marked out automatically.
        AUTOOUT: 2, "autoout";
        /// It was never marked in.
        NEW: 3, "new";
        /// It is full.
        FULL: 4, "full";
        /// It is nearly full.
        NEARFULL: 5, "nearfull";
        /// It is too full for backfill.
        BACKFILLFULL: 6, "backfillfull";
        /// Its store was destroyed; its number waits for a new one.
        DESTROYED: 7, "destroyed";
        /// It cannot be marked up.
        NOUP: 8, "noup";
        /// It cannot be marked down.
        NODOWN: 9, "nodown";
        /// It cannot be marked in.
        NOIN: 10, "noin";
        /// It cannot be marked out.
        NOOUT: 11, "noout";
        /// An administrator has stopped it.
        STOP: 12, "stop";
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn are_printed_by_name() {
        let pause = OsdMapFlags::PAUSERD | OsdMapFlags::PAUSEWR;
        assert_eq!(pause.to_string(), "pauserd,pausewr");
        assert_eq!(OsdMapFlags::from_name("noup"), Some(OsdMapFlags::NOUP));
        assert!(
            pause.contains(OsdMapFlags::PAUSEWR) && !pause.contains(OsdMapFlags::NOUP | OsdMapFlags::PAUSEWR)
        );
        assert!(pause.intersects(OsdMapFlags::NOUP | OsdMapFlags::PAUSEWR));
        assert_eq!(PoolFlags::EIO.0, 1 << 16);
        assert_eq!(OsdState::STOP.0, 1 << 12);
    }
}
