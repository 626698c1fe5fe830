//! What changes from one epoch to the next.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::{OsdMapFlags, OsdState, OsdXInfo, PgPool, PgTempMap, SnapIntervalSet};
use crate::types::PgId;
use crate::{EntityAddr, EntityAddrVec, Epoch, Features, OsdId, PoolId, Release, Text, TextMap, Uuid};

/// Whether crimson OSDs may join from now on: `mutate_allow_crimson_t`. Unknown values survive a round trip and change
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MutateAllowCrimson(pub u8);

impl MutateAllowCrimson {
    /// As before.
    pub const NONE: Self = Self(0);
    /// They may.
    pub const SET: Self = Self(1);
    /// They may not.
    pub const CLEAR: Self = Self(2);
}

/// What changes from one epoch of the map to the next: `OSDMap::Incremental`.
///
/// [`OSDMap::apply_incremental`](super::OSDMap::apply_incremental) says in which order.
#[derive(Clone, Debug, PartialEq)]
pub struct Incremental {
    /// The features that it was encoded with, and that the resulting map is to be encoded with where its checksum is
    /// compared. Not encoded: the encoder writes its own.
    pub encode_features: Features,
    /// Which cluster.
    pub fsid: Uuid,
    /// The epoch that it leads to.
    pub epoch: Epoch,
    /// When that epoch was made.
    pub modified: Wall,
    /// The highest number that a pool ever had.
    pub new_pool_max: Option<PoolId>,
    /// Flags of the whole cluster, all of them.
    pub new_flags: Option<OsdMapFlags>,
    /// A whole map in place of everything else; empty for none.
    pub fullmap: Bytes,
    /// A CRUSH map; empty for none.
    pub crush: Bytes,
    /// One more than the highest number of an OSD.
    pub new_max_osd: Option<i32>,
    /// Pools that are new or changed.
    pub new_pools: BTreeMap<PoolId, PgPool>,
    /// Their names.
    pub new_pool_names: BTreeMap<PoolId, Text>,
    /// Pools that are removed.
    pub old_pools: BTreeSet<PoolId>,
    /// OSDs that are marked up, and where clients reach them.
    pub new_up_client: BTreeMap<OsdId, EntityAddrVec>,
    /// What is flipped in the states of OSDs; nothing stands for [`OsdState::UP`].
    pub new_state: BTreeMap<OsdId, OsdState>,
    /// Weights in 65536ths.
    pub new_weight: BTreeMap<OsdId, u32>,
    /// Where PGs are placed for the time being; an empty place ends that.
    pub new_pg_temp: PgTempMap,
    /// Who leads a PG for the time being; -1 ends that.
    pub new_primary_temp: BTreeMap<PgId, OsdId>,
    /// How much OSDs are wanted as primaries, in 65536ths.
    pub new_primary_affinity: BTreeMap<OsdId, u32>,
    /// Profiles of erasure codes that are new or changed.
    pub new_erasure_code_profiles: BTreeMap<Text, TextMap>,
    /// Profiles of erasure codes that are removed.
    pub old_erasure_code_profiles: Vec<Text>,
    /// PGs placed in place of what CRUSH says.
    pub new_pg_upmap: PgTempMap,
    /// PGs that are not any more.
    pub old_pg_upmap: BTreeSet<PgId>,
    /// What to replace in what CRUSH says: from, to.
    pub new_pg_upmap_items: BTreeMap<PgId, Vec<(OsdId, OsdId)>>,
    /// PGs in which nothing is replaced any more.
    pub old_pg_upmap_items: BTreeSet<PgId>,
    /// Snapshots that are removed.
    pub new_removed_snaps: BTreeMap<PoolId, SnapIntervalSet>,
    /// Removed snapshots that are purged.
    pub new_purged_snaps: BTreeMap<PoolId, SnapIntervalSet>,
    /// When an OSD last went up or down; [`Wall::ZERO`] for no change.
    pub new_last_up_change: Wall,
    /// When an OSD last went in or out; [`Wall::ZERO`] for no change.
    pub new_last_in_change: Wall,
    /// Who leads a PG, in place of what CRUSH says.
    pub new_pg_upmap_primary: BTreeMap<PgId, OsdId>,
    /// PGs whose leader is what CRUSH says again.
    pub old_pg_upmap_primary: BTreeSet<PgId>,
    /// Where the OSDs in [`Self::new_up_client`] take heartbeats on the cluster's network.
    pub new_hb_back_up: BTreeMap<OsdId, EntityAddrVec>,
    /// Up to where OSDs are known to be alive.
    pub new_up_thru: BTreeMap<OsdId, Epoch>,
    /// The last intervals that ended with a clean shutdown.
    pub new_last_clean_interval: BTreeMap<OsdId, (Epoch, Epoch)>,
    /// OSDs that are declared lost.
    pub new_lost: BTreeMap<OsdId, Epoch>,
    /// Who is shut out, and until when.
    pub new_blocklist: BTreeMap<EntityAddr, Wall>,
    /// Who is let in again.
    pub old_blocklist: Vec<EntityAddr>,
    /// Where OSDs reach those in [`Self::new_up_client`].
    pub new_up_cluster: BTreeMap<OsdId, EntityAddrVec>,
    /// Obsolete: a snapshot of the whole cluster.
    pub cluster_snapshot: Text,
    /// Ids of stores.
    pub new_uuid: BTreeMap<OsdId, Uuid>,
    /// What else is known of OSDs.
    pub new_xinfo: BTreeMap<OsdId, OsdXInfo>,
    /// Where the OSDs in [`Self::new_up_client`] take heartbeats on the clients' network.
    pub new_hb_front_up: BTreeMap<OsdId, EntityAddrVec>,
    /// How full an OSD is when it is nearly full.
    pub new_nearfull_ratio: Option<f32>,
    /// How full an OSD is when it is full.
    pub new_full_ratio: Option<f32>,
    /// How full an OSD is when it takes no backfill.
    pub new_backfillfull_ratio: Option<f32>,
    /// The oldest clients that must be able to read the map; no change below 1.
    pub new_require_min_compat_client: Release,
    /// The oldest release that OSDs may be of; [`Release::NONE`] for no change.
    pub new_require_osd_release: Release,
    /// Flags of CRUSH nodes; no flags end that.
    pub new_crush_node_flags: BTreeMap<i32, OsdState>,
    /// Flags of device classes; no flags end that.
    pub new_device_class_flags: BTreeMap<i32, OsdState>,
    /// Whether the following, up to [`Self::stretch_mode_enabled`], are meant.
    pub change_stretch_mode: bool,
    /// Over how many buckets the cluster is stretched.
    pub new_stretch_bucket_count: u32,
    /// How many of them are left; 0 while all are there.
    pub new_degraded_stretch_mode: u32,
    /// Whether it recovers from that.
    pub new_recovering_stretch_mode: u32,
    /// The type of those buckets.
    pub new_stretch_mode_bucket: i32,
    /// Whether the cluster is stretched over two sites.
    pub stretch_mode_enabled: bool,
    /// Networks that are shut out, and until when.
    pub new_range_blocklist: BTreeMap<EntityAddr, Wall>,
    /// Networks that are let in again.
    pub old_range_blocklist: Vec<EntityAddr>,
    /// Whether crimson OSDs may join from now on.
    pub mutate_allow_crimson: MutateAllowCrimson,
    /// The checksum of the map that results, encoded with [`Self::encode_features`]; 0 where it is not known.
    pub full_crc: u32,
    /// The checksum that came with the encoding that this value was read from, already found right; none for a value
    /// that was not read.
    pub inc_crc: Option<u32>,
}

impl Default for Incremental {
    fn default() -> Self {
        Self {
            encode_features: Features::NONE,
            fsid: Uuid::NIL,
            epoch: Epoch(0),
            modified: Wall::ZERO,
            new_pool_max: None,
            new_flags: None,
            fullmap: Bytes::new(),
            crush: Bytes::new(),
            new_max_osd: None,
            new_pools: BTreeMap::new(),
            new_pool_names: BTreeMap::new(),
            old_pools: BTreeSet::new(),
            new_up_client: BTreeMap::new(),
            new_state: BTreeMap::new(),
            new_weight: BTreeMap::new(),
            new_pg_temp: BTreeMap::new(),
            new_primary_temp: BTreeMap::new(),
            new_primary_affinity: BTreeMap::new(),
            new_erasure_code_profiles: BTreeMap::new(),
            old_erasure_code_profiles: Vec::new(),
            new_pg_upmap: BTreeMap::new(),
            old_pg_upmap: BTreeSet::new(),
            new_pg_upmap_items: BTreeMap::new(),
            old_pg_upmap_items: BTreeSet::new(),
            new_removed_snaps: BTreeMap::new(),
            new_purged_snaps: BTreeMap::new(),
            new_last_up_change: Wall::ZERO,
            new_last_in_change: Wall::ZERO,
            new_pg_upmap_primary: BTreeMap::new(),
            old_pg_upmap_primary: BTreeSet::new(),
            new_hb_back_up: BTreeMap::new(),
            new_up_thru: BTreeMap::new(),
            new_last_clean_interval: BTreeMap::new(),
            new_lost: BTreeMap::new(),
            new_blocklist: BTreeMap::new(),
            old_blocklist: Vec::new(),
            new_up_cluster: BTreeMap::new(),
            cluster_snapshot: Text::default(),
            new_uuid: BTreeMap::new(),
            new_xinfo: BTreeMap::new(),
            new_hb_front_up: BTreeMap::new(),
            new_nearfull_ratio: None,
            new_full_ratio: None,
            new_backfillfull_ratio: None,
            new_require_min_compat_client: Release::NONE,
            new_require_osd_release: Release::NONE,
            new_crush_node_flags: BTreeMap::new(),
            new_device_class_flags: BTreeMap::new(),
            change_stretch_mode: false,
            new_stretch_bucket_count: 0,
            new_degraded_stretch_mode: 0,
            new_recovering_stretch_mode: 0,
            new_stretch_mode_bucket: 0,
            stretch_mode_enabled: false,
            new_range_blocklist: BTreeMap::new(),
            old_range_blocklist: Vec::new(),
            mutate_allow_crimson: MutateAllowCrimson::NONE,
            full_crc: 0,
            inc_crc: None,
        }
    }
}

impl Incremental {
    /// Nothing changes but the epoch.
    #[must_use]
    pub fn new(fsid: Uuid, epoch: Epoch) -> Self {
        Self { fsid, epoch, ..Self::default() }
    }
}
