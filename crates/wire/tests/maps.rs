//! The life of a real cluster, epoch by epoch.
//!
//! `testdata/pacific` holds what the monitor of a Ceph 16.2.15 cluster stored while pools, snapshots, profiles, upmaps and
//! blocklist entries came and went, and OSDs went up and down, in and out. Each incremental carries the checksum of the
//! map that it leads to, so that every field of every epoch is compared with Ceph's own result.

#![expect(clippy::unwrap_used, reason = "what is wrong here is to fail the test")]

use bytes::Bytes;
use loligo_wire::monmap::MonMap;
use loligo_wire::osdmap::{Incremental, OSDMap, OsdState, PoolFlags};
use loligo_wire::{Decode, Encode, Epoch, OsdId, PoolId, Release};

/// What the monitor stored, in the order of epochs, from 1.
const INCREMENTALS: &[u8] = include_bytes!("../testdata/pacific/osdmap-incrementals");
const MONMAP: &[u8] = include_bytes!("../testdata/pacific/monmap");
/// Full maps as `ceph osd getmap` gave them.
const FULL: [(Epoch, &[u8]); 2] = [
    (Epoch(60), include_bytes!("../testdata/pacific/osdmap-60")),
    (Epoch(93), include_bytes!("../testdata/pacific/osdmap-93")),
];

fn incrementals() -> Vec<(Bytes, Incremental)> {
    let encoded: Vec<Bytes> = Vec::decode_all(&Bytes::from_static(INCREMENTALS)).unwrap();
    encoded.into_iter().map(|bytes| (bytes.clone(), Incremental::decode_all(&bytes).unwrap())).collect()
}

/// Applies all incrementals up to an epoch.
fn map_at(epoch: Epoch) -> OSDMap {
    let mut map = OSDMap::default();
    for (_, inc) in incrementals().into_iter().filter(|(_, inc)| inc.epoch <= epoch) {
        map.apply_incremental(&inc).unwrap();
    }
    map
}

#[test]
fn incrementals_are_written_as_they_were() {
    for (bytes, inc) in incrementals() {
        assert_eq!(inc.to_bytes(inc.encode_features), bytes, "epoch {}", inc.epoch);
    }
}

#[test]
fn every_epoch_has_the_checksum_that_ceph_computed() {
    let mut map = OSDMap::default();
    for (_, inc) in incrementals() {
        map.apply_incremental(&inc).unwrap();
        let (_, crc) = map.to_bytes_and_crc(inc.encode_features);
        assert_eq!(crc, inc.full_crc, "epoch {}", inc.epoch);
    }
    assert_eq!(map.epoch, Epoch(93));
}

#[test]
fn full_maps_are_written_as_they_were_and_equal_their_incrementals() {
    for (epoch, bytes) in FULL {
        let full = OSDMap::decode_all(&Bytes::from_static(bytes)).unwrap();
        assert_eq!(full.epoch, epoch);
        assert_eq!(full.to_bytes(full.get_encoding_features()), bytes, "epoch {epoch}");
        assert_eq!(OSDMap { crc: None, ..full }, map_at(epoch), "epoch {epoch}");
    }
}

#[test]
fn the_last_map_says_what_ceph_osd_dump_said() {
    let map = map_at(Epoch(93));
    assert_eq!(map.fsid.to_string(), "251d15f7-042c-41d1-b945-92af96025d6c");
    assert_eq!(
        (map.get_num_osds(), map.get_num_up_osds(), map.get_num_in_osds(), map.get_max_osd()),
        (3, 3, 3, 4)
    );
    assert_eq!(map.require_osd_release, Release::PACIFIC);
    assert_eq!(
        (map.get_up_from(OsdId(1)), map.get_state(OsdId(1)).contains(OsdState::NOOUT)),
        (Epoch(69), true)
    );
    assert_eq!(map.get_primary_affinity(OsdId(1)), 0x8000);
    assert_eq!(map.get_addrs(OsdId(0)).to_string(), "[v2:127.0.0.1:6905/10901,v1:127.0.0.1:6908/10901]");

    assert_eq!(map.lookup_pg_pool_name("caché"), Some(PoolId(4)));
    assert_eq!(map.lookup_pg_pool_name("strange"), None);
    let pool = map.get_pg_pool(map.lookup_pg_pool_name("rep").unwrap()).unwrap();
    assert_eq!((pool.pg_num_target, pool.quota_max_objects), (12, 1000));
    assert!(pool.has_flag(PoolFlags::HASHPSPOOL | PoolFlags::POOL_SNAPS));
    let snaps: Vec<_> = pool.snaps.values().map(|snap| snap.name.to_string()).collect();
    assert_eq!(snaps, ["s2"]);

    assert!(map.is_addr_blocklisted(&"v1:10.0.0.1:0/123".parse().unwrap()));
    assert!(!map.is_addr_blocklisted(&"v1:10.0.0.2:1/1".parse().unwrap()), "it was let in again");
}

#[test]
fn the_monitors_map_is_written_as_it_was() {
    let map = MonMap::decode_all(&Bytes::from_static(MONMAP)).unwrap();
    assert_eq!(map.to_bytes(loligo_wire::Features::PACIFIC), MONMAP);
    assert_eq!((map.ranks.as_slice(), map.min_mon_release), (["a".to_owned()].as_slice(), Release::PACIFIC));
    assert_eq!(map.get_addrs(0).unwrap().to_string(), "[v2:127.0.0.1:27875/0,v1:127.0.0.1:27876/0]");
}
