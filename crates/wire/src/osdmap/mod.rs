//! The map of OSDs and pools, and the changes from one epoch to the next.
//!
//! Follows `osd/OSDMap.h` of Ceph 18.2. [`OSDMap`] is a plain value: cloning it is cheap, as its large parts are shared
//! until one of the clones changes them. [`Incremental`] is what turns one epoch into the next.
//!
//! ```
//! use loligo_wire::osdmap::{Incremental, OSDMap, PgPool, PoolType};
//! use loligo_wire::{Decode, Encode, Epoch, Features, OsdId, PoolId, Uuid};
//!
//! // The first epoch of a cluster with one OSD and one pool.
//! let mut inc = Incremental::new(Uuid([7; 16]), Epoch(1));
//! inc.new_max_osd = Some(1);
//! inc.new_weight.insert(OsdId(0), OSDMap::IN);
//! inc.new_up_client.insert(OsdId(0), "v1:10.0.0.1:6800/7".parse()?);
//! inc.new_pools.insert(PoolId(1), PgPool { pool_type: PoolType::REPLICATED, pg_num: 8, ..PgPool::default() });
//! inc.new_pool_names.insert(PoolId(1), "rbd".into());
//!
//! let mut map = OSDMap::default();
//! map.apply_incremental(&inc)?;
//! assert!(map.is_up(OsdId(0)) && map.is_in(OsdId(0)));
//! assert_eq!(map.lookup_pg_pool_name("rbd"), Some(PoolId(1)));
//!
//! // As a peer gets it: encoded, with a checksum that reading compares.
//! let (bytes, crc) = map.to_bytes_and_crc(Features::PACIFIC);
//! assert_eq!(OSDMap::decode_all(&bytes)?.crc, Some(crc));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accessors;
mod apply;
mod blocklist;
mod codec;
mod flags;
mod incremental;
mod info;
mod osd_addrs;
mod pool;
mod snaps;
#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use apply::ApplyError;
pub use flags::{OsdMapFlags, OsdState, PoolFlags};
pub use incremental::{Incremental, MutateAllowCrimson};
pub use info::{OsdInfo, OsdXInfo};
use loligo_base::Wall;
pub use osd_addrs::OsdAddrs;
pub use pool::{
    CacheMode, HitSetParams, PgAutoscaleMode, PgMergeMeta, PgPool, PoolOpt, PoolOptKey, PoolOpts,
    PoolSnapInfo, PoolType, ShardSet,
};
pub use snaps::SnapIntervalSet;

use crate::crush::CrushMap;
use crate::types::PgId;
use crate::{EntityAddr, Epoch, Features, OsdId, PoolId, Release, Text, TextMap, Uuid};

/// The OSDs that a PG is placed on for the time being: `PGTempMap`.
pub type PgTempMap = BTreeMap<PgId, Vec<OsdId>>;

/// The map of OSDs and pools at one epoch: `OSDMap`.
///
/// The vectors over OSDs (`osd_state`, `osd_weight`, `osd_addrs`, `osd_uuid`, `osd_info`, `osd_xinfo`, and
/// `osd_primary_affinity` where there is one) all have [`Self::get_max_osd`] elements, as long as it is
/// [`Self::set_max_osd`] that changes their length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OSDMap {
    /// Which cluster.
    pub fsid: Uuid,
    /// Which version of the map.
    pub epoch: Epoch,
    /// When the cluster was created.
    pub created: Wall,
    /// When this epoch was made.
    pub modified: Wall,
    /// The pools.
    pub pools: BTreeMap<PoolId, Arc<PgPool>>,
    /// Their names.
    pub pool_name: BTreeMap<PoolId, Text>,
    /// The highest number that a pool ever had.
    pub pool_max: i32,
    /// Flags of the whole cluster.
    pub flags: OsdMapFlags,
    /// The state of each OSD.
    pub osd_state: Vec<OsdState>,
    /// The weight of each OSD in 65536ths: [`Self::OUT`] to [`Self::IN`].
    pub osd_weight: Vec<u32>,
    /// The addresses of each OSD.
    pub osd_addrs: Arc<OsdAddrs>,
    /// Where PGs are placed for the time being.
    pub pg_temp: Arc<PgTempMap>,
    /// Who leads a PG for the time being.
    pub primary_temp: Arc<BTreeMap<PgId, OsdId>>,
    /// How much each OSD is wanted as a primary, in 65536ths; [`Self::DEFAULT_PRIMARY_AFFINITY`] for all where it is none.
    pub osd_primary_affinity: Option<Arc<Vec<u32>>>,
    /// The hierarchy of devices and the rules over it.
    pub crush: Arc<CrushMap>,
    /// Profiles of erasure codes.
    pub erasure_code_profiles: BTreeMap<Text, TextMap>,
    /// The OSDs of a PG, in place of what CRUSH says.
    pub pg_upmap: Arc<PgTempMap>,
    /// By PG, what to replace in what CRUSH says: from, to.
    pub pg_upmap_items: Arc<BTreeMap<PgId, Vec<(OsdId, OsdId)>>>,
    /// Who leads a PG, in place of what CRUSH says. Since Reef.
    pub pg_upmap_primaries: Arc<BTreeMap<PgId, OsdId>>,
    /// How often the CRUSH map has changed.
    pub crush_version: u32,
    /// Snapshots that were removed in this epoch.
    pub new_removed_snaps: BTreeMap<PoolId, SnapIntervalSet>,
    /// Removed snapshots that were purged in this epoch.
    pub new_purged_snaps: BTreeMap<PoolId, SnapIntervalSet>,
    /// When an OSD last went up or down.
    pub last_up_change: Wall,
    /// When an OSD last went in or out.
    pub last_in_change: Wall,
    /// When each OSD was up and down.
    pub osd_info: Arc<Vec<OsdInfo>>,
    /// Who must not come back, and until when.
    pub blocklist: Arc<BTreeMap<EntityAddr, Wall>>,
    /// Networks that must not come back, and until when.
    pub range_blocklist: BTreeMap<EntityAddr, Wall>,
    /// The epoch of [`Self::cluster_snapshot`].
    pub cluster_snapshot_epoch: Epoch,
    /// Obsolete: a snapshot of the whole cluster.
    pub cluster_snapshot: Text,
    /// The id of each OSD's store.
    pub osd_uuid: Arc<Vec<Uuid>>,
    /// What else is known of each OSD.
    pub osd_xinfo: Arc<Vec<OsdXInfo>>,
    /// How full an OSD is when it is nearly full.
    pub nearfull_ratio: f32,
    /// How full an OSD is when it is full.
    pub full_ratio: f32,
    /// How full an OSD is when it takes no backfill.
    pub backfillfull_ratio: f32,
    /// The oldest clients that must be able to read the map.
    pub require_min_compat_client: Release,
    /// The oldest release that OSDs may be of.
    pub require_osd_release: Release,
    /// Removed snapshots that are not purged yet.
    pub removed_snaps_queue: Arc<BTreeMap<PoolId, SnapIntervalSet>>,
    /// Flags of CRUSH nodes.
    pub crush_node_flags: BTreeMap<i32, OsdState>,
    /// Flags of device classes.
    pub device_class_flags: BTreeMap<i32, OsdState>,
    /// Whether the cluster is stretched over two sites.
    pub stretch_mode_enabled: bool,
    /// Over how many buckets.
    pub stretch_bucket_count: u32,
    /// How many of them are left; 0 while all are there.
    pub degraded_stretch_mode: u32,
    /// Whether it recovers from that.
    pub recovering_stretch_mode: u32,
    /// The type of those buckets.
    pub stretch_mode_bucket: i32,
    /// Whether crimson OSDs may join.
    pub allow_crimson: bool,
    /// The checksum that came with the encoding that this value was read from, already found right; none for a value
    /// that was not read, or is not what was read any more.
    pub crc: Option<u32>,
}

impl OSDMap {
    /// The most OSDs that a map may have: 13 times Ceph's default for `mon_max_osd`. It bounds what a few bytes in an
    /// incremental can make us allocate.
    pub const MAX_OSD: i32 = 1 << 17;
    /// The weight of an OSD that is out (`CEPH_OSD_OUT`).
    pub const OUT: u32 = 0;
    /// The full weight of an OSD (`CEPH_OSD_IN`).
    pub const IN: u32 = 0x1_0000;
    /// The full affinity (`CEPH_OSD_MAX_PRIMARY_AFFINITY`).
    pub const MAX_PRIMARY_AFFINITY: u32 = 0x1_0000;
    /// The affinity where nothing else is said (`CEPH_OSD_DEFAULT_PRIMARY_AFFINITY`).
    pub const DEFAULT_PRIMARY_AFFINITY: u32 = 0x1_0000;

    /// The features that the encoding of a map or an incremental depends on (`SIGNIFICANT_FEATURES`).
    pub const SIGNIFICANT_FEATURES: Features = Features(
        Features::PGID64.0
            | Features::PGPOOL3.0
            | Features::OSDENC.0
            | Features::OSDMAP_ENC.0
            | Features::OSD_POOLRESEND.0
            | Features::NEW_OSDOP_ENCODING.0
            | Features::MSG_ADDR2.0
            | Features::CRUSH_TUNABLES5.0
            | Features::CRUSH_CHOOSE_ARGS.0
            | Features::SERVER_LUMINOUS.0
            | Features::SERVER_MIMIC.0
            | Features::SERVER_NAUTILUS.0
            | Features::SERVER_OCTOPUS.0
            | Features::SERVER_REEF.0
            | Features::SERVER_TENTACLE.0,
    );
}
