//! Answers that were computed already.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::PgId;
use loligo_wire::{Epoch, PoolId};

use crate::pg::raw_pg_to_pg;
use crate::up_acting::{Scratch, UpActing, pg_to_up_acting_osds};

/// The OSDs of PGs by epoch, so that CRUSH runs once for a PG and a map: `pg_mappings` of Ceph's `Objecter`.
///
/// It must see maps of one cluster only: an epoch stands for a map.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    pools: BTreeMap<PoolId, Vec<Option<Entry>>>,
    scratch: Scratch,
}

#[derive(Clone, Debug)]
struct Entry {
    epoch: Epoch,
    osds: Arc<UpActing>,
}

impl Cache {
    /// Nothing known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { pools: BTreeMap::new(), scratch: Scratch::new() }
    }

    /// The OSDs of a PG, raw or not, as [`pg_to_up_acting_osds`] gives them. None where there is no such pool.
    pub fn pg_to_up_acting_osds(&mut self, map: &OSDMap, pg: PgId) -> Option<Arc<UpActing>> {
        let Some(pool) = map.get_pg_pool(pg.pool) else {
            self.pools.remove(&pg.pool);
            return None;
        };
        let pg = raw_pg_to_pg(pool, pg);
        let index = usize::try_from(pg.seed).ok()?;
        let entries = self.pools.entry(pg.pool).or_default();
        if entries.len() <= index {
            entries.resize(index + 1, None);
        }
        let slot = entries.get_mut(index)?;
        match slot {
            Some(entry) if entry.epoch == map.epoch => Some(Arc::clone(&entry.osds)),
            _ => {
                let mut osds = UpActing::default();
                pg_to_up_acting_osds(map, pg, &mut self.scratch, &mut osds);
                // Where nothing changed, who holds the old answer goes on sharing it.
                let osds = match slot.take() {
                    Some(entry) if *entry.osds == osds => entry.osds,
                    _ => Arc::new(osds),
                };
                *slot = Some(Entry { epoch: map.epoch, osds: Arc::clone(&osds) });
                Some(osds)
            }
        }
    }

    /// Forgets the pools that the map does not have.
    pub fn prune(&mut self, map: &OSDMap) {
        self.pools.retain(|id, _| map.have_pg_pool(*id));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.pools.clear();
    }
}

#[cfg(test)]
mod tests {
    use loligo_wire::OsdId;
    use loligo_wire::crush::CrushMap;
    use loligo_wire::osdmap::{OsdState, PgPool, PoolType};

    use super::*;

    fn map() -> OSDMap {
        let mut crush = CrushMap::with_hosts(3, 1);
        let crush_rule = crush.add_simple_rule("rule", "default", "host", false).unwrap();
        let mut map = OSDMap { crush: Arc::new(crush), ..OSDMap::default() };
        map.set_max_osd(3).unwrap();
        map.osd_state.fill(OsdState::EXISTS | OsdState::UP);
        map.osd_weight.fill(OSDMap::IN);
        let pool_type = PoolType::REPLICATED;
        let pool = PgPool { pool_type, size: 3, crush_rule, pg_num: 12, pgp_num: 12, ..PgPool::default() };
        map.pools.insert(PoolId(1), Arc::new(pool));
        map
    }

    #[test]
    fn an_answer_lasts_for_its_epoch() {
        let (mut map, mut cache) = (map(), Cache::new());
        let mut ask =
            |map: &OSDMap, seed| cache.pg_to_up_acting_osds(map, PgId::new(PoolId(1), seed)).unwrap();
        let first = ask(&map, 4);
        assert_eq!(first.acting.len(), 3);
        // 12 folds onto 4, so that this is the same answer and not only an equal one.
        assert!(Arc::ptr_eq(&first, &ask(&map, 12)));
        // A map in which nothing changed for this PG: still the same.
        map.epoch = map.epoch.next();
        assert!(Arc::ptr_eq(&first, &ask(&map, 4)));
        // The primary stops.
        map.epoch = map.epoch.next();
        let OsdId(primary) = first.acting_primary.unwrap();
        map.osd_state[usize::try_from(primary).unwrap()] = OsdState::EXISTS;
        assert_eq!(ask(&map, 4).acting, first.acting[1..]);
    }

    #[test]
    fn a_pool_that_is_gone_is_forgotten() {
        let (mut map, mut cache) = (map(), Cache::new());
        let pg = PgId::new(PoolId(1), 0);
        assert!(cache.pg_to_up_acting_osds(&map, pg).is_some());
        map.pools.clear();
        assert!(cache.pg_to_up_acting_osds(&map, pg).is_none());
        assert!(cache.pools.is_empty());
        map = self::map();
        assert!(cache.pg_to_up_acting_osds(&map, pg).is_some());
        map.pools.clear();
        cache.prune(&map);
        assert!(cache.pools.is_empty());
    }
}
