//! The map of monitors.
//!
//! Follows `mon/MonMap.h` of Ceph 18.2.

mod codec;
mod features;
mod info;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

pub use features::MonFeatures;
pub use info::MonInfo;
use loligo_base::Wall;

use crate::{EntityAddr, EntityAddrVec, Epoch, Release, Uuid};

/// How the monitors choose their leader: `election_strategy`. Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElectionStrategy(pub u8);

impl ElectionStrategy {
    /// The lowest rank.
    pub const CLASSIC: Self = Self(1);
    /// The lowest rank that may.
    pub const DISALLOW: Self = Self(2);
    /// The best connected one that may.
    pub const CONNECTIVITY: Self = Self(3);
}

impl Default for ElectionStrategy {
    fn default() -> Self {
        Self::CLASSIC
    }
}

/// The map of monitors: `MonMap`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonMap {
    /// Which version of the map.
    pub epoch: Epoch,
    /// Which cluster.
    pub fsid: Uuid,
    /// When this version was made.
    pub last_changed: Wall,
    /// When the first version was made.
    pub created: Wall,
    /// The monitors, by name.
    pub mon_info: BTreeMap<String, MonInfo>,
    /// Their names by rank.
    pub ranks: Vec<String>,
    /// Ranks that were removed when this version was made.
    pub removed_ranks: BTreeSet<u32>,
    /// What every monitor must know for ever.
    pub persistent_features: MonFeatures,
    /// What every monitor must know for now.
    pub optional_features: MonFeatures,
    /// The oldest release that a monitor may be of.
    pub min_mon_release: Release,
    /// How the monitors choose their leader.
    pub strategy: ElectionStrategy,
    /// Who may not be the leader.
    pub disallowed_leaders: BTreeSet<String>,
    /// Whether the cluster is stretched over two sites.
    pub stretch_mode_enabled: bool,
    /// The monitor that decides between them.
    pub tiebreaker_mon: String,
    /// Monitors at a site that is taken to be down.
    pub stretch_marked_down_mons: BTreeSet<String>,
    /// How keys are made, since Tentacle.
    pub auth: Option<MonMapAuth>,
}

/// Which kinds of keys the cluster makes and takes: the fields `auth_*` of `MonMap`, since Tentacle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonMapAuth {
    /// Counts the times when all rotating keys were made anew.
    pub epoch: Epoch,
    /// The kind of the services' keys.
    pub service_cipher: u32,
    /// The kinds that are taken.
    pub allowed_ciphers: Vec<u32>,
    /// The kind of new keys.
    pub preferred_cipher: u32,
}

impl MonMap {
    /// How many monitors there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.mon_info.len()
    }

    /// The name of the monitor of that rank.
    #[must_use]
    pub fn get_name(&self, rank: usize) -> Option<&str> {
        self.ranks.get(rank).map(String::as_str)
    }

    /// The rank of the monitor of that name.
    #[must_use]
    pub fn get_rank(&self, name: &str) -> Option<usize> {
        self.ranks.iter().position(|known| known == name)
    }

    /// Where the monitor of that rank is reached.
    #[must_use]
    pub fn get_addrs(&self, rank: usize) -> Option<&EntityAddrVec> {
        self.mon_info.get(self.get_name(rank)?).map(|info| &info.public_addrs)
    }

    /// The name of the monitor at that very address.
    #[must_use]
    pub fn get_addr_name(&self, addr: &EntityAddr) -> Option<&str> {
        let at = |(_, info): &(&String, &MonInfo)| info.public_addrs.contains(addr);
        self.mon_info.iter().find(at).map(|(name, _)| name.as_str())
    }

    /// What every monitor must know.
    #[must_use]
    pub fn get_required_features(&self) -> MonFeatures {
        self.persistent_features | self.optional_features
    }

    /// Adds a monitor behind the others; one of that name is replaced and keeps its rank.
    pub fn add(&mut self, info: MonInfo) {
        let name = info.name.clone();
        if self.mon_info.insert(name.clone(), info).is_none() {
            self.ranks.push(name);
        }
    }

    /// Before Nautilus ranks followed from addresses (`calc_legacy_ranks`).
    fn calc_legacy_ranks(&mut self) {
        let key = |info: &MonInfo| (info.public_addrs.legacy_or_front_addr(), info.name.clone());
        let ordered: BTreeSet<_> = self.mon_info.values().map(key).collect();
        self.ranks = ordered.into_iter().map(|(_, name)| name).collect();
    }
}
