//! Intervals: the times in which a PG is in the same place under the same rules.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use loligo_placement::{Scratch, UpActing, pg_to_up_acting_osds};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::PgId;
use loligo_wire::{Epoch, OsdId};

/// A time in which a PG is in the same place under the same rules. The monitor keeps them, so that all OSDs name the
/// same interval the same way, whichever maps they have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    /// The epoch in which it began; names the interval.
    pub(crate) since: Epoch,
    /// Since when the primary is the same (`same_primary_since`): requests sent under older maps are dropped.
    pub(crate) same_primary_since: Epoch,
    pub(crate) up: Vec<OsdId>,
    pub(crate) acting: Vec<OsdId>,
    pub(crate) primary: OsdId,
    size: usize,
    min_size: usize,
    pg_num: u32,
}

impl Default for Interval {
    fn default() -> Self {
        Self {
            since: Epoch(0),
            same_primary_since: Epoch(0),
            up: Vec::new(),
            acting: Vec::new(),
            primary: OsdId(-1),
            size: 0,
            min_size: 0,
            pg_num: 0,
        }
    }
}

impl Interval {
    /// The OSDs of the acting set, without holes.
    pub(crate) fn members(&self) -> impl Iterator<Item = OsdId> {
        self.acting.iter().copied().filter(|osd| osd.is_osd())
    }

    /// Whether the acting set may serve.
    pub(crate) fn is_enough(&self) -> bool {
        self.members().count() >= self.min_size.max(1)
    }

    /// Goes on with the interval before, as far as nothing changed (`PastIntervals::is_new_interval`).
    fn following(mut self, before: &Self) -> Self {
        if self.primary == before.primary && self.pg_num == before.pg_num {
            self.same_primary_since = before.same_primary_since;
        }
        let continued = Self { since: before.since, ..self.clone() };
        if continued == *before { continued } else { self }
    }
}

/// The interval of each PG of a map, after those of the map before.
pub(crate) fn intervals(map: &OSDMap, before: &BTreeMap<PgId, Interval>) -> BTreeMap<PgId, Interval> {
    let mut out = BTreeMap::new();
    let mut scratch = Scratch::new();
    for (id, pool) in map.get_pools() {
        for seed in 0..pool.pg_num {
            let pg = PgId::new(id, seed);
            let mut placed = UpActing::default();
            pg_to_up_acting_osds(map, pg, &mut scratch, &mut placed);
            let fresh = Interval {
                since: map.epoch,
                same_primary_since: map.epoch,
                up: placed.up,
                acting: placed.acting,
                primary: placed.acting_primary.unwrap_or(OsdId(-1)),
                size: usize::from(pool.size),
                min_size: usize::from(pool.min_size),
                pg_num: pool.pg_num,
            };
            let interval = match before.get(&pg) {
                Some(before) => fresh.following(before),
                None => fresh,
            };
            out.insert(pg, interval);
        }
    }
    out
}
