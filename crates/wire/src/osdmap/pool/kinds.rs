//! Kinds of pools.

/// How the objects of a pool are kept: `pg_pool_t::TYPE_*`. Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolType(pub u8);

impl PoolType {
    /// As copies.
    pub const REPLICATED: Self = Self(1);
    /// As shards of an erasure code.
    pub const ERASURE: Self = Self(3);

    /// Its name as Ceph prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::REPLICATED => "replicated",
            Self::ERASURE => "erasure",
            _ => "???",
        }
    }
}

/// Whether pg_num follows the amount of data: `pg_autoscale_mode_t`. Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PgAutoscaleMode(pub u8);

impl PgAutoscaleMode {
    /// No.
    pub const OFF: Self = Self(0);
    /// No, but there is a warning where it should.
    pub const WARN: Self = Self(1);
    /// Yes.
    pub const ON: Self = Self(2);
    /// Not said.
    pub const UNKNOWN: Self = Self(0xff);

    /// Its name as Ceph prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OFF => "off",
            Self::WARN => "warn",
            Self::ON => "on",
            _ => "???",
        }
    }
}

/// How a pool serves as a cache: `pg_pool_t::cache_mode_t`. Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheMode(pub u8);

impl CacheMode {
    /// Not at all.
    pub const NONE: Self = Self(0);
    /// Writes go into it and are flushed later.
    pub const WRITEBACK: Self = Self(1);
    /// What it has not is forwarded.
    pub const FORWARD: Self = Self(2);
    /// It serves reads; writes are forwarded.
    pub const READONLY: Self = Self(3);
    /// Reads are forwarded; writes go into it and are flushed later.
    pub const READFORWARD: Self = Self(4);
    /// Reads go through it; writes go into it and are flushed later.
    pub const READPROXY: Self = Self(5);
    /// What it has not goes through it.
    pub const PROXY: Self = Self(6);

    /// Its name as Ceph prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NONE => "none",
            Self::WRITEBACK => "writeback",
            Self::FORWARD => "forward",
            Self::READONLY => "readonly",
            Self::READFORWARD => "readforward",
            Self::READPROXY => "readproxy",
            Self::PROXY => "proxy",
            _ => "unknown",
        }
    }
}
