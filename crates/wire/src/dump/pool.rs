//! Pools.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::mgr::dump_text_map;
use super::{Dump, Formatter, Stamp};
use crate::osdmap::{
    HitSetParams, PgMergeMeta, PgPool, PgTempMap, PoolFlags, PoolOpt, PoolOpts, PoolSnapInfo, ShardSet,
    SnapIntervalSet,
};

/// As Ceph prints an `interval_set<snapid_t>`: starts and lengths in hexadecimal.
pub(super) fn intervals(set: &SnapIntervalSet) -> String {
    let mut text = String::from("[");
    for (i, (start, len)) in set.iter().enumerate() {
        text.push_str(&format!("{}{start:x}~{len:x}", if i == 0 { "" } else { "," }));
    }
    text.push(']');
    text
}

impl Dump for HitSetParams {
    fn dump(&self, f: &mut Formatter) {
        let name = match self {
            Self::None => "none",
            Self::ExplicitHash => "explicit_hash",
            Self::ExplicitObject => "explicit_object",
            Self::Bloom { .. } => "bloom",
        };
        f.dump_string("type", name);
        if let Self::Bloom { fpp_micro, target_size, seed } = *self {
            f.dump_float("false_positive_probability", f64::from(fpp_micro) / 1_000_000.0);
            f.dump_int("target_size", target_size.cast_signed());
            f.dump_int("seed", seed.cast_signed());
        }
    }
}

impl Dump for PgMergeMeta {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("source_pgid", self.source_pgid);
        f.dump_unsigned("ready_epoch", self.ready_epoch.0);
        f.dump_unsigned("last_epoch_started", self.last_epoch_started.0);
        f.dump_unsigned("last_epoch_clean", self.last_epoch_clean.0);
        f.dump_stream("source_version", self.source_version);
        f.dump_stream("target_version", self.target_version);
    }
}

impl Dump for PoolSnapInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("snapid", self.snapid.0);
        f.dump_stream("stamp", Stamp(self.stamp));
        f.dump_string("name", &self.name);
    }
}

/// As Ceph prints a `shard_id_set`.
struct Shards(ShardSet);

impl fmt::Display for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, shard) in self.0.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { "," }, shard.0)?;
        }
        f.write_str("}")
    }
}

/// Those that have a name, ordered by it.
impl Dump for PoolOpts {
    fn dump(&self, f: &mut Formatter) {
        let mut named: alloc::vec::Vec<_> =
            self.0.iter().filter_map(|(key, value)| Some((key.name()?, value))).collect();
        named.sort_by_key(|(name, _)| *name);
        for (name, value) in named {
            match value {
                PoolOpt::Str(text) => f.dump_string(name, text),
                PoolOpt::Int(number) => f.dump_int(name, *number),
                PoolOpt::Double(number) => f.dump_float(name, *number),
            }
        }
    }
}

impl Dump for PgTempMap {
    fn dump(&self, f: &mut Formatter) {
        for (pgid, osds) in self {
            f.object("osds", |f| {
                f.dump_stream("pgid", pgid);
                f.array("osds", |f| osds.iter().for_each(|osd| f.dump_int("osd", osd.0)));
            });
        }
    }
}

impl Dump for PgPool {
    fn dump(&self, f: &mut Formatter) {
        self.dump_shape(f);
        self.dump_snaps(f);
        self.dump_tiers(f);
        self.dump_hit_sets(f);
        f.dump_unsigned("stripe_width", self.stripe_width);
        f.dump_unsigned("expected_num_objects", self.expected_num_objects);
        f.dump_bool("fast_read", self.fast_read);
        if !self.nonprimary_shards.is_empty() {
            f.dump_stream("nonprimary_shards", Shards(self.nonprimary_shards));
        }
        f.dump_object("options", &self.opts);
        f.object("application_metadata", |f| {
            let applications = self.application_metadata.iter();
            applications.for_each(|(name, values)| dump_text_map(f, &name.to_lossy(), values));
        });
    }
}

impl PgPool {
    fn dump_shape(&self, f: &mut Formatter) {
        f.dump_stream("create_time", Stamp(self.create_time));
        f.dump_unsigned("flags", self.flags.0);
        f.dump_stream("flags_names", self.flags);
        f.dump_int("type", self.pool_type.0);
        f.dump_int("size", self.size);
        f.dump_int("min_size", self.min_size);
        f.dump_int("crush_rule", self.crush_rule);
        f.dump_int("peering_crush_bucket_count", self.peering_crush_bucket_count);
        f.dump_int("peering_crush_bucket_target", self.peering_crush_bucket_target);
        f.dump_int("peering_crush_bucket_barrier", self.peering_crush_bucket_barrier);
        f.dump_int("peering_crush_bucket_mandatory_member", self.peering_crush_mandatory_member);
        f.dump_int("object_hash", self.object_hash);
        f.dump_string("pg_autoscale_mode", self.pg_autoscale_mode.name());
        f.dump_unsigned("pg_num", self.pg_num);
        f.dump_unsigned("pg_placement_num", self.pgp_num);
        f.dump_unsigned("pg_placement_num_target", self.pgp_num_target);
        f.dump_unsigned("pg_num_target", self.pg_num_target);
        f.dump_unsigned("pg_num_pending", self.pg_num_pending);
        f.dump_object("last_pg_merge_meta", &self.last_pg_merge_meta);
        f.dump_stream("last_change", self.last_change);
        f.dump_stream("last_force_op_resend", self.last_force_op_resend);
        f.dump_stream("last_force_op_resend_prenautilus", self.last_force_op_resend_prenautilus);
        f.dump_stream("last_force_op_resend_preluminous", self.last_force_op_resend_preluminous);
        f.dump_unsigned("auid", self.auid);
    }

    fn dump_snaps(&self, f: &mut Formatter) {
        let of_the_pool = self.has_flag(PoolFlags::POOL_SNAPS);
        f.dump_string("snap_mode", if of_the_pool { "pool" } else { "selfmanaged" });
        f.dump_unsigned("snap_seq", self.snap_seq.0);
        f.dump_unsigned("snap_epoch", self.snap_epoch.0);
        f.dump_objects("pool_snaps", self.snaps.values());
        f.dump_string("removed_snaps", intervals(&self.removed_snaps));
    }

    fn dump_tiers(&self, f: &mut Formatter) {
        f.dump_unsigned("quota_max_bytes", self.quota_max_bytes);
        f.dump_unsigned("quota_max_objects", self.quota_max_objects);
        f.array("tiers", |f| self.tiers.iter().for_each(|pool| f.dump_unsigned("pool_id", *pool)));
        f.dump_int("tier_of", self.tier_of.0);
        f.dump_int("read_tier", self.read_tier.0);
        f.dump_int("write_tier", self.write_tier.0);
        f.dump_string("cache_mode", self.cache_mode.name());
        f.dump_unsigned("target_max_bytes", self.target_max_bytes);
        f.dump_unsigned("target_max_objects", self.target_max_objects);
        f.dump_unsigned("cache_target_dirty_ratio_micro", self.cache_target_dirty_ratio_micro);
        f.dump_unsigned("cache_target_dirty_high_ratio_micro", self.cache_target_dirty_high_ratio_micro);
        f.dump_unsigned("cache_target_full_ratio_micro", self.cache_target_full_ratio_micro);
        f.dump_unsigned("cache_min_flush_age", self.cache_min_flush_age);
        f.dump_unsigned("cache_min_evict_age", self.cache_min_evict_age);
        f.dump_string("erasure_code_profile", &self.erasure_code_profile);
    }

    fn dump_hit_sets(&self, f: &mut Formatter) {
        f.dump_object("hit_set_params", &self.hit_set_params);
        f.dump_unsigned("hit_set_period", self.hit_set_period);
        f.dump_unsigned("hit_set_count", self.hit_set_count);
        f.dump_bool("use_gmt_hitset", self.use_gmt_hitset);
        f.dump_unsigned("min_read_recency_for_promote", self.min_read_recency_for_promote);
        f.dump_unsigned("min_write_recency_for_promote", self.min_write_recency_for_promote);
        f.dump_unsigned("hit_set_grade_decay_rate", self.hit_set_grade_decay_rate);
        f.dump_unsigned("hit_set_search_last_n", self.hit_set_search_last_n);
        f.array("grade_table", |f| {
            // A count from a peer must not make us write for ever; grades are 0 long before.
            let count = self.hit_set_count.min(Self::MAX_GRADES);
            grades(self.hit_set_grade_decay_rate, count).for_each(|grade| f.dump_unsigned("value", grade));
        });
    }

    /// The most grades that are printed.
    const MAX_GRADES: u32 = 4096;
}

/// How much a hit in each of the last hit sets counts, in millionths (`calc_grade_table`): each a percentage less.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float to an integer saturates, as is wanted here"
)]
fn grades(decay_rate: u32, count: u32) -> impl Iterator<Item = u32> {
    let mut grade = 1_000_000u32;
    (0..count).map(move |_| {
        grade = (f64::from(grade) * (1.0 - f64::from(decay_rate) / 100.0)) as u32;
        grade
    })
}
