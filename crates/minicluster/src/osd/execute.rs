//! Requests: which are executed, which wait, which are dropped.

use loligo_wire::osdmap::{OsdMapFlags, PoolFlags};
use loligo_wire::types::{EVersion, ErrorCode, OpCode, OsdFlags, PgId};

use super::object::{self, Executed};
use super::pg_data::{LogEntry, next_version};
use super::request::{Answer, Request};
use super::{Osd, listing};

/// The longest name and locator key of an object (`osd_max_object_name_len`).
const MAX_NAME: usize = 2048;
/// The longest namespace (`osd_max_object_namespace_len`).
const MAX_NAMESPACE: usize = 256;
/// The most data of one write (`osd_max_write_size`).
const MAX_WRITE: u64 = 90 << 20;

impl Osd {
    /// Takes a request that was not sent under a newer map than ours. As in Ceph, a request that should not be here is
    /// dropped without an answer: its sender will see the map that says so, and send it again to where it belongs.
    pub(super) fn admit(&mut self, request: Request) {
        self.share_map(request.con, request.epoch);
        let Some(pg) = self.pgs.get_mut(&request.pg) else { return };
        let belongs = request.is_pg_op() || belongs(&self.map, &request);
        if !pg.is_primary() || !belongs || request.epoch < pg.interval.same_primary_since {
            return;
        }
        if pg.is_active() {
            self.run(request);
        } else {
            pg.waiting.push_back(request);
        }
    }

    /// Looks again at the requests that wait for a PG.
    pub(super) fn run_waiting(&mut self, id: PgId) {
        let waiting = self.pgs.get_mut(&id).map(|pg| core::mem::take(&mut pg.waiting)).unwrap_or_default();
        for request in waiting {
            self.admit(request);
        }
    }

    fn run(&mut self, request: Request) {
        let id = request.pg;
        let epoch = self.map.epoch;
        if let Err(error) = check(&request) {
            let answer = request.answer_result(epoch, error.0, EVersion::default(), 0);
            return self.answer(id, answer);
        }
        if request.writes() && self.is_full(&request) {
            // Without FULL_TRY it was sent before the map said so; its sender holds it from then on.
            if request.flags.has(OsdFlags::FULL_TRY) {
                let answer = request.answer_result(epoch, ErrorCode::ENOSPC.0, EVersion::default(), 0);
                self.answer(id, answer);
            }
            return;
        }
        if request.is_pg_op() {
            self.list(request);
        } else {
            self.execute(request);
        }
    }

    fn answer(&mut self, id: PgId, answer: Answer) {
        let mut out = alloc::vec::Vec::new();
        if let Some(pg) = self.pgs.get_mut(&id) {
            pg.answer_read(answer, &mut out);
        }
        self.carry_out(id, out);
    }

    fn execute(&mut self, request: Request) {
        let id = request.pg;
        let epoch = self.map.epoch;
        let Some(pg) = self.pgs.get_mut(&id) else { return };
        if let Some(done) = pg.data.find(&request.reqid).filter(|_| request.writes()) {
            // It ran already, and its answer was lost.
            let (result, version, user_version) = (done.result, done.version, done.user_version);
            let answer = request.answer_result(epoch, result, version, user_version);
            return self.answer(id, answer);
        }
        let before = pg.data.objects.get(&request.hobj).cloned();
        let before_version = before.as_ref().map_or(0, |object| object.user_version);
        let Executed { mut object, changed, ops, result } =
            object::execute(before.as_ref(), &request.ops, request.mtime);
        drop(before);
        if !request.writes() {
            let answer = request.answer(epoch, result, ops, EVersion::default(), before_version);
            return self.answer(id, answer);
        }
        let version = next_version(pg.data.last_update, epoch);
        let mut user_version = before_version;
        if changed {
            user_version = version.version;
            if let Some(object) = &mut object {
                alloc::sync::Arc::make_mut(object).user_version = user_version;
            }
        }
        let (reqid, oid) = (request.reqid, request.hobj.clone());
        let answer = request.answer(epoch, result, ops, version, user_version);
        let entry = LogEntry { version, reqid, oid, user_version, result };
        let mut out = alloc::vec::Vec::new();
        pg.write(entry, object, answer, &mut out);
        self.carry_out(id, out);
    }

    fn list(&mut self, request: Request) {
        let id = request.pg;
        let Some(pg) = self.pgs.get(&id) else { return };
        let pg_num = self.map.get_pg_pool(id.pool).map_or(1, |pool| pool.pg_num);
        let mut ops = alloc::vec::Vec::new();
        let mut result = 0;
        for op in &request.ops {
            match listing::list(op, &request.hobj.nspace, id, pg_num, &pg.data) {
                Ok((op, at_end)) => {
                    result = at_end;
                    ops.push((op, at_end));
                }
                Err(error) => {
                    result = error.0;
                    break;
                }
            }
        }
        let answer = request.answer(self.map.epoch, result, ops, EVersion::default(), 0);
        self.answer(id, answer);
    }

    /// Whether a write is refused because there is no room. Deleting makes room.
    fn is_full(&self, request: &Request) -> bool {
        let pool_full =
            self.map.get_pg_pool(request.pg.pool).is_some_and(|pool| pool.has_flag(PoolFlags::FULL));
        let cluster_full = self.map.flags.contains(OsdMapFlags::FULL);
        let deletes = request.ops.iter().all(|op| op.code == OpCode::DELETE);
        (pool_full || cluster_full) && !deletes && !request.flags.has(OsdFlags::FULL_FORCE)
    }
}

/// Whether the object is in the PG that the request names.
fn belongs(map: &loligo_wire::osdmap::OSDMap, request: &Request) -> bool {
    let raw = PgId::new(request.pg.pool, request.hobj.hash);
    request.hobj.pool == request.pg.pool
        && map
            .get_pg_pool(raw.pool)
            .is_some_and(|pool| loligo_placement::raw_pg_to_pg(pool, raw) == request.pg)
}

fn check(request: &Request) -> Result<(), ErrorCode> {
    let hobj = &request.hobj;
    if hobj.oid.len() > MAX_NAME || hobj.key.len() > MAX_NAME || hobj.nspace.len() > MAX_NAMESPACE {
        return Err(ErrorCode::ENAMETOOLONG);
    }
    if hobj.oid.is_empty() && !request.is_pg_op() {
        return Err(ErrorCode::EINVAL);
    }
    if request.writes() && request.data_len() > MAX_WRITE {
        return Err(ErrorCode::EMSGSIZE);
    }
    Ok(())
}
