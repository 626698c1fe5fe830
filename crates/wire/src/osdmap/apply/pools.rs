//! What an incremental changes in pools.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use super::ApplyError;
use crate::osdmap::{OSDMap, PgPool, SnapIntervalSet};
use crate::{PoolId, Text, TextMap};

impl OSDMap {
    pub(super) fn apply_pool_max(&mut self, new: Option<PoolId>) -> Result<(), ApplyError> {
        if let Some(max) = new {
            self.pool_max = i32::try_from(max.0).map_err(|_| ApplyError::PoolMax(max))?;
        }
        Ok(())
    }

    pub(super) fn apply_pools(&mut self, new: &BTreeMap<PoolId, PgPool>) {
        for (id, pool) in new {
            let pool = PgPool { last_change: self.epoch, ..pool.clone() };
            self.pools.insert(*id, Arc::new(pool));
        }
    }

    /// What is removed joins the queue, what is purged leaves it; both are remembered for this epoch alone.
    pub(super) fn apply_snaps(
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

    pub(super) fn apply_pool_names(&mut self, new: &BTreeMap<PoolId, Text>, old_pools: &BTreeSet<PoolId>) {
        self.pool_name.extend(new.clone());
        for pool in old_pools {
            self.pools.remove(pool);
            self.pool_name.remove(pool);
        }
    }

    pub(super) fn apply_profiles(&mut self, old: &[Text], new: &BTreeMap<Text, TextMap>) {
        for name in old {
            self.erasure_code_profiles.remove(name);
        }
        self.erasure_code_profiles.extend(new.clone());
    }
}
