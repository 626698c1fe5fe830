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
