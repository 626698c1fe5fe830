use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::Case;
use super::types::{locator, object};
use crate::op_data::{
    ChunkTarget, CopyGet, CopySource, CopySource2, InconsistentObj, InconsistentSnapset, ListFilter,
    NotifyAck, NotifyAnswers, NotifyRequest, ObjectId, ObjectStat, OmapAssertion, OmapGetKeys, OmapGetVals,
    OmapKeys, OmapRange, OmapVals, OsdShard, ScrubLsArg, ScrubLsResult, ShardInfo, SparseRead,
};
use crate::types::{CmpXattrOp, ObjectCopyCursor, ShardId, SnapId};
use crate::{Epoch, OsdId};

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn keys() -> BTreeSet<Bytes> {
    [bytes("a"), bytes("b")].into()
}

fn vals() -> BTreeMap<Bytes, Bytes> {
    [(bytes("a"), bytes("1")), (bytes("b"), Bytes::from_static(b"\xff"))].into()
}

pub(super) fn cases() -> Vec<Case> {
    [omap(), notify(), copies(), reads(), scrubs()].into_iter().flatten().collect()
}

fn omap() -> Vec<Case> {
    let wanted = OmapGetVals { start_after: bytes("a"), max_return: 100, filter_prefix: bytes("p") };
    let assertion = OmapAssertion { value: bytes("5"), op: CmpXattrOp::GT };
    [
        Case::new("OMAPGETKEYS indata", &OmapGetKeys { start_after: bytes("a"), max_return: 100 }),
        Case::new("OMAPGETKEYS outdata", &OmapKeys { keys: keys(), truncated: true }),
        Case::new("OMAPGETVALS indata", &wanted),
        Case::new("OMAPGETVALS outdata", &OmapVals { vals: vals(), truncated: true }),
        Case::new("OMAPGETVALSBYKEYS indata", &keys()),
        Case::new("OMAPSETVALS indata", &vals()),
        Case::new("OMAPRMKEYRANGE indata", &OmapRange { begin: bytes("a"), end: bytes("c") }),
        Case::new("OMAP_CMP indata", &BTreeMap::from([(bytes("a"), assertion)])),
    ]
    .into()
}

fn notify() -> Vec<Case> {
    let answers = NotifyAnswers { acks: [((4155, 1), bytes("yes"))].into(), timeouts: [(4156, 2)].into() };
    [
        Case::new("NOTIFY indata", &NotifyRequest { prot_ver: 1, timeout: 30, payload: bytes("news") }),
        Case::new("NOTIFY_ACK indata", &NotifyAck { notify_id: 5, cookie: 1, payload: bytes("yes") }),
        Case::new("MWatchNotify data", &answers),
    ]
    .into()
}

fn copies() -> Vec<Case> {
    let source = CopySource { object: bytes("source"), locator: locator() };
    let source2 =
        CopySource2 { object: bytes("source"), locator: locator(), truncate_seq: 1, truncate_size: 4096 };
    let chunk = ChunkTarget {
        src_offset: 0,
        src_length: 4096,
        locator: locator(),
        object: bytes("chunk"),
        tgt_offset: 8192,
    };
    let cursor = ObjectCopyCursor { data_offset: 4096, ..ObjectCopyCursor::default() };
    [
        Case::new("COPY_FROM indata", &source),
        Case::new("COPY_FROM2 indata", &source2),
        Case::new("COPY_GET indata", &CopyGet { cursor, features: 1 << 20 }),
        Case::new("SET_CHUNK indata", &chunk),
    ]
    .into()
}

fn reads() -> Vec<Case> {
    let filter = ListFilter { xattr: bytes("_parent"), value: bytes("x"), start: object() };
    let times: Vec<_> = [(Wall::new(1, 2), Wall::new(3, 4))].into();
    [
        Case::new("STAT outdata", &ObjectStat { size: 4096, mtime: Wall::new(1_700_000_000, 5) }),
        Case::new("SPARSE_READ outdata", &SparseRead { extents: [(4096, 4)].into(), data: bytes("data") }),
        Case::new("PGNLS_FILTER indata", &filter),
        Case::new("PG_HITSET_LS outdata", &times),
    ]
    .into()
}

fn scrubs() -> Vec<Case> {
    let object =
        ObjectId { name: bytes("name"), nspace: bytes("ns"), locator: Bytes::new(), snap: SnapId::HEAD };
    let found = ShardInfo {
        errors: 1 << 9,
        primary: true,
        attrs: vals(),
        size: 4096,
        omap_digest: None,
        data_digest: Some(0xdead_beef),
        selected_oi: true,
    };
    let missing = ShardInfo { errors: ShardInfo::SHARD_MISSING, ..ShardInfo::default() };
    let shard = |osd| OsdShard { osd: OsdId(osd), shard: ShardId::NONE };
    let inconsistent = InconsistentObj {
        errors: 1 << 2,
        object: object.clone(),
        version: 7,
        shards: [(shard(0), found), (shard(1), missing)].into(),
        union_shards: 1 << 9 | ShardInfo::SHARD_MISSING,
    };
    let snapset = InconsistentSnapset {
        errors: 1 << 2,
        object: object.clone(),
        clones: [SnapId(1)].into(),
        missing: [SnapId(2)].into(),
        ss_bl: bytes("snapset"),
    };
    let wanted = ScrubLsArg { interval: Epoch(12), get_snapsets: true, start_after: object, max_return: 100 };
    [
        Case::new("inconsistent_obj_wrapper", &inconsistent),
        Case::new("inconsistent_snapset_wrapper", &snapset),
        Case::new("scrub_ls_arg_t", &wanted),
        Case::new("scrub_ls_result_t", &ScrubLsResult { interval: Epoch(12), vals: [bytes("v")].into() }),
    ]
    .into()
}
