//! The OSD map.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};

use loligo_base::Wall;

use super::crush::{Needs, V3_OPS, V5_OPS, fixed, has_op};
use super::entity::LegacyStr;
use super::mgr::dump_text_map;
use super::{Dump, Formatter, Stamp};
use crate::crush::CrushMap;
use crate::osdmap::{OSDMap, OsdInfo, OsdMapFlags, OsdState, OsdXInfo, PoolFlags, SnapIntervalSet};
use crate::types::PgId;
use crate::{EntityAddr, OsdId, PoolId, Release, Text, TextMap};

impl Dump for OsdInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("last_clean_begin", self.last_clean_begin.0);
        f.dump_int("last_clean_end", self.last_clean_end.0);
        f.dump_int("up_from", self.up_from.0);
        f.dump_int("up_thru", self.up_thru.0);
        f.dump_int("down_at", self.down_at.0);
        f.dump_int("lost_at", self.lost_at.0);
    }
}

impl Dump for OsdXInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("down_stamp", Stamp(self.down_stamp));
        f.dump_float("laggy_probability", probability(self.laggy_probability));
        f.dump_int("laggy_interval", self.laggy_interval);
        f.dump_int("features", self.features.0.cast_signed());
        f.dump_unsigned("old_weight", self.old_weight);
        f.dump_stream("last_purged_snaps_scrub", Stamp(self.last_purged_snaps_scrub));
        f.dump_int("dead_epoch", self.dead_epoch.0);
    }
}

#[expect(clippy::cast_precision_loss, reason = "Ceph keeps 24 bits of it, too")]
fn probability(fraction: u32) -> f64 {
    f64::from(fraction as f32 / u32::MAX as f32)
}

/// The names of the flags that are set, ordered by name (`calc_state_set`).
pub(super) fn dump_states(f: &mut Formatter, name: &str, states: OsdState) {
    let bits = (0..u32::BITS).map(|bit| OsdState(1 << bit)).filter(|bit| states.contains(*bit));
    let name_of = |bit: OsdState| match bit.to_string() {
        unnamed if unnamed.is_empty() => "???".into(),
        name => name,
    };
    let names: BTreeSet<String> = bits.map(name_of).collect();
    f.array(name, |f| names.iter().for_each(|name| f.dump_string("state", name)));
}

/// The flags in Ceph's order, which is not that of their bits.
fn flag_string(flags: OsdMapFlags) -> String {
    let parts = [
        flags & OsdMapFlags(0x3ff & !0x3),
        flags & OsdMapFlags::NOREBALANCE,
        flags & OsdMapFlags(0xffff & !0x3ff & !OsdMapFlags::NOREBALANCE.0 & !OsdMapFlags::SORTBITWISE.0),
        flags & OsdMapFlags::NOSNAPTRIM,
        flags & OsdMapFlags::SORTBITWISE,
        flags & OsdMapFlags(!0xffff & !OsdMapFlags::NOSNAPTRIM.0),
    ];
    let names = parts.into_iter().map(|part| part.to_string()).filter(|names| !names.is_empty());
    names.collect::<alloc::vec::Vec<_>>().join(",")
}

fn flag_set(flags: OsdMapFlags) -> BTreeSet<String> {
    let bits = (0..u32::BITS).map(|bit| OsdMapFlags(1 << bit)).filter(|bit| flags.contains(*bit));
    bits.map(flag_string).collect()
}

pub(super) fn dump_mapping(f: &mut Formatter, pgid: PgId, osds: &[OsdId]) {
    f.object("mapping", |f| {
        f.dump_stream("pgid", pgid);
        f.array("osds", |f| osds.iter().for_each(|osd| f.dump_int("osd", osd.0)));
    });
}

pub(super) fn dump_mapping_items(f: &mut Formatter, pgid: PgId, items: &[(OsdId, OsdId)]) {
    f.object("mapping", |f| {
        f.dump_stream("pgid", pgid);
        f.array("mappings", |f| {
            for (from, to) in items {
                f.object("mapping", |f| {
                    f.dump_int("from", from.0);
                    f.dump_int("to", to.0);
                });
            }
        });
    });
}

pub(super) fn dump_primaries(f: &mut Formatter, name: &str, primaries: &BTreeMap<PgId, OsdId>) {
    f.array(name, |f| {
        for (pgid, osd) in primaries {
            f.object("primary_mapping", |f| {
                f.dump_stream("pgid", pgid);
                f.dump_int("primary_osd", osd.0);
            });
        }
    });
}

/// Without objects around the pairs, as in Ceph.
pub(super) fn dump_primary_temp(f: &mut Formatter, primaries: &BTreeMap<PgId, OsdId>) {
    f.array("primary_temp", |f| {
        for (pgid, osd) in primaries {
            f.dump_stream("pgid", pgid);
            f.dump_int("osd", osd.0);
        }
    });
}

pub(super) fn dump_profiles(f: &mut Formatter, profiles: &BTreeMap<Text, TextMap>) {
    f.object("erasure_code_profiles", |f| {
        profiles.iter().for_each(|(name, profile)| dump_text_map(f, &name.to_lossy(), profile));
    });
}

pub(super) fn dump_pool_snaps(f: &mut Formatter, snaps: &BTreeMap<PoolId, SnapIntervalSet>) {
    for (pool, set) in snaps {
        f.object("pool", |f| {
            f.dump_int("pool", pool.0);
            f.array("snaps", |f| {
                for (begin, length) in set.iter() {
                    f.object("interval", |f| {
                        f.dump_unsigned("begin", begin);
                        f.dump_unsigned("length", length);
                    });
                }
            });
        });
    }
}

impl Dump for OSDMap {
    fn dump(&self, f: &mut Formatter) {
        self.dump_basics(f);
        f.array("pools", |f| self.pools.keys().for_each(|pool| self.dump_pool(*pool, f)));
        self.dump_osds(f);
        self.dump_placement(f);
        self.dump_blocklists(f);
        dump_profiles(f, &self.erasure_code_profiles);
        f.array("removed_snaps_queue", |f| dump_pool_snaps(f, &self.removed_snaps_queue));
        f.array("new_removed_snaps", |f| dump_pool_snaps(f, &self.new_removed_snaps));
        f.array("new_purged_snaps", |f| dump_pool_snaps(f, &self.new_purged_snaps));
        self.dump_node_flags(f);
        f.object("stretch_mode", |f| {
            f.dump_bool("stretch_mode_enabled", self.stretch_mode_enabled);
            f.dump_unsigned("stretch_bucket_count", self.stretch_bucket_count);
            f.dump_unsigned("degraded_stretch_mode", self.degraded_stretch_mode);
            f.dump_unsigned("recovering_stretch_mode", self.recovering_stretch_mode);
            f.dump_int("stretch_mode_bucket", self.stretch_mode_bucket);
        });
    }
}

impl OSDMap {
    fn dump_basics(&self, f: &mut Formatter) {
        f.dump_int("epoch", self.epoch.0);
        f.dump_stream("fsid", self.fsid);
        f.dump_stream("created", Stamp(self.created));
        f.dump_stream("modified", Stamp(self.modified));
        f.dump_stream("last_up_change", Stamp(self.last_up_change));
        f.dump_stream("last_in_change", Stamp(self.last_in_change));
        f.dump_string("flags", flag_string(self.flags));
        f.dump_unsigned("flags_num", self.flags.0);
        f.array("flags_set", |f| flag_set(self.flags).iter().for_each(|flag| f.dump_string("flag", flag)));
        f.dump_unsigned("crush_version", self.crush_version);
        f.dump_float("full_ratio", self.full_ratio.into());
        f.dump_float("backfillfull_ratio", self.backfillfull_ratio.into());
        f.dump_float("nearfull_ratio", self.nearfull_ratio.into());
        f.dump_string("cluster_snapshot", &self.cluster_snapshot);
        f.dump_int("pool_max", self.pool_max);
        f.dump_int("max_osd", self.get_max_osd());
        f.dump_stream("require_min_compat_client", self.require_min_compat_client);
        f.dump_stream("min_compat_client", self.min_compat_client());
        f.dump_stream("require_osd_release", self.require_osd_release);
        f.dump_bool("allow_crimson", self.allow_crimson);
    }

    fn dump_pool(&self, pool: PoolId, f: &mut Formatter) {
        let Some(data) = self.pools.get(&pool) else { return };
        f.object("pool", |f| {
            f.dump_int("pool", pool.0);
            match self.pool_name.get(&pool) {
                Some(name) => f.dump_string("pool_name", name),
                None => f.dump_string("pool_name", "<unknown>"),
            }
            data.dump(f);
        });
    }

    fn osds(&self) -> impl Iterator<Item = OsdId> {
        (0..self.get_max_osd()).map(OsdId).filter(|osd| self.exists(*osd))
    }

    fn dump_osds(&self, f: &mut Formatter) {
        f.array("osds", |f| self.osds().for_each(|osd| f.object("osd_info", |f| self.dump_osd(osd, f))));
        f.array("osd_xinfo", |f| {
            for osd in self.osds() {
                f.object("xinfo", |f| {
                    f.dump_int("osd", osd.0);
                    self.get_xinfo(osd).cloned().unwrap_or_default().dump(f);
                });
            }
        });
    }

    fn dump_osd(&self, osd: OsdId, f: &mut Formatter) {
        f.dump_int("osd", osd.0);
        f.dump_stream("uuid", self.get_uuid(osd).unwrap_or_default());
        f.dump_int("up", self.is_up(osd));
        f.dump_int("in", self.is_in(osd));
        f.dump_float("weight", fixed(self.get_weight(osd)));
        f.dump_float("primary_affinity", fixed(self.get_primary_affinity(osd)));
        self.get_info(osd).cloned().unwrap_or_default().dump(f);
        let addrs = [
            ("public_addr", self.get_addrs(osd)),
            ("cluster_addr", self.get_cluster_addrs(osd)),
            ("heartbeat_back_addr", self.get_hb_back_addrs(osd)),
            ("heartbeat_front_addr", self.get_hb_front_addrs(osd)),
        ];
        for (name, addrs) in addrs {
            f.dump_object(&format!("{name}s"), addrs);
        }
        for (name, addrs) in addrs {
            f.dump_stream(name, LegacyStr::of(addrs));
        }
        dump_states(f, "state", self.get_state(osd));
    }

    fn dump_placement(&self, f: &mut Formatter) {
        f.array("pg_upmap", |f| self.pg_upmap.iter().for_each(|(pgid, osds)| dump_mapping(f, *pgid, osds)));
        f.array("pg_upmap_items", |f| {
            self.pg_upmap_items.iter().for_each(|(pgid, items)| dump_mapping_items(f, *pgid, items));
        });
        dump_primaries(f, "pg_upmap_primaries", &self.pg_upmap_primaries);
        f.array("pg_temp", |f| self.pg_temp.dump(f));
        dump_primary_temp(f, &self.primary_temp);
    }

    fn dump_blocklists(&self, f: &mut Formatter) {
        let dump = |f: &mut Formatter, name: &str, list: &BTreeMap<EntityAddr, Wall>| {
            f.object(name, |f| {
                list.iter().for_each(|(addr, until)| f.dump_stream(&addr.to_string(), Stamp(*until)));
            });
        };
        dump(f, "blocklist", &self.blocklist);
        dump(f, "range_blocklist", &self.range_blocklist);
    }

    fn dump_node_flags(&self, f: &mut Formatter) {
        f.object("crush_node_flags", |f| {
            for (id, flags) in &self.crush_node_flags {
                let name = self.crush.name_map().get(id).map_or_else(|| id.to_string(), ToString::to_string);
                dump_states(f, &name, *flags);
            }
        });
        f.object("device_class_flags", |f| {
            for (id, flags) in &self.device_class_flags {
                let name = self.crush.class_name.get(id).map_or_else(|| id.to_string(), ToString::to_string);
                dump_states(f, &name, *flags);
            }
        });
    }

    /// The oldest release whose clients can place objects by this map (`get_min_compat_client`).
    fn min_compat_client(&self) -> Release {
        const HAMMER: Release = Release(8);
        const FIREFLY: Release = Release(6);
        const DUMPLING: Release = Release(4);
        const ARGONAUT: Release = Release(1);
        let crush = Needs::of(&self.crush);
        let any_pool_rule = |ops| {
            let rule = |rule| self.crush.rule(rule);
            self.pools.values().filter_map(|pool| rule(pool.crush_rule)).any(|rule| has_op(rule, ops))
        };
        let any_pool = |flag| self.pools.values().any(|pool| pool.has_flag(flag));
        let tiered = self.pools.values().any(|pool| !pool.tiers.is_empty() || pool.tier_of.0 >= 0);
        let affinities = self.osd_primary_affinity.iter().flat_map(|all| all.iter());
        let affine = affinities.clone().any(|affinity| *affinity != Self::DEFAULT_PRIMARY_AFFINITY);
        if crush.msr {
            Release::SQUID
        } else if !self.pg_upmap_primaries.is_empty() {
            Release::REEF
        } else if !self.pg_upmap.is_empty()
            || !self.pg_upmap_items.is_empty()
            || needs_choose_args(&self.crush)
        {
            Release::LUMINOUS
        } else if crush.tunables5 || any_pool_rule(V5_OPS) {
            Release::JEWEL
        } else if crush.v4_buckets {
            HAMMER
        } else if crush.tunables3 || any_pool_rule(V3_OPS) || affine || tiered {
            FIREFLY
        } else if crush.tunables2 || any_pool(PoolFlags::HASHPSPOOL) {
            DUMPLING
        } else {
            ARGONAUT
        }
    }
}

/// Whether the map has choose_args that cannot be folded into it for older clients (`has_incompat_choose_args`).
fn needs_choose_args(crush: &CrushMap) -> bool {
    let mut sets = crush.choose_args.iter();
    match (sets.next(), sets.next()) {
        (None, _) => false,
        (Some((-1, args)), None) => {
            args.iter().any(|(_, arg)| !arg.is_empty() && (arg.weight_set.len() != 1 || !arg.ids.is_empty()))
        }
        _ => true,
    }
}
