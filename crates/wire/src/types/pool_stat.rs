//! Statistics of pools.

use crate::codec::versioned_struct;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

versioned_struct! {
    /// What is known of the objects of a PG or pool: `object_stat_sum_t`, as since Nautilus.
    ObjectStatSum, "object_stat_sum_t", version 20, compat 14 {
        /// Bytes of data, each counted once.
        num_bytes: i64,
        /// Objects, clones included.
        num_objects: i64,
        /// Clones.
        num_object_clones: i64,
        /// Objects times replicas.
        num_object_copies: i64,
        /// Objects that the primary lacks.
        num_objects_missing_on_primary: i64,
        /// Copies that are missing.
        num_objects_degraded: i64,
        /// Objects that no OSD is known to have.
        num_objects_unfound: i64,
        /// Reads.
        num_rd: i64,
        /// KiB read.
        num_rd_kb: i64,
        /// Writes.
        num_wr: i64,
        /// KiB written.
        num_wr_kb: i64,
        /// Errors found by scrubs.
        num_scrub_errors: i64,
        /// Objects recovered.
        num_objects_recovered: i64,
        /// Bytes recovered.
        num_bytes_recovered: i64,
        /// Omap keys recovered.
        num_keys_recovered: i64,
        /// Errors found by shallow scrubs.
        num_shallow_scrub_errors: i64,
        /// Errors found by deep scrubs.
        num_deep_scrub_errors: i64,
        /// Objects that a cache tier has not flushed.
        num_objects_dirty: i64,
        /// Objects that a cache tier knows to be deleted.
        num_whiteouts: i64,
        /// Objects with an omap.
        num_objects_omap: i64,
        /// Objects that hold hit sets.
        num_objects_hit_set_archive: i64,
        /// Copies on OSDs where they do not belong.
        num_objects_misplaced: i64,
        /// Bytes of hit sets.
        num_bytes_hit_set_archive: i64,
        /// Flushes of a cache tier.
        num_flush: i64,
        /// KiB flushed.
        num_flush_kb: i64,
        /// Evictions from a cache tier.
        num_evict: i64,
        /// KiB evicted.
        num_evict_kb: i64,
        /// Promotions into a cache tier.
        num_promote: i64,
        /// PGs that flush fast.
        num_flush_mode_high: i32,
        /// PGs that flush slowly.
        num_flush_mode_low: i32,
        /// PGs that evict some.
        num_evict_mode_some: i32,
        /// PGs that evict all they can.
        num_evict_mode_full: i32,
        /// Objects pinned in a cache tier.
        num_objects_pinned: i64,
        /// Copies that replicas lack.
        num_objects_missing: i64,
        /// At most so many snapshot sets of before Luminous.
        num_legacy_snapsets: i64,
        /// Objects whose omap is too large.
        num_large_omap_objects: i64,
        /// Objects that are manifests.
        num_objects_manifest: i64,
        /// Bytes of omaps, as of the last deep scrub.
        num_omap_bytes: i64,
        /// Omap keys, as of the last deep scrub.
        num_omap_keys: i64,
        /// Objects repaired.
        num_objects_repaired: i64,
    }
}

versioned_struct! {
    /// The space of an object store, in bytes: `store_statfs_t`.
    StoreStatfs, "store_statfs_t", version 1, compat 1 {
        /// All.
        total: u64,
        /// Free.
        available: u64,
        /// Kept back.
        internally_reserved: u64,
        /// Given to data.
        allocated: i64,
        /// Data as they were written.
        data_stored: i64,
        /// Compressed data.
        data_compressed: i64,
        /// Given to compressed data.
        data_compressed_allocated: i64,
        /// Compressed data as they were before.
        data_compressed_original: i64,
        /// Given to omaps.
        omap_allocated: i64,
        /// Given to metadata.
        internal_metadata: i64,
    }
}

impl PoolStat {
    /// Bytes that users stored, where `per_pool` tells that all OSDs told of its space and `raw_used_rate` how many
    /// times over the pool stores a byte (`get_user_data_bytes`).
    #[must_use]
    pub fn user_data_bytes(&self, raw_used_rate: f64, per_pool: bool) -> u64 {
        if per_pool {
            return if raw_used_rate > 0.0 { share(self.store_stats.data_stored, raw_used_rate) } else { 0 };
        }
        let bytes = self.stats.sum.num_bytes.saturating_add(self.stats.sum.num_bytes_hit_set_archive);
        u64::try_from(bytes).unwrap_or(0)
    }

    /// Bytes given to its data on all OSDs (`get_allocated_data_bytes`).
    #[must_use]
    pub fn allocated_data_bytes(&self, per_pool: bool) -> u64 {
        let bytes = if per_pool {
            self.store_stats.allocated
        } else {
            self.stats.sum.num_bytes.saturating_add(self.stats.sum.num_bytes_hit_set_archive)
        };
        u64::try_from(bytes).unwrap_or(0)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a cast of a \
float to an integer saturates, and statistics need no more than 53 bits"
)]
fn share(bytes: i64, rate: f64) -> u64 {
    (bytes as f64 / rate) as u64
}

/// The statistics of objects with those of each category, of which there have been none since Emperor:
/// `object_stat_collection_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectStatCollection {
    /// Of all objects.
    pub sum: ObjectStatSum,
}

impl Decode for ObjectStatCollection {
    const MIN_SIZE: usize = 6 + ObjectStatSum::MIN_SIZE + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        // What else is there are the categories.
        d.versioned("object_stat_collection_t", 2, |d, _| Ok(Self { sum: ObjectStatSum::decode(d)? }))
    }
}

impl Encode for ObjectStatCollection {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(2, 2, |e| {
            self.sum.encode(e);
            e.count(0);
        });
    }
}

versioned_struct! {
    /// The statistics of a pool: `pool_stat_t`, as since Nautilus.
    PoolStat, "pool_stat_t", version 7, compat 5 {
        /// Its objects.
        stats: ObjectStatCollection,
        /// Entries in the logs of its PGs.
        log_size: i64,
        /// Entries in the logs on disk.
        ondisk_log_size: i64,
        /// How many replicas or shards are up.
        up: i32,
        /// How many replicas or shards act.
        acting: i32,
        /// Its space on all OSDs.
        store_stats: StoreStatfs,
        /// How many OSDs told of its space.
        num_store_stats: i32,
    }
}
