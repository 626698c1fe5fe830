//! Encoded maps, for whoever has older ones.

use alloc::collections::BTreeMap;

use bytes::Bytes;
use loligo_wire::message::MOSDMap;
use loligo_wire::{Epoch, Uuid};

/// How many old incrementals are kept; a client that is further behind gets a whole map.
const INCREMENTALS_KEPT: usize = 500;

/// How many maps one message carries at most (`osd_map_message_max`).
const MAPS_PER_MESSAGE: u32 = 40;

/// The newest map and the changes that led to it, encoded.
#[derive(Clone, Debug, Default)]
pub(crate) struct MapHistory {
    fsid: Uuid,
    newest: Epoch,
    full: Bytes,
    incrementals: BTreeMap<Epoch, Bytes>,
}

impl MapHistory {
    pub(crate) const fn new(fsid: Uuid, first: Epoch, full: Bytes) -> Self {
        Self { fsid, newest: first, full, incrementals: BTreeMap::new() }
    }

    pub(crate) fn push(&mut self, epoch: Epoch, incremental: Bytes, full: Bytes) {
        self.newest = epoch;
        self.full = full;
        self.incrementals.insert(epoch, incremental);
        if self.incrementals.len() > INCREMENTALS_KEPT {
            self.incrementals.pop_first();
        }
    }

    /// The newest map, encoded.
    pub(crate) const fn full(&self) -> &Bytes {
        &self.full
    }

    pub(crate) fn oldest(&self) -> Epoch {
        self.incrementals.first_key_value().map_or(self.newest, |(epoch, _)| *epoch)
    }

    /// The maps from `start` on, as many as one message carries; the newest whole one where `start` is 0 or too old.
    pub(crate) fn since(&self, start: Epoch) -> MOSDMap {
        let mut message = MOSDMap {
            fsid: self.fsid,
            cluster_osdmap_trim_lower_bound: self.oldest(),
            newest_map: self.newest,
            ..MOSDMap::default()
        };
        if start.0 == 0 || !self.incrementals.contains_key(&start) {
            message.maps.insert(self.newest, self.full.clone());
            return message;
        }
        let last = Epoch(start.0.saturating_add(MAPS_PER_MESSAGE));
        message.incremental_maps =
            self.incrementals.range(start..last).map(|(e, b)| (*e, b.clone())).collect();
        message
    }
}
