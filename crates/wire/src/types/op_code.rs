//! The codes of OSD ops.

use core::fmt;

/// What an op does to an object or a PG (`CEPH_OSD_OP_*`). Its high bits say whether it reads, writes or both, and on what.
/// Unknown codes survive a round trip.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpCode(pub u16);

const MODE_RD: u16 = 0x1000;
const MODE_WR: u16 = 0x2000;
const MODE_CACHE: u16 = 0x8000;
const TYPE: u16 = 0x0f00;
const TYPE_EXEC: u16 = 0x0400;
const TYPE_PG: u16 = 0x0500;

macro_rules! op_codes {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        impl OpCode {
            $(
                #[doc = concat!("`CEPH_OSD_OP_", stringify!($name), "`")]
                pub const $name: Self = Self($code);
            )*

            /// Its name as Ceph prints it (`ceph_osd_op_name`); `None` where the code is not known.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

op_codes! {
    READ = 0x1201, "read";
    STAT = 0x1202, "stat";
    MAPEXT = 0x1203, "mapext";
    CHECKSUM = 0x121f, "checksum";
    MASKTRUNC = 0x1204, "masktrunc";
    SPARSE_READ = 0x1205, "sparse-read";
    NOTIFY = 0x1206, "notify";
    NOTIFY_ACK = 0x1207, "notify-ack";
    ASSERT_VER = 0x1208, "assert-version";
    LIST_WATCHERS = 0x1209, "list-watchers";
    LIST_SNAPS = 0x120a, "list-snaps";
    SYNC_READ = 0x120b, "sync_read";
    WRITE = 0x2201, "write";
    WRITEFULL = 0x2202, "writefull";
    TRUNCATE = 0x2203, "truncate";
    ZERO = 0x2204, "zero";
    DELETE = 0x2205, "delete";
    APPEND = 0x2206, "append";
    STARTSYNC = 0x2207, "startsync";
    SETTRUNC = 0x2208, "settrunc";
    TRIMTRUNC = 0x2209, "trimtrunc";
    TMAPUP = 0x320a, "tmapup";
    TMAPPUT = 0x220b, "tmapput";
    TMAPGET = 0x120c, "tmapget";
    CREATE = 0x220d, "create";
    ROLLBACK = 0x220e, "rollback";
    WATCH = 0x220f, "watch";
    OMAPGETKEYS = 0x1211, "omap-get-keys";
    OMAPGETVALS = 0x1212, "omap-get-vals";
    OMAPGETHEADER = 0x1213, "omap-get-header";
    OMAPGETVALSBYKEYS = 0x1214, "omap-get-vals-by-keys";
    OMAPSETVALS = 0x2215, "omap-set-vals";
    OMAPSETHEADER = 0x2216, "omap-set-header";
    OMAPCLEAR = 0x2217, "omap-clear";
    OMAPRMKEYS = 0x2218, "omap-rm-keys";
    OMAPRMKEYRANGE = 0x222c, "omap-rm-key-range";
    OMAP_CMP = 0x1219, "omap-cmp";
    COPY_FROM = 0x221a, "copy-from";
    COPY_FROM2 = 0x222d, "copy-from2";
    UNDIRTY = 0x221c, "undirty";
    ISDIRTY = 0x121d, "isdirty";
    COPY_GET = 0x121e, "copy-get";
    CACHE_FLUSH = 0x821f, "cache-flush";
    CACHE_EVICT = 0x8220, "cache-evict";
    CACHE_TRY_FLUSH = 0x8221, "cache-try-flush";
    TMAP2OMAP = 0x3222, "tmap2omap";
    SETALLOCHINT = 0x2223, "set-alloc-hint";
    CACHE_PIN = 0x2224, "cache-pin";
    CACHE_UNPIN = 0x2225, "cache-unpin";
    WRITESAME = 0x2226, "write-same";
    CMPEXT = 0x1220, "cmpext";
    SET_REDIRECT = 0x2227, "set-redirect";
    SET_CHUNK = 0x8228, "set-chunk";
    TIER_PROMOTE = 0x2229, "tier-promote";
    UNSET_MANIFEST = 0x222a, "unset-manifest";
    TIER_FLUSH = 0x822b, "tier-flush";
    TIER_EVICT = 0x822c, "tier-evict";
    GETXATTR = 0x1301, "getxattr";
    GETXATTRS = 0x1302, "getxattrs";
    CMPXATTR = 0x1303, "cmpxattr";
    SETXATTR = 0x2301, "setxattr";
    SETXATTRS = 0x2302, "setxattrs";
    RESETXATTRS = 0x2303, "resetxattrs";
    RMXATTR = 0x2304, "rmxattr";
    PULL = 0x4001, "pull";
    PUSH = 0x4002, "push";
    BALANCEREADS = 0x4003, "balance-reads";
    UNBALANCEREADS = 0x4004, "unbalance-reads";
    SCRUB = 0x4005, "scrub";
    SCRUB_RESERVE = 0x4006, "scrub-reserve";
    SCRUB_UNRESERVE = 0x4007, "scrub-unreserve";
    SCRUB_MAP = 0x4009, "scrub-map";
    CALL = 0x1401, "call";
    PGLS = 0x1501, "pgls";
    PGLS_FILTER = 0x1502, "pgls-filter";
    PG_HITSET_LS = 0x1503, "pg-hitset-ls";
    PG_HITSET_GET = 0x1504, "pg-hitset-get";
    PGNLS = 0x1505, "pgnls";
    PGNLS_FILTER = 0x1506, "pgnls-filter";
    SCRUBLS = 0x1507, "scrubls";
}

impl OpCode {
    /// Whether it reads the object (`ceph_osd_op_mode_read`). Of a class method only the OSD knows.
    #[must_use]
    pub fn is_read(self) -> bool {
        self.0 & MODE_RD != 0 && self != Self::CALL
    }

    /// Whether it changes the object (`ceph_osd_op_mode_modify`). Of a class method only the OSD knows.
    #[must_use]
    pub const fn is_modify(self) -> bool {
        self.0 & MODE_WR != 0
    }

    /// Whether it works on a cache tier (`ceph_osd_op_mode_cache`).
    #[must_use]
    pub const fn is_cache(self) -> bool {
        self.0 & MODE_CACHE != 0
    }

    /// Whether it is about a whole PG (`ceph_osd_op_type_pg`).
    #[must_use]
    pub const fn is_pg(self) -> bool {
        self.0 & TYPE == TYPE_PG
    }

    /// Whether it calls a class method (`ceph_osd_op_type_exec`).
    #[must_use]
    pub const fn is_exec(self) -> bool {
        self.0 & TYPE == TYPE_EXEC
    }

    /// Whether its arguments are an extent (`ceph_osd_op_uses_extent`).
    #[must_use]
    pub const fn uses_extent(self) -> bool {
        matches!(
            self,
            Self::READ
                | Self::MAPEXT
                | Self::MASKTRUNC
                | Self::SPARSE_READ
                | Self::SYNC_READ
                | Self::WRITE
                | Self::WRITEFULL
                | Self::TRUNCATE
                | Self::ZERO
                | Self::APPEND
                | Self::TRIMTRUNC
                | Self::CMPEXT
        )
    }
}

impl fmt::Display for OpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "op {:#06x}", self.0),
        }
    }
}

impl fmt::Debug for OpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn modes_and_types_are_those_of_the_bits() {
        assert!(OpCode::READ.is_read() && !OpCode::READ.is_modify());
        assert!(OpCode::APPEND.is_modify() && !OpCode::APPEND.is_read());
        assert!(OpCode::TMAPUP.is_read() && OpCode::TMAPUP.is_modify());
        assert!(!OpCode::CALL.is_read() && OpCode::CALL.is_exec());
        assert!(OpCode::PGNLS.is_pg() && OpCode::CACHE_FLUSH.is_cache());
        assert_eq!(OpCode::WRITEFULL.to_string(), "writefull");
        assert_eq!(OpCode(0x1234).to_string(), "op 0x1234");
    }
}
