//! What the map says, in every age of it.

use super::*;
use crate::{Decode, DecodeError, Encode, Features};

fn map() -> MonMap {
    let mut map = MonMap {
        epoch: Epoch(3),
        fsid: Uuid([7; 16]),
        created: Wall::new(1, 2),
        persistent_features: MonFeatures::KRAKEN | MonFeatures::LUMINOUS,
        min_mon_release: Release::PACIFIC,
        tiebreaker_mon: String::from("b"),
        ..MonMap::default()
    };
    map.add(MonInfo {
        priority: 3,
        ..MonInfo::new("b", "[v2:10.0.0.2:3300/0,v1:10.0.0.2:6789/0]".parse().unwrap())
    });
    map.add(MonInfo::new("a", "v1:10.0.0.1:6789/0".parse().unwrap()));
    map
}

#[test]
fn ranks_are_in_the_order_of_joining() {
    let map = map();
    assert_eq!((map.get_rank("b"), map.get_rank("a"), map.get_rank("c")), (Some(0), Some(1), None));
    assert_eq!(map.get_name(1), Some("a"));
    assert_eq!(map.get_addrs(1), Some(&"v1:10.0.0.1:6789/0".parse().unwrap()));
    assert_eq!(map.get_addr_name(&"v2:10.0.0.2:3300/0".parse().unwrap()), Some("b"));
    assert_eq!(map.get_addr_name(&"v1:10.0.0.2:3300/0".parse().unwrap()), None);
}

/// Made by `monmaptool` of 20.2 with `--auth-allowed-ciphers aes,aes256k --auth-service-cipher aes
/// --auth-preferred-cipher aes256k`.
const TENTACLE: &[u8] = include_bytes!("../../testdata/tentacle/monmap");

#[test]
fn tentacle_says_how_keys_are_made_and_when_monitors_joined() {
    let map = MonMap::decode_all(&TENTACLE.into()).unwrap();
    let auth = MonMapAuth {
        epoch: Epoch(0),
        service_cipher: 1,
        allowed_ciphers: [1, 2].into(),
        preferred_cipher: 2,
    };
    assert_eq!(map.auth, Some(auth));
    assert_eq!(map.to_bytes(Features::TENTACLE), TENTACLE);
    let older = map.to_bytes(Features::SQUID);
    assert_eq!(older[..2], [9, 6]);
    let mut without = MonMap { auth: None, ..map };
    for info in without.mon_info.values_mut() {
        assert_ne!(core::mem::take(&mut info.time_added), Wall::default());
    }
    assert_eq!(MonMap::decode_all(&older), Ok(without));
}

#[test]
fn pacific_carries_everything() {
    let bytes = map().to_bytes(Features::PACIFIC);
    assert_eq!(bytes[..2], [9, 6]);
    assert_eq!(MonMap::decode_all(&bytes), Ok(map()));
}

#[test]
fn before_nautilus_ranks_follow_from_addresses() {
    let old = Features::PACIFIC.without(Features(1 << 2));
    assert!(!old.has(Features::SERVER_NAUTILUS));
    let bytes = map().to_bytes(old);
    assert_eq!(bytes[..2], [5, 3]);
    let read = MonMap::decode_all(&bytes).unwrap();
    assert_eq!(read.ranks, ["a", "b"]);
    assert_eq!(read.mon_info["b"].public_addrs, "v1:10.0.0.2:6789/0".parse().unwrap());
    assert_eq!(read.mon_info["b"].priority, 3);
    assert_eq!(read.min_mon_release, Release::LUMINOUS, "from the features");
}

#[test]
fn the_oldest_form_has_no_length() {
    let bytes = map().to_bytes(Features::MONNAMES);
    assert_eq!(bytes[..2], [2, 0]);
    let read = MonMap::decode_all(&bytes).unwrap();
    assert_eq!((read.epoch, read.fsid, read.size()), (Epoch(3), Uuid([7; 16]), 2));
    let older = DecodeError::TooOld { type_name: "MonMap", version: 1, oldest: 2 };
    assert_eq!(MonMap::decode_all(&bytes::Bytes::from_static(&[1, 0])), Err(older));
}

#[test]
fn a_monitor_without_v1_is_written_as_if_it_had_it() {
    let mut map = MonMap::default();
    map.add(MonInfo::new("a", "v2:10.0.0.1:3300/0".parse().unwrap()));
    let read = MonMap::decode_all(&map.to_bytes(Features::MONNAMES)).unwrap();
    assert_eq!(read.mon_info["a"].public_addrs, "v1:10.0.0.1:3300/0".parse().unwrap());
}
