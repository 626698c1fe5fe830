//! What an incremental changes in flags, thresholds and releases.

use loligo_base::Wall;

use crate::osdmap::{OSDMap, OsdMapFlags};
use crate::{Epoch, Release, Text};

impl OSDMap {
    /// All flags are replaced. Where they demand a release, so does the map from then on: that is how a cluster comes
    /// from Jewel to Luminous.
    pub(super) fn apply_flags(&mut self, new: Option<OsdMapFlags>) {
        let Some(flags) = new else { return };
        self.flags = flags;
        if flags.contains(OsdMapFlags::REQUIRE_KRAKEN) {
            self.require_osd_release = self.require_osd_release.max(Release::KRAKEN);
        } else if flags.contains(OsdMapFlags::REQUIRE_JEWEL) {
            self.require_osd_release = self.require_osd_release.max(Release::JEWEL);
        }
    }

    pub(super) fn apply_stamps(&mut self, last_up_change: Wall, last_in_change: Wall) {
        if last_up_change != Wall::ZERO {
            self.last_up_change = last_up_change;
        }
        if last_in_change != Wall::ZERO {
            self.last_in_change = last_in_change;
        }
    }

    /// A snapshot of the cluster is one of this epoch alone.
    pub(super) fn apply_cluster_snapshot(&mut self, name: &Text) {
        self.cluster_snapshot_epoch = if name.is_empty() { Epoch(0) } else { self.epoch };
        self.cluster_snapshot = name.clone();
    }

    pub(super) fn apply_ratios(
        &mut self,
        nearfull: Option<f32>,
        backfillfull: Option<f32>,
        full: Option<f32>,
    ) {
        self.nearfull_ratio = nearfull.unwrap_or(self.nearfull_ratio);
        self.backfillfull_ratio = backfillfull.unwrap_or(self.backfillfull_ratio);
        self.full_ratio = full.unwrap_or(self.full_ratio);
    }

    pub(super) fn apply_releases(&mut self, min_compat_client: Release, osd: Release) {
        if min_compat_client > Release::UNKNOWN {
            self.require_min_compat_client = min_compat_client;
        }
        if osd >= Release::UNKNOWN {
            self.require_osd_release = osd;
            self.flags_follow_release();
        }
    }
}
