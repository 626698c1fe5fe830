//! Maps, and what other daemons say.

use alloc::vec::Vec;

use loligo_wire::OsdId;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{HObject, PgId};

use super::Osd;
use super::pg::{Pg, PgOut, UpFrom};
use crate::bus::{Body, BusMessage, Daemon, PgData};

impl Osd {
    /// Another daemon says something.
    pub(super) fn heard(&mut self, message: BusMessage) {
        if message.body.since().is_some_and(|since| since > self.map.epoch) {
            self.early_messages.push_back(message);
            return;
        }
        let from = match message.from {
            Daemon::Osd(osd) => osd,
            Daemon::Mon => OsdId(-1),
        };
        match *message.body {
            Body::Map { map, intervals, history } => {
                if map.epoch > self.map.epoch {
                    self.map = map;
                    self.intervals = intervals;
                    self.history = history;
                    self.map_changed();
                }
            }
            Body::ServiceKeys(keys) => self.auth.set_keys(keys),
            Body::Pull { pg, since } => {
                let data = self.pgs.get(&pg).map(|pg| pg.data.clone()).unwrap_or_default();
                self.bus(Daemon::Osd(from), Body::Whole { pg, since, data });
            }
            Body::History { pg, since, last_active } => {
                self.with_pg(pg, |pg, up_from, out| pg.history(since, last_active, up_from, out));
            }
            Body::Activated { pg, since } => self.with_pg(pg, |pg, _, out| pg.activated(since, out)),
            Body::Whole { pg, since, data } => {
                self.with_pg(pg, |pg, _, out| pg.whole(from, since, data, out))
            }
            Body::WholeTaken { pg, since } => self.with_pg(pg, |pg, _, out| pg.whole_taken(from, since, out)),
            Body::Replicate { pg, since, entry, object } => {
                self.with_pg(pg, |pg, _, out| pg.replicate(from, since, entry, object, out));
            }
            Body::Replicated { pg, since, version } => {
                self.with_pg(pg, |pg, _, out| pg.replicated(from, since, version, out));
            }
            Body::Boot { .. } | Body::HistoryWanted { .. } | Body::Activate { .. } => {}
        }
    }

    fn with_pg(&mut self, id: PgId, act: impl FnOnce(&mut Pg, &UpFrom<'_>, &mut Vec<PgOut>)) {
        let mut out = Vec::new();
        let map = &self.map;
        if let Some(pg) = self.pgs.get_mut(&id) {
            act(pg, &|osd| map.is_up(osd).then(|| map.get_up_from(osd)), &mut out);
        }
        self.carry_out(id, out);
    }

    fn map_changed(&mut self) {
        self.pgs.retain(|pg, _| self.map.have_pg_pool(pg.pool));
        self.pg_nums.retain(|pool, _| self.map.have_pg_pool(*pool));
        self.split_pgs();
        let intervals = self.intervals.clone();
        for (id, interval) in intervals.iter() {
            if interval.acting.contains(&self.id) || interval.primary == self.id {
                self.pgs.entry(*id).or_insert_with(|| Pg::new(*id, self.id, PgData::default()));
            }
            self.with_pg(*id, |pg, up_from, out| pg.advance(interval, up_from, out));
        }
        for message in core::mem::take(&mut self.early_messages) {
            self.heard(message);
        }
        for request in core::mem::take(&mut self.early_requests) {
            if request.epoch > self.map.epoch {
                self.early_requests.push_back(request);
            } else {
                self.admit(request);
            }
        }
    }

    /// Cuts the data of pools that have more PGs than before.
    fn split_pgs(&mut self) {
        let map = self.map.clone();
        for (id, pool) in map.get_pools() {
            let before = self.pg_nums.insert(id, pool.pg_num).unwrap_or(pool.pg_num);
            for seed in before..pool.pg_num {
                let child = PgId::new(id, seed);
                let parent = PgId::new(id, crate::split::parent(seed, before));
                let Some(parent) = self.pgs.get_mut(&parent) else { continue };
                let data = parent.data.split(child, |oid| home(&map, oid));
                self.pgs.insert(child, Pg::new(child, self.id, data));
            }
        }
    }
}

/// The PG that an object is in.
fn home(map: &OSDMap, oid: &HObject) -> PgId {
    let raw = PgId::new(oid.pool, oid.hash);
    map.get_pg_pool(oid.pool).map_or(raw, |pool| loligo_placement::raw_pg_to_pg(pool, raw))
}
