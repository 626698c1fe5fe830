use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::Case;
use crate::crush::CrushMap;
use crate::monmap::{ElectionStrategy, MonFeatures, MonInfo, MonMap, MonMapAuth};
use crate::osdmap::{
    HitSetParams, Incremental, MutateAllowCrimson, OSDMap, OsdAddrs, OsdInfo, OsdMapFlags, OsdState,
    OsdXInfo, PgMergeMeta, PgPool, PgTempMap, PoolFlags, PoolOpt, PoolOptKey, PoolOpts, PoolSnapInfo,
    PoolType, SnapIntervalSet,
};
use crate::types::{PgId, SnapId};
use crate::{
    AddrType, Decode, DecodeError, Encode, Encoder, EntityAddr, EntityAddrVec, Epoch, Features, OsdId,
    PoolId, Release, Text, TextMap, Uuid,
};

const FSID: Uuid = Uuid([0xf5; 16]);
/// What a Luminous daemon offers, as far as maps depend on it: bit 28 and all that came with it are missing.
pub(crate) const LUMINOUS: Features = Features::PACIFIC.without(Features(1 << 28 | 1 << 2));

fn text_map(entries: &[(&str, &str)]) -> TextMap {
    entries.iter().copied().collect()
}

fn snaps(intervals: &[(u64, u64)]) -> SnapIntervalSet {
    intervals.iter().copied().collect()
}

const fn pg(pool: i64, seed: u32) -> PgId {
    PgId::new(PoolId(pool), seed)
}

fn addr(kind: AddrType, port: u16) -> EntityAddr {
    EntityAddr::new(kind, ([10, 0, 0, 1], port).into(), 7)
}

fn addrs(port: u16) -> EntityAddrVec {
    [addr(AddrType::MSGR2, port), addr(AddrType::LEGACY, port + 1)].into_iter().collect()
}

fn pool_snap() -> PoolSnapInfo {
    PoolSnapInfo { snapid: SnapId(3), stamp: Wall::new(4, 5), name: Text::from(&b"\xffodd"[..]) }
}

fn pool_opts() -> PoolOpts {
    let opts = [(2, PoolOpt::Double(0.5)), (15, PoolOpt::Int(-1)), (14, PoolOpt::Str(Text::from("sha1")))];
    PoolOpts(opts.into_iter().map(|(key, value)| (PoolOptKey(key), value)).collect())
}

fn pool() -> PgPool {
    PgPool {
        create_time: Wall::new(1, 2),
        flags: PoolFlags::HASHPSPOOL | PoolFlags::POOL_SNAPS,
        pool_type: PoolType::REPLICATED,
        size: 3,
        min_size: 2,
        object_hash: 2,
        pg_num: 12,
        pgp_num: 12,
        pg_num_pending: 11,
        pg_num_target: 8,
        pgp_num_target: 8,
        properties: text_map(&[("a", "b")]),
        erasure_code_profile: Text::from("default"),
        last_change: Epoch(9),
        snap_seq: SnapId(3),
        snaps: BTreeMap::from([(SnapId(3), pool_snap())]),
        removed_snaps: snaps(&[(1, 2)]),
        tiers: BTreeSet::from([8]),
        hit_set_params: HitSetParams::Bloom { fpp_micro: 50_000, target_size: 1000, seed: 3 },
        stripe_width: 4096,
        opts: pool_opts(),
        application_metadata: BTreeMap::from([(Text::from("rbd"), text_map(&[("k", "v")]))]),
        ..PgPool::default()
    }
}

fn xinfo() -> OsdXInfo {
    OsdXInfo {
        down_stamp: Wall::new(1, 2),
        laggy_probability: u32::MAX,
        laggy_interval: 3,
        features: Features::PACIFIC,
        old_weight: 4,
        last_purged_snaps_scrub: Wall::new(5, 6),
        dead_epoch: Epoch(7),
    }
}

pub(crate) fn osd_map() -> OSDMap {
    let shared = |port| vec![Some(Arc::new(addrs(port))), None];
    let osds = OsdAddrs {
        client_addrs: shared(6800),
        cluster_addrs: shared(6802),
        hb_back_addrs: shared(6804),
        hb_front_addrs: shared(6806),
    };
    OSDMap {
        fsid: FSID,
        epoch: Epoch(42),
        created: Wall::new(1, 2),
        modified: Wall::new(3, 4),
        pools: BTreeMap::from([(PoolId(1), Arc::new(pool()))]),
        pool_name: BTreeMap::from([(PoolId(1), Text::from("rbd"))]),
        pool_max: 1,
        flags: OsdMapFlags::SORTBITWISE | OsdMapFlags::RECOVERY_DELETES | OsdMapFlags::PGLOG_HARDLIMIT,
        osd_state: vec![OsdState::EXISTS | OsdState::UP, OsdState::EXISTS | OsdState::NOOUT],
        osd_weight: vec![OSDMap::IN, OSDMap::OUT],
        osd_addrs: Arc::new(osds),
        pg_temp: Arc::new(BTreeMap::from([(pg(1, 3), vec![OsdId(1), OsdId::NONE])])),
        primary_temp: Arc::new(BTreeMap::from([(pg(1, 4), OsdId(1))])),
        osd_primary_affinity: Some(Arc::new(vec![OSDMap::MAX_PRIMARY_AFFINITY, 0])),
        crush: Arc::new(CrushMap::with_hosts(2, 1)),
        erasure_code_profiles: BTreeMap::from([(Text::from("default"), text_map(&[("k", "2"), ("m", "1")]))]),
        pg_upmap: Arc::new(BTreeMap::from([(pg(1, 5), vec![OsdId(0)])])),
        pg_upmap_items: Arc::new(BTreeMap::from([(pg(1, 6), vec![(OsdId(0), OsdId(1))])])),
        crush_version: 6,
        new_removed_snaps: BTreeMap::from([(PoolId(1), snaps(&[(1, 1)]))]),
        new_purged_snaps: BTreeMap::from([(PoolId(1), snaps(&[(2, 1)]))]),
        last_up_change: Wall::new(5, 6),
        last_in_change: Wall::new(7, 8),
        osd_info: Arc::new(vec![OsdInfo { up_from: Epoch(5), ..OsdInfo::default() }, OsdInfo::default()]),
        blocklist: Arc::new(BTreeMap::from([(addr(AddrType::ANY, 0), Wall::new(9, 9))])),
        osd_uuid: Arc::new(vec![Uuid([1; 16]), Uuid::NIL]),
        osd_xinfo: Arc::new(vec![xinfo(), OsdXInfo::default()]),
        nearfull_ratio: 0.85,
        full_ratio: 0.95,
        backfillfull_ratio: 0.9,
        require_min_compat_client: Release::LUMINOUS,
        require_osd_release: Release::PACIFIC,
        removed_snaps_queue: Arc::new(BTreeMap::from([(PoolId(1), snaps(&[(1, 3)]))])),
        crush_node_flags: BTreeMap::from([(-1, OsdState::NOOUT)]),
        device_class_flags: BTreeMap::from([(0, OsdState::NOIN)]),
        ..OSDMap::default()
    }
}

/// A map with all that is not in every Pacific cluster.
pub(crate) fn stretched_map() -> OSDMap {
    OSDMap {
        stretch_mode_enabled: true,
        stretch_bucket_count: 2,
        degraded_stretch_mode: 1,
        recovering_stretch_mode: 1,
        stretch_mode_bucket: 8,
        range_blocklist: BTreeMap::from([(addr(AddrType::CIDR, 0), Wall::new(9, 9))]),
        allow_crimson: true,
        pg_upmap_primaries: Arc::new(BTreeMap::from([(pg(1, 6), OsdId(1))])),
        ..osd_map()
    }
}

pub(crate) fn incremental() -> Incremental {
    Incremental {
        encode_features: Features::PACIFIC,
        modified: Wall::new(3, 5),
        new_pool_max: Some(PoolId(2)),
        new_flags: Some(OsdMapFlags::NOUP),
        crush: Bytes::from_static(b"no map"),
        new_max_osd: Some(3),
        new_pools: BTreeMap::from([(PoolId(2), pool())]),
        new_pool_names: BTreeMap::from([(PoolId(2), Text::from("two"))]),
        old_pools: BTreeSet::from([PoolId(1)]),
        new_up_client: BTreeMap::from([(OsdId(1), addrs(6800))]),
        new_state: BTreeMap::from([(OsdId(0), OsdState::NONE)]),
        new_weight: BTreeMap::from([(OsdId(1), OSDMap::IN)]),
        new_pg_temp: BTreeMap::from([(pg(1, 3), Vec::new())]),
        new_primary_temp: BTreeMap::from([(pg(1, 4), OsdId(-1))]),
        new_primary_affinity: BTreeMap::from([(OsdId(1), 0x8000)]),
        new_erasure_code_profiles: BTreeMap::from([(Text::from("new"), text_map(&[("k", "4")]))]),
        old_erasure_code_profiles: vec![Text::from("default")],
        new_pg_upmap: BTreeMap::from([(pg(1, 7), vec![OsdId(1)])]),
        old_pg_upmap: BTreeSet::from([pg(1, 5)]),
        new_pg_upmap_items: BTreeMap::from([(pg(1, 8), vec![(OsdId(1), OsdId(0))])]),
        old_pg_upmap_items: BTreeSet::from([pg(1, 6)]),
        new_removed_snaps: BTreeMap::from([(PoolId(1), snaps(&[(9, 1)]))]),
        new_purged_snaps: BTreeMap::from([(PoolId(1), snaps(&[(1, 1)]))]),
        new_last_up_change: Wall::new(8, 8),
        new_last_in_change: Wall::new(8, 9),
        new_hb_back_up: BTreeMap::from([(OsdId(1), addrs(6804))]),
        new_up_thru: BTreeMap::from([(OsdId(1), Epoch(43))]),
        new_last_clean_interval: BTreeMap::from([(OsdId(1), (Epoch(5), Epoch(6)))]),
        new_lost: BTreeMap::from([(OsdId(0), Epoch(43))]),
        new_blocklist: BTreeMap::from([(addr(AddrType::ANY, 5), Wall::new(9, 9))]),
        old_blocklist: vec![addr(AddrType::ANY, 0)],
        new_up_cluster: BTreeMap::from([(OsdId(1), addrs(6802))]),
        new_uuid: BTreeMap::from([(OsdId(1), Uuid([2; 16]))]),
        new_xinfo: BTreeMap::from([(OsdId(1), xinfo())]),
        new_hb_front_up: BTreeMap::from([(OsdId(1), addrs(6806))]),
        new_nearfull_ratio: Some(0.5),
        new_require_min_compat_client: Release::NAUTILUS,
        new_require_osd_release: Release::PACIFIC,
        new_crush_node_flags: BTreeMap::from([(-1, OsdState::NONE)]),
        new_device_class_flags: BTreeMap::from([(0, OsdState::NONE)]),
        ..Incremental::new(FSID, Epoch(43))
    }
}

/// An incremental with all that is not in every Pacific cluster.
pub(crate) fn stretching_incremental() -> Incremental {
    Incremental {
        encode_features: Features::ALL,
        change_stretch_mode: true,
        new_stretch_bucket_count: 2,
        new_stretch_mode_bucket: 8,
        stretch_mode_enabled: true,
        new_range_blocklist: BTreeMap::from([(addr(AddrType::CIDR, 0), Wall::new(9, 9))]),
        old_range_blocklist: vec![addr(AddrType::CIDR, 1)],
        mutate_allow_crimson: MutateAllowCrimson::SET,
        new_pg_upmap_primary: BTreeMap::from([(pg(1, 6), OsdId(1))]),
        old_pg_upmap_primary: BTreeSet::from([pg(1, 7)]),
        cluster_snapshot: Text::from("snap"),
        ..incremental()
    }
}

fn mon_map() -> MonMap {
    let mut map = MonMap {
        epoch: Epoch(3),
        fsid: FSID,
        last_changed: Wall::new(1, 2),
        created: Wall::new(1, 1),
        removed_ranks: BTreeSet::from([2]),
        persistent_features: MonFeatures::NAUTILUS | MonFeatures::PACIFIC,
        optional_features: MonFeatures::OSDMAP_PRUNE,
        min_mon_release: Release::PACIFIC,
        strategy: ElectionStrategy::CONNECTIVITY,
        disallowed_leaders: BTreeSet::from(["b".into()]),
        stretch_mode_enabled: true,
        tiebreaker_mon: "b".into(),
        stretch_marked_down_mons: BTreeSet::from(["a".into()]),
        ..MonMap::default()
    };
    map.add(mon_info());
    map.add(MonInfo { priority: 1, weight: 2, ..MonInfo::new("a", addrs(6789)) });
    map
}

fn mon_map_of_tentacle() -> MonMap {
    let auth = MonMapAuth {
        epoch: Epoch(1),
        service_cipher: 1,
        allowed_ciphers: [1, 2].into(),
        preferred_cipher: 2,
    };
    let mut map = MonMap { auth: Some(auth), ..mon_map() };
    map.mon_info.values_mut().for_each(|info| info.time_added = Wall::new(7, 8));
    map
}

fn mon_info() -> MonInfo {
    MonInfo { crush_loc: text_map(&[("datacenter", "one")]), ..MonInfo::new("b", addrs(3300)) }
}

/// Turns a map or incremental of wrapper version 8 into one of version 7, which has no checksum: damage in it then reaches
/// what lies behind the comparison. `tail` is how many bytes the checksum and what follows it take.
fn without_crc(bytes: &Bytes, tail: usize) -> Bytes {
    const HEADER: usize = 6;
    let body = bytes.get(HEADER..bytes.len().saturating_sub(tail)).unwrap_or_default();
    let mut e = Encoder::new(Features::NONE);
    e.versioned(7, 7, |e| e.raw(body));
    e.finish()
}

/// A case whose values have no checksum.
fn bare_case(
    type_name: &'static str,
    bytes: Bytes,
    features: Features,
    read: fn(&Bytes) -> Result<(), DecodeError>,
    rewrite: fn(&Bytes, Features) -> Result<Bytes, DecodeError>,
) -> Case {
    let comes_back = rewrite(&bytes, features).as_ref() == Ok(&bytes);
    Case { type_name, features, bytes, min_size: 0, comes_back, read, rewrite }
}

fn bare_map(map: &OSDMap, features: Features) -> Case {
    let rewrite = |bytes: &Bytes, features| {
        OSDMap::decode_all(bytes).map(|map| without_crc(&map.to_bytes(features), 4))
    };
    let read = |bytes: &Bytes| OSDMap::decode_all(bytes).map(drop);
    bare_case("OSDMap without crc", without_crc(&map.to_bytes(features), 4), features, read, rewrite)
}

fn bare_incremental(inc: &Incremental, features: Features) -> Case {
    let rewrite = |bytes: &Bytes, features| {
        Incremental::decode_all(bytes).map(|inc| without_crc(&inc.to_bytes(features), 8))
    };
    let read = |bytes: &Bytes| Incremental::decode_all(bytes).map(drop);
    bare_case("Incremental without crc", without_crc(&inc.to_bytes(features), 8), features, read, rewrite)
}

/// A map or incremental as it is once it was read: it knows its checksum.
fn read_back<T: Decode + Encode + Clone>(value: &T, features: Features) -> T {
    T::decode_all(&value.to_bytes(features)).unwrap_or_else(|_| value.clone())
}

pub(super) fn cases() -> Vec<Case> {
    let (pacific, all) = (Features::PACIFIC, Features::ALL);
    let stretch_pool = PgPool { peering_crush_bucket_count: 2, ..pool() };
    [
        Case::new("pg_pool_t", &pool()),
        Case::new("pg_pool_t", &stretch_pool),
        Case::new("pg_pool_t", &PgPool::default()),
        Case::for_features("pg_pool_t", &read_back(&pool(), LUMINOUS), LUMINOUS),
        Case::new("HitSet::Params", &HitSetParams::ExplicitHash),
        Case::new("HitSet::Params", &pool().hit_set_params),
        Case::new("pg_merge_meta_t", &PgMergeMeta { ready_epoch: Epoch(3), ..PgMergeMeta::default() }),
        Case::new("PGTempMap", &PgTempMap::from([(PgId::new(PoolId(3), 5), [4, 1].map(OsdId).into())])),
        Case::for_features("CrushWrapper", &*osd_map().crush, all),
        Case::new("pool_opts_t", &pool_opts()),
        Case::new("pool_snap_info_t", &pool_snap()),
        Case::new("osd_info_t", &OsdInfo { lost_at: Epoch(1), ..OsdInfo::default() }),
        Case::new("osd_xinfo_t", &xinfo()),
        Case::new("interval_set<snapid_t>", &snaps(&[(1, 2), (5, 1)])),
        Case::for_features("OSDMap", &read_back(&osd_map(), pacific), pacific),
        Case::for_features("OSDMap", &read_back(&stretched_map(), all), all),
        Case::for_features("OSDMap", &read_back(&OSDMap::default(), pacific), pacific),
        bare_map(&stretched_map(), all),
        Case::for_features("OSDMap::Incremental", &read_back(&incremental(), pacific), pacific),
        Case::for_features("OSDMap::Incremental", &read_back(&stretching_incremental(), all), all),
        bare_incremental(&stretching_incremental(), all),
        Case::new("MonMap", &mon_map()),
        Case::for_features("MonMap", &read_back(&mon_map(), LUMINOUS), LUMINOUS),
        Case::for_features("MonMap", &mon_map_of_tentacle(), Features::TENTACLE),
        Case::new("mon_info_t", &mon_info()),
        Case::new("mon_feature_t", &MonFeatures::PINGING),
    ]
    .into()
}
