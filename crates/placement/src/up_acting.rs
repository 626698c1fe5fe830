//! From a PG to its OSDs.
//!
//! Follows `_pg_to_up_acting_osds` of `osd/OSDMap.cc` (20.2) and what it calls, in its order: CRUSH, OSDs that do not exist,
//! upmap, OSDs that are down, primary affinity, and in place of all that what is set for the time being.

use alloc::vec::Vec;

use loligo_wire::osdmap::{OSDMap, PgPool};
use loligo_wire::types::{PgId, ShardId, SpgId};
use loligo_wire::{Features, OsdId, Release};

use crate::crush::{Workspace, do_rule};
use crate::hash::crush_hash32_2;
use crate::pg::{raw_pg_to_pg, raw_pg_to_pps};

/// The OSDs of a PG. In a replicated pool, the first one is the primary unless something else is set; in an erasure-coded
/// one, the place in the list is the shard, and [`OsdId::NONE`] a shard that no OSD has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpActing {
    /// Where the PG belongs, as far as those OSDs run.
    pub up: Vec<OsdId>,
    /// Who would lead it there.
    pub up_primary: Option<OsdId>,
    /// Where the PG is served now: as `up`, unless something else is set for the time being.
    pub acting: Vec<OsdId>,
    /// Who leads it now: where clients send their ops. None: nobody.
    pub acting_primary: Option<OsdId>,
}

/// Scratch space for placing. One of these serves any number of PGs, of any maps.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    work: Workspace,
    items: Vec<i32>,
}

impl Scratch {
    /// Nothing allocated yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { work: Workspace::new(), items: Vec::new() }
    }
}

/// The OSDs of a PG, raw or not, into `out`; nobody where there is no such pool (`pg_to_up_acting_osds`). Runs CRUSH: a
/// [`Cache`](crate::Cache) saves that.
pub fn pg_to_up_acting_osds(map: &OSDMap, pg: PgId, scratch: &mut Scratch, out: &mut UpActing) {
    out.up.clear();
    out.acting.clear();
    (out.up_primary, out.acting_primary) = (None, None);
    let Some(pool) = map.get_pg_pool(pg.pool) else { return };
    out.acting_primary = get_temp_osds(map, pool, pg, &mut out.acting);
    let pps = raw_osds(map, pool, pg, scratch, &mut out.up);
    apply_upmap(map, raw_pg_to_pg(pool, pg), &mut out.up);
    raw_to_up_osds(map, pool, &mut out.up);
    out.up_primary = apply_primary_affinity(map, pool, pps, &mut out.up).or_else(|| pick_primary(&out.up));
    if out.acting.is_empty() {
        out.acting.extend_from_slice(&out.up);
        out.acting_primary = out.acting_primary.or(out.up_primary);
    }
}

/// The OSDs that serve a PG now, into `acting`, and their leader (`pg_to_acting_osds`). Runs CRUSH only where nothing is
/// set for the time being.
pub fn pg_to_acting_osds(
    map: &OSDMap,
    pg: PgId,
    scratch: &mut Scratch,
    acting: &mut Vec<OsdId>,
) -> Option<OsdId> {
    acting.clear();
    let pool = map.get_pg_pool(pg.pool)?;
    let primary = get_temp_osds(map, pool, pg, acting);
    if !acting.is_empty() {
        return primary;
    }
    let pps = raw_osds(map, pool, pg, scratch, acting);
    apply_upmap(map, raw_pg_to_pg(pool, pg), acting);
    raw_to_up_osds(map, pool, acting);
    let up_primary = apply_primary_affinity(map, pool, pps, acting).or_else(|| pick_primary(acting));
    primary.or(up_primary)
}

/// What CRUSH gives for a PG, into `raw`: whether those OSDs run, and what an administrator or balancer has set, is not
/// looked at (`pg_to_raw_osds`).
pub fn pg_to_raw_osds(map: &OSDMap, pg: PgId, scratch: &mut Scratch, raw: &mut Vec<OsdId>) {
    raw.clear();
    if let Some(pool) = map.get_pg_pool(pg.pool) {
        raw_osds(map, pool, pg, scratch, raw);
    }
}

/// As [`pg_to_raw_osds`], with what an administrator or balancer has set (`pg_to_raw_upmap`).
pub fn pg_to_raw_upmap(map: &OSDMap, pg: PgId, scratch: &mut Scratch, raw: &mut Vec<OsdId>) {
    pg_to_raw_osds(map, pg, scratch, raw);
    if let Some(pool) = map.get_pg_pool(pg.pool) {
        apply_upmap(map, raw_pg_to_pg(pool, pg), raw);
    }
}

/// The PG as a client names it to its primary: with the shard that the primary holds, where the pool has shards
/// (`get_primary_shard`).
///
/// `offered` are the features that the client offers. One that does not offer [`Features::SERVER_TENTACLE`] gives the
/// place in what is set for the time being, which for an optimized erasure code is in another order than the shards; the
/// OSD then translates, and would do so with a shard too.
#[must_use]
pub fn get_primary_shard(map: &OSDMap, pool: &PgPool, pg: PgId, osds: &UpActing, offered: Features) -> SpgId {
    if !pool.is_erasure() {
        return SpgId::whole(pg);
    }
    let set = map.pg_temp.contains_key(&raw_pg_to_pg(pool, pg));
    let order = Some(primary_first(pool, osds.acting.len())).filter(|_| set && pool.allows_ecoptimizations());
    // In error conditions an OSD holds several shards. It leads by the first that can lead.
    let holder = |shard: &usize| osds.acting.get(*shard).copied() == osds.acting_primary;
    let place = match &order {
        Some(order) => order.iter().position(holder),
        None => (0..osds.acting.len()).find(holder),
    };
    let shard = match (place, order) {
        (Some(place), Some(order)) if offered.has(Features::SERVER_TENTACLE) => order.get(place).copied(),
        (place, _) => place,
    };
    let shard = shard.and_then(|shard| i8::try_from(shard).ok());
    SpgId { pgid: pg, shard: shard.map_or(ShardId::NONE, ShardId) }
}

/// The shards of an optimized erasure code in the order of what is set for the time being: first those that can lead, so
/// that clients that know nothing of that pick one of them (`pgtemp_primaryfirst`).
fn primary_first(pool: &PgPool, shards: usize) -> Vec<usize> {
    let cannot_lead =
        |shard: &usize| i8::try_from(*shard).is_ok_and(|s| pool.nonprimary_shards.contains(ShardId(s)));
    let (last, mut order): (Vec<usize>, Vec<usize>) = (0..shards).partition(cannot_lead);
    order.extend(last);
    order
}

/// Puts what is set for the time being for an optimized erasure code into the order of its shards
/// (`pgtemp_undo_primaryfirst`). What does not have the pool's size stays as it is; Ceph never sets that.
fn undo_primary_first(pool: &PgPool, temp: &mut [OsdId]) {
    if !pool.allows_ecoptimizations() || temp.len() != usize::from(pool.size) {
        return;
    }
    let set = temp.to_vec();
    for (shard, osd) in primary_first(pool, set.len()).into_iter().zip(set) {
        if let Some(place) = temp.get_mut(shard) {
            *place = osd;
        }
    }
}

/// `_pg_to_raw_osds`; answers the number that CRUSH was given.
fn raw_osds(map: &OSDMap, pool: &PgPool, pg: PgId, scratch: &mut Scratch, raw: &mut Vec<OsdId>) -> u32 {
    let pps = raw_pg_to_pps(pool, pg);
    let Scratch { work, items } = scratch;
    let choose_args = map.crush.choose_args_for(pg.pool.0);
    raw.clear();
    if !is_rule_for(map, pool) {
        return pps;
    }
    do_rule(work, &map.crush, pool.crush_rule, pps, items, pool.size.into(), &map.osd_weight, choose_args);
    raw.extend(items.iter().map(|item| OsdId(*item)));
    keep(pool, raw, |osd| map.exists(osd));
    pps
}

/// Whether the pool's rule is one for its type and size. Clusters before Quincy do without where it is not (`find_rule`); since
/// then nobody asks.
fn is_rule_for(map: &OSDMap, pool: &PgPool) -> bool {
    map.require_osd_release >= Release::QUINCY
        || map.crush.rule(pool.crush_rule).is_some_and(|rule| {
            let sizes = rule.deprecated_min_size..=rule.deprecated_max_size;
            rule.rule_type == pool.pool_type.0 && sizes.contains(&pool.size)
        })
}

/// Takes out the OSDs that are not wanted: later ones move up, or where the place is the shard, a hole is left.
fn keep(pool: &PgPool, osds: &mut Vec<OsdId>, wanted: impl Fn(OsdId) -> bool) {
    if pool.can_shift_osds() {
        osds.retain(|osd| wanted(*osd));
    } else {
        osds.iter_mut().filter(|osd| !wanted(**osd)).for_each(|osd| *osd = OsdId::NONE);
    }
}

/// `_raw_to_up_osds`
fn raw_to_up_osds(map: &OSDMap, pool: &PgPool, osds: &mut Vec<OsdId>) {
    keep(pool, osds, |osd| map.is_up(osd));
}

/// `_pick_primary`
fn pick_primary(osds: &[OsdId]) -> Option<OsdId> {
    osds.iter().copied().find(|osd| *osd != OsdId::NONE)
}

/// Whether an OSD of this map is marked out.
fn marked_out(map: &OSDMap, osd: OsdId) -> bool {
    (0..map.get_max_osd()).contains(&osd.0) && map.get_weight(osd) == OSDMap::OUT
}

/// `_apply_upmap`: what is set for this PG in place of what CRUSH gives.
fn apply_upmap(map: &OSDMap, pg: PgId, raw: &mut Vec<OsdId>) {
    if let Some(osds) = map.pg_upmap.get(&pg) {
        if osds.iter().any(|osd| marked_out(map, *osd)) {
            // Ceph then looks at nothing else that is set.
            return;
        }
        raw.clone_from(osds);
    }
    for (from, to) in map.pg_upmap_items.get(&pg).into_iter().flatten() {
        if raw.contains(to) || marked_out(map, *to) {
            continue;
        }
        if let Some(place) = raw.iter_mut().find(|osd| **osd == *from) {
            *place = *to;
        }
    }
    if let Some(primary) = map.pg_upmap_primaries.get(&pg)
        && (0..map.get_max_osd()).contains(&primary.0)
        && map.get_weight(*primary) != OSDMap::OUT
        && let Some(place) = raw.iter().skip(1).position(|osd| osd == primary)
    {
        raw.swap(0, place + 1);
    }
}

/// `_apply_primary_affinity`: an OSD that is less wanted as a primary passes a share of its PGs on. None where no OSD of
/// the PG has an affinity of its own.
fn apply_primary_affinity(map: &OSDMap, pool: &PgPool, pps: u32, osds: &mut [OsdId]) -> Option<OsdId> {
    map.osd_primary_affinity.as_ref()?;
    let affinity = |osd: OsdId| map.get_primary_affinity(osd);
    let is_hole = |osd: OsdId| osd == OsdId::NONE;
    if osds.iter().all(|osd| is_hole(*osd) || affinity(*osd) == OSDMap::DEFAULT_PRIMARY_AFFINITY) {
        return None;
    }
    // By PG and OSD, so that the share is that of the affinity.
    let accepts = |osd: OsdId| {
        let affinity = affinity(osd);
        affinity >= OSDMap::MAX_PRIMARY_AFFINITY
            || crush_hash32_2(pps, osd.0.cast_unsigned()) >> 16 < affinity
    };
    let accepting = osds.iter().position(|osd| !is_hole(*osd) && accepts(*osd));
    let place = accepting.or_else(|| osds.iter().position(|osd| !is_hole(*osd)))?;
    let primary = osds.get(place).copied()?;
    if pool.can_shift_osds() {
        osds.get_mut(..=place)?.rotate_right(1);
    }
    Some(primary)
}

/// `_get_temp_osds`: what is set for the time being, as far as those OSDs run, and the leader. A leader may be set without
/// OSDs.
fn get_temp_osds(map: &OSDMap, pool: &PgPool, pg: PgId, temp: &mut Vec<OsdId>) -> Option<OsdId> {
    let pg = raw_pg_to_pg(pool, pg);
    temp.clear();
    if let Some(osds) = map.pg_temp.get(&pg) {
        temp.extend_from_slice(osds);
        raw_to_up_osds(map, pool, temp);
    }
    let first = pick_primary(temp);
    undo_primary_first(pool, temp);
    match map.primary_temp.get(&pg) {
        Some(primary) => primary.is_osd().then_some(*primary),
        None => first,
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::vec;

    use loligo_wire::PoolId;
    use loligo_wire::osdmap::{OsdState, PoolFlags, PoolType};

    use super::*;

    /// An optimized pool of 4 data shards and 2 coding shards, of which osd.5 to osd.10 have one each.
    fn optimized(first_is_up: bool) -> (OSDMap, PgPool, PgId) {
        let pool = PgPool {
            pool_type: PoolType::ERASURE,
            flags: PoolFlags::EC_OPTIMIZATIONS,
            size: 6,
            pg_num: 1,
            pgp_num: 1,
            nonprimary_shards: [1, 2, 3].map(ShardId).into_iter().collect(),
            ..PgPool::default()
        };
        let mut map = OSDMap::default();
        map.set_max_osd(11).unwrap();
        map.osd_state.fill(OsdState::EXISTS | OsdState::UP);
        if !first_is_up {
            map.osd_state[5] = OsdState::EXISTS;
        }
        let pg = PgId::new(PoolId(1), 0);
        map.pools.insert(PoolId(1), Arc::new(pool.clone()));
        // Shards 0, 4 and 5, which can lead, and then 1, 2 and 3.
        Arc::make_mut(&mut map.pg_temp).insert(pg, [5, 9, 10, 6, 7, 8].map(OsdId).to_vec());
        (map, pool, pg)
    }

    #[test]
    fn a_shard_of_an_optimized_pool_is_named_as_the_osd_expects_it() {
        for (first_is_up, leader, place, shard) in [(true, 5, 0, 0), (false, 9, 1, 4)] {
            let (map, pool, pg) = optimized(first_is_up);
            let mut osds = UpActing::default();
            pg_to_up_acting_osds(&map, pg, &mut Scratch::new(), &mut osds);
            let first = if first_is_up { OsdId(5) } else { OsdId::NONE };
            assert_eq!(osds.acting, vec![first, OsdId(6), OsdId(7), OsdId(8), OsdId(9), OsdId(10)]);
            assert_eq!(osds.acting_primary, Some(OsdId(leader)));
            let named = |offered| get_primary_shard(&map, &pool, pg, &osds, offered).shard;
            // The OSD translates the place of a client that does not say that it is of Tentacle.
            assert_eq!(named(Features::REEF), ShardId(place));
            assert_eq!(named(Features::TENTACLE), ShardId(shard));
        }
    }
}
