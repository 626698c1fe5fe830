//! The encoding of a pool.
//!
//! Version 24 (Jewel) to 32 (Tentacle); what newer releases append is skipped. Which one is written depends on the
//! peer's features and is the same as in Ceph 20.2, byte for byte.

use alloc::collections::{BTreeMap, BTreeSet};

use loligo_base::Wall;

use super::{CacheMode, HitSetParams, PgAutoscaleMode, PgMergeMeta, PgPool, PoolOpts, PoolType, ShardSet};
use crate::osdmap::{PoolFlags, SnapIntervalSet};
use crate::types::SnapId;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features, PoolId, Text, TextMap};

const OLDEST: u8 = 24;
const KNOWN: u8 = 32;
const COMPAT: u8 = 5;

impl Decode for PgPool {
    const MIN_SIZE: usize = 219;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("pg_pool_t", KNOWN, |d, version| {
            if version < OLDEST {
                return Err(DecodeError::TooOld { type_name: "pg_pool_t", version, oldest: OLDEST });
            }
            let mut pool = Self::default();
            pool.decode_basics(d)?;
            pool.decode_tiering(d)?;
            pool.decode_rest(d)?;
            pool.decode_since_luminous(d, version)?;
            pool.decode_since_nautilus(d, version)?;
            Ok(pool)
        })
    }
}

impl Encode for PgPool {
    fn encode(&self, e: &mut Encoder) {
        let version = self.version_for(e.features());
        e.versioned(version, COMPAT, |e| {
            self.encode_basics(e, version);
            self.encode_tiering(e);
            self.encode_rest(e);
            self.encode_since_luminous(e, version);
            self.encode_since_nautilus(e, version);
        });
    }
}

fn pg_num(d: &mut Decoder<'_>) -> Result<u32, DecodeError> {
    match u32::decode(d)? {
        n if n <= PgPool::MAX_PG_NUM => Ok(n),
        n => Err(DecodeError::Invalid { what: "pg_num of a pool", value: u64::from(n) }),
    }
}

impl PgPool {
    /// The version that Ceph writes for a peer with these features.
    const fn version_for(&self, features: Features) -> u8 {
        if features.has(Features::SERVER_TENTACLE) {
            32
        } else if !features.has(Features::SERVER_LUMINOUS) {
            24
        } else if !features.has(Features::SERVER_MIMIC) {
            26
        } else if !features.has(Features::SERVER_NAUTILUS) {
            27
        } else if !self.is_stretch_pool() {
            29
        } else {
            30
        }
    }

    fn decode_basics(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.pool_type = PoolType(u8::decode(d)?);
        self.size = u8::decode(d)?;
        self.crush_rule = u8::decode(d)?;
        self.object_hash = u8::decode(d)?;
        self.pg_num = pg_num(d)?;
        self.pgp_num = pg_num(d)?;
        // Localized PGs are gone since 2011: lpg_num, lpgp_num.
        <(u32, u32)>::decode(d)?;
        self.last_change = Epoch::decode(d)?;
        self.snap_seq = SnapId::decode(d)?;
        self.snap_epoch = Epoch::decode(d)?;
        self.snaps = BTreeMap::decode(d)?;
        self.removed_snaps = SnapIntervalSet::decode(d)?;
        self.auid = u64::decode(d)?;
        self.flags = PoolFlags::decode(d)?;
        // crash_replay_interval, gone.
        u32::decode(d)?;
        self.infer_snap_mode();
        self.min_size = u8::decode(d)?;
        self.quota_max_bytes = u64::decode(d)?;
        self.quota_max_objects = u64::decode(d)?;
        Ok(())
    }

    /// Before Mimic the kind of a pool's snapshots was told by whether any was removed.
    fn infer_snap_mode(&mut self) {
        if self.snap_seq > SnapId(0)
            && !self.flags.intersects(PoolFlags::SELFMANAGED_SNAPS | PoolFlags::POOL_SNAPS)
        {
            self.flags |= if self.removed_snaps.is_empty() {
                PoolFlags::POOL_SNAPS
            } else {
                PoolFlags::SELFMANAGED_SNAPS
            };
        }
    }

    fn encode_basics(&self, e: &mut Encoder, version: u8) {
        self.pool_type.0.encode(e);
        self.size.encode(e);
        self.crush_rule.encode(e);
        self.object_hash.encode(e);
        self.pg_num.encode(e);
        self.pgp_num.encode(e);
        (0u32, 0u32).encode(e);
        self.last_change.encode(e);
        self.snap_seq.encode(e);
        self.snap_epoch.encode(e);
        self.snaps.encode(e);
        self.removed_snaps.encode(e);
        self.auid.encode(e);
        let since_mimic = PoolFlags::SELFMANAGED_SNAPS | PoolFlags::POOL_SNAPS | PoolFlags::CREATING;
        if version >= 27 { self.flags } else { self.flags.without(since_mimic) }.encode(e);
        0u32.encode(e);
        self.min_size.encode(e);
        self.quota_max_bytes.encode(e);
        self.quota_max_objects.encode(e);
    }

    fn decode_tiering(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.tiers = BTreeSet::decode(d)?;
        self.tier_of = PoolId::decode(d)?;
        self.cache_mode = CacheMode(u8::decode(d)?);
        self.read_tier = PoolId::decode(d)?;
        self.write_tier = PoolId::decode(d)?;
        self.properties = TextMap::decode(d)?;
        self.hit_set_params = HitSetParams::decode(d)?;
        self.hit_set_period = u32::decode(d)?;
        self.hit_set_count = u32::decode(d)?;
        self.stripe_width = u32::decode(d)?;
        self.target_max_bytes = u64::decode(d)?;
        self.target_max_objects = u64::decode(d)?;
        self.cache_target_dirty_ratio_micro = u32::decode(d)?;
        self.cache_target_full_ratio_micro = u32::decode(d)?;
        self.cache_min_flush_age = u32::decode(d)?;
        self.cache_min_evict_age = u32::decode(d)?;
        Ok(())
    }

    fn encode_tiering(&self, e: &mut Encoder) {
        self.tiers.encode(e);
        self.tier_of.encode(e);
        self.cache_mode.0.encode(e);
        self.read_tier.encode(e);
        self.write_tier.encode(e);
        self.properties.encode(e);
        self.hit_set_params.encode(e);
        self.hit_set_period.encode(e);
        self.hit_set_count.encode(e);
        self.stripe_width.encode(e);
        self.target_max_bytes.encode(e);
        self.target_max_objects.encode(e);
        self.cache_target_dirty_ratio_micro.encode(e);
        self.cache_target_full_ratio_micro.encode(e);
        self.cache_min_flush_age.encode(e);
        self.cache_min_evict_age.encode(e);
    }

    fn decode_rest(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.erasure_code_profile = Text::decode(d)?;
        self.last_force_op_resend_preluminous = Epoch::decode(d)?;
        self.min_read_recency_for_promote = u32::decode(d)?;
        self.expected_num_objects = u64::decode(d)?;
        self.cache_target_dirty_high_ratio_micro = u32::decode(d)?;
        self.min_write_recency_for_promote = u32::decode(d)?;
        self.use_gmt_hitset = bool::decode(d)?;
        self.fast_read = bool::decode(d)?;
        self.hit_set_grade_decay_rate = u32::decode(d)?;
        self.hit_set_search_last_n = u32::decode(d)?;
        self.opts = PoolOpts::decode(d)?;
        Ok(())
    }

    fn encode_rest(&self, e: &mut Encoder) {
        self.erasure_code_profile.encode(e);
        self.last_force_op_resend_preluminous.encode(e);
        self.min_read_recency_for_promote.encode(e);
        self.expected_num_objects.encode(e);
        self.cache_target_dirty_high_ratio_micro.encode(e);
        self.min_write_recency_for_promote.encode(e);
        self.use_gmt_hitset.encode(e);
        self.fast_read.encode(e);
        self.hit_set_grade_decay_rate.encode(e);
        self.hit_set_search_last_n.encode(e);
        self.opts.encode(e);
    }

    fn decode_since_luminous(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        self.last_force_op_resend_prenautilus =
            if version >= 25 { Epoch::decode(d)? } else { self.last_force_op_resend_preluminous };
        if version >= 26 {
            self.application_metadata = BTreeMap::decode(d)?;
        }
        if version >= 27 {
            self.create_time = Wall::decode(d)?;
        }
        Ok(())
    }

    fn encode_since_luminous(&self, e: &mut Encoder, version: u8) {
        if version >= 25 {
            self.last_force_op_resend_prenautilus.encode(e);
        }
        if version >= 26 {
            self.application_metadata.encode(e);
        }
        if version >= 27 {
            self.create_time.encode(e);
        }
    }

    fn decode_since_nautilus(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version < 28 {
            self.pg_num_target = self.pg_num;
            self.pgp_num_target = self.pgp_num;
            self.pg_num_pending = self.pg_num;
            self.last_force_op_resend = self.last_force_op_resend_prenautilus;
            self.pg_autoscale_mode = PgAutoscaleMode::WARN;
            return Ok(());
        }
        self.pg_num_target = pg_num(d)?;
        self.pgp_num_target = pg_num(d)?;
        self.pg_num_pending = pg_num(d)?;
        let (last_epoch_started, last_epoch_clean) = <(Epoch, Epoch)>::decode(d)?;
        self.last_force_op_resend = Epoch::decode(d)?;
        self.pg_autoscale_mode = PgAutoscaleMode(u8::decode(d)?);
        self.last_pg_merge_meta = if version >= 29 {
            PgMergeMeta::decode(d)?
        } else {
            PgMergeMeta { last_epoch_started, last_epoch_clean, ..PgMergeMeta::default() }
        };
        // Version 30 was for stretch pools alone; since then a byte says whether this is one.
        if version == 30 || version > 30 && bool::decode(d)? {
            self.peering_crush_bucket_count = u32::decode(d)?;
            self.peering_crush_bucket_target = u32::decode(d)?;
            self.peering_crush_bucket_barrier = u32::decode(d)?;
            self.peering_crush_mandatory_member = i32::decode(d)?;
        }
        if version >= 32 {
            self.nonprimary_shards = ShardSet::decode(d)?;
        }
        Ok(())
    }

    fn encode_since_nautilus(&self, e: &mut Encoder, version: u8) {
        if version < 28 {
            return;
        }
        self.pg_num_target.encode(e);
        self.pgp_num_target.encode(e);
        self.pg_num_pending.encode(e);
        // Where 14.1 kept what is now in the merge metadata.
        (Epoch(0), Epoch(0)).encode(e);
        self.last_force_op_resend.encode(e);
        self.pg_autoscale_mode.0.encode(e);
        self.last_pg_merge_meta.encode(e);
        if version > 30 {
            self.is_stretch_pool().encode(e);
        }
        if version == 30 || version > 30 && self.is_stretch_pool() {
            self.peering_crush_bucket_count.encode(e);
            self.peering_crush_bucket_target.encode(e);
            self.peering_crush_bucket_barrier.encode(e);
            self.peering_crush_mandatory_member.encode(e);
        }
        if version >= 32 {
            self.nonprimary_shards.encode(e);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ShardId;

    fn pool() -> PgPool {
        PgPool {
            pool_type: PoolType::REPLICATED,
            size: 3,
            pg_num: 12,
            pgp_num: 8,
            snap_seq: SnapId(4),
            flags: PoolFlags::HASHPSPOOL | PoolFlags::SELFMANAGED_SNAPS,
            removed_snaps: [(1, 2)].into_iter().collect(),
            create_time: Wall::new(7, 0),
            ..PgPool::default()
        }
    }

    fn version(pool: &PgPool, features: Features) -> u8 {
        pool.to_bytes(features)[0]
    }

    #[test]
    fn the_version_follows_the_peer_and_stretch() {
        let luminous = Features::SERVER_LUMINOUS;
        let mimic = luminous | Features::SERVER_MIMIC;
        assert_eq!(version(&pool(), Features::NONE), 24);
        assert_eq!(version(&pool(), luminous), 26);
        assert_eq!(version(&pool(), mimic), 27);
        assert_eq!(version(&pool(), Features::PACIFIC), 29);
        let stretch = PgPool { peering_crush_bucket_count: 2, ..pool() };
        assert_eq!(version(&stretch, Features::PACIFIC), 30);
        assert_eq!(PgPool::decode_all(&stretch.to_bytes(Features::PACIFIC)), Ok(stretch.clone()));
        let tentacle = Features::PACIFIC | Features::SERVER_TENTACLE;
        let nonprimary_shards = [1, 2, 3].map(ShardId).into_iter().collect();
        for pool in [PgPool { nonprimary_shards, ..stretch }, PgPool { nonprimary_shards, ..pool() }] {
            assert_eq!(version(&pool, tentacle), 32);
            assert_eq!(PgPool::decode_all(&pool.to_bytes(tentacle)), Ok(pool));
        }
    }

    #[test]
    fn what_an_old_version_does_not_carry_is_inferred() {
        let read = PgPool::decode_all(&pool().to_bytes(Features::SERVER_LUMINOUS)).unwrap();
        assert_eq!(read.flags, pool().flags, "from the removed snapshots");
        assert_eq!((read.pg_num_target, read.pgp_num_target, read.pg_num_pending), (12, 8, 12));
        assert_eq!(read.create_time, Wall::ZERO);
    }

    #[test]
    fn too_many_pgs_are_refused() {
        let huge = PgPool { pg_num: PgPool::MAX_PG_NUM + 1, ..pool() };
        let refused = DecodeError::Invalid { what: "pg_num of a pool", value: u64::from(huge.pg_num) };
        assert_eq!(PgPool::decode_all(&huge.to_bytes(Features::PACIFIC)), Err(refused));
    }
}
