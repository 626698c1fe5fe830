use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::MessageCase;
use super::mgr::{log_entry, mgr_map, service_map};
use super::types::{locator, object, pool_stat, snaps, spg};
use crate::codec::OpaqueStruct;
use crate::message::{
    MAuth, MAuthReply, MCommand, MCommandReply, MConfig, MGetConfig, MGetPoolStats, MGetPoolStatsReply,
    MKVData, MLog, MLogAck, MMgrClose, MMgrCommand, MMgrCommandReply, MMgrConfigure, MMgrMap, MMgrOpen,
    MMgrReport, MMgrUpdate, MMonCommand, MMonCommandAck, MMonGetMap, MMonGetOSDMap, MMonGetVersion,
    MMonGetVersionReply, MMonMap, MMonSubscribe, MMonSubscribeAck, MOSDBackoff, MOSDMap, MOSDOp, MOSDOpReply,
    MPing, MPoolOp, MPoolOpReply, MRemoveSnaps, MServiceMap, MStatfs, MStatfsReply, MWatchNotify, OpResult,
    PerfCounterType, PoolOpCode, ServiceInfo, SubscribeItem, WatchEvent,
};
use crate::types::{
    AllocHintFlags, BackoffOp, CmpXattrMode, CmpXattrOp, CopyFromFlags, EVersion, ErrorCode, HObject, OpArgs,
    OpCode, OpFlags, OsdFlags, OsdOp, PgId, ReqId, RequestRedirect, SnapId, SpgId, WatchOp,
};
use crate::{AuthEntityName, BufferList, EntityName, Epoch, Features, GlobalId, PoolId, Text, Tid, Uuid};

const FSID: Uuid = Uuid([0xab; 16]);

fn data(bytes: &'static [u8]) -> BufferList {
    Bytes::from_static(bytes).into()
}

fn text(s: &str) -> Text {
    Text::from(s)
}

fn command() -> Vec<String> {
    [String::from(r#"{"prefix": "osd pool ls"}"#)].into()
}

pub(super) fn cases() -> Vec<MessageCase> {
    [login(), maps(), monitor(), statistics(), pools(), osd(), manager(), services()]
        .into_iter()
        .flatten()
        .collect()
}

fn login() -> Vec<MessageCase> {
    let auth =
        MAuth { version: 0, protocol: 2, auth_payload: Bytes::from_static(b"proof"), monmap_epoch: Epoch(3) };
    let reply = MAuthReply {
        protocol: 2,
        result: ErrorCode::EACCES,
        global_id: GlobalId(4155),
        result_bl: Bytes::from_static(b"tickets"),
        result_msg: text("no"),
    };
    [
        MessageCase::new(&auth),
        MessageCase::new(&reply),
        MessageCase::new(&MMonGetMap),
        MessageCase::new(&MPing),
    ]
    .into()
}

fn maps() -> Vec<MessageCase> {
    let item = |start, onetime| SubscribeItem { start, onetime };
    let what = [(String::from("monmap"), item(4, false)), (String::from("osdmap"), item(0, true))];
    let map = |epoch| (Epoch(epoch), Bytes::from_static(b"map"));
    let osd_map = MOSDMap {
        fsid: FSID,
        incremental_maps: [map(8), map(9)].into(),
        maps: [map(7)].into(),
        cluster_osdmap_trim_lower_bound: Epoch(1),
        newest_map: Epoch(12),
        gap_removed_snaps: [(PoolId(3), [(SnapId(4), 2)].into())].into(),
    };
    let kept = MKVData {
        version: 9,
        prefix: text("mgr/"),
        incremental: true,
        data: [(text("mgr/a"), Some(Bytes::from_static(b"value"))), (text("mgr/b"), None)].into(),
    };
    [
        MessageCase::new(&MMonSubscribe { what: what.into(), hostname: "host".into() }),
        MessageCase::new(&MMonSubscribeAck { interval: 300, fsid: FSID }),
        MessageCase::new(&MMonMap { monmap: Bytes::from_static(b"map") }),
        MessageCase::new(&osd_map),
        MessageCase::new(&MOSDMap::default()),
        MessageCase::new(&MMonGetOSDMap {
            version: 0,
            full: (Epoch(3), Epoch(4)),
            inc: (Epoch(4), Epoch(9)),
        }),
        MessageCase::new(&MMgrMap { map: mgr_map() }),
        MessageCase::new(&MServiceMap { service_map: service_map() }),
        MessageCase::new(&MMonGetVersion { handle: 5, what: "osdmap".into() }),
        MessageCase::new(&MMonGetVersionReply { handle: 5, version: 12, oldest_version: 1 }),
        MessageCase::new(&MConfig { config: BTreeMap::from([(text("debug_ms"), text("1/5"))]) }),
        MessageCase::new(&kept),
    ]
    .into()
}

fn monitor() -> Vec<MessageCase> {
    let ack = MMonCommandAck {
        version: 12,
        r: ErrorCode::OK,
        rs: text("done"),
        cmd: [text("{}")].into(),
        outbl: data(b"rbd\n"),
    };
    [
        MessageCase::new(&MMonCommand { version: 0, fsid: FSID, cmd: command(), inbl: data(b"crush map") }),
        MessageCase::new(&ack),
        MessageCase::new(&MCommand { fsid: FSID, cmd: command(), inbl: data(b"in") }),
        MessageCase::new(&MCommandReply { r: ErrorCode::EINVAL, rs: text("what?"), outbl: data(b"out") }),
    ]
    .into()
}

fn statistics() -> Vec<MessageCase> {
    let statfs = MStatfs { version: 1, fsid: FSID, data_pool: Some(PoolId(3)) };
    let reply = MStatfsReply { fsid: FSID, version: 2, kb: 100, kb_used: 30, kb_avail: 70, num_objects: 9 };
    let pools = MGetPoolStats { version: 1, fsid: FSID, pools: [String::from("rbd")].into() };
    let pool_stats = BTreeMap::from([(text("rbd"), pool_stat())]);
    [
        MessageCase::new(&MStatfs { data_pool: None, ..statfs.clone() }),
        MessageCase::new(&statfs),
        MessageCase::new(&reply),
        MessageCase::new(&pools),
        MessageCase::new(&MGetPoolStatsReply { version: 2, fsid: FSID, pool_stats, per_pool: true }),
    ]
    .into()
}

fn pools() -> Vec<MessageCase> {
    let op = MPoolOp {
        version: 12,
        fsid: FSID,
        pool: 3,
        op: PoolOpCode::CREATE_SNAP,
        snapid: SnapId(4),
        name: "snap".into(),
        crush_rule: -1,
    };
    let reply = MPoolOpReply {
        version: 12,
        fsid: FSID,
        reply_code: ErrorCode::EEXIST,
        epoch: Epoch(13),
        response_data: Bytes::new(),
    };
    let data = MPoolOpReply { response_data: Bytes::from_static(b"12345678"), ..reply.clone() };
    let removed = MRemoveSnaps { version: 12, snaps: [(3, [SnapId(4), SnapId(5)].into())].into() };
    [MessageCase::new(&op), MessageCase::new(&reply), MessageCase::new(&data), MessageCase::new(&removed)]
        .into()
}

fn manager() -> Vec<MessageCase> {
    let wanted = AuthEntityName::client("admin");
    let reply = MMgrCommandReply { r: ErrorCode::EINVAL, rs: text("what?"), outbl: data(b"out") };
    let name = || text("a");
    [
        MessageCase::new(&MLog { version: 0, fsid: FSID, entries: [log_entry(), log_entry()].into() }),
        MessageCase::new(&MLogAck { fsid: FSID, last: 5, channel: text("cluster") }),
        MessageCase::new(&MGetConfig { name: wanted, host: text("host"), device_class: text("ssd") }),
        MessageCase::new(&MMgrCommand { fsid: FSID, cmd: command(), inbl: data(b"in") }),
        MessageCase::new(&reply),
        MessageCase::new(&MMgrClose { daemon_name: name(), service_name: text("rgw") }),
    ]
    .into()
}

fn services() -> Vec<MessageCase> {
    let pairs = |name: &'static str| [(name, "value")].into_iter().collect();
    let info = ServiceInfo { metadata: pairs("ceph_version"), status: pairs("state") };
    let opaque = || OpaqueStruct { version: 1, compat: 1, body: Bytes::from_static(b"body") };
    let open = MMgrOpen {
        daemon_name: text("a"),
        service_name: text("rgw"),
        service_daemon: Some(info.clone()),
        config_bl: Bytes::from_static(b"config"),
        config_defaults_bl: Bytes::new(),
    };
    let update =
        MMgrUpdate { daemon_name: text("a"), service_name: text("rgw"), metadata_update: Some(info) };
    let configure = MMgrConfigure {
        stats_period: 5,
        stats_threshold: 5,
        osd_perf_metric_queries: [(opaque(), [opaque()].into())].into(),
        metric_config_message: Some((1, opaque())),
    };
    let counter =
        PerfCounterType { path: text("objecter.op"), nick: text("op"), ..PerfCounterType::default() };
    let report = MMgrReport {
        daemon_name: text("a"),
        declare_types: [counter].into(),
        packed: Bytes::from_static(b"12345678"),
        undeclare_types: [text("objecter.old")].into(),
        service_name: text("rgw"),
        daemon_status: Some(pairs("state")),
        daemon_health_metrics: [opaque()].into(),
        config_bl: Bytes::new(),
        osd_perf_metric_reports: [(opaque(), opaque())].into(),
        task_status: Some(pairs("task")),
        metric_report_message: Some((0, opaque())),
    };
    [
        MessageCase::new(&open),
        MessageCase::new(&MMgrOpen::default()),
        MessageCase::new(&update),
        MessageCase::new(&MMgrUpdate::default()),
        MessageCase::new(&configure),
        MessageCase::new(&MMgrConfigure::default()),
        MessageCase::new(&report),
        MessageCase::new(&MMgrReport::default()),
    ]
    .into()
}

/// An op of each kind of arguments.
fn ops() -> Vec<OsdOp> {
    let name = || Bytes::from_static(b"name");
    let watch = OpArgs::Watch { cookie: 1, ver: 0, op: WatchOp::RECONNECT, generation: 2, timeout: 30 };
    let copy = OpArgs::CopyFrom {
        snapid: SnapId::HEAD,
        src_version: 7,
        flags: CopyFromFlags::RWORDERED,
        src_fadvise_flags: OpFlags::FADVISE_NOCACHE,
    };
    let checksum = OpArgs::Checksum { offset: 1, length: 2, chunk_size: 3, algorithm: 2 };
    let truncated = OpArgs::Extent { offset: 1, length: 2, truncate_size: 3, truncate_seq: 4 };
    [
        OsdOp::read(0, 4096),
        OsdOp::new(OpCode::SPARSE_READ, truncated),
        OsdOp::stat(),
        OsdOp::write(4096, data(b"written")),
        OsdOp::append(data(b"appended")).with_flags(OpFlags::FADVISE_DONTNEED),
        OsdOp::create(true),
        OsdOp::setxattr(name(), data(b"value")),
        OsdOp::cmpxattr(name(), data(b"5"), CmpXattrOp::GTE, CmpXattrMode::U64),
        OsdOp::writesame(0, 64, data(b"pattern!")),
        OsdOp::assert_version(9),
        OsdOp::set_alloc_hint(1 << 22, 1 << 16, AllocHintFlags::IMMUTABLE),
        OsdOp::pgnls(100, &object(), Epoch(12)),
        OsdOp::new(OpCode::WATCH, watch),
        OsdOp::new(OpCode::NOTIFY, OpArgs::Notify { cookie: 3 }),
        OsdOp::new(OpCode::ROLLBACK, OpArgs::Snap { snapid: SnapId(4) }),
        OsdOp::new(OpCode::COPY_GET, OpArgs::CopyGet { max: 5 }),
        OsdOp::new(OpCode::COPY_FROM, copy),
        OsdOp::new(OpCode::PG_HITSET_GET, OpArgs::HitSetGet { stamp: Wall::new(1, 2) }),
        OsdOp::new(OpCode::TMAP2OMAP, OpArgs::Tmap2Omap { flags: 1 }),
        OsdOp::new(OpCode::CHECKSUM, checksum),
        OsdOp::new(OpCode::OMAPGETKEYS, OpArgs::extent(0, 12)),
        OsdOp::new(OpCode(0x1fff), OpArgs::Raw([5; 28])),
    ]
    .into_iter()
    .chain(OsdOp::call(Bytes::from_static(b"lock"), Bytes::from_static(b"lock"), data(b"input")))
    .collect()
}

fn osd() -> Vec<MessageCase> {
    let request = MOSDOp {
        pgid: spg(),
        osdmap_epoch: Epoch(12),
        flags: OsdFlags::WRITE | OsdFlags::ONDISK,
        reqid: ReqId { inc: 2, ..ReqId::default() },
        client_inc: 2,
        mtime: Wall::new(1_700_000_000, 5),
        hobj: object(),
        ops: ops(),
        snapc: snaps(),
        retry_attempt: 1,
    };
    let listing = MOSDOp {
        hobj: HObject::new(PoolId(3), Bytes::new(), Bytes::new(), Bytes::new(), SnapId::HEAD, 0x2f),
        ops: [OsdOp::pgnls(10, &HObject::MIN, Epoch(0))].into(),
        flags: OsdFlags::PGOP | OsdFlags::READ,
        ..request.clone()
    };
    let mut reply = MOSDOpReply {
        oid: object().oid,
        pgid: spg().pgid,
        flags: OsdFlags::ONDISK,
        result: ErrorCode::OK,
        osdmap_epoch: Epoch(13),
        ops: ops().into_iter().map(|op| OpResult { op, rval: ErrorCode::ENODATA }).collect(),
        retry_attempt: 1,
        ..MOSDOpReply::default()
    };
    reply.set_reply_versions(EVersion::new(Epoch(12), 82), 81);
    let redirect = Some(RequestRedirect { locator: locator(), object: Bytes::new() });
    let redirected = MOSDOpReply { redirect, ops: Vec::new(), ..reply.clone() };
    let backoff = MOSDBackoff {
        pgid: spg(),
        map_epoch: Epoch(12),
        op: BackoffOp::BLOCK,
        id: 1,
        begin: object(),
        end: HObject::MAX,
    };
    let notify = MWatchNotify {
        opcode: WatchEvent::NOTIFY,
        cookie: 1,
        ver: 0,
        notify_id: 2,
        bl: Bytes::from_static(b"news"),
        return_code: ErrorCode::OK,
        notifier_gid: GlobalId(4155),
        answers: data(b"answers"),
    };
    // Before RESEND_ON_SPLIT, a request has the hash alone.
    let old = MOSDOp { pgid: SpgId::whole(PgId::new(PoolId(3), object().hash)), ..request.clone() };
    let named = ReqId { name: EntityName::client(9), inc: 3, tid: Tid(5) };
    let (kraken, hammer) = (Features::NEW_OSDOP_ENCODING, Features::NONE);
    [
        MessageCase::new(&request),
        MessageCase::new(&listing),
        MessageCase::for_features(&request, Features::SQUID),
        MessageCase::for_features(&old, kraken),
        MessageCase::for_features(&old, hammer),
        MessageCase::for_features(&MOSDOp { reqid: named, ..old }, hammer),
        MessageCase::new(&reply),
        MessageCase::new(&redirected),
        MessageCase::for_features(&reply, hammer),
        MessageCase::for_features(&redirected, hammer),
        MessageCase::new(&backoff),
        MessageCase::new(&notify),
    ]
    .into()
}
