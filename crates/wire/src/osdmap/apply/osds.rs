//! What an incremental changes in OSDs.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use loligo_base::Wall;

use super::{ApplyError, slot};
use crate::osdmap::osd_addrs::share;
use crate::osdmap::{Incremental, OSDMap, OsdInfo, OsdState, OsdXInfo};
use crate::{EntityAddrVec, Epoch, OsdId, Uuid};

/// Changes elements of a vector over OSDs. A vector without changes stays shared.
fn update<T: Clone, V>(
    all: &mut Arc<Vec<T>>,
    changes: &BTreeMap<OsdId, V>,
    field: &'static str,
    mut change: impl FnMut(&mut T, &V),
) -> Result<(), ApplyError> {
    if changes.is_empty() {
        return Ok(());
    }
    let all = Arc::make_mut(all);
    changes.iter().try_for_each(|(osd, value)| {
        change(slot(all, *osd, field)?, value);
        Ok(())
    })
}

/// The element of an OSD in a vector over OSDs that other maps may share.
fn own_slot<'a, T: Clone>(
    all: &'a mut Arc<Vec<T>>,
    osd: OsdId,
    field: &'static str,
) -> Result<&'a mut T, ApplyError> {
    slot(Arc::make_mut(all).as_mut_slice(), osd, field)
}

/// Setters.
impl OSDMap {
    /// Sets one more than the highest number that an OSD may have. New ones do not exist and are out; those above are
    /// forgotten.
    ///
    /// # Errors
    ///
    /// When it is below 0 or above [`Self::MAX_OSD`].
    pub fn set_max_osd(&mut self, max_osd: i32) -> Result<(), ApplyError> {
        if !(0..=Self::MAX_OSD).contains(&max_osd) {
            return Err(ApplyError::MaxOsd(max_osd));
        }
        let max_osd = usize::try_from(max_osd).unwrap_or_default();
        self.osd_state.resize(max_osd, OsdState::NONE);
        self.osd_weight.resize(max_osd, Self::OUT);
        Arc::make_mut(&mut self.osd_info).resize(max_osd, OsdInfo::default());
        Arc::make_mut(&mut self.osd_xinfo).resize(max_osd, OsdXInfo::default());
        Arc::make_mut(&mut self.osd_addrs)
            .each_mut()
            .into_iter()
            .for_each(|addrs| addrs.resize(max_osd, None));
        Arc::make_mut(&mut self.osd_uuid).resize(max_osd, Uuid::NIL);
        if let Some(affinity) = &mut self.osd_primary_affinity {
            Arc::make_mut(affinity).resize(max_osd, Self::DEFAULT_PRIMARY_AFFINITY);
        }
        Ok(())
    }

    /// Sets the weight of an OSD, in 65536ths. One that gets any exists from then on.
    ///
    /// # Errors
    ///
    /// When there is no room for such an OSD.
    pub fn set_weight(&mut self, osd: OsdId, weight: u32) -> Result<(), ApplyError> {
        *slot(&mut self.osd_weight, osd, "weight")? = weight;
        if weight != Self::OUT {
            *slot(&mut self.osd_state, osd, "weight")? |= OsdState::EXISTS;
        }
        Ok(())
    }

    /// Sets how much an OSD is wanted as a primary, in 65536ths.
    ///
    /// # Errors
    ///
    /// When there is no room for such an OSD.
    pub fn set_primary_affinity(&mut self, osd: OsdId, affinity: u32) -> Result<(), ApplyError> {
        let max_osd = self.osd_state.len();
        let all = self
            .osd_primary_affinity
            .get_or_insert_with(|| Arc::new(vec![Self::DEFAULT_PRIMARY_AFFINITY; max_osd]));
        *own_slot(all, osd, "primary affinity")? = affinity;
        Ok(())
    }
}

impl OSDMap {
    pub(super) fn apply_osds(&mut self, inc: &Incremental) -> Result<(), ApplyError> {
        self.apply_stamps(inc.new_last_up_change, inc.new_last_in_change);
        self.apply_weights(&inc.new_weight)?;
        self.apply_affinities(&inc.new_primary_affinity)?;
        self.apply_states(&inc.new_state)?;
        self.apply_up(&inc.new_up_client, &inc.new_hb_back_up, &inc.new_hb_front_up)?;
        self.apply_cluster_addrs(&inc.new_up_cluster)?;
        self.apply_info(&inc.new_up_thru, &inc.new_last_clean_interval, &inc.new_lost)?;
        update(&mut self.osd_xinfo, &inc.new_xinfo, "new_xinfo", |xinfo, new| *xinfo = *new)?;
        update(&mut self.osd_uuid, &inc.new_uuid, "new_uuid", |uuid, new| *uuid = *new)
    }

    fn apply_stamps(&mut self, last_up_change: Wall, last_in_change: Wall) {
        if last_up_change != Wall::ZERO {
            self.last_up_change = last_up_change;
        }
        if last_in_change != Wall::ZERO {
            self.last_in_change = last_in_change;
        }
    }

    fn apply_weights(&mut self, new: &BTreeMap<OsdId, u32>) -> Result<(), ApplyError> {
        for (osd, weight) in new {
            self.set_weight(*osd, *weight)?;
            if *weight != Self::OUT {
                let state = slot(&mut self.osd_state, *osd, "new_weight")?;
                *state = state.without(OsdState::AUTOOUT | OsdState::NEW);
            }
        }
        update(&mut self.osd_xinfo, new, "new_weight", |xinfo, weight| {
            if *weight != Self::OUT {
                xinfo.old_weight = 0;
            }
        })
    }

    fn apply_affinities(&mut self, new: &BTreeMap<OsdId, u32>) -> Result<(), ApplyError> {
        new.iter().try_for_each(|(osd, affinity)| self.set_primary_affinity(*osd, *affinity))
    }

    fn apply_states(&mut self, new: &BTreeMap<OsdId, OsdState>) -> Result<(), ApplyError> {
        for (osd, flips) in new {
            let flips = if *flips == OsdState::NONE { OsdState::UP } else { *flips };
            let state = slot(&mut self.osd_state, *osd, "new_state")?;
            let before = *state;
            *state = OsdState(before.0 ^ flips.0);
            let cleared = before & flips;
            if cleared.contains(OsdState::UP) {
                own_slot(&mut self.osd_info, *osd, "new_state")?.down_at = self.epoch;
                own_slot(&mut self.osd_xinfo, *osd, "new_state")?.down_stamp = self.modified;
            }
            if cleared.contains(OsdState::EXISTS) {
                self.forget(*osd)?;
            }
        }
        Ok(())
    }

    /// An OSD that ceases to exist leaves nothing but its weight behind.
    fn forget(&mut self, osd: OsdId) -> Result<(), ApplyError> {
        const FIELD: &str = "new_state";
        *slot(&mut self.osd_state, osd, FIELD)? = OsdState::NONE;
        *own_slot(&mut self.osd_uuid, osd, FIELD)? = Uuid::NIL;
        *own_slot(&mut self.osd_info, osd, FIELD)? = OsdInfo::default();
        *own_slot(&mut self.osd_xinfo, osd, FIELD)? = OsdXInfo::default();
        self.set_primary_affinity(osd, Self::DEFAULT_PRIMARY_AFFINITY)?;
        for addrs in Arc::make_mut(&mut self.osd_addrs).each_mut() {
            *slot(addrs, osd, FIELD)? = None;
        }
        Ok(())
    }

    /// Marks OSDs up. Where an incremental does not say where one takes heartbeats, it has no address for them.
    fn apply_up(
        &mut self,
        client: &BTreeMap<OsdId, EntityAddrVec>,
        hb_back: &BTreeMap<OsdId, EntityAddrVec>,
        hb_front: &BTreeMap<OsdId, EntityAddrVec>,
    ) -> Result<(), ApplyError> {
        const FIELD: &str = "new_up_client";
        if client.is_empty() {
            return Ok(());
        }
        let all = Arc::make_mut(&mut self.osd_addrs);
        for (osd, addrs) in client {
            let state = slot(&mut self.osd_state, *osd, FIELD)?;
            *state = (*state | OsdState::EXISTS | OsdState::UP).without(OsdState::STOP);
            *slot(&mut all.client_addrs, *osd, FIELD)? = share(addrs);
            *slot(&mut all.hb_back_addrs, *osd, FIELD)? = hb_back.get(osd).and_then(share);
            *slot(&mut all.hb_front_addrs, *osd, FIELD)? = hb_front.get(osd).and_then(share);
        }
        let epoch = self.epoch;
        update(&mut self.osd_info, client, FIELD, |info, _| info.up_from = epoch)
    }

    fn apply_cluster_addrs(&mut self, new: &BTreeMap<OsdId, EntityAddrVec>) -> Result<(), ApplyError> {
        if new.is_empty() {
            return Ok(());
        }
        let all = Arc::make_mut(&mut self.osd_addrs);
        for (osd, addrs) in new {
            *slot(&mut all.cluster_addrs, *osd, "new_up_cluster")? = share(addrs);
        }
        Ok(())
    }

    fn apply_info(
        &mut self,
        up_thru: &BTreeMap<OsdId, Epoch>,
        last_clean_interval: &BTreeMap<OsdId, (Epoch, Epoch)>,
        lost: &BTreeMap<OsdId, Epoch>,
    ) -> Result<(), ApplyError> {
        let all = &mut self.osd_info;
        update(all, up_thru, "new_up_thru", |info, epoch| info.up_thru = *epoch)?;
        update(all, last_clean_interval, "new_last_clean_interval", |info, (begin, end)| {
            info.last_clean_begin = *begin;
            info.last_clean_end = *end;
        })?;
        update(all, lost, "new_lost", |info, epoch| info.lost_at = *epoch)
    }
}
