//! The map of monitors.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::entity::LegacyStr;
use super::stamp::FmtStamp;
use super::{Dump, Formatter, GmStamp};
use crate::monmap::{MonFeatures, MonInfo, MonMap, MonMapAuth};
use crate::{EntityAddrVec, TextMap};

/// The name of a single feature (`ceph::features::mon::get_feature_name`).
const fn feature_name(feature: MonFeatures) -> &'static str {
    match feature {
        MonFeatures::KRAKEN => "kraken",
        MonFeatures::LUMINOUS => "luminous",
        MonFeatures::MIMIC => "mimic",
        MonFeatures::OSDMAP_PRUNE => "osdmap-prune",
        MonFeatures::NAUTILUS => "nautilus",
        MonFeatures::OCTOPUS => "octopus",
        MonFeatures::PACIFIC => "pacific",
        MonFeatures::PINGING => "elector-pinging",
        MonFeatures::QUINCY => "quincy",
        MonFeatures::REEF => "reef",
        MonFeatures::SQUID => "squid",
        MonFeatures::TENTACLE => "tentacle",
        MonFeatures::CEPHX_AUTH_AES256K => "cephx_auth_aes256k",
        MonFeatures::NVMEOF_BEACON_DIFF => "nvmeof_beacon_diff",
        _ => "unknown",
    }
}

fn dump_features(f: &mut Formatter, name: &str, features: MonFeatures) {
    let bits = (0..64).map(|bit| MonFeatures(1 << bit)).filter(|bit| features.contains_all(*bit));
    f.array(name, |f| bits.for_each(|bit| f.dump_string("bit_flag", feature_name(bit))));
}

impl Dump for MonFeatures {
    fn dump(&self, f: &mut Formatter) {
        dump_features(f, "features", *self);
    }
}

/// As Ceph prints a `map<string, string>`.
fn braces(map: &TextMap) -> String {
    let pairs: Vec<String> = map.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// As Ceph prints a set.
fn joined<T: ToString>(set: &BTreeSet<T>) -> String {
    set.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// As `encode_json` prints a map.
fn dump_pairs(f: &mut Formatter, name: &str, map: &TextMap) {
    f.array(name, |f| {
        for (key, value) in map.iter() {
            f.object("entry", |f| {
                f.dump_string("key", key);
                f.dump_string("val", value);
            });
        }
    });
}

/// 18.2 has none.
impl Dump for MonInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
        f.dump_object("public_addrs", &self.public_addrs);
        f.dump_stream("addr", LegacyStr::of(&self.public_addrs));
        f.dump_stream("public_addr", LegacyStr::of(&self.public_addrs));
        f.dump_int("priority", self.priority);
        f.dump_float("weight", self.weight.into());
        f.dump_stream("time_added", FmtStamp(self.time_added));
        dump_pairs(f, "crush_location", &self.crush_loc);
    }
}

/// `CryptoManager::get_key_type_name`
pub(super) const fn key_type_name(key_type: u32) -> &'static str {
    match key_type {
        0 => "none",
        1 => "aes",
        2 => "aes256k",
        _ => "???",
    }
}

fn dump_cipher(f: &mut Formatter, name: &str, cipher: u32) {
    f.object(name, |f| {
        f.dump_string("name", key_type_name(cipher));
        f.dump_int("value", cipher);
    });
}

impl Dump for MonMapAuth {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("auth_epoch", self.epoch.0);
        dump_cipher(f, "auth_service_cipher", self.service_cipher);
        f.array("auth_allowed_ciphers", |f| {
            self.allowed_ciphers.iter().for_each(|cipher| dump_cipher(f, "key_type", *cipher));
        });
        dump_cipher(f, "auth_preferred_cipher", self.preferred_cipher);
    }
}

/// Where it says how keys are made, the map is one of Tentacle, and is printed as 20.2 prints it.
impl Dump for MonMap {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("epoch", self.epoch.0);
        if let Some(auth) = &self.auth {
            auth.dump(f);
        }
        // Before 20.2 with the colon and the blank.
        let [disallowed, removed] = match self.auth {
            None => ["disallowed_leaders: ", "removed_ranks: "],
            Some(_) => ["disallowed_leaders", "removed_ranks"],
        };
        f.dump_stream("fsid", self.fsid);
        f.dump_stream("modified", GmStamp(self.last_changed));
        f.dump_stream("created", GmStamp(self.created));
        f.dump_unsigned("min_mon_release", self.min_mon_release.0);
        f.dump_stream("min_mon_release_name", self.min_mon_release);
        f.dump_int("election_strategy", self.strategy.0);
        f.dump_string(disallowed, joined(&self.disallowed_leaders));
        f.dump_bool("stretch_mode", self.stretch_mode_enabled);
        f.dump_string("tiebreaker_mon", &self.tiebreaker_mon);
        f.dump_string(removed, joined(&self.removed_ranks));
        f.object("features", |f| {
            dump_features(f, "persistent", self.persistent_features);
            dump_features(f, "optional", self.optional_features);
        });
        f.array("mons", |f| {
            for (rank, name) in self.ranks.iter().enumerate() {
                f.object("mon", |f| self.dump_mon(rank, name, f));
            }
        });
    }
}

impl MonMap {
    fn dump_mon(&self, rank: usize, name: &str, f: &mut Formatter) {
        let info = self.mon_info.get(name);
        let addrs = info.map_or(const { &EntityAddrVec::NONE }, |info| &info.public_addrs);
        f.dump_unsigned("rank", rank as u64);
        if let Some(info) = info.filter(|_| self.auth.is_some()) {
            info.dump(f);
            return;
        }
        f.dump_string("name", name);
        f.dump_object("public_addrs", addrs);
        f.dump_stream("addr", LegacyStr::of(addrs));
        f.dump_stream("public_addr", LegacyStr::of(addrs));
        f.dump_unsigned("priority", info.map_or(0, |info| info.priority));
        f.dump_unsigned("weight", info.map_or(0, |info| info.weight));
        f.dump_string("crush_location", info.map_or_else(|| "{}".into(), |info| braces(&info.crush_loc)));
    }
}
