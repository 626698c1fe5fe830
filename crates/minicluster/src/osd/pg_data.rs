//! The data of a PG: its objects and its log.

use alloc::sync::Arc;

use loligo_wire::types::{EVersion, HObject, PgId, ReqId};

use super::object::Object;
use crate::bus::PgData;

/// How many entries a log keeps (`osd_max_pg_log_entries`): as far back a replayed request is recognised.
const LOG_LIMIT: usize = 10_000;

/// One write in the log of a PG (`pg_log_entry_t`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogEntry {
    pub(crate) version: EVersion,
    pub(crate) reqid: ReqId,
    pub(crate) oid: HObject,
    pub(crate) user_version: u64,
    pub(crate) result: i32,
}

impl PgData {
    /// Writes an entry down and makes the object what it says.
    pub(super) fn apply(&mut self, entry: LogEntry, object: Option<Arc<Object>>) {
        self.last_update = entry.version;
        match object {
            Some(object) => self.objects.insert(entry.oid.clone(), object),
            None => self.objects.remove(&entry.oid),
        };
        self.note(entry);
    }

    /// Writes an entry down.
    fn note(&mut self, entry: LogEntry) {
        self.by_reqid.insert(entry.reqid, entry.version);
        self.log.insert(entry.version, entry);
        while self.log.len() > LOG_LIMIT {
            if let Some((_, old)) = self.log.pop_first() {
                self.by_reqid.remove(&old.reqid);
            }
        }
    }

    /// The write that a request made, if it was here before.
    pub(super) fn find(&self, reqid: &ReqId) -> Option<&LogEntry> {
        self.log.get(self.by_reqid.get(reqid)?)
    }

    /// Takes out what belongs to another PG after a split. `home` says where an object lives now.
    pub(super) fn split(&mut self, child: PgId, home: impl Fn(&HObject) -> PgId) -> Self {
        let mut out = Self { last_update: self.last_update, ..Self::default() };
        let leaving = |oid: &HObject| home(oid) == child;
        for (oid, object) in self.objects.iter().filter(|(oid, _)| leaving(oid)) {
            out.objects.insert(oid.clone(), object.clone());
        }
        for entry in self.log.values().filter(|entry| leaving(&entry.oid)) {
            out.note(entry.clone());
        }
        self.objects.retain(|oid, _| !leaving(oid));
        self.log.retain(|_, entry| !leaving(&entry.oid));
        let log = &self.log;
        self.by_reqid.retain(|_, version| log.contains_key(version));
        out
    }
}

/// The version after `last` in an epoch.
pub(super) const fn next_version(last: EVersion, epoch: loligo_wire::Epoch) -> EVersion {
    EVersion::new(epoch, last.version.saturating_add(1))
}
