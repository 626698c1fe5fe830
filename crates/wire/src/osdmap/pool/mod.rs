//! A pool, as the map knows it.

mod codec;
mod hit_set;
mod kinds;
mod merge;
mod opts;
mod shards;
mod snap;

use alloc::collections::{BTreeMap, BTreeSet};

pub use hit_set::HitSetParams;
pub use kinds::{CacheMode, PgAutoscaleMode, PoolType};
use loligo_base::Wall;
pub use merge::PgMergeMeta;
pub use opts::{PoolOpt, PoolOptKey, PoolOpts};
pub use shards::ShardSet;
pub use snap::PoolSnapInfo;

use super::{PoolFlags, SnapIntervalSet};
use crate::types::{SnapContext, SnapId};
use crate::{Epoch, PoolId, Text, TextMap};

/// A pool: `pg_pool_t`.
///
/// A decoded one has at most [`PgPool::MAX_PG_NUM`] PGs; whether it has any, and whether its type and its rule are
/// known, is left to whoever places objects in it.
#[derive(Clone, Debug, PartialEq)]
pub struct PgPool {
    /// When it was created.
    pub create_time: Wall,
    /// Its flags.
    pub flags: PoolFlags,
    /// How its objects are kept.
    pub pool_type: PoolType,
    /// How many OSDs each PG has.
    pub size: u8,
    /// How many OSDs a PG needs to serve ops.
    pub min_size: u8,
    /// The CRUSH rule that places its PGs.
    pub crush_rule: u8,
    /// The hash over object names: `CEPH_STR_HASH_*`.
    pub object_hash: u8,
    /// Whether pg_num follows the amount of data.
    pub pg_autoscale_mode: PgAutoscaleMode,
    /// How many PGs it has.
    pub pg_num: u32,
    /// How many of them are placed on their own.
    pub pgp_num: u32,
    /// The pg_num that a merge under way leads to.
    pub pg_num_pending: u32,
    /// The pg_num that was asked for.
    pub pg_num_target: u32,
    /// The pgp_num that was asked for.
    pub pgp_num_target: u32,
    /// Obsolete.
    pub properties: TextMap,
    /// The name of its erasure code profile.
    pub erasure_code_profile: Text,
    /// When it last changed, snapshots aside.
    pub last_change: Epoch,
    /// Stretch mode: in how many buckets a PG needs OSDs; 0 where this is no stretch pool.
    pub peering_crush_bucket_count: u32,
    /// Stretch mode: how many buckets the copies are meant to be spread over.
    pub peering_crush_bucket_target: u32,
    /// Stretch mode: the type of those buckets.
    pub peering_crush_bucket_barrier: u32,
    /// Stretch mode: a bucket that must be among them; [`Self::NO_MANDATORY_MEMBER`] for none.
    pub peering_crush_mandatory_member: i32,
    /// When clients last had to send their ops again.
    pub last_force_op_resend: Epoch,
    /// The same for clients older than Nautilus.
    pub last_force_op_resend_prenautilus: Epoch,
    /// The same for clients older than Luminous.
    pub last_force_op_resend_preluminous: Epoch,
    /// The most recent merge of PGs.
    pub last_pg_merge_meta: PgMergeMeta,
    /// The newest snapshot's number.
    pub snap_seq: SnapId,
    /// When the last snapshot was made or removed.
    pub snap_epoch: Epoch,
    /// Obsolete: the owner.
    pub auid: u64,
    /// The most bytes it may hold; 0 for any.
    pub quota_max_bytes: u64,
    /// The most objects it may hold; 0 for any.
    pub quota_max_objects: u64,
    /// Snapshots of the whole pool.
    pub snaps: BTreeMap<SnapId, PoolSnapInfo>,
    /// Removed snapshots of clients' own.
    pub removed_snaps: SnapIntervalSet,
    /// The pools that are caches of this one.
    pub tiers: BTreeSet<u64>,
    /// The pool that this one is a cache of; negative for none.
    pub tier_of: PoolId,
    /// Where clients send reads instead; negative for here.
    pub read_tier: PoolId,
    /// Where clients send writes instead; negative for here.
    pub write_tier: PoolId,
    /// How it serves as a cache.
    pub cache_mode: CacheMode,
    /// Cache: the size it is kept at, in bytes.
    pub target_max_bytes: u64,
    /// Cache: the size it is kept at, in objects.
    pub target_max_objects: u64,
    /// Cache: the share that may be dirty, in millionths.
    pub cache_target_dirty_ratio_micro: u32,
    /// Cache: the dirty share above which it is flushed fast, in millionths.
    pub cache_target_dirty_high_ratio_micro: u32,
    /// Cache: the share above which it evicts, in millionths.
    pub cache_target_full_ratio_micro: u32,
    /// Cache: the age before which nothing is flushed, in seconds.
    pub cache_min_flush_age: u32,
    /// Cache: the age before which nothing is evicted, in seconds.
    pub cache_min_evict_age: u32,
    /// Cache: how it remembers which objects were used.
    pub hit_set_params: HitSetParams,
    /// Cache: how long one such memory lasts, in seconds.
    pub hit_set_period: u32,
    /// Cache: how many of them are kept.
    pub hit_set_count: u32,
    /// Cache: whether they are named by UTC.
    pub use_gmt_hitset: bool,
    /// Cache: in how many of them an object must be to be promoted by a read.
    pub min_read_recency_for_promote: u32,
    /// Cache: in how many of them an object must be to be promoted by a write.
    pub min_write_recency_for_promote: u32,
    /// Cache: how fast older ones lose weight, in percent.
    pub hit_set_grade_decay_rate: u32,
    /// Cache: how many of them count.
    pub hit_set_search_last_n: u32,
    /// The size of a stripe of an erasure code, in bytes.
    pub stripe_width: u32,
    /// How many objects are expected; 0 where that is not known.
    pub expected_num_objects: u64,
    /// Whether reads of an erasure code ask all shards and take the first that suffice.
    pub fast_read: bool,
    /// Its options.
    pub opts: PoolOpts,
    /// By application, what it notes here.
    pub application_metadata: BTreeMap<Text, TextMap>,
    /// The shards of an optimized erasure code whose OSDs cannot lead a PG, as they do not hear of every write (Tentacle).
    pub nonprimary_shards: ShardSet,
}

impl Default for PgPool {
    fn default() -> Self {
        Self {
            create_time: Wall::ZERO,
            flags: PoolFlags::NONE,
            pool_type: PoolType(0),
            size: 0,
            min_size: 0,
            crush_rule: 0,
            object_hash: 0,
            pg_autoscale_mode: PgAutoscaleMode::UNKNOWN,
            pg_num: 0,
            pgp_num: 0,
            pg_num_pending: 0,
            pg_num_target: 0,
            pgp_num_target: 0,
            properties: TextMap::default(),
            erasure_code_profile: Text::default(),
            last_change: Epoch(0),
            peering_crush_bucket_count: 0,
            peering_crush_bucket_target: 0,
            peering_crush_bucket_barrier: 0,
            peering_crush_mandatory_member: Self::NO_MANDATORY_MEMBER,
            last_force_op_resend: Epoch(0),
            last_force_op_resend_prenautilus: Epoch(0),
            last_force_op_resend_preluminous: Epoch(0),
            last_pg_merge_meta: PgMergeMeta::default(),
            snap_seq: SnapId(0),
            snap_epoch: Epoch(0),
            auid: 0,
            quota_max_bytes: 0,
            quota_max_objects: 0,
            snaps: BTreeMap::new(),
            removed_snaps: SnapIntervalSet::default(),
            tiers: BTreeSet::new(),
            tier_of: Self::NO_TIER,
            read_tier: Self::NO_TIER,
            write_tier: Self::NO_TIER,
            cache_mode: CacheMode::NONE,
            target_max_bytes: 0,
            target_max_objects: 0,
            cache_target_dirty_ratio_micro: 0,
            cache_target_dirty_high_ratio_micro: 0,
            cache_target_full_ratio_micro: 0,
            cache_min_flush_age: 0,
            cache_min_evict_age: 0,
            hit_set_params: HitSetParams::None,
            hit_set_period: 0,
            hit_set_count: 0,
            use_gmt_hitset: true,
            min_read_recency_for_promote: 0,
            min_write_recency_for_promote: 0,
            hit_set_grade_decay_rate: 0,
            hit_set_search_last_n: 0,
            stripe_width: 0,
            expected_num_objects: 0,
            fast_read: false,
            opts: PoolOpts::default(),
            application_metadata: BTreeMap::new(),
            nonprimary_shards: ShardSet::default(),
        }
    }
}

impl PgPool {
    /// The most PGs that a decoded pool may have: 16 times Ceph's default for `mon_max_pool_pg_num`.
    pub const MAX_PG_NUM: u32 = 1 << 20;
    /// No bucket is mandatory (`CRUSH_ITEM_NONE`).
    pub const NO_MANDATORY_MEMBER: i32 = 0x7fff_ffff;

    const NO_TIER: PoolId = PoolId(-1);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has_flag(&self, flags: PoolFlags) -> bool {
        self.flags.contains(flags)
    }

    /// Whether its objects are kept as copies.
    #[must_use]
    pub fn is_replicated(&self) -> bool {
        self.pool_type == PoolType::REPLICATED
    }

    /// Whether its objects are kept as shards of an erasure code.
    #[must_use]
    pub fn is_erasure(&self) -> bool {
        self.pool_type == PoolType::ERASURE
    }

    /// Whether its erasure code is optimized, so that some shards cannot lead a PG (`allows_ecoptimizations`).
    #[must_use]
    pub const fn allows_ecoptimizations(&self) -> bool {
        self.has_flag(PoolFlags::EC_OPTIMIZATIONS)
    }

    /// Whether an OSD that is missing from a PG lets the following ones move up; not where the place says which shard
    /// an OSD holds.
    #[must_use]
    pub fn can_shift_osds(&self) -> bool {
        self.is_replicated()
    }

    /// Whether what is appended must be whole stripes.
    #[must_use]
    pub fn requires_aligned_append(&self) -> bool {
        self.is_erasure() && !self.has_flag(PoolFlags::EC_OVERWRITES)
    }

    /// Whether objects can have an omap.
    #[must_use]
    pub fn supports_omap(&self) -> bool {
        !self.is_erasure()
    }

    /// Whether reads go to another pool.
    #[must_use]
    pub const fn has_read_tier(&self) -> bool {
        self.read_tier.0 >= 0
    }

    /// Whether writes go to another pool.
    #[must_use]
    pub const fn has_write_tier(&self) -> bool {
        self.write_tier.0 >= 0
    }

    /// Whether this is a stretch pool.
    #[must_use]
    pub const fn is_stretch_pool(&self) -> bool {
        self.peering_crush_bucket_count != 0
    }

    /// The mask for `ceph_stable_mod` over `pg_num`: the smallest of all ones that holds every PG.
    #[must_use]
    pub const fn pg_num_mask(&self) -> u32 {
        mask(self.pg_num)
    }

    /// The mask for `ceph_stable_mod` over `pgp_num`.
    #[must_use]
    pub const fn pgp_num_mask(&self) -> u32 {
        mask(self.pgp_num)
    }

    /// Sets the number of PGs, and that no merge is under way.
    pub const fn set_pg_num(&mut self, pg_num: u32) {
        self.pg_num = pg_num;
        self.pg_num_pending = pg_num;
    }

    /// Sets when clients last had to send their ops again, for clients of every age.
    pub const fn set_last_force_op_resend(&mut self, epoch: Epoch) {
        self.last_force_op_resend = epoch;
        self.last_force_op_resend_prenautilus = epoch;
        self.last_force_op_resend_preluminous = epoch;
    }

    /// The snapshots of the whole pool, newest first, as the context of a write.
    #[must_use]
    pub fn get_snap_context(&self) -> SnapContext {
        SnapContext { seq: self.snap_seq, snaps: self.snaps.keys().rev().copied().collect() }
    }

    /// Whether a snapshot is gone (`is_removed_snap`).
    #[must_use]
    pub fn is_removed_snap(&self, snap: SnapId) -> bool {
        if self.has_flag(PoolFlags::POOL_SNAPS) {
            snap <= self.snap_seq && !self.snaps.contains_key(&snap)
        } else {
            self.removed_snaps.contains(snap)
        }
    }
}

/// The smallest number of all ones that is not below `pgs - 1`.
const fn mask(pgs: u32) -> u32 {
    match pgs {
        0 | 1 => 0,
        more => u32::MAX >> (more - 1).leading_zeros(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_holds_every_pg() {
        let of = |pg_num| PgPool { pg_num, ..PgPool::default() }.pg_num_mask();
        assert_eq!([of(0), of(1), of(2), of(3)], [0, 0, 1, 3]);
        assert_eq!([of(7), of(8), of(9), of(12), of(32)], [7, 7, 15, 15, 31]);
    }

    #[test]
    fn a_pool_snapshot_is_gone_when_it_is_not_listed() {
        let mut pool = PgPool { flags: PoolFlags::POOL_SNAPS, snap_seq: SnapId(3), ..PgPool::default() };
        pool.snaps.insert(SnapId(2), PoolSnapInfo::default());
        pool.snaps.insert(SnapId(1), PoolSnapInfo::default());
        let context = pool.get_snap_context();
        assert_eq!((context.seq, context.snaps.as_slice()), (SnapId(3), [SnapId(2), SnapId(1)].as_slice()));
        assert_eq!([1, 3, 4].map(|snap| pool.is_removed_snap(SnapId(snap))), [false, true, false]);
    }

    #[test]
    fn a_client_snapshot_is_gone_when_it_is_listed_as_removed() {
        let removed_snaps = [(2, 2)].into_iter().collect();
        let pool = PgPool { flags: PoolFlags::SELFMANAGED_SNAPS, removed_snaps, ..PgPool::default() };
        assert_eq!([1, 2, 3, 4].map(|snap| pool.is_removed_snap(SnapId(snap))), [false, true, true, false]);
    }
}
