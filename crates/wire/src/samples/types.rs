use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::Case;
use crate::types::{
    CloneInfo, EVersion, ErrorCode, GhObject, HObject, ListObject, ObjListSnapResponse, ObjListWatchResponse,
    ObjectCopyCursor, ObjectCopyData, ObjectLocator, ObjectStatCollection, ObjectStatSum, PgId, PgLsResponse,
    PgNlsResponse, PgShard, PoolStat, ReqId, RequestRedirect, ShardId, SnapContext, SnapId, SpgId,
    StoreStatfs, WatchInfo, WatchItem,
};
use crate::{EntityName, Epoch, OsdId, PoolId, Tid, Uuid};

pub(super) fn spg() -> SpgId {
    SpgId { pgid: PgId::new(PoolId(3), 0x2f), shard: ShardId(1) }
}

pub(super) fn object() -> HObject {
    let [nspace, key, oid] = [&b"ns"[..], b"key", b"name\xff/%"].map(Bytes::from_static);
    HObject::new(PoolId(3), nspace, key, oid, SnapId::HEAD, 0x1234_5678)
}

pub(super) fn locator() -> ObjectLocator {
    let object = object();
    ObjectLocator { pool: object.pool, key: object.key, nspace: object.nspace, hash: -1 }
}

pub(super) fn snaps() -> SnapContext {
    SnapContext { seq: SnapId(20), snaps: [18, 3, 1].map(SnapId).into() }
}

pub(super) fn pool_stat() -> PoolStat {
    PoolStat {
        stats: ObjectStatCollection {
            sum: ObjectStatSum {
                num_bytes: 1 << 40,
                num_objects: 9,
                num_evict_mode_full: 1,
                ..ObjectStatSum::default()
            },
        },
        log_size: 5,
        ondisk_log_size: 6,
        up: 3,
        acting: 2,
        store_stats: StoreStatfs { total: 7, internal_metadata: -1, ..StoreStatfs::default() },
        num_store_stats: 3,
    }
}

pub(super) fn cases() -> Vec<Case> {
    let by_hash = ObjectLocator { hash: 0x8000_0001, ..ObjectLocator::new(PoolId(1)) };
    let redirect = RequestRedirect { locator: locator(), object: Bytes::from_static(b"other") };
    let reqid = ReqId { name: EntityName::client(9), inc: -1, tid: Tid(u64::MAX) };
    let entry = ListObject { nspace: Bytes::from_static(b"ns"), oid: object().oid, locator: Bytes::new() };
    let listing = PgNlsResponse { handle: object(), entries: [entry, ListObject::default()].into() };
    [
        Case::new("pg_t", &spg().pgid),
        Case::new("spg_t", &spg()),
        Case::new("spg_t", &SpgId::default()),
        Case::new("pg_shard_t", &PgShard { osd: OsdId(4), shard: ShardId::NONE }),
        Case::new("shard_id_t", &ShardId(2)),
        Case::new("eversion_t", &EVersion::new(Epoch(34), 82)),
        Case::new("object_locator_t", &ObjectLocator::default()),
        Case::new("object_locator_t", &locator()),
        Case::new("object_locator_t", &by_hash),
        Case::new("hobject_t", &HObject::MIN),
        Case::new("hobject_t", &HObject::MAX),
        Case::new("hobject_t", &object()),
        Case::new("osd_reqid_t", &reqid),
        Case::new("request_redirect_t", &RequestRedirect::default()),
        Case::new("request_redirect_t", &redirect),
        Case::new("pg_nls_response_t", &listing),
        Case::new("SnapContext", &SnapContext::default()),
        Case::new("SnapContext", &snaps()),
        Case::new("errorcode32_t", &ErrorCode::ENOENT),
        Case::new("object_t", &object().oid),
        Case::new("utime_t", &Wall::new(1, 2)),
        Case::new("uuid_d", &Uuid([0xab; 16])),
        Case::new("object_stat_sum_t", &pool_stat().stats.sum),
        Case::new("object_stat_collection_t", &pool_stat().stats),
        Case::new("store_statfs_t", &pool_stat().store_stats),
        Case::new("pool_stat_t", &pool_stat()),
    ]
    .into_iter()
    .chain(answers())
    .collect()
}

/// What OSDs answer about an object.
fn answers() -> Vec<Case> {
    let shard = GhObject { generation: 7, shard_id: ShardId(1), ..object().into() };
    let watcher =
        WatchItem { name: EntityName::client(9), cookie: 1, timeout_seconds: 30, addr: super::entity::v4() };
    let watch = WatchInfo { cookie: 1, timeout_seconds: 30, addr: super::entity::v6() };
    let clone = CloneInfo {
        cloneid: SnapId(3),
        snaps: [1, 3].map(SnapId).into(),
        overlap: [(0, 4096)].into(),
        size: 8192,
    };
    let clones = ObjListSnapResponse { clones: [clone.clone(), CloneInfo::default()].into(), seq: SnapId(3) };
    let cursor =
        ObjectCopyCursor { data_offset: 4096, omap_offset: "key".into(), ..ObjectCopyCursor::default() };
    let copy = ObjectCopyData {
        size: 8192,
        attrs: BTreeMap::from([("_".into(), Bytes::from_static(b"attr"))]),
        data: Bytes::from_static(b"data"),
        cursor: cursor.clone(),
        snaps: [1, 3].map(SnapId).into(),
        flags: ObjectCopyData::FLAG_DATA_DIGEST,
        reqids: [(ReqId::default(), 5)].into(),
        reqid_return_codes: BTreeMap::from([(0, -17)]),
        ..ObjectCopyData::default()
    };
    let listing = PgLsResponse { handle: object(), entries: [(object().oid, Bytes::new())].into() };
    [
        Case::new("ghobject_t", &shard),
        Case::new("ghobject_t", &GhObject { max: true, ..GhObject::default() }),
        Case::new("watch_item_t", &watcher),
        Case::new("obj_list_watch_response_t", &ObjListWatchResponse { entries: [watcher.clone()].into() }),
        Case::new("watch_info_t", &watch),
        Case::new("clone_info", &clone),
        Case::new("obj_list_snap_response_t", &clones),
        Case::new("object_copy_cursor_t", &cursor),
        Case::new("object_copy_data_t", &copy),
        Case::new("pg_ls_response_t", &listing),
    ]
    .into()
}
