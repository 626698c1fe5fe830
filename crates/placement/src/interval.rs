//! Whether a PG's OSDs, or what they hold, changed between two maps.
//!
//! Follows `PastIntervals::is_new_interval` of `osd/osd_types.cc` and `is_pg_changed` of `osd/OSDMap.cc` (20.2).

use alloc::sync::Arc;

use loligo_wire::OsdId;
use loligo_wire::osdmap::{OSDMap, OsdMapFlags, PgPool};
use loligo_wire::types::PgId;

use crate::pg::split::{is_merge_source, is_merge_target, is_split};
use crate::up_acting::UpActing;

/// All that an interval of a PG depends on, in one map. The default is that of no map: any other differs from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// The PG's OSDs.
    pub osds: Arc<UpActing>,
    /// The pool's `size`.
    pub size: u8,
    /// The pool's `min_size`.
    pub min_size: u8,
    /// The pool's `pg_num`; 0 for no map.
    pub pg_num: u32,
    /// The pool's `pg_num_pending`.
    pub pg_num_pending: u32,
    /// The map's flag SORTBITWISE.
    pub sort_bitwise: bool,
    /// The map's flag RECOVERY_DELETES.
    pub recovery_deletes: bool,
    /// The pool's `peering_crush_bucket_count`, `_target`, and `_barrier`: stretch clusters.
    pub peering_crush_bucket: [u32; 3],
    /// The pool's `peering_crush_mandatory_member`.
    pub peering_crush_mandatory_member: i32,
    /// The pool's flag EC_OPTIMIZATIONS.
    pub allow_ec_optimizations: bool,
}

impl Interval {
    /// That of a PG with these OSDs.
    #[must_use]
    pub const fn new(map: &OSDMap, pool: &PgPool, osds: Arc<UpActing>) -> Self {
        Self {
            osds,
            size: pool.size,
            min_size: pool.min_size,
            pg_num: pool.pg_num,
            pg_num_pending: pool.pg_num_pending,
            sort_bitwise: map.test_flag(OsdMapFlags::SORTBITWISE),
            recovery_deletes: map.test_flag(OsdMapFlags::RECOVERY_DELETES),
            peering_crush_bucket: [
                pool.peering_crush_bucket_count,
                pool.peering_crush_bucket_target,
                pool.peering_crush_bucket_barrier,
            ],
            peering_crush_mandatory_member: pool.peering_crush_mandatory_member,
            allow_ec_optimizations: pool.allows_ecoptimizations(),
        }
    }
}

/// Whether a new interval of the PG began between two maps: its OSDs forget ops that are under way. `pg` is the PG in the
/// old map.
#[must_use]
pub fn is_new_interval(old: &Interval, new: &Interval, pg: PgId) -> bool {
    // That another PG of the pool split or merged is no new interval of this one.
    let same_counts = Interval { pg_num: old.pg_num, pg_num_pending: old.pg_num_pending, ..new.clone() };
    let pending = [(old.pg_num_pending, new.pg_num_pending), (new.pg_num_pending, old.pg_num_pending)];
    same_counts != *old
        || is_split_or_merge(pg, old.pg_num, new.pg_num)
        || pending.iter().any(|(from, to)| is_merge_source(pg, *from, *to) || is_merge_target(pg, *from, *to))
}

/// Whether the PG splits, ends or takes in others when the pool goes from `old` to `new` PGs.
#[must_use]
pub fn is_split_or_merge(pg: PgId, old: u32, new: u32) -> bool {
    is_split(pg, old, new) || is_merge_source(pg, old, new) || is_merge_target(pg, old, new)
}

/// Whether an op must go somewhere else: the leader changed, or with `any_change` any OSD that serves the PG
/// (`is_pg_changed`).
#[must_use]
pub fn is_pg_changed(old: &UpActing, new: &UpActing, any_change: bool) -> bool {
    let role = |osds: &UpActing| {
        let primary: Option<OsdId> = osds.acting_primary;
        osds.acting.iter().position(|osd| Some(*osd) == primary)
    };
    match (old.acting.is_empty(), new.acting.is_empty()) {
        (true, true) => false,
        (false, false) => {
            old.acting_primary != new.acting_primary
                || role(old) != role(new)
                || (any_change && old.acting != new.acting)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use loligo_wire::PoolId;

    use super::*;

    fn osds(acting: &[i32], primary: Option<i32>) -> UpActing {
        let acting: Vec<OsdId> = acting.iter().copied().map(OsdId).collect();
        let primary = primary.map(OsdId);
        UpActing { up: acting.clone(), up_primary: primary, acting, acting_primary: primary }
    }

    fn pg(seed: u32) -> PgId {
        PgId::new(PoolId(1), seed)
    }

    fn interval() -> Interval {
        Interval {
            size: 3,
            min_size: 2,
            pg_num: 12,
            pg_num_pending: 12,
            osds: osds(&[1, 2, 3], Some(1)).into(),
            ..Interval::default()
        }
    }

    #[test]
    fn each_cause_begins_an_interval() {
        let old = interval();
        assert!(!is_new_interval(&old, &old.clone(), pg(4)));
        let changed = vec![
            Interval { osds: osds(&[1, 2], Some(1)).into(), ..old.clone() },
            Interval { osds: osds(&[1, 2, 3], Some(2)).into(), ..old.clone() },
            Interval { size: 2, ..old.clone() },
            Interval { min_size: 1, ..old.clone() },
            Interval { sort_bitwise: true, ..old.clone() },
            Interval { recovery_deletes: true, ..old.clone() },
            Interval { peering_crush_bucket: [1, 0, 0], ..old.clone() },
            Interval { peering_crush_mandatory_member: 7, ..old.clone() },
            Interval { allow_ec_optimizations: true, ..old.clone() },
            Interval::default(),
        ];
        for new in changed {
            assert!(is_new_interval(&old, &new, pg(4)), "{new:?}");
        }
    }

    #[test]
    fn a_split_concerns_only_the_pgs_that_split() {
        let old = interval();
        // 12 is a child of 4, and of no other.
        let new = Interval { pg_num: 13, pg_num_pending: 13, ..old.clone() };
        let moved: Vec<u32> = (0..12).filter(|seed| is_new_interval(&old, &new, pg(*seed))).collect();
        assert_eq!(moved, [4]);
        // Back: 12 ends, 4 takes it in. Already the announcement begins an interval of both.
        let announced = Interval { pg_num_pending: 12, ..new.clone() };
        let moved: Vec<u32> = (0..13).filter(|seed| is_new_interval(&new, &announced, pg(*seed))).collect();
        assert_eq!(moved, [4, 12]);
    }

    #[test]
    fn a_pg_without_osds_has_not_changed_until_it_gets_some() {
        let none = osds(&[], None);
        assert!(!is_pg_changed(&none, &osds(&[], Some(5)), true));
        assert!(is_pg_changed(&none, &osds(&[1], Some(1)), false));
        assert!(is_pg_changed(&osds(&[1], Some(1)), &none, false));
        let old = osds(&[1, 2], Some(1));
        assert!(!is_pg_changed(&old, &osds(&[1, 3], Some(1)), false));
        assert!(is_pg_changed(&old, &osds(&[1, 3], Some(1)), true));
        assert!(is_pg_changed(&old, &osds(&[2, 1], Some(1)), false));
    }
}
