//! From an object to its PG, and from a PG to the number that CRUSH maps.
//!
//! Follows `object_locator_to_pg`, `map_to_pg` of `osd/OSDMap.cc` and `hash_key`, `raw_pg_to_pg`, `raw_pg_to_pps` of
//! `osd/osd_types.cc` (18.2).

use loligo_wire::PoolId;
use loligo_wire::osdmap::{OSDMap, PgPool, PoolFlags};
use loligo_wire::types::{ObjectLocator, PgId};

use crate::hash::{ceph_str_hash, crush_hash32_2};

/// What stands between a namespace and a name when they are hashed together.
const NAMESPACE_SEPARATOR: &[u8] = b"\x1f";

/// `x` folded into `0..b`, so that growing `b` by one moves only what goes to the new place. `bmask` is the smallest number
/// of all ones that is not below `b - 1`. This is not `x % b`, except where `b` is a power of two.
#[inline]
#[must_use]
pub const fn ceph_stable_mod(x: u32, b: u32, bmask: u32) -> u32 {
    if x & bmask < b { x & bmask } else { x & (bmask >> 1) }
}

/// The hash of an object's name, or of its locator key where it has one, in a namespace (`pg_pool_t::hash_key`).
#[must_use]
pub fn hash_key(pool: &PgPool, key: &[u8], nspace: &[u8]) -> u32 {
    if nspace.is_empty() {
        ceph_str_hash(pool.object_hash, &[key])
    } else {
        ceph_str_hash(pool.object_hash, &[nspace, NAMESPACE_SEPARATOR, key])
    }
}

/// The raw PG of an object: its pool and the hash of its name, not folded yet by the pool's number of PGs. A locator with a
/// key is placed as if that were the name; one with a hash is placed there. None where there is no such pool.
#[must_use]
pub fn object_locator_to_pg(map: &OSDMap, oid: &[u8], loc: &ObjectLocator) -> Option<PgId> {
    let pool = map.get_pg_pool(loc.pool)?;
    let seed = match u64::try_from(loc.hash) {
        // Ceph keeps the lower 32 bits.
        Ok(hash) => low_half(hash),
        Err(_) => {
            let key = if loc.key.is_empty() { oid } else { &loc.key };
            hash_key(pool, key, &loc.nspace)
        }
    };
    Some(PgId::new(loc.pool, seed))
}

/// The PG that a raw one falls into (`pg_pool_t::raw_pg_to_pg`).
#[must_use]
pub const fn raw_pg_to_pg(pool: &PgPool, raw: PgId) -> PgId {
    PgId { pool: raw.pool, seed: ceph_stable_mod(raw.seed, pool.pg_num, pool.pg_num_mask()) }
}

/// The number that CRUSH maps for a PG (`pg_pool_t::raw_pg_to_pps`). It depends on the pool, so that the PGs of two pools
/// are not placed alike; in old pools without the flag HASHPSPOOL, they nearly are.
#[must_use]
pub fn raw_pg_to_pps(pool: &PgPool, raw: PgId) -> u32 {
    let seed = ceph_stable_mod(raw.seed, pool.pgp_num, pool.pgp_num_mask());
    let PoolId(id) = raw.pool;
    let id = low_half(id.cast_unsigned());
    if pool.has_flag(PoolFlags::HASHPSPOOL) { crush_hash32_2(seed, id) } else { seed.wrapping_add(id) }
}

/// The lower 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "that is what is asked for")]
const fn low_half(n: u64) -> u32 {
    n as u32
}

/// Whether PGs of a pool split, and into what.
pub mod split {
    use super::{PgId, ceph_stable_mod};

    /// Whether the PG hands objects to new ones when the pool grows from `old` to `new` PGs (`pg_t::is_split`).
    #[must_use]
    pub fn is_split(pg: PgId, old: u32, new: u32) -> bool {
        pg.seed < old && first_child(pg.seed, old) < u64::from(new)
    }

    /// Whether the PG ends when the pool shrinks from `old` to `new` PGs (`pg_t::is_merge_source`).
    #[must_use]
    pub const fn is_merge_source(pg: PgId, old: u32, new: u32) -> bool {
        pg.seed < old && pg.seed >= new
    }

    /// Whether the PG takes in others when the pool shrinks from `old` to `new` PGs (`pg_t::is_merge_target`).
    #[must_use]
    pub fn is_merge_target(pg: PgId, old: u32, new: u32) -> bool {
        is_split(pg, new, old)
    }

    /// The PGs that this one hands objects to when the pool grows from `old` to `new` PGs.
    pub fn children(pg: PgId, old: u32, new: u32) -> impl Iterator<Item = PgId> {
        let mask = mask(old);
        (old..new)
            .filter(move |seed| pg.seed < old && ceph_stable_mod(*seed, old, mask) == pg.seed)
            .map(move |seed| PgId { pool: pg.pool, seed })
    }

    /// The lowest number from `old` on that `ceph_stable_mod` folds onto `seed`.
    fn first_child(seed: u32, old: u32) -> u64 {
        let half = u64::from(mask(old)).div_ceil(2);
        let near = u64::from(seed) + half;
        if u64::from(seed) < half && near >= u64::from(old) { near } else { u64::from(seed) + 2 * half }
    }

    /// The smallest number of all ones that holds `pgs` itself.
    const fn mask(pgs: u32) -> u32 {
        match pgs {
            0 => 0,
            some => u32::MAX >> some.leading_zeros(),
        }
    }

    #[cfg(test)]
    mod tests {
        use alloc::vec::Vec;

        use loligo_wire::PoolId;

        use super::*;

        #[test]
        fn a_pg_splits_exactly_when_it_has_children() {
            for old in 1..40 {
                for new in 1..90 {
                    for seed in 0..old + 2 {
                        let pg = PgId::new(PoolId(1), seed);
                        let children: Vec<PgId> = children(pg, old, new).collect();
                        assert_eq!(
                            is_split(pg, old, new),
                            !children.is_empty(),
                            "{seed} from {old} to {new}"
                        );
                        assert_eq!(is_merge_target(pg, new, old), !children.is_empty());
                    }
                }
            }
        }

        #[test]
        fn every_new_pg_has_one_parent() {
            for (old, new) in [(12, 32), (7, 8), (1, 5), (16, 40)] {
                let all = (0..old).flat_map(|seed| children(PgId::new(PoolId(1), seed), old, new));
                let mut seeds: Vec<u32> = all.map(|child| child.seed).collect();
                seeds.sort_unstable();
                assert!(seeds.into_iter().eq(old..new));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_mod_is_not_modulo() {
        // pg_num 12: 12 to 15 fold onto 4 to 7, not onto 0 to 3.
        let folded = [0, 11, 12, 15, 16, 28].map(|x| ceph_stable_mod(x, 12, 15));
        assert_eq!(folded, [0, 11, 4, 7, 0, 4]);
        // Growing to 13 moves only what goes to the new place.
        for x in 0..10_000 {
            let (old, new) = (ceph_stable_mod(x, 12, 15), ceph_stable_mod(x, 13, 15));
            assert!(old == new || new == 12);
        }
    }

    #[test]
    fn namespace_and_name_do_not_run_together() {
        let pool = PgPool { object_hash: 2, ..PgPool::default() };
        assert_ne!(hash_key(&pool, b"bc", b"a"), hash_key(&pool, b"c", b"ab"));
        assert_eq!(hash_key(&pool, b"bc", b"a"), hash_key(&pool, b"a\x1fbc", b""));
    }
}
