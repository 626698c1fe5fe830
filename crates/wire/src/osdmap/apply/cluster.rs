//! What an incremental changes in the cluster as a whole.

use alloc::collections::BTreeMap;

use super::ApplyError;
use crate::osdmap::{Incremental, MutateAllowCrimson, OSDMap, OsdMapFlags};
use crate::{Epoch, Release, Text};

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

impl OSDMap {
    pub(super) fn apply_cluster(&mut self, inc: &Incremental) -> Result<(), ApplyError> {
        self.fsid = inc.fsid;
        self.epoch = inc.epoch;
        self.modified = inc.modified;
        self.apply_flags(inc.new_flags);
        inc.new_max_osd.map_or(Ok(()), |max| self.set_max_osd(max))
    }

    pub(super) fn apply_thresholds(&mut self, inc: &Incremental) {
        set_or_clear(&mut self.crush_node_flags, &inc.new_crush_node_flags);
        set_or_clear(&mut self.device_class_flags, &inc.new_device_class_flags);
        self.apply_cluster_snapshot(&inc.cluster_snapshot);
        self.nearfull_ratio = inc.new_nearfull_ratio.unwrap_or(self.nearfull_ratio);
        self.backfillfull_ratio = inc.new_backfillfull_ratio.unwrap_or(self.backfillfull_ratio);
        self.full_ratio = inc.new_full_ratio.unwrap_or(self.full_ratio);
        self.apply_releases(inc.new_require_min_compat_client, inc.new_require_osd_release);
    }

    pub(super) fn apply_stretch_mode(&mut self, inc: &Incremental) {
        if inc.change_stretch_mode {
            self.stretch_mode_enabled = inc.stretch_mode_enabled;
            self.stretch_bucket_count = inc.new_stretch_bucket_count;
            self.degraded_stretch_mode = inc.new_degraded_stretch_mode;
            self.recovering_stretch_mode = inc.new_recovering_stretch_mode;
            self.stretch_mode_bucket = inc.new_stretch_mode_bucket;
        }
        match inc.mutate_allow_crimson {
            MutateAllowCrimson::SET => self.allow_crimson = true,
            MutateAllowCrimson::CLEAR => self.allow_crimson = false,
            _ => {}
        }
    }

    /// All flags are replaced. Where they demand a release, so does the map from then on: that is how a cluster comes
    /// from Jewel to Luminous.
    fn apply_flags(&mut self, new: Option<OsdMapFlags>) {
        let Some(flags) = new else { return };
        self.flags = flags;
        if flags.contains(OsdMapFlags::REQUIRE_KRAKEN) {
            self.require_osd_release = self.require_osd_release.max(Release::KRAKEN);
        } else if flags.contains(OsdMapFlags::REQUIRE_JEWEL) {
            self.require_osd_release = self.require_osd_release.max(Release::JEWEL);
        }
    }

    /// A snapshot of the cluster is one of this epoch alone.
    fn apply_cluster_snapshot(&mut self, name: &Text) {
        self.cluster_snapshot_epoch = if name.is_empty() { Epoch(0) } else { self.epoch };
        self.cluster_snapshot = name.clone();
    }

    fn apply_releases(&mut self, min_compat_client: Release, osd: Release) {
        if min_compat_client > Release::UNKNOWN {
            self.require_min_compat_client = min_compat_client;
        }
        if osd >= Release::UNKNOWN {
            self.require_osd_release = osd;
            self.flags_follow_release();
        }
    }
}
