//! What an OSD holds, for a look from outside: what checkers of tests compare with what clients were told.

use loligo_wire::types::{EVersion, HObject, PgId, ReqId};

use super::Osd;

/// One write in the log of a PG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedWrite {
    /// Its place in the order of the PG.
    pub version: EVersion,
    /// Who asked for it.
    pub reqid: ReqId,
    /// The object.
    pub oid: HObject,
    /// The object's version afterwards, which its answer tells.
    pub user_version: u64,
    /// The result that its answer tells.
    pub result: i32,
}

impl Osd {
    /// Whether this OSD is the primary of a PG and serves it.
    #[must_use]
    pub fn serves(&self, pg: PgId) -> bool {
        self.pgs.get(&pg).is_some_and(|pg| pg.is_primary() && pg.is_active())
    }

    /// The writes of a PG in their order, as far as this OSD has them.
    pub fn pg_log(&self, pg: PgId) -> impl Iterator<Item = LoggedWrite> {
        self.pgs.get(&pg).into_iter().flat_map(|pg| pg.data.log.values()).map(|entry| LoggedWrite {
            version: entry.version,
            reqid: entry.reqid,
            oid: entry.oid.clone(),
            user_version: entry.user_version,
            result: entry.result,
        })
    }

    /// The objects of a PG with their data, as far as this OSD has them.
    pub fn pg_objects(&self, pg: PgId) -> impl Iterator<Item = (&HObject, &[u8])> {
        let objects = self.pgs.get(&pg).into_iter().flat_map(|pg| &pg.data.objects);
        objects.map(|(oid, object)| (oid, object.data.as_slice()))
    }
}
