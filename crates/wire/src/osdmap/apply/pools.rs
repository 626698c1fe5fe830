//! What an incremental changes in pools.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use super::ApplyError;
use crate::osdmap::{Incremental, OSDMap, PgPool, SnapIntervalSet};
use crate::{PoolId, Text};

impl OSDMap {
    pub(super) fn apply_pools(&mut self, inc: &Incremental) -> Result<(), ApplyError> {
        self.apply_pool_max(inc.new_pool_max)?;
        self.apply_new_pools(&inc.new_pools);
        self.apply_snaps(&inc.new_removed_snaps, &inc.new_purged_snaps)?;
        self.apply_pool_names(&inc.new_pool_names, &inc.old_pools);
        Ok(())
    }

    fn apply_pool_max(&mut self, new: Option<PoolId>) -> Result<(), ApplyError> {
        if let Some(max) = new {
            self.pool_max = i32::try_from(max.0).map_err(|_| ApplyError::PoolMax(max))?;
        }
        Ok(())
    }

    fn apply_new_pools(&mut self, new: &BTreeMap<PoolId, PgPool>) {
        for (id, pool) in new {
            let pool = PgPool { last_change: self.epoch, ..pool.clone() };
            self.pools.insert(*id, Arc::new(pool));
        }
    }

    /// What is removed joins the queue, what is purged leaves it; both are remembered for this epoch alone.
    fn apply_snaps(
        &mut self,
        removed: &BTreeMap<PoolId, SnapIntervalSet>,
        purged: &BTreeMap<PoolId, SnapIntervalSet>,
    ) -> Result<(), ApplyError> {
        self.new_removed_snaps.clone_from(removed);
        self.new_purged_snaps.clone_from(purged);
        if removed.is_empty() && purged.is_empty() {
            return Ok(());
        }
        let queue = Arc::make_mut(&mut self.removed_snaps_queue);
        for (pool, snaps) in removed {
            queue.entry(*pool).or_default().union_of(snaps);
        }
        for (pool, snaps) in purged {
            let queued = queue.get_mut(pool).ok_or(ApplyError::PurgedSnaps(*pool))?;
            if !queued.subtract(snaps) {
                return Err(ApplyError::PurgedSnaps(*pool));
            }
            if queued.is_empty() {
                queue.remove(pool);
            }
        }
        Ok(())
    }

    fn apply_pool_names(&mut self, new: &BTreeMap<PoolId, Text>, old_pools: &BTreeSet<PoolId>) {
        self.pool_name.extend(new.clone());
        for pool in old_pools {
            self.pools.remove(pool);
            self.pool_name.remove(pool);
        }
    }
}
