//! How many maps of a message are read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::Cluster;
use loligo_objecter::MapBatch;
use loligo_wire::{Encode, Epoch, Features};

#[test]
fn what_comes_behind_the_most_maps_is_asked_for_and_not_read() {
    let cluster = Cluster::new(1, 8, 1);
    let bytes = cluster.newest().to_bytes(Features::PACIFIC);
    let most = u32::try_from(MapBatch::MOST).unwrap();
    let mut message = cluster.full(Epoch(1));
    message.maps = (1..=most + 5).map(|epoch| (Epoch(epoch), bytes.clone())).collect();
    let batch = MapBatch::decode(&message);
    assert_eq!(batch.last(), Epoch(most + 5));
    assert!(batch.maps[&Epoch(most)].is_ok());
    assert!(batch.maps.range(Epoch(most + 1)..).all(|(_, map)| map.is_err()));
}
