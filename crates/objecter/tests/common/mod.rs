//! A cluster of maps, made epoch by epoch, for the tests of the Objecter.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;

use loligo_base::Wall;
use loligo_wire::crush::CrushMap;
use loligo_wire::message::MOSDMap;
use loligo_wire::osdmap::{Incremental, OSDMap, OsdMapFlags, OsdState, PgPool, PoolFlags, PoolType};
use loligo_wire::types::PgId;
use loligo_wire::{Encode, EntityAddrVec, Epoch, Features, OsdId, PoolId, Release, Text, Uuid};

/// All epochs of a cluster's map, and what leads from one to the next.
pub(crate) struct Cluster {
    pub(crate) maps: BTreeMap<Epoch, OSDMap>,
    pub(crate) incs: BTreeMap<Epoch, Incremental>,
}

pub(crate) const FSID: Uuid = Uuid([7; 16]);

pub(crate) fn addrs(osd: OsdId, port: u16) -> EntityAddrVec {
    format!("v1:10.0.0.{}:{port}/1", osd.0 + 1).parse().unwrap()
}

pub(crate) fn pool(pg_num: u32, size: u8) -> PgPool {
    PgPool {
        flags: PoolFlags::HASHPSPOOL,
        pool_type: PoolType::REPLICATED,
        size,
        min_size: 1,
        object_hash: 2,
        pg_num,
        pgp_num: pg_num,
        pg_num_pending: pg_num,
        pg_num_target: pg_num,
        pgp_num_target: pg_num,
        ..PgPool::default()
    }
}

impl Cluster {
    /// Epoch 1: so many OSDs, all up and in, each on a host of its own, and one pool, number 1.
    pub(crate) fn new(osds: u16, pg_num: u32, size: u8) -> Self {
        let mut crush = CrushMap::with_hosts(osds, 1);
        crush.add_simple_rule("replicated_rule", "default", "host", false).unwrap();
        crush.add_simple_rule("erasure_rule", "default", "host", true).unwrap();
        let ids = || (0..i32::from(osds)).map(OsdId);
        let first = Incremental {
            fsid: FSID,
            epoch: Epoch(1),
            new_flags: Some(OsdMapFlags::SORTBITWISE | OsdMapFlags::RECOVERY_DELETES),
            new_max_osd: Some(i32::from(osds)),
            new_state: ids().map(|osd| (osd, OsdState::EXISTS)).collect(),
            new_up_client: ids().map(|osd| (osd, addrs(osd, 6800))).collect(),
            new_weight: ids().map(|osd| (osd, OSDMap::IN)).collect(),
            new_pools: [(PoolId(1), pool(pg_num, size))].into(),
            new_pool_names: [(PoolId(1), Text::from("data"))].into(),
            new_pool_max: Some(PoolId(1)),
            new_require_osd_release: Release::QUINCY,
            crush: crush.to_bytes(Features::PACIFIC),
            ..Incremental::default()
        };
        let mut map = OSDMap { fsid: FSID, ..OSDMap::default() };
        map.apply_incremental(&first).unwrap();
        Self { maps: [(Epoch(1), map)].into(), incs: BTreeMap::new() }
    }

    pub(crate) fn newest(&self) -> &OSDMap {
        self.maps.values().next_back().unwrap()
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.newest().get_epoch()
    }

    /// Makes the next epoch.
    pub(crate) fn change(&mut self, change: impl FnOnce(&OSDMap, &mut Incremental)) -> Epoch {
        let epoch = self.epoch().next();
        let mut inc =
            Incremental { fsid: FSID, epoch, modified: Wall::new(epoch.0, 0), ..Incremental::default() };
        change(self.newest(), &mut inc);
        let mut map = self.newest().clone();
        map.apply_incremental(&inc).unwrap();
        inc.encode_features = Features::PACIFIC;
        inc.full_crc = map.to_bytes_and_crc(Features::PACIFIC).1;
        self.maps.insert(epoch, map);
        self.incs.insert(epoch, inc);
        epoch
    }

    pub(crate) fn change_pool(&mut self, id: PoolId, change: impl FnOnce(&mut PgPool)) -> Epoch {
        self.change(|map, inc| {
            let mut pool = PgPool::clone(map.get_pg_pool(id).unwrap());
            change(&mut pool);
            inc.new_pools.insert(id, pool);
        })
    }

    pub(crate) fn set_up(inc: &mut Incremental, osd: OsdId, port: u16) {
        inc.new_up_client.insert(osd, addrs(osd, port));
    }

    pub(crate) fn set_down(map: &OSDMap, inc: &mut Incremental, osd: OsdId) {
        if map.is_up(osd) {
            inc.new_state.insert(osd, OsdState::UP);
        }
    }

    /// The changes that lead to these epochs, as a monitor sends them.
    pub(crate) fn incrementals(&self, from: Epoch, to: Epoch) -> MOSDMap {
        let incs = self
            .incs
            .range(from..)
            .filter(|(epoch, _)| **epoch <= to)
            .map(|(epoch, inc)| (*epoch, inc.to_bytes(Features::PACIFIC)));
        MOSDMap {
            fsid: FSID,
            incremental_maps: incs.collect(),
            newest_map: self.epoch(),
            ..MOSDMap::default()
        }
    }

    /// A whole map, as a monitor sends it.
    pub(crate) fn full(&self, epoch: Epoch) -> MOSDMap {
        let maps = [(epoch, self.maps[&epoch].to_bytes(Features::PACIFIC))];
        MOSDMap { fsid: FSID, maps: maps.into(), newest_map: self.epoch(), ..MOSDMap::default() }
    }

    /// What leads from that epoch to the newest one.
    pub(crate) fn since(&self, have: Epoch) -> MOSDMap {
        if have == Epoch(0) { self.full(self.epoch()) } else { self.incrementals(have.next(), self.epoch()) }
    }
}

pub(crate) fn pg(text: &str) -> PgId {
    text.parse().unwrap()
}
