//! Changes to the OSD map.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString;

use loligo_base::Wall;

use super::osdmap::{
    dump_mapping, dump_mapping_items, dump_pool_snaps, dump_primaries, dump_primary_temp, dump_profiles,
    dump_states,
};
use super::{Dump, Formatter, Stamp};
use crate::crush::CrushMap;
use crate::osdmap::{Incremental, OSDMap, OsdState};
use crate::types::PgId;
use crate::{Decode, EntityAddr, OsdId};

fn dump_osds<T>(
    f: &mut Formatter,
    name: &str,
    values: &BTreeMap<OsdId, T>,
    mut dump: impl FnMut(&mut Formatter, &T),
) {
    f.array(name, |f| {
        for (osd, value) in values {
            f.object("osd", |f| {
                f.dump_int("osd", osd.0);
                dump(f, value);
            });
        }
    });
}

fn dump_pgs(f: &mut Formatter, name: &str, pgs: &BTreeSet<PgId>) {
    f.array(name, |f| pgs.iter().for_each(|pgid| f.dump_stream("pgid", pgid)));
}

/// In arrays, so that the addresses do not show, as in Ceph.
fn dump_blocklist(
    f: &mut Formatter,
    [new, old]: [&str; 2],
    added: &BTreeMap<EntityAddr, Wall>,
    removed: &[EntityAddr],
) {
    f.array(new, |f| {
        added.iter().for_each(|(addr, until)| f.dump_stream(&addr.to_string(), Stamp(*until)));
    });
    f.array(old, |f| removed.iter().for_each(|addr| f.dump_stream("addr", addr)));
}

fn dump_node_flags(f: &mut Formatter, name: &str, flags: &BTreeMap<i32, OsdState>) {
    f.array(name, |f| {
        for (id, flags) in flags {
            f.object("node", |f| {
                f.dump_int("id", *id);
                // One field for each, all of the same name, as in Ceph.
                let bits = (0..u32::BITS).map(|bit| OsdState(1 << bit)).filter(|bit| flags.contains(*bit));
                let names: BTreeSet<_> = bits.map(|bit| bit.to_string()).collect();
                names.iter().for_each(|name| f.dump_string("flag", name));
            });
        }
    });
}

impl Dump for Incremental {
    fn dump(&self, f: &mut Formatter) {
        self.dump_basics(f);
        self.dump_maps(f);
        f.dump_int("new_max_osd", self.new_max_osd.unwrap_or(-1));
        self.dump_pools(f);
        self.dump_up_osds(f);
        dump_osds(f, "new_weight", &self.new_weight, |f, weight| f.dump_int("weight", *weight));
        dump_osds(f, "osd_state_xor", &self.new_state, |f, state| dump_states(f, "state_xor", *state));
        self.dump_placement(f);
        dump_osds(f, "new_up_thru", &self.new_up_thru, |f, epoch| f.dump_int("up_thru", epoch.0));
        dump_osds(f, "new_lost", &self.new_lost, |f, epoch| f.dump_int("epoch_lost", epoch.0));
        dump_osds(f, "new_last_clean_interval", &self.new_last_clean_interval, |f, (first, last)| {
            f.dump_int("first", first.0);
            f.dump_int("last", last.0);
        });
        let names = ["new_blocklist", "old_blocklist"];
        dump_blocklist(f, names, &self.new_blocklist, &self.old_blocklist);
        let names = ["new_range_blocklist", "old_range_blocklist"];
        dump_blocklist(f, names, &self.new_range_blocklist, &self.old_range_blocklist);
        dump_osds(f, "new_xinfo", &self.new_xinfo, |f, xinfo| xinfo.dump(f));
        if !self.cluster_snapshot.is_empty() {
            f.dump_string("cluster_snapshot", &self.cluster_snapshot);
        }
        dump_osds(f, "new_uuid", &self.new_uuid, |f, uuid| f.dump_stream("uuid", uuid));
        dump_profiles(f, &self.new_erasure_code_profiles);
        f.array("old_erasure_code_profiles", |f| {
            self.old_erasure_code_profiles.iter().for_each(|name| f.dump_string("old", name));
        });
        f.array("new_removed_snaps", |f| dump_pool_snaps(f, &self.new_removed_snaps));
        self.dump_rest(f);
    }
}

impl Incremental {
    fn dump_basics(&self, f: &mut Formatter) {
        let ratio = |ratio: Option<f32>| f64::from(ratio.unwrap_or(-1.0));
        f.dump_int("epoch", self.epoch.0);
        f.dump_stream("fsid", self.fsid);
        f.dump_stream("modified", Stamp(self.modified));
        f.dump_stream("new_last_up_change", Stamp(self.new_last_up_change));
        f.dump_stream("new_last_in_change", Stamp(self.new_last_in_change));
        f.dump_int("new_pool_max", self.new_pool_max.map_or(-1, |pool| pool.0));
        f.dump_int("new_flags", self.new_flags.map_or(-1, |flags| flags.0.cast_signed()));
        f.dump_float("new_full_ratio", ratio(self.new_full_ratio));
        f.dump_float("new_nearfull_ratio", ratio(self.new_nearfull_ratio));
        f.dump_float("new_backfillfull_ratio", ratio(self.new_backfillfull_ratio));
        f.dump_int("new_require_min_compat_client", self.new_require_min_compat_client.0);
        f.dump_int("new_require_osd_release", self.new_require_osd_release.0);
        f.dump_unsigned("mutate_allow_crimson", self.mutate_allow_crimson.0);
    }

    /// A map within it that cannot be read shows as an object without fields.
    fn dump_maps(&self, f: &mut Formatter) {
        if !self.fullmap.is_empty() {
            f.object("full_map", |f| {
                if let Ok(map) = OSDMap::decode_all(&self.fullmap) {
                    map.dump(f);
                }
            });
        }
        if !self.crush.is_empty() {
            f.object("crush", |f| {
                if let Ok(map) = CrushMap::decode_all(&self.crush) {
                    map.dump(f);
                }
            });
        }
    }

    fn dump_pools(&self, f: &mut Formatter) {
        f.array("new_pools", |f| {
            for (id, pool) in &self.new_pools {
                f.object("pool", |f| {
                    f.dump_int("pool", id.0);
                    pool.dump(f);
                });
            }
        });
        f.array("new_pool_names", |f| {
            for (id, name) in &self.new_pool_names {
                f.object("pool_name", |f| {
                    f.dump_int("pool", id.0);
                    f.dump_string("name", name);
                });
            }
        });
        f.array("old_pools", |f| self.old_pools.iter().for_each(|pool| f.dump_int("pool", pool.0)));
    }

    fn dump_up_osds(&self, f: &mut Formatter) {
        f.array("new_up_osds", |f| {
            for (osd, addrs) in &self.new_up_client {
                f.object("osd", |f| {
                    f.dump_int("osd", osd.0);
                    f.dump_stream("public_addr", addrs.legacy_addr());
                    f.dump_object("public_addrs", addrs);
                    if let Some(addrs) = self.new_up_cluster.get(osd) {
                        f.dump_stream("cluster_addr", addrs.legacy_addr());
                        f.dump_object("cluster_addrs", addrs);
                    }
                    if let Some(addrs) = self.new_hb_back_up.get(osd) {
                        f.dump_object("heartbeat_back_addrs", addrs);
                    }
                    if let Some(addrs) = self.new_hb_front_up.get(osd) {
                        f.dump_object("heartbeat_front_addrs", addrs);
                    }
                });
            }
        });
    }

    fn dump_placement(&self, f: &mut Formatter) {
        f.array("new_pg_temp", |f| {
            self.new_pg_temp.iter().for_each(|(pgid, osds)| dump_mapping(f, *pgid, osds));
        });
        dump_primary_temp(f, &self.new_primary_temp);
        f.array("new_pg_upmap", |f| {
            self.new_pg_upmap.iter().for_each(|(pgid, osds)| dump_mapping(f, *pgid, osds));
        });
        dump_pgs(f, "old_pg_upmap", &self.old_pg_upmap);
        f.array("new_pg_upmap_items", |f| {
            self.new_pg_upmap_items.iter().for_each(|(pgid, items)| dump_mapping_items(f, *pgid, items));
        });
        dump_pgs(f, "old_pg_upmap_items", &self.old_pg_upmap_items);
        dump_primaries(f, "new_pg_upmap_primaries", &self.new_pg_upmap_primary);
        dump_pgs(f, "old_pg_upmap_primaries", &self.old_pg_upmap_primary);
    }

    /// Ceph forgets to close this array, so that all that follows is in it.
    fn dump_rest(&self, f: &mut Formatter) {
        f.array("new_purged_snaps", |f| {
            dump_pool_snaps(f, &self.new_purged_snaps);
            dump_node_flags(f, "new_crush_node_flags", &self.new_crush_node_flags);
            dump_node_flags(f, "new_device_class_flags", &self.new_device_class_flags);
            f.object("stretch_mode", |f| {
                f.dump_bool("change_stretch_mode", self.change_stretch_mode);
                f.dump_bool("stretch_mode_enabled", self.stretch_mode_enabled);
                f.dump_unsigned("new_stretch_bucket_count", self.new_stretch_bucket_count);
                f.dump_unsigned("new_degraded_stretch_mode", self.new_degraded_stretch_mode);
                f.dump_unsigned("new_recovering_stretch_mode", self.new_recovering_stretch_mode);
                f.dump_int("new_stretch_mode_bucket", self.new_stretch_mode_bucket);
            });
        });
    }
}
