//! What is measured: a map as large as clusters get, and the message of a write.
//!
//! ```
//! assert_eq!(loligo_benches::large_map().get_num_osds(), 10_000);
//! ```
#![forbid(unsafe_code)]

use std::sync::Arc;

use bytes::Bytes;
use loligo_wire::crush::CrushMap;
use loligo_wire::message::{MOSDOp, MOSDOpReply, OpResult};
use loligo_wire::osdmap::{OSDMap, OsdMapFlags, OsdState, PgPool, PoolFlags, PoolType};
use loligo_wire::types::{HObject, OsdFlags, OsdOp, PgId, SnapId, SpgId};
use loligo_wire::{BufferList, Epoch, OsdId, PoolId, Release, Text};

/// OSDs of [`large_map`].
pub const OSDS: u16 = 10_000;
/// PGs of its pool.
pub const PGS: u32 = 100_000;
/// Its pool.
pub const POOL: PoolId = PoolId(1);

/// The name of an object, as a block device has many.
pub const OBJECT: &str = "rbd_data.1234567890ab.0000000000000000";

/// `CEPH_STR_HASH_RJENKINS`
const RJENKINS: u8 = 2;
const OSDS_PER_HOST: u16 = 20;

/// A map of 10,000 OSDs on 500 hosts, all up and in, with a pool of 100,000 PGs in three copies on different hosts. An OSD in
/// a hundred is out, and the primaries of one in ten are wanted less.
///
/// # Panics
///
/// Never: the map is the same each time.
#[must_use]
pub fn large_map() -> OSDMap {
    let mut crush = CrushMap::with_hosts(OSDS / OSDS_PER_HOST, OSDS_PER_HOST);
    let rule = crush.add_simple_rule("replicated_rule", "default", "host", false).unwrap();
    let mut map = OSDMap { epoch: Epoch(1_000), require_osd_release: Release::PACIFIC, ..OSDMap::default() };
    map.flags = OsdMapFlags::SORTBITWISE | OsdMapFlags::RECOVERY_DELETES | OsdMapFlags::PURGED_SNAPDIRS;
    map.crush = Arc::new(crush);
    map.set_max_osd(i32::from(OSDS)).unwrap();
    for osd in 0..i32::from(OSDS) {
        let weight = if osd % 100 == 7 { 0 } else { OSDMap::IN };
        map.set_weight(OsdId(osd), weight).unwrap();
        if osd % 10 == 3 {
            map.set_primary_affinity(OsdId(osd), 0x8000).unwrap();
        }
    }
    map.osd_state.fill(OsdState::EXISTS | OsdState::UP);
    let mut pool = PgPool {
        pool_type: PoolType::REPLICATED,
        size: 3,
        min_size: 2,
        crush_rule: rule,
        object_hash: RJENKINS,
        pgp_num: PGS,
        ..PgPool::default()
    };
    pool.set_pg_num(PGS);
    pool.flags = PoolFlags::HASHPSPOOL;
    map.pools.insert(POOL, Arc::new(pool));
    map.pool_name.insert(POOL, Text::from("large"));
    map.pool_max = 1;
    map
}

/// A write of that many bytes to the beginning of an object.
#[must_use]
pub fn write_op(data: Bytes) -> MOSDOp {
    let name = Bytes::from_static(OBJECT.as_bytes());
    let object = HObject::new(POOL, Bytes::new(), Bytes::new(), name, SnapId::HEAD, 0x1234_5678);
    MOSDOp {
        pgid: SpgId::default(),
        osdmap_epoch: Epoch(1_000),
        flags: OsdFlags::WRITE | OsdFlags::ONDISK,
        hobj: object,
        ops: vec![OsdOp::write(0, BufferList::from(data))],
        ..MOSDOp::default()
    }
}

/// What an OSD answers to a read of that many bytes.
#[must_use]
pub fn read_reply(data: Bytes) -> MOSDOpReply {
    let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
    let op = OsdOp { data: BufferList::from(data), ..OsdOp::read(0, length) };
    MOSDOpReply {
        oid: Bytes::from_static(OBJECT.as_bytes()),
        pgid: PgId::new(POOL, 7),
        ops: vec![OpResult { op, ..OpResult::default() }],
        ..MOSDOpReply::default()
    }
}
