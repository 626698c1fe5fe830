use alloc::vec::Vec;

use bytes::Bytes;

use super::Case;
use crate::types::{
    EVersion, ErrorCode, HObject, ListObject, ObjectLocator, ObjectStatSum, PgId, PgNlsResponse, PgShard,
    PoolStat, ReqId, RequestRedirect, ShardId, SnapContext, SnapId, SpgId, StoreStatfs,
};
use crate::{EntityName, Epoch, OsdId, PoolId, Tid};

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
        stats: ObjectStatSum {
            num_bytes: 1 << 40,
            num_objects: 9,
            num_evict_mode_full: 1,
            ..ObjectStatSum::default()
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
        Case::new("object_stat_sum_t", &pool_stat().stats),
        Case::new("store_statfs_t", &pool_stat().store_stats),
        Case::new("pool_stat_t", &pool_stat()),
    ]
    .into()
}
