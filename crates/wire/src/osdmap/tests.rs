//! Epoch after epoch, and what older peers are told.
#![cfg(feature = "samples")]

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec;

use bytes::Bytes;

use super::*;
use crate::samples::maps::{LUMINOUS, incremental, osd_map, stretched_map, stretching_incremental};
use crate::types::SnapId;
use crate::{Decode, DecodeError, Encode, EntityAddrVec, TextMap};

const OSD0: OsdId = OsdId(0);
const OSD1: OsdId = OsdId(1);

/// The map behind [`osd_map`] that this incremental leads to.
fn applied(inc: Incremental) -> Result<OSDMap, ApplyError> {
    let mut map = osd_map();
    map.apply_incremental(&inc).map(|()| map)
}

/// An incremental that leads on from [`osd_map`].
fn next() -> Incremental {
    Incremental::new(osd_map().fsid, osd_map().epoch.next())
}

fn osd<T>(osd: OsdId, value: T) -> BTreeMap<OsdId, T> {
    BTreeMap::from([(osd, value)])
}

#[test]
fn a_state_of_nothing_marks_down() {
    let map =
        applied(Incremental { modified: Wall::new(9, 9), new_state: osd(OSD0, OsdState::NONE), ..next() })
            .unwrap();
    assert!(map.exists(OSD0) && map.is_down(OSD0));
    assert_eq!(map.osd_info[0].down_at, map.epoch);
    assert_eq!(map.osd_xinfo[0].down_stamp, Wall::new(9, 9));
}

#[test]
fn states_are_flipped_before_osds_are_marked_up() {
    let inc = Incremental {
        new_state: osd(OSD0, OsdState::UP | OsdState::NOOUT),
        new_up_client: osd(OSD0, "v1:10.0.0.9:6800/1".parse().unwrap()),
        ..next()
    };
    let map = applied(inc).unwrap();
    assert!(map.is_up(OSD0), "marked down and up again within one epoch");
    assert_eq!(map.get_state(OSD0), OsdState::EXISTS | OsdState::UP | OsdState::NOOUT);
    assert_eq!((map.osd_info[0].down_at, map.get_up_from(OSD0)), (map.epoch, map.epoch));
    assert_eq!(map.get_addrs(OSD0), &"v1:10.0.0.9:6800/1".parse().unwrap());
    assert_eq!(map.osd_addrs.hb_front_addrs[0], None, "none was given");
}

#[test]
fn an_osd_that_ceases_to_exist_leaves_only_its_weight() {
    let inc = Incremental { new_state: osd(OSD0, OsdState::EXISTS | OsdState::UP), ..next() };
    let map = applied(inc).unwrap();
    assert_eq!(map.get_state(OSD0), OsdState::NONE);
    assert_eq!(map.get_weight(OSD0), OSDMap::IN);
    assert!(map.is_out(OSD0), "what does not exist is out whatever its weight");
    assert_eq!(
        (map.get_info(OSD0), map.get_xinfo(OSD0)),
        (Some(&OsdInfo::default()), Some(&OsdXInfo::default()))
    );
    assert_eq!(map.get_uuid(OSD0), Some(Uuid::NIL));
    assert!(map.get_addrs(OSD0).is_empty() && map.get_cluster_addrs(OSD0).is_empty());
}

#[test]
fn marking_in_ends_being_new_and_automatically_out() {
    let mut map = osd_map();
    map.osd_state[1] = OsdState::NEW | OsdState::AUTOOUT | OsdState::FULL;
    Arc::make_mut(&mut map.osd_xinfo)[1].old_weight = 5;
    map.apply_incremental(&Incremental { new_weight: osd(OSD1, 0x8000), ..next() }).unwrap();
    assert_eq!(map.get_state(OSD1), OsdState::EXISTS | OsdState::FULL);
    assert!(map.is_in(OSD1));
    assert_eq!(map.osd_xinfo[1].old_weight, 0);
}

#[test]
fn room_for_osds_grows_and_shrinks_in_every_vector() {
    for max_osd in [5, 1] {
        let map = applied(Incremental { new_max_osd: Some(max_osd), ..next() }).unwrap();
        assert_eq!(map.get_max_osd(), max_osd);
        let read = OSDMap::decode_all(&map.to_bytes(Features::PACIFIC)).unwrap();
        assert_eq!(OSDMap { crc: None, ..read }, map, "lengths agree, or it could not be read");
        assert!(!map.exists(OsdId(4)) && map.is_up(OSD0));
    }
    for max_osd in [-2, OSDMap::MAX_OSD + 1] {
        let mut map = osd_map();
        assert_eq!(map.set_max_osd(max_osd), Err(ApplyError::MaxOsd(max_osd)));
    }
}

#[test]
fn an_osd_outside_of_the_map_is_an_error_in_every_field() {
    let far = OsdId(2);
    let addrs = EntityAddrVec::NONE;
    let hostile = [
        Incremental { new_state: osd(far, OsdState::UP), ..next() },
        Incremental { new_weight: osd(OsdId(-1), 1), ..next() },
        Incremental { new_primary_affinity: osd(far, 1), ..next() },
        Incremental { new_up_client: osd(far, addrs.clone()), ..next() },
        Incremental { new_up_cluster: osd(far, addrs), ..next() },
        Incremental { new_up_thru: osd(far, Epoch(1)), ..next() },
        Incremental { new_last_clean_interval: osd(far, (Epoch(1), Epoch(2))), ..next() },
        Incremental { new_lost: osd(OsdId::NONE, Epoch(1)), ..next() },
        Incremental { new_xinfo: osd(far, OsdXInfo::default()), ..next() },
        Incremental { new_uuid: osd(far, Uuid::NIL), ..next() },
    ];
    for inc in hostile {
        let found = applied(inc);
        assert!(matches!(found, Err(ApplyError::NoSuchOsd { .. })), "{found:?}");
    }
}

#[test]
fn only_the_next_epoch_of_the_same_cluster_follows() {
    let ours = osd_map();
    let wrong = Incremental::new(ours.fsid, ours.epoch);
    assert_eq!(applied(wrong), Err(ApplyError::Epoch { ours: ours.epoch, found: ours.epoch }));
    let gap = Incremental::new(ours.fsid, ours.epoch.next().next());
    assert_eq!(applied(gap), Err(ApplyError::Epoch { ours: ours.epoch, found: Epoch(44) }));
    let other = Incremental { fsid: Uuid([1; 16]), ..next() };
    assert_eq!(applied(other), Err(ApplyError::Fsid { ours: ours.fsid, found: Uuid([1; 16]) }));
    let mut last = OSDMap { epoch: Epoch(u32::MAX), ..osd_map() };
    assert!(last.apply_incremental(&Incremental::new(ours.fsid, Epoch(0))).is_err());
    let mut first = OSDMap::default();
    first.apply_incremental(&Incremental::new(ours.fsid, Epoch(1))).unwrap();
    assert_eq!(first.fsid, ours.fsid, "the first one says which cluster it is");
}

#[test]
fn a_full_map_replaces_everything_if_it_is_of_that_epoch() {
    let full = OSDMap { epoch: Epoch(43), full_ratio: 0.5, ..stretched_map() };
    let fullmap = full.to_bytes(Features::ALL);
    let map = applied(Incremental { fullmap, new_flags: Some(OsdMapFlags::NOUP), ..next() }).unwrap();
    assert!(map.crc.is_some());
    assert_eq!(OSDMap { crc: None, ..map }, full, "nothing else counts");

    let late = OSDMap { epoch: Epoch(44), ..full.clone() }.to_bytes(Features::ALL);
    assert!(matches!(applied(Incremental { fullmap: late, ..next() }), Err(ApplyError::Epoch { .. })));
    let other = OSDMap { fsid: Uuid::NIL, ..full }.to_bytes(Features::ALL);
    assert!(matches!(applied(Incremental { fullmap: other, ..next() }), Err(ApplyError::Fsid { .. })));
    let junk = Incremental { fullmap: Bytes::from_static(b"junk"), ..next() };
    assert!(matches!(applied(junk), Err(ApplyError::Decode { what: "full map", .. })));
}

#[test]
fn a_new_crush_map_is_counted_and_ends_flags_of_classes_it_has_not() {
    let crush = CrushMap::with_hosts(5, 1);
    let map = applied(Incremental { crush: crush.to_bytes(Features::PACIFIC), ..next() }).unwrap();
    assert_eq!((map.crush.as_ref(), map.crush_version), (&crush, 7));
    assert!(map.device_class_flags.is_empty());
    let junk = Incremental { crush: Bytes::from_static(b"junk"), ..next() };
    assert!(matches!(applied(junk), Err(ApplyError::Decode { what: "CRUSH map", .. })));
}

#[test]
fn pools_come_change_and_go() {
    let second = PgPool { pg_num: 8, last_change: Epoch(1), ..PgPool::default() };
    let inc = Incremental {
        new_pool_max: Some(PoolId(2)),
        new_pools: BTreeMap::from([(PoolId(2), second)]),
        new_pool_names: BTreeMap::from([(PoolId(1), Text::from("old")), (PoolId(2), Text::from("rbd"))]),
        ..next()
    };
    let mut map = applied(inc).unwrap();
    assert_eq!(map.pool_max, 2);
    assert_eq!(map.get_pg_pool(PoolId(2)).unwrap().last_change, map.epoch);
    assert_eq!(
        (map.lookup_pg_pool_name("rbd"), map.lookup_pg_pool_name("old")),
        (Some(PoolId(2)), Some(PoolId(1)))
    );

    let mut inc = Incremental::new(map.fsid, map.epoch.next());
    inc.old_pools.extend([PoolId(2), PoolId(9)]);
    map.apply_incremental(&inc).unwrap();
    assert!(!map.have_pg_pool(PoolId(2)) && map.have_pg_pool(PoolId(1)));
    assert_eq!((map.lookup_pg_pool_name("rbd"), map.get_pool_name(PoolId(2))), (None, None));

    let huge = Incremental { new_pool_max: Some(PoolId(i64::MAX)), ..next() };
    assert_eq!(applied(huge), Err(ApplyError::PoolMax(PoolId(i64::MAX))));
}

#[test]
fn removed_snapshots_queue_until_they_are_purged() {
    let snaps = |intervals: &[(u64, u64)]| BTreeMap::from([(PoolId(1), intervals.iter().copied().collect())]);
    let inc =
        Incremental { new_removed_snaps: snaps(&[(9, 2)]), new_purged_snaps: snaps(&[(1, 3)]), ..next() };
    let map = applied(inc).unwrap();
    let queue = &map.removed_snaps_queue[&PoolId(1)];
    assert!(queue.contains(SnapId(9)) && !queue.contains(SnapId(1)));
    let none_left = applied(Incremental { new_purged_snaps: snaps(&[(1, 3)]), ..next() }).unwrap();
    assert!(none_left.removed_snaps_queue.is_empty());
    assert!(none_left.new_removed_snaps.is_empty(), "those of the epoch before are not those of this one");
    let unknown = Incremental { new_purged_snaps: snaps(&[(3, 2)]), ..next() };
    assert_eq!(applied(unknown), Err(ApplyError::PurgedSnaps(PoolId(1))));
}

#[test]
fn temporary_placement_ends_with_nothing_and_nobody() {
    let pg = |seed| PgId::new(PoolId(1), seed);
    let inc = Incremental {
        new_pg_temp: BTreeMap::from([(pg(3), vec![]), (pg(9), vec![OSD1])]),
        new_primary_temp: BTreeMap::from([(pg(4), OsdId(-1)), (pg(9), OSD1)]),
        ..next()
    };
    let map = applied(inc).unwrap();
    assert_eq!(*map.pg_temp, BTreeMap::from([(pg(9), vec![OSD1])]));
    assert_eq!(*map.primary_temp, BTreeMap::from([(pg(9), OSD1)]));
}

#[test]
fn old_upmaps_go_after_new_ones_came() {
    let pg = PgId::new(PoolId(1), 6);
    let mut inc = Incremental { new_pg_upmap_items: BTreeMap::from([(pg, vec![(OSD1, OSD0)])]), ..next() };
    assert_eq!(applied(inc.clone()).unwrap().pg_upmap_items[&pg], [(OSD1, OSD0)]);
    inc.old_pg_upmap_items.insert(pg);
    assert!(applied(inc).unwrap().pg_upmap_items.is_empty());
}

#[test]
fn an_entry_of_the_blocklist_keeps_its_time() {
    let (addr, until) = osd_map().blocklist.first_key_value().map(|(a, t)| (*a, *t)).unwrap();
    let later = BTreeMap::from([(addr, Wall::new(999, 0))]);
    let map = applied(Incremental { new_blocklist: later, ..next() }).unwrap();
    assert_eq!(map.blocklist[&addr], until, "as in Ceph, which inserts and does not assign");
    assert!(applied(Incremental { old_blocklist: vec![addr], ..next() }).unwrap().blocklist.is_empty());
}

#[test]
fn profiles_go_before_new_ones_come() {
    let profile: TextMap = [("k", "4")].into_iter().collect();
    let inc = Incremental {
        old_erasure_code_profiles: vec![Text::from("default")],
        new_erasure_code_profiles: BTreeMap::from([(Text::from("default"), profile.clone())]),
        ..next()
    };
    assert_eq!(applied(inc).unwrap().erasure_code_profiles[&Text::from("default")], profile);
}

#[test]
fn a_required_release_brings_its_flags() {
    let mut map =
        OSDMap { flags: OsdMapFlags::REQUIRE_JEWEL, require_osd_release: Release::JEWEL, ..osd_map() };
    map.apply_incremental(&Incremental { new_require_osd_release: Release::NAUTILUS, ..next() }).unwrap();
    assert_eq!(map.flags, OsdMapFlags::RECOVERY_DELETES | OsdMapFlags::PGLOG_HARDLIMIT);
    let before = map.clone();
    map.apply_incremental(&Incremental::new(map.fsid, map.epoch.next())).unwrap();
    assert_eq!(map.require_osd_release, Release::NAUTILUS, "no value is no change");
    assert_eq!(OSDMap { epoch: before.epoch, modified: before.modified, ..map }, before);
}

#[test]
fn what_does_not_change_stays_shared() {
    let before = osd_map();
    let mut after = before.clone();
    after.apply_incremental(&Incremental { new_up_thru: osd(OSD0, Epoch(43)), ..next() }).unwrap();
    assert!(Arc::ptr_eq(&before.osd_addrs, &after.osd_addrs));
    assert!(Arc::ptr_eq(&before.crush, &after.crush));
    assert!(Arc::ptr_eq(&before.pg_temp, &after.pg_temp));
    assert!(Arc::ptr_eq(&before.osd_xinfo, &after.osd_xinfo));
    assert!(Arc::ptr_eq(&before.pools[&PoolId(1)], &after.pools[&PoolId(1)]));
    assert!(!Arc::ptr_eq(&before.osd_info, &after.osd_info));
    assert_eq!(before.osd_info[0].up_thru, Epoch(0));
}

#[test]
fn stretch_mode_changes_only_when_it_is_meant() {
    let inc = Incremental { crush: Bytes::new(), ..stretching_incremental() };
    assert!(applied(inc.clone()).unwrap().stretch_mode_enabled);
    let map = applied(Incremental { change_stretch_mode: false, ..inc }).unwrap();
    assert_eq!((map.stretch_mode_enabled, map.stretch_bucket_count), (false, 0));
}

#[test]
fn a_flipped_bit_anywhere_breaks_the_checksum() {
    let bytes = osd_map().to_bytes(Features::PACIFIC);
    let crc = OSDMap::decode_all(&bytes).unwrap().crc.unwrap();
    assert_eq!(bytes[bytes.len() - 4..], crc.to_le_bytes());
    let inc = incremental().to_bytes(Features::PACIFIC);
    for (at, bytes) in
        [(20, &bytes), (bytes.len() - 1, &bytes), (20, &inc), (inc.len() - 1, &inc), (inc.len() - 5, &inc)]
    {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 0x10;
        let damaged = Bytes::from(damaged);
        let found = [OSDMap::decode_all(&damaged).err(), Incremental::decode_all(&damaged).err()];
        assert!(found.iter().any(|e| matches!(e, Some(DecodeError::Checksum { .. }))), "{at}: {found:?}");
    }
}

#[test]
fn peers_before_nautilus_get_one_address_of_each_osd() {
    let bytes = osd_map().to_bytes(LUMINOUS);
    assert_eq!(bytes[6..8], [6, 1], "the section for clients is of version 6");
    let read = OSDMap::decode_all(&bytes).unwrap();
    assert_eq!(read.get_addrs(OSD0), &EntityAddrVec::from(osd_map().get_addrs(OSD0).legacy_addr()));
    assert_eq!(read.osd_state, osd_map().osd_state);
    assert_eq!(read.to_bytes(LUMINOUS), bytes);
}

#[test]
fn peers_before_luminous_get_eight_bits_of_a_state() {
    let jewel = Features::PACIFIC.without(Features(1 << 28 | 1 << 2 | 1 << 21));
    let read = OSDMap::decode_all(&osd_map().to_bytes(jewel)).unwrap();
    assert_eq!(read.osd_state, [OsdState::EXISTS | OsdState::UP, OsdState::EXISTS]);
    assert_eq!(read.require_osd_release, Release::LUMINOUS, "as far as flags can tell");
    assert!(!read.test_flag(OsdMapFlags::LEGACY_REQUIRE));

    let new_state =
        BTreeMap::from([(OSD0, OsdState::NOOUT), (OSD1, OsdState::NONE), (OsdId(2), OsdState(0x102))]);
    let read = Incremental::decode_all(&Incremental { new_state, ..next() }.to_bytes(jewel)).unwrap();
    let expected = BTreeMap::from([(OSD1, OsdState::NONE), (OsdId(2), OsdState::UP)]);
    assert_eq!(read.new_state, expected, "a flag that it does not know is not taken for a change of UP");
}

#[test]
fn encoding_features_follow_the_oldest_osds() {
    let of =
        |require_osd_release| OSDMap { require_osd_release, ..OSDMap::default() }.get_encoding_features();
    assert!(of(Release::REEF).has(Features::SERVER_REEF));
    assert_eq!(
        of(Release::PACIFIC),
        Features(0x0f00_0880_1021_2a04),
        "what incrementals of such clusters name"
    );
    assert!(
        of(Release::PACIFIC).has(Features::SERVER_OCTOPUS)
            && !of(Release::PACIFIC).has(Features::SERVER_REEF)
    );
    assert!(of(Release::LUMINOUS).has(Features::CRUSH_CHOOSE_ARGS));
    assert!(!of(Release::UNKNOWN).has(Features::CRUSH_TUNABLES5));
}
