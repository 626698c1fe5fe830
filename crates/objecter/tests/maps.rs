//! Which maps of a message are taken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::Cluster;
use loligo_base::{Mono, Now, Wall};
use loligo_objecter::{Input, MapStats, Objecter, Options, Output, WantMap};
use loligo_wire::message::MOSDMap;
use loligo_wire::osdmap::Incremental;
use loligo_wire::{Decode, Encode, Epoch, OsdId};

const NOW: Now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };

/// A cluster of that many epochs, and an Objecter that has the first of them.
fn started(epochs: u32) -> (Cluster, Objecter<()>) {
    let mut cluster = Cluster::new(1, 8, 1);
    let mut objecter = Objecter::new(Options::default());
    deliver(&mut objecter, cluster.full(Epoch(1)));
    while cluster.epoch() < Epoch(epochs) {
        cluster.change(|map, inc| {
            inc.new_weight.insert(OsdId(0), map.epoch.0);
        });
    }
    (cluster, objecter)
}

/// Hands maps in. Gives what is asked for then.
fn deliver(objecter: &mut Objecter<()>, message: MOSDMap) -> Vec<WantMap> {
    objecter.handle(NOW, Input::OsdMap(message));
    let outputs = std::iter::from_fn(|| objecter.poll());
    outputs.filter_map(|output| if let Output::WantMap(want) = output { Some(want) } else { None }).collect()
}

#[test]
fn the_epochs_of_a_message_are_limited_and_the_next_one_is_asked_for() {
    let (cluster, mut objecter) = started(500);
    let wanted = deliver(&mut objecter, cluster.incrementals(Epoch(2), Epoch(500)));
    assert_eq!(objecter.osdmap().get_epoch(), Epoch(401));
    assert_eq!(wanted, [WantMap { start: Epoch(402), continuous: false }]);
    deliver(&mut objecter, cluster.incrementals(Epoch(402), Epoch(500)));
    assert_eq!(objecter.osdmap().get_epoch(), Epoch(500));
}

#[test]
fn epochs_that_are_here_already_are_not_read_and_do_not_count() {
    let (cluster, mut objecter) = started(500);
    deliver(&mut objecter, cluster.incrementals(Epoch(2), Epoch(401)));
    deliver(&mut objecter, cluster.incrementals(Epoch(402), Epoch(499)));
    // All that an OSD believes this client not to have: 498 that are here, and one that is new.
    let mut message = cluster.incrementals(Epoch(2), Epoch(500));
    message.maps = cluster.full(Epoch(499)).maps;
    assert_eq!(deliver(&mut objecter, message), []);
    assert_eq!(objecter.osdmap().get_epoch(), Epoch(500));
}

#[test]
fn changes_and_whole_maps_are_counted_and_so_are_right_checksums() {
    let (cluster, mut objecter) = started(5);
    deliver(&mut objecter, cluster.incrementals(Epoch(2), Epoch(3)));
    // The checksum of the next one is wrong: the map is asked for whole.
    let mut message = cluster.incrementals(Epoch(4), Epoch(4));
    let mut inc = Incremental::decode_all(&message.incremental_maps[&Epoch(4)]).unwrap();
    inc.full_crc ^= 1;
    message.incremental_maps.insert(Epoch(4), inc.to_bytes(inc.encode_features));
    assert_eq!(deliver(&mut objecter, message), [WantMap { start: Epoch(0), continuous: false }]);
    assert_eq!(objecter.map_stats(), MapStats { incremental: 2, checked: 2, full: 1 });
    deliver(&mut objecter, cluster.full(Epoch(5)));
    assert_eq!(objecter.map_stats(), MapStats { incremental: 2, checked: 2, full: 2 });
}
