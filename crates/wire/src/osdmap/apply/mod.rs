//! From one epoch to the next.
//!
//! Follows `OSDMap::apply_incremental` of Ceph 18.2, the order of changes included: states before OSDs that are marked
//! up, CRUSH after both. Where Ceph asserts, this fails.

mod cluster;
mod osds;
mod placement;
mod pools;

use thiserror::Error;

use super::{Incremental, OSDMap};
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

    fn apply(&mut self, inc: &Incremental) -> Result<(), ApplyError> {
        every_field_has_its_place(inc);
        self.crc = None;
        self.apply_cluster(inc)?;
        self.apply_pools(inc)?;
        self.apply_osds(inc)?;
        self.apply_placement(inc);
        self.apply_blocklist(inc);
        self.apply_thresholds(inc);
        self.apply_crush(&inc.crush)?;
        self.apply_stretch_mode(inc);
        Ok(())
    }
}

/// Names each field where it is applied, in the order in which that happens: a new one does not compile until it has a
/// place here, and there.
const fn every_field_has_its_place(inc: &Incremental) {
    let Incremental {
        // Nowhere: about the encoding.
        encode_features: _,
        full_crc: _,
        inc_crc: _,
        // `apply_incremental`, `apply_cluster`.
        fullmap: _,
        fsid: _,
        epoch: _,
        modified: _,
        new_flags: _,
        new_max_osd: _,
        // `apply_pools`.
        new_pool_max: _,
        new_pools: _,
        new_removed_snaps: _,
        new_purged_snaps: _,
        new_pool_names: _,
        old_pools: _,
        // `apply_osds`.
        new_last_up_change: _,
        new_last_in_change: _,
        new_weight: _,
        new_primary_affinity: _,
        new_state: _,
        new_up_client: _,
        new_hb_back_up: _,
        new_hb_front_up: _,
        new_up_cluster: _,
        new_up_thru: _,
        new_last_clean_interval: _,
        new_lost: _,
        new_xinfo: _,
        new_uuid: _,
        // `apply_placement`.
        old_erasure_code_profiles: _,
        new_erasure_code_profiles: _,
        new_pg_temp: _,
        new_primary_temp: _,
        new_pg_upmap: _,
        old_pg_upmap: _,
        new_pg_upmap_items: _,
        old_pg_upmap_items: _,
        new_pg_upmap_primary: _,
        old_pg_upmap_primary: _,
        // `apply_blocklist`, `apply_thresholds`.
        new_blocklist: _,
        old_blocklist: _,
        new_range_blocklist: _,
        old_range_blocklist: _,
        new_crush_node_flags: _,
        new_device_class_flags: _,
        cluster_snapshot: _,
        new_nearfull_ratio: _,
        new_backfillfull_ratio: _,
        new_full_ratio: _,
        new_require_min_compat_client: _,
        new_require_osd_release: _,
        // `apply_crush`, `apply_stretch_mode`.
        crush: _,
        change_stretch_mode: _,
        stretch_mode_enabled: _,
        new_stretch_bucket_count: _,
        new_degraded_stretch_mode: _,
        new_recovering_stretch_mode: _,
        new_stretch_mode_bucket: _,
        mutate_allow_crimson: _,
    } = inc;
}

/// The element of an OSD in a vector over OSDs.
fn slot<'a, T>(all: &'a mut [T], osd: OsdId, field: &'static str) -> Result<&'a mut T, ApplyError> {
    let place = usize::try_from(osd.0).ok().and_then(|i| all.get_mut(i));
    place.ok_or(ApplyError::NoSuchOsd { field, osd })
}
