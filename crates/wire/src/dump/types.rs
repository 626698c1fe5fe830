//! The small types.

use bytes::Bytes;

use super::{Dump, Formatter, Stamp};
use crate::types::{
    CloneInfo, EVersion, ErrorCode, GhObject, HObject, ObjListSnapResponse, ObjListWatchResponse,
    ObjectCopyCursor, ObjectCopyData, ObjectLocator, ObjectStatCollection, ObjectStatSum, PgId, PgLsResponse,
    PgNlsResponse, PgShard, PoolStat, ReqId, RequestRedirect, ShardId, SnapContext, SnapId, SpgId,
    StoreStatfs, WatchInfo, WatchItem,
};

/// `object_t`
impl Dump for Bytes {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", self);
    }
}

impl Dump for PgId {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("pool", self.pool.0.cast_unsigned());
        f.dump_unsigned("seed", self.seed);
    }
}

impl Dump for SpgId {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("pgid", self.pgid);
        // Ceph writes "no shard" as the greatest number of 32 bits.
        f.dump_unsigned("shard", i32::from(self.shard.0).cast_unsigned());
    }
}

impl Dump for PgShard {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("osd", i64::from(self.osd.0).cast_unsigned());
        if self.shard != ShardId::NONE {
            f.dump_unsigned("shard", i64::from(self.shard.0).cast_unsigned());
        }
    }
}

impl Dump for ShardId {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("id", self.0);
    }
}

impl Dump for EVersion {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("version", self.version);
        f.dump_unsigned("epoch", self.epoch.0);
    }
}

impl Dump for ErrorCode {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("code", self.0);
    }
}

impl Dump for ObjectLocator {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("pool", self.pool.0);
        f.dump_string("key", &self.key);
        f.dump_string("namespace", &self.nspace);
        f.dump_int("hash", self.hash);
    }
}

impl Dump for RequestRedirect {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("object", &self.object);
        f.dump_object("locator", &self.locator);
    }
}

impl Dump for HObject {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("oid", &self.oid);
        f.dump_string("key", &self.key);
        f.dump_int("snapid", self.snap.0.cast_signed());
        f.dump_int("hash", self.hash);
        f.dump_int("max", self.max);
        f.dump_int("pool", self.pool.0);
        f.dump_string("namespace", &self.nspace);
    }
}

impl Dump for GhObject {
    fn dump(&self, f: &mut Formatter) {
        self.hobj.dump(f);
        if self.generation != Self::NO_GEN {
            f.dump_int("generation", self.generation.cast_signed());
        }
        if self.shard_id != ShardId::NONE {
            f.dump_int("shard_id", self.shard_id.0);
        }
        f.dump_int("max", self.max);
    }
}

impl Dump for ReqId {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("name", self.name);
        f.dump_int("inc", self.inc);
        f.dump_unsigned("tid", self.tid.0);
    }
}

impl Dump for SnapContext {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("seq", self.seq.0);
        f.array("snaps", |f| self.snaps.iter().for_each(|snap| f.dump_unsigned("snap", snap.0)));
    }
}

impl Dump for PgNlsResponse {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("handle", &self.handle);
        f.array("entries", |f| {
            for entry in &self.entries {
                f.object("object", |f| {
                    f.dump_string("namespace", &entry.nspace);
                    f.dump_string("object", &entry.oid);
                    f.dump_string("key", &entry.locator);
                });
            }
        });
    }
}

impl Dump for PgLsResponse {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("handle", &self.handle);
        f.array("entries", |f| {
            for (object, key) in &self.entries {
                f.object("object", |f| {
                    f.dump_string("object", object);
                    f.dump_string("key", key);
                });
            }
        });
    }
}

impl Dump for WatchItem {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("watcher", self.name);
        f.dump_int("cookie", self.cookie.cast_signed());
        f.dump_int("timeout", self.timeout_seconds);
        f.dump_object("addr", &self.addr);
    }
}

impl Dump for ObjListWatchResponse {
    fn dump(&self, f: &mut Formatter) {
        f.dump_objects("entries", &self.entries);
    }
}

impl Dump for WatchInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("cookie", self.cookie);
        f.dump_unsigned("timeout_seconds", self.timeout_seconds);
        f.dump_object("addr", &self.addr);
    }
}

impl Dump for CloneInfo {
    fn dump(&self, f: &mut Formatter) {
        if self.cloneid == SnapId::HEAD {
            f.dump_string("cloneid", "HEAD");
        } else {
            f.dump_unsigned("cloneid", self.cloneid.0);
        }
        f.array("snapshots", |f| {
            self.snaps.iter().for_each(|snap| f.object("snap", |f| f.dump_unsigned("id", snap.0)));
        });
        f.array("overlaps", |f| {
            for (offset, length) in &self.overlap {
                f.object("overlap", |f| {
                    f.dump_unsigned("offset", *offset);
                    f.dump_unsigned("length", *length);
                });
            }
        });
        f.dump_unsigned("size", self.size);
    }
}

/// Ceph writes the number into the array.
impl Dump for ObjListSnapResponse {
    fn dump(&self, f: &mut Formatter) {
        f.array("clones", |f| {
            self.clones.iter().for_each(|clone| f.dump_object("clone", clone));
            f.dump_unsigned("seq", self.seq.0);
        });
    }
}

impl Dump for ObjectCopyCursor {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("attr_complete", self.attr_complete);
        f.dump_unsigned("data_offset", self.data_offset);
        f.dump_unsigned("data_complete", self.data_complete);
        f.dump_string("omap_offset", &self.omap_offset);
        f.dump_unsigned("omap_complete", self.omap_complete);
    }
}

impl Dump for ObjectCopyData {
    fn dump(&self, f: &mut Formatter) {
        f.dump_object("cursor", &self.cursor);
        f.dump_int("size", self.size.cast_signed());
        f.dump_stream("mtime", Stamp(self.mtime));
        f.dump_unsigned("attrs_size", self.attrs.len() as u64);
        f.dump_int("flags", self.flags.cast_signed());
        f.dump_unsigned("data_digest", self.data_digest);
        f.dump_unsigned("omap_digest", self.omap_digest);
        f.dump_unsigned("omap_data_length", self.omap_data.len() as u64);
        f.dump_unsigned("omap_header_length", self.omap_header.len() as u64);
        f.dump_unsigned("data_length", self.data.len() as u64);
        f.array("snaps", |f| self.snaps.iter().for_each(|snap| f.dump_unsigned("snap", snap.0)));
        f.array("reqids", |f| {
            for (place, (reqid, version)) in (0u32..).zip(&self.reqids) {
                f.object("extra_reqid", |f| {
                    f.dump_stream("reqid", reqid);
                    f.dump_stream("user_version", version);
                    if let Some(code) = self.reqid_return_codes.get(&place) {
                        f.dump_int("return_code", *code);
                    }
                });
            }
        });
    }
}

macro_rules! dump_ints {
    ($type:ident: $($name:literal = $field:ident,)*) => {
        impl Dump for $type {
            fn dump(&self, f: &mut Formatter) {
                $(f.dump_int($name, self.$field);)*
            }
        }
    };
}

dump_ints! {
    ObjectStatSum:
    "num_bytes" = num_bytes,
    "num_objects" = num_objects,
    "num_object_clones" = num_object_clones,
    "num_object_copies" = num_object_copies,
    "num_objects_missing_on_primary" = num_objects_missing_on_primary,
    "num_objects_missing" = num_objects_missing,
    "num_objects_degraded" = num_objects_degraded,
    "num_objects_misplaced" = num_objects_misplaced,
    "num_objects_unfound" = num_objects_unfound,
    "num_objects_dirty" = num_objects_dirty,
    "num_whiteouts" = num_whiteouts,
    "num_read" = num_rd,
    "num_read_kb" = num_rd_kb,
    "num_write" = num_wr,
    "num_write_kb" = num_wr_kb,
    "num_scrub_errors" = num_scrub_errors,
    "num_shallow_scrub_errors" = num_shallow_scrub_errors,
    "num_deep_scrub_errors" = num_deep_scrub_errors,
    "num_objects_recovered" = num_objects_recovered,
    "num_bytes_recovered" = num_bytes_recovered,
    "num_keys_recovered" = num_keys_recovered,
    "num_objects_omap" = num_objects_omap,
    "num_objects_hit_set_archive" = num_objects_hit_set_archive,
    "num_bytes_hit_set_archive" = num_bytes_hit_set_archive,
    "num_flush" = num_flush,
    "num_flush_kb" = num_flush_kb,
    "num_evict" = num_evict,
    "num_evict_kb" = num_evict_kb,
    "num_promote" = num_promote,
    "num_flush_mode_high" = num_flush_mode_high,
    "num_flush_mode_low" = num_flush_mode_low,
    "num_evict_mode_some" = num_evict_mode_some,
    "num_evict_mode_full" = num_evict_mode_full,
    "num_objects_pinned" = num_objects_pinned,
    "num_legacy_snapsets" = num_legacy_snapsets,
    "num_large_omap_objects" = num_large_omap_objects,
    "num_objects_manifest" = num_objects_manifest,
    "num_omap_bytes" = num_omap_bytes,
    "num_omap_keys" = num_omap_keys,
    "num_objects_repaired" = num_objects_repaired,
}

impl Dump for ObjectStatCollection {
    fn dump(&self, f: &mut Formatter) {
        f.dump_object("stat_sum", &self.sum);
    }
}

impl Dump for StoreStatfs {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("total", self.total.cast_signed());
        f.dump_int("available", self.available.cast_signed());
        f.dump_int("internally_reserved", self.internally_reserved.cast_signed());
        f.dump_int("allocated", self.allocated);
        f.dump_int("data_stored", self.data_stored);
        f.dump_int("data_compressed", self.data_compressed);
        f.dump_int("data_compressed_allocated", self.data_compressed_allocated);
        f.dump_int("data_compressed_original", self.data_compressed_original);
        f.dump_int("omap_allocated", self.omap_allocated);
        f.dump_int("internal_metadata", self.internal_metadata);
    }
}

impl Dump for PoolStat {
    fn dump(&self, f: &mut Formatter) {
        self.stats.dump(f);
        f.dump_object("store_stats", &self.store_stats);
        f.dump_int("log_size", self.log_size);
        f.dump_int("ondisk_log_size", self.ondisk_log_size);
        f.dump_int("up", self.up);
        f.dump_int("acting", self.acting);
        f.dump_int("num_store_stats", self.num_store_stats);
    }
}
