//! Placement groups.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, OsdId, PoolId};

/// A placement group, or before it is folded by the pool's number of PGs an object's place in the pool: `pg_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PgId {
    /// The pool.
    pub pool: PoolId,
    /// Its number in the pool, or the hash of an object.
    pub seed: u32,
}

impl PgId {
    /// That PG of that pool.
    #[must_use]
    pub const fn new(pool: PoolId, seed: u32) -> Self {
        Self { pool, seed }
    }
}

/// `1.2f`: the pool in decimal, the seed in hexadecimal.
impl fmt::Display for PgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}", self.pool, self.seed)
    }
}

/// A text that is no PG.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a PG is written pool.seed, the pool in decimal and the seed in hexadecimal")]
pub struct PgIdParseError;

impl FromStr for PgId {
    type Err = PgIdParseError;

    fn from_str(s: &str) -> Result<Self, PgIdParseError> {
        let (pool, seed) = s.split_once('.').ok_or(PgIdParseError)?;
        let pool = pool.parse().map_err(|_| PgIdParseError)?;
        let seed = u32::from_str_radix(seed, 16).map_err(|_| PgIdParseError)?;
        Ok(Self { pool: PoolId(pool), seed })
    }
}

impl Decode for PgId {
    const MIN_SIZE: usize = 17;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let _version = u8::decode(d)?;
        let pg = Self { pool: PoolId::decode(d)?, seed: u32::decode(d)? };
        let _preferred = i32::decode(d)?;
        Ok(pg)
    }
}

/// The last field was once a preferred OSD; -1 is none.
impl Encode for PgId {
    fn encode(&self, e: &mut Encoder) {
        1u8.encode(e);
        self.pool.encode(e);
        self.seed.encode(e);
        (-1i32).encode(e);
    }
}

/// Which shard of an erasure-coded PG: `shard_id_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub i8);

impl ShardId {
    /// The PG is replicated and has no shards.
    pub const NONE: Self = Self(-1);
}

impl Default for ShardId {
    fn default() -> Self {
        Self::NONE
    }
}

impl Decode for ShardId {
    const MIN_SIZE: usize = 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        i8::decode(d).map(Self)
    }
}

impl Encode for ShardId {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
    }
}

/// A shard of a placement group: `spg_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpgId {
    /// The PG.
    pub pgid: PgId,
    /// Which shard of it.
    pub shard: ShardId,
}

impl SpgId {
    /// The PG itself, where it is replicated.
    #[must_use]
    pub const fn whole(pgid: PgId) -> Self {
        Self { pgid, shard: ShardId::NONE }
    }
}

/// `1.2f`, or `1.2fs3` for a shard.
impl fmt::Display for SpgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pgid)?;
        if self.shard == ShardId::NONE { Ok(()) } else { write!(f, "s{}", self.shard.0) }
    }
}

impl Decode for SpgId {
    const MIN_SIZE: usize = 6 + PgId::MIN_SIZE + ShardId::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("spg_t", 1, |d, _| Ok(Self { pgid: PgId::decode(d)?, shard: ShardId::decode(d)? }))
    }
}

impl Encode for SpgId {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.pgid.encode(e);
            self.shard.encode(e);
        });
    }
}

/// An OSD, and the shard of a PG that it holds: `pg_shard_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PgShard {
    /// The OSD; -1 where it is not known.
    pub osd: OsdId,
    /// The shard.
    pub shard: ShardId,
}

impl Decode for PgShard {
    const MIN_SIZE: usize = 6 + OsdId::MIN_SIZE + ShardId::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("pg_shard_t", 1, |d, _| Ok(Self { osd: OsdId::decode(d)?, shard: ShardId::decode(d)? }))
    }
}

impl Encode for PgShard {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.osd.encode(e);
            self.shard.encode(e);
        });
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_pg_is_printed_and_read_as_in_ceph() {
        let pgid = PgId::new(PoolId(1), 0x2f);
        assert_eq!(pgid.to_string(), "1.2f");
        assert_eq!("1.2f".parse(), Ok(pgid));
        assert_eq!("1".parse::<PgId>(), Err(PgIdParseError));
        assert_eq!("1.100000000".parse::<PgId>(), Err(PgIdParseError));
        assert_eq!(SpgId::whole(pgid).to_string(), "1.2f");
        assert_eq!(SpgId { pgid, shard: ShardId(3) }.to_string(), "1.2fs3");
    }
}
