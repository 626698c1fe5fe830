//! The monitor's OSD map: its history, and how it changes.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_base::Wall;
use loligo_placement::hash::CEPH_STR_HASH_RJENKINS;
use loligo_wire::crush::CrushMap;
use loligo_wire::entity::EntityAddrVec;
use loligo_wire::osdmap::{Incremental, OSDMap, OsdMapFlags, OsdState, PgPool, PoolFlags, PoolType};
use loligo_wire::types::PgId;
use loligo_wire::{Encode, Epoch, Features, OsdId, PoolId, Release, Text, Uuid};

use crate::history::MapHistory;
use crate::interval::{Interval, intervals};

/// The features that maps are written with: what a Pacific monitor writes.
const MAP_FEATURES: Features = Features::PACIFIC;

/// The OSD map and its history.
#[derive(Debug)]
pub(super) struct Maps {
    current: Arc<OSDMap>,
    history: Arc<MapHistory>,
    intervals: Arc<BTreeMap<PgId, Interval>>,
    /// Which OSDs served each PG last. What Ceph finds out from `up_thru` and past intervals.
    last_active: BTreeMap<PgId, Vec<OsdId>>,
}

impl Maps {
    /// The first map: OSDs that exist and are down, one rule, no pools.
    pub(super) fn new(fsid: Uuid, osds: u16, now: Wall) -> Self {
        let mut crush = CrushMap::with_hosts(osds, 1);
        let rule = crush.add_simple_rule("replicated_rule", "default", "host", false);
        loligo_base::never!(rule.is_err(), "the default rule cannot be built");
        let n = usize::from(osds);
        let mut map = OSDMap {
            fsid,
            epoch: Epoch(1),
            created: now,
            modified: now,
            flags: OsdMapFlags::SORTBITWISE
                | OsdMapFlags::RECOVERY_DELETES
                | OsdMapFlags::PURGED_SNAPDIRS
                | OsdMapFlags::PGLOG_HARDLIMIT,
            crush: Arc::new(crush),
            crush_version: 1,
            require_osd_release: Release::PACIFIC,
            require_min_compat_client: Release::LUMINOUS,
            ..OSDMap::default()
        };
        let sized = map.set_max_osd(osds.into());
        loligo_base::never!(sized.is_err(), "the small cluster has too many OSDs");
        map.osd_state = alloc::vec![OsdState::EXISTS | OsdState::NEW; n];
        map.osd_weight = alloc::vec![OSDMap::IN; n];
        let full = map.to_bytes(MAP_FEATURES);
        Self {
            history: Arc::new(MapHistory::new(fsid, map.epoch, full)),
            current: Arc::new(map),
            intervals: Arc::default(),
            last_active: BTreeMap::new(),
        }
    }

    pub(super) const fn current(&self) -> &Arc<OSDMap> {
        &self.current
    }

    /// The maps as clients get them.
    pub(super) const fn history(&self) -> &Arc<MapHistory> {
        &self.history
    }

    pub(super) const fn intervals(&self) -> &Arc<BTreeMap<PgId, Interval>> {
        &self.intervals
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.current.epoch
    }

    /// Makes the next map.
    pub(super) fn commit(&mut self, now: Wall, change: impl FnOnce(&mut Incremental, &OSDMap)) {
        let mut inc = Incremental::new(self.current.fsid, self.epoch().next());
        inc.modified = now;
        inc.encode_features = MAP_FEATURES;
        change(&mut inc, &self.current);
        let mut map = OSDMap::clone(&self.current);
        let applied = map.apply_incremental(&inc);
        if loligo_base::never!(applied.is_err(), "the monitor made a change that does not apply: {applied:?}")
        {
            return;
        }
        let full = map.to_bytes(MAP_FEATURES);
        inc.full_crc = map_crc(&full);
        self.split_history(&map);
        self.intervals = Arc::new(intervals(&map, &self.intervals));
        Arc::make_mut(&mut self.history).push(inc.epoch, inc.to_bytes(MAP_FEATURES), full);
        self.current = Arc::new(map);
    }

    /// New PGs of a split were served by whoever served the PG that they come from; those of removed pools are forgotten.
    fn split_history(&mut self, map: &OSDMap) {
        for (id, pool) in map.get_pools() {
            let Some(before) = self.current.get_pg_pool(id) else { continue };
            for seed in before.pg_num..pool.pg_num {
                let parent = PgId::new(id, crate::split::parent(seed, before.pg_num));
                if let Some(osds) = self.last_active.get(&parent).cloned() {
                    self.last_active.insert(PgId::new(id, seed), osds);
                }
            }
        }
        self.last_active.retain(|pg, _| map.have_pg_pool(pg.pool));
    }

    pub(super) fn last_active(&self, pg: PgId) -> Option<Vec<OsdId>> {
        self.last_active.get(&pg).cloned()
    }

    /// Writes down who serves a PG, if the interval is still the one that they mean.
    pub(super) fn activate(&mut self, pg: PgId, since: Epoch, acting: Vec<OsdId>) -> bool {
        let current = self.intervals.get(&pg).is_some_and(|interval| interval.since == since);
        if current {
            self.last_active.insert(pg, acting);
        }
        current
    }
}

/// What an operator or an OSD can change.
impl Maps {
    /// Marks an OSD up that is down.
    pub(super) fn osd_up(&mut self, now: Wall, osd: OsdId, addrs: &EntityAddrVec) {
        self.commit(now, |inc, _| {
            inc.new_up_client.insert(osd, addrs.clone());
            inc.new_up_cluster.insert(osd, addrs.clone());
            inc.new_hb_back_up.insert(osd, addrs.clone());
            inc.new_hb_front_up.insert(osd, addrs.clone());
            inc.new_last_up_change = now;
        });
    }

    pub(super) fn osd_down(&mut self, now: Wall, osds: &[OsdId]) {
        self.commit(now, |inc, _| {
            inc.new_last_up_change = now;
            inc.new_state.extend(osds.iter().map(|osd| (*osd, OsdState::UP)));
        });
    }

    pub(super) fn osd_weight(&mut self, now: Wall, osds: &[OsdId], weight: u32) {
        self.commit(now, |inc, _| {
            inc.new_last_in_change = now;
            inc.new_weight.extend(osds.iter().map(|osd| (*osd, weight)));
        });
    }

    pub(super) fn set_flags(&mut self, now: Wall, flags: OsdMapFlags) {
        self.commit(now, |inc, _| inc.new_flags = Some(flags));
    }

    pub(super) fn create_pool(&mut self, now: Wall, name: &str, pg_num: u32, size: u8) -> PoolId {
        let id = PoolId(i64::from(self.current.pool_max).saturating_add(1));
        self.commit(now, |inc, _| {
            let mut pool = PgPool {
                create_time: now,
                flags: PoolFlags::HASHPSPOOL,
                pool_type: PoolType::REPLICATED,
                object_hash: CEPH_STR_HASH_RJENKINS,
                size,
                min_size: size.saturating_sub(size / 2).max(1),
                last_change: inc.epoch,
                ..PgPool::default()
            };
            pool.set_pg_num(pg_num);
            pool.pgp_num = pg_num;
            pool.pg_num_target = pg_num;
            pool.pgp_num_target = pg_num;
            inc.new_pool_max = Some(id);
            inc.new_pools.insert(id, pool);
            inc.new_pool_names.insert(id, Text::from(name));
        });
        id
    }

    pub(super) fn remove_pool(&mut self, now: Wall, id: PoolId) {
        self.commit(now, |inc, _| {
            inc.old_pools.insert(id);
        });
    }

    /// Changes a pool; its epoch of change is written down.
    pub(super) fn change_pool(&mut self, now: Wall, id: PoolId, change: impl FnOnce(&mut PgPool, Epoch)) {
        self.commit(now, |inc, map| {
            if let Some(pool) = map.get_pg_pool(id) {
                let mut pool = PgPool::clone(pool);
                change(&mut pool, inc.epoch);
                pool.last_change = inc.epoch;
                inc.new_pools.insert(id, pool);
            }
        });
    }
}

/// The checksum that stands at the end of an encoded map.
fn map_crc(full: &[u8]) -> u32 {
    full.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
