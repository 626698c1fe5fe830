//! What the monitors say of the cluster: `ceph osd dump`, as far as a churn looks at it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The map.
#[derive(Deserialize)]
pub(super) struct State {
    /// Its epoch.
    pub(super) epoch: u32,
    pub(super) pools: Vec<Pool>,
    pub(super) osds: Vec<Osd>,
    pg_upmap: Vec<OfPg>,
    pg_upmap_items: Vec<OfPg>,
    #[serde(default)]
    pg_upmap_primaries: Vec<OfPg>,
    pg_temp: Vec<OfPg>,
    /// In Nautilus it has another name.
    #[serde(default, alias = "blacklist")]
    blocklist: BTreeMap<String, Value>,
    erasure_code_profiles: BTreeMap<String, Value>,
}

/// A pool.
#[derive(Clone, Deserialize)]
pub(super) struct Pool {
    pub(super) pool: i64,
    #[serde(rename = "pool_name")]
    pub(super) name: String,
    /// 1: replicated, 3: erasure-coded.
    #[serde(rename = "type")]
    kind: u8,
    pub(super) size: usize,
    pub(super) pg_num: u32,
    #[serde(rename = "pg_placement_num")]
    pub(super) pgp_num: u32,
    pub(super) pg_num_target: u32,
    pub(super) pool_snaps: Vec<Snap>,
}

/// A snapshot of a pool.
#[derive(Clone, Deserialize)]
pub(super) struct Snap {
    pub(super) name: String,
}

/// An OSD.
#[derive(Clone, Deserialize)]
pub(super) struct Osd {
    pub(super) osd: u32,
    pub(super) up: u8,
    #[serde(rename = "in")]
    pub(super) is_in: u8,
}

/// Something that is set for a PG.
#[derive(Deserialize)]
struct OfPg {
    pgid: String,
}

/// What can be set for a PG.
#[derive(Clone, Copy)]
pub(super) enum Set {
    Upmap,
    UpmapItems,
    UpmapPrimary,
    PgTemp,
}

impl Pool {
    pub(super) fn is_replicated(&self) -> bool {
        self.kind == 1
    }
}

impl State {
    /// The PGs that have it.
    pub(super) fn pgs_with(&self, what: Set) -> Vec<String> {
        let list = match what {
            Set::Upmap => &self.pg_upmap,
            Set::UpmapItems => &self.pg_upmap_items,
            Set::UpmapPrimary => &self.pg_upmap_primaries,
            Set::PgTemp => &self.pg_temp,
        };
        list.iter().map(|of| of.pgid.clone()).collect()
    }

    /// Addresses that are shut out, in order.
    pub(super) fn blocklisted(&self) -> Vec<String> {
        self.blocklist.keys().cloned().collect()
    }

    /// Names of the profiles of erasure code.
    pub(super) fn profiles(&self) -> Vec<String> {
        self.erasure_code_profiles.keys().cloned().collect()
    }

    /// The OSDs that are up and in.
    pub(super) fn serving(&self) -> Vec<u32> {
        self.osds.iter().filter(|osd| osd.up == 1 && osd.is_in == 1).map(|osd| osd.osd).collect()
    }
}
