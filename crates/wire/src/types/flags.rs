//! Flags and small numbers of OSD ops (`include/rados.h`).

use core::fmt;
use core::ops::{BitAnd, BitOr, BitOrAssign, Not};

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal { $($(#[$flag_doc:meta])* $flag:ident = $value:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// None.
            pub const NONE: Self = Self(0);
            $(
                $(#[$flag_doc])*
                #[doc = concat!("(`", $prefix, stringify!($flag), "`)")]
                pub const $flag: Self = Self($value);
            )*

            const NAMED: &'static [(Self, &'static str)] = &[$((Self::$flag, stringify!($flag))),*];

            /// Whether all of `flags` are set.
            #[must_use]
            pub const fn has(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }

            /// Whether any of `flags` is set.
            #[must_use]
            pub const fn has_any(self, flags: Self) -> bool {
                self.0 & flags.0 != 0
            }

            /// Those of both.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Without those of `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }
        }

        impl BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                *self = self.union(other);
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

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut rest = self.0;
                let mut set = f.debug_set();
                for (flag, name) in Self::NAMED {
                    if rest & flag.0 == flag.0 {
                        set.entry(&format_args!("{name}"));
                        rest &= !flag.0;
                    }
                }
                if rest != 0 {
                    set.entry(&format_args!("{rest:#x}"));
                }
                set.finish()
            }
        }

        $crate::codec::as_inner!($name($inner));
    };
}

flags! {
    /// What a whole request asks for, and how it is to be handled.
    OsdFlags(u32), "CEPH_OSD_FLAG_" {
        /// Acknowledge when it is applied; since Luminous the same as [`Self::ONDISK`].
        ACK = 0x0001;
        /// Acknowledge when it is in a journal; since Luminous the same as [`Self::ONDISK`].
        ONNVRAM = 0x0002;
        /// Acknowledge when it is on disk. In a reply: it is.
        ONDISK = 0x0004;
        /// It may have been sent before.
        RETRY = 0x0008;
        /// It reads.
        READ = 0x0010;
        /// It writes.
        WRITE = 0x0020;
        /// Refuse a write whose snapshot context is older than the object's.
        ORDERSNAP = 0x0040;
        /// No longer used.
        PEERSTAT_OLD = 0x0080;
        /// Any replica may answer.
        BALANCE_READS = 0x0100;
        /// Ops may be executed in parallel.
        PARALLELEXEC = 0x0200;
        /// It is about a PG, not an object.
        PGOP = 0x0400;
        /// It may call class methods.
        EXEC = 0x0800;
        /// No longer used.
        EXEC_PUBLIC = 0x1000;
        /// The nearest replica may answer.
        LOCALIZE_READS = 0x2000;
        /// A read that keeps its place among the writes.
        RWORDERED = 0x4000;
        /// Go past the rules of cache tiers.
        IGNORE_CACHE = 0x8000;
        /// Take no read or write lock on the object.
        SKIPRWLOCKS = 0x1_0000;
        /// Do not follow the pool's overlay.
        IGNORE_OVERLAY = 0x2_0000;
        /// A part of the flush of a cache tier.
        FLUSH = 0x4_0000;
        /// A snapshot's number is that of a clone.
        MAP_SNAP_CLONE = 0x8_0000;
        /// Use the given snapshot context even where the pool has snapshots of its own.
        ENFORCE_SNAPC = 0x10_0000;
        /// It was redirected.
        REDIRECTED = 0x20_0000;
        /// The sender knows of redirects, so that a missing [`Self::REDIRECTED`] means that there was none.
        KNOWN_REDIR = 0x40_0000;
        /// Try it although the cluster or pool is full.
        FULL_TRY = 0x80_0000;
        /// Do it although the cluster or pool is full.
        FULL_FORCE = 0x100_0000;
        /// Do not redirect.
        IGNORE_REDIRECT = 0x200_0000;
        /// A write may return data and a positive result, op by op.
        RETURNVEC = 0x400_0000;
        /// The client knows what a pool marked EIO is.
        SUPPORTSPOOLEIO = 0x800_0000;
    }
}

flags! {
    /// How one op of a request is to be handled.
    OpFlags(u32), "CEPH_OSD_OP_FLAG_" {
        /// Create only what does not exist.
        EXCL = 0x1;
        /// Go on with the next op where this one fails.
        FAILOK = 0x2;
        /// Access will be random.
        FADVISE_RANDOM = 0x4;
        /// Access will be sequential.
        FADVISE_SEQUENTIAL = 0x8;
        /// The data will be used soon.
        FADVISE_WILLNEED = 0x10;
        /// The data will not be used soon.
        FADVISE_DONTNEED = 0x20;
        /// The data will be used only once.
        FADVISE_NOCACHE = 0x40;
        /// References are counted.
        WITH_REFERENCE = 0x80;
        /// Go past the cache of the object store.
        BYPASS_CLEAN_CACHE = 0x100;
    }
}

flags! {
    /// How an object is going to be used.
    AllocHintFlags(u32), "CEPH_OSD_ALLOC_HINT_FLAG_" {
        /// Writes will be sequential.
        SEQUENTIAL_WRITE = 1;
        /// Writes will be random.
        RANDOM_WRITE = 2;
        /// Reads will be sequential.
        SEQUENTIAL_READ = 4;
        /// Reads will be random.
        RANDOM_READ = 8;
        /// It will only grow.
        APPEND_ONLY = 16;
        /// It will not be changed.
        IMMUTABLE = 32;
        /// It will be deleted soon.
        SHORTLIVED = 64;
        /// It will be kept.
        LONGLIVED = 128;
        /// Compression pays.
        COMPRESSIBLE = 256;
        /// Compression does not pay.
        INCOMPRESSIBLE = 512;
    }
}

flags! {
    /// How the source of a copy is read.
    CopyFromFlags(u8), "CEPH_OSD_COPY_FROM_FLAG_" {
        /// A part of a flush.
        FLUSH = 1;
        /// Do not follow the pool's overlay.
        IGNORE_OVERLAY = 2;
        /// Go past the rules of cache tiers.
        IGNORE_CACHE = 4;
        /// The snapshot's number is that of a clone.
        MAP_SNAP_CLONE = 8;
        /// In order with writes.
        RWORDERED = 16;
        /// Use the given truncation (`COPY_FROM2` only).
        TRUNCATE_SEQ = 32;
    }
}

macro_rules! numbers {
    ($(#[$doc:meta])* $name:ident, $prefix:literal { $($(#[$number_doc:meta])* $number:ident = $value:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u8);

        impl $name {
            $(
                $(#[$number_doc])*
                #[doc = concat!("(`", $prefix, stringify!($number), "`)")]
                pub const $number: Self = Self($value);
            )*
        }

        $crate::codec::as_inner!($name(u8));
    };
}

numbers! {
    /// How an extended attribute is compared.
    CmpXattrOp, "CEPH_OSD_CMPXATTR_OP_" {
        /// Equal.
        EQ = 1;
        /// Not equal.
        NE = 2;
        /// Greater.
        GT = 3;
        /// Greater or equal.
        GTE = 4;
        /// Less.
        LT = 5;
        /// Less or equal.
        LTE = 6;
    }
}

numbers! {
    /// What an extended attribute is compared as.
    CmpXattrMode, "CEPH_OSD_CMPXATTR_MODE_" {
        /// Bytes.
        STRING = 1;
        /// A number in decimal.
        U64 = 2;
    }
}

numbers! {
    /// What a watch op does.
    WatchOp, "CEPH_OSD_WATCH_OP_" {
        /// Ends a watch.
        UNWATCH = 0;
        /// Starts one as before Giant.
        LEGACY_WATCH = 1;
        /// Starts one.
        WATCH = 3;
        /// Continues one after the connection was lost.
        RECONNECT = 5;
        /// Keeps one alive.
        PING = 7;
    }
}

numbers! {
    /// What a back-off message says.
    BackoffOp, "CEPH_OSD_BACKOFF_OP_" {
        /// Send nothing in this range until unblocked.
        BLOCK = 1;
        /// The client does so.
        ACK_BLOCK = 2;
        /// Send again.
        UNBLOCK = 3;
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn flags_are_shown_by_name_and_unknown_ones_as_a_number() {
        let flags = OsdFlags::READ | OsdFlags::RETRY | OsdFlags(0x8000_0000);
        assert_eq!(format!("{flags:?}"), "{RETRY, READ, 0x80000000}");
        assert!(flags.has(OsdFlags::READ) && !flags.has(OsdFlags::READ | OsdFlags::WRITE));
        assert_eq!(flags.without(OsdFlags(0x8000_0000)) & OsdFlags::READ, OsdFlags::READ);
    }
}
