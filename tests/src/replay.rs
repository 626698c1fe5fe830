//! The way of a map from epoch to epoch, taken once more with what came over the wire.

use std::collections::BTreeMap;

use bytes::Bytes;
use loligo_wire::message::MOSDMap;
use loligo_wire::osdmap::{Incremental, OSDMap};
use loligo_wire::{Decode, Encode, Epoch};

/// The maps that a client was led through.
#[derive(Debug, Default)]
pub struct Replay {
    /// What we write of each of them.
    pub maps: BTreeMap<Epoch, Bytes>,
    /// Epochs that came as changes.
    pub incremental: u64,
    /// Epochs that came whole, the first among them.
    pub full: u64,
}

/// Applies each change that came, and compares each checksum.
///
/// # Panics
///
/// Where an epoch is left out, or is not what the monitors say it is.
#[must_use]
pub fn replay(messages: &[MOSDMap]) -> Replay {
    let mut replay = Replay::default();
    let mut map = OSDMap::default();
    for message in messages {
        let (Some(first), Some(last)) = (message.first(), message.last()) else { continue };
        // A client without a map begins with the newest whole one.
        let first = if map.epoch == Epoch(0) { last } else { first };
        for epoch in (first.0.max(map.epoch.0 + 1)..=last.0).map(Epoch) {
            map = replay.next(map, epoch, message);
            let bytes = map.to_bytes(map.get_encoding_features());
            replay.maps.insert(epoch, bytes);
        }
    }
    replay
}

impl Replay {
    fn next(&mut self, mut map: OSDMap, epoch: Epoch, message: &MOSDMap) -> OSDMap {
        let inc = message.incremental_maps.get(&epoch).filter(|_| map.epoch != Epoch(0));
        let Some(bytes) = inc else {
            let whole = message.maps.get(&epoch);
            let whole = whole.unwrap_or_else(|| panic!("epoch {epoch} is left out after {}", map.epoch));
            self.full += 1;
            return OSDMap::decode_all(whole).unwrap();
        };
        let inc = Incremental::decode_all(bytes).unwrap();
        map.apply_incremental(&inc).unwrap_or_else(|error| panic!("epoch {epoch}: {error}"));
        let (_, crc) = map.to_bytes_and_crc(inc.encode_features);
        assert_eq!(crc, inc.full_crc, "the checksum of epoch {epoch}");
        self.incremental += 1;
        map
    }
}
