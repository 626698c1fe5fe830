//! From one epoch to the next.
//!
//! Follows `OSDMap::apply_incremental` of Ceph 18.2, the order of changes included: states before OSDs that are marked
//! up, CRUSH after both. Where Ceph asserts, this fails.

mod osds;
mod placement;
mod pools;
mod releases;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use thiserror::Error;

use super::{Incremental, MutateAllowCrimson, OSDMap};
use crate::{Decode, DecodeError, Decoder, Epoch, OsdId, PoolId, Uuid};

/// Why an incremental cannot be applied to a map. The way on is a full map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// It belongs to another cluster.
    #[error("the incremental is of cluster {found}, the map of {ours}")]
    Fsid {
        /// The map's cluster.
        ours: Uuid,
        /// The incremental's.
        found: Uuid,
    },
    /// It does not lead on from this map.
    #[error("the incremental leads to epoch {found}, the map is at {ours}")]
    Epoch {
        /// The map's epoch.
        ours: Epoch,
        /// The epoch that the incremental, or the full map in it, leads to.
        found: Epoch,
    },
    /// It changes an OSD outside of the map.
    #[error("{field} names osd.{osd}, which is outside of the map")]
    NoSuchOsd {
        /// The field.
        field: &'static str,
        /// The OSD.
        osd: OsdId,
    },
    /// It makes the map too large ([`OSDMap::MAX_OSD`]).
    #[error("max_osd of {0} is not allowed")]
    MaxOsd(i32),
    /// The highest number of a pool does not fit into a map.
    #[error("a highest pool number of {0} is not allowed")]
    PoolMax(PoolId),
    /// It purges snapshots that were not removed.
    #[error("purges snapshots of pool {0} that are not queued for it")]
    PurgedSnaps(PoolId),
    /// The full map or CRUSH map in it cannot be read.
    #[error("the {what} in the incremental cannot be read")]
    Decode {
        /// Which one.
        what: &'static str,
        /// Why.
        source: DecodeError,
    },
}

impl OSDMap {
    /// Makes this the map of the next epoch.
    ///
    /// What does not change stays shared with clones of the map that was. An incremental that leads to epoch 1 says which
    /// cluster the map is of; otherwise it must be of the map's cluster.
    ///
    /// # Errors
    ///
    /// When the incremental does not lead on from this map, or contradicts it. The map is then neither the old nor the new
    /// one and must not be used any more: apply to a clone.
    pub fn apply_incremental(&mut self, inc: &Incremental) -> Result<(), ApplyError> {
        if inc.epoch != Epoch(1) && inc.fsid != self.fsid {
            return Err(ApplyError::Fsid { ours: self.fsid, found: inc.fsid });
        }
        if self.epoch.0.checked_add(1) != Some(inc.epoch.0) {
            return Err(ApplyError::Epoch { ours: self.epoch, found: inc.epoch });
        }
        if inc.fullmap.is_empty() {
            return self.apply(inc);
        }
        *self = self.full_map_of(inc)?;
        Ok(())
    }

    fn full_map_of(&self, inc: &Incremental) -> Result<Self, ApplyError> {
        let full = Self::decode(&mut Decoder::of(&inc.fullmap))
            .map_err(|source| ApplyError::Decode { what: "full map", source })?;
        if full.epoch != inc.epoch {
            return Err(ApplyError::Epoch { ours: self.epoch, found: full.epoch });
        }
        if full.fsid != inc.fsid {
            return Err(ApplyError::Fsid { ours: inc.fsid, found: full.fsid });
        }
        Ok(full)
    }

    /// Applies every field. It is taken apart whole, so that a new field does not compile until it has its place here.
    fn apply(&mut self, inc: &Incremental) -> Result<(), ApplyError> {
        let Incremental {
            // About the encoding, not about the map.
            encode_features: _,
            full_crc: _,
            inc_crc: _,
            fullmap: _,
            fsid,
            epoch,
            modified,
            new_flags,
            new_max_osd,
            new_pool_max,
            new_pools,
            new_removed_snaps,
            new_purged_snaps,
            new_last_up_change,
            new_last_in_change,
            new_pool_names,
            old_pools,
            new_weight,
            new_primary_affinity,
            old_erasure_code_profiles,
            new_erasure_code_profiles,
            new_state,
            new_up_client,
            new_hb_back_up,
            new_hb_front_up,
            new_up_cluster,
            new_up_thru,
            new_last_clean_interval,
            new_lost,
            new_xinfo,
            new_uuid,
            new_pg_temp,
            new_primary_temp,
            new_pg_upmap,
            old_pg_upmap,
            new_pg_upmap_items,
            old_pg_upmap_items,
            new_pg_upmap_primary,
            old_pg_upmap_primary,
            new_blocklist,
            old_blocklist,
            new_range_blocklist,
            old_range_blocklist,
            new_crush_node_flags,
            new_device_class_flags,
            cluster_snapshot,
            new_nearfull_ratio,
            new_backfillfull_ratio,
            new_full_ratio,
            new_require_min_compat_client,
            new_require_osd_release,
            crush,
            change_stretch_mode,
            stretch_mode_enabled,
            new_stretch_bucket_count,
            new_degraded_stretch_mode,
            new_recovering_stretch_mode,
            new_stretch_mode_bucket,
            mutate_allow_crimson,
        } = inc;

        self.crc = None;
        self.fsid = *fsid;
        self.epoch = *epoch;
        self.modified = *modified;
        self.apply_flags(*new_flags);
        new_max_osd.map_or(Ok(()), |max| self.set_max_osd(max))?;

        self.apply_pool_max(*new_pool_max)?;
        self.apply_pools(new_pools);
        self.apply_snaps(new_removed_snaps, new_purged_snaps)?;
        self.apply_stamps(*new_last_up_change, *new_last_in_change);
        self.apply_pool_names(new_pool_names, old_pools);

        self.apply_weights(new_weight)?;
        self.apply_affinities(new_primary_affinity)?;
        self.apply_profiles(old_erasure_code_profiles, new_erasure_code_profiles);
        self.apply_states(new_state)?;
        self.apply_up(new_up_client, new_hb_back_up, new_hb_front_up)?;
        self.apply_cluster_addrs(new_up_cluster)?;
        self.apply_info(new_up_thru, new_last_clean_interval, new_lost)?;
        self.apply_xinfo(new_xinfo)?;
        self.apply_uuids(new_uuid)?;

        self.apply_pg_temp(new_pg_temp, new_primary_temp);
        merge(&mut self.pg_upmap, new_pg_upmap, old_pg_upmap);
        merge(&mut self.pg_upmap_items, new_pg_upmap_items, old_pg_upmap_items);
        merge(&mut self.pg_upmap_primaries, new_pg_upmap_primary, old_pg_upmap_primary);

        self.apply_blocklist(new_blocklist, old_blocklist);
        self.apply_range_blocklist(new_range_blocklist, old_range_blocklist);
        set_or_clear(&mut self.crush_node_flags, new_crush_node_flags);
        set_or_clear(&mut self.device_class_flags, new_device_class_flags);
        self.apply_cluster_snapshot(cluster_snapshot);
        self.apply_ratios(*new_nearfull_ratio, *new_backfillfull_ratio, *new_full_ratio);
        self.apply_releases(*new_require_min_compat_client, *new_require_osd_release);
        self.apply_crush(crush)?;

        if *change_stretch_mode {
            self.stretch_mode_enabled = *stretch_mode_enabled;
            self.stretch_bucket_count = *new_stretch_bucket_count;
            self.degraded_stretch_mode = *new_degraded_stretch_mode;
            self.recovering_stretch_mode = *new_recovering_stretch_mode;
            self.stretch_mode_bucket = *new_stretch_mode_bucket;
        }
        match *mutate_allow_crimson {
            MutateAllowCrimson::SET => self.allow_crimson = true,
            MutateAllowCrimson::CLEAR => self.allow_crimson = false,
            _ => {}
        }
        Ok(())
    }
}

/// The element of an OSD in a vector over OSDs.
fn slot<'a, T>(all: &'a mut [T], osd: OsdId, field: &'static str) -> Result<&'a mut T, ApplyError> {
    let place = usize::try_from(osd.0).ok().and_then(|i| all.get_mut(i));
    place.ok_or(ApplyError::NoSuchOsd { field, osd })
}

/// Adds entries, then removes some. A map without changes stays shared.
fn merge<K: Ord + Clone, V: Clone>(map: &mut Arc<BTreeMap<K, V>>, new: &BTreeMap<K, V>, old: &BTreeSet<K>) {
    if new.is_empty() && old.is_empty() {
        return;
    }
    let map = Arc::make_mut(map);
    map.extend(new.clone());
    for key in old {
        map.remove(key);
    }
}

/// Takes over the entries that are not the default, and removes those that are.
fn set_or_clear<K: Ord + Copy, V: Copy + Default + PartialEq>(
    map: &mut BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
) {
    for (key, value) in new {
        if *value == V::default() {
            map.remove(key);
        } else {
            map.insert(*key, *value);
        }
    }
}
