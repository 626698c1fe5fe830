//! A PG on one OSD: its interval, its part in it, and the requests that wait.
//!
//! Peering is Ceph's in what it guarantees, and far simpler in how. A primary asks the monitor who served last, takes
//! the whole PG from one of those if it was not among them, gives the whole PG to its replicas, has the new set written
//! down by the monitor, and only then serves. Each acknowledged write is on all OSDs of the set that was written
//! down, so that any one of them has everything.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_wire::types::{EVersion, PgId};
use loligo_wire::{Epoch, OsdId};

use super::object::Object;
use super::pg_data::LogEntry;
use super::request::{Answer, Request};
use crate::bus::{Body, Daemon, PgData};
use crate::interval::Interval;

/// Since when an OSD is up, if it is.
pub(super) type UpFrom<'a> = dyn Fn(OsdId) -> Option<Epoch> + 'a;

/// A PG on one OSD.
#[derive(Debug)]
pub(super) struct Pg {
    pub(super) id: PgId,
    pub(super) data: PgData,
    me: OsdId,
    pub(super) interval: Interval,
    role: Role,
    /// Answers to what was executed, and is not known to be on all replicas since the interval is another one.
    executed: Vec<Answer>,
    pub(super) waiting: VecDeque<Request>,
}

#[derive(Debug)]
enum Role {
    /// Not in the acting set.
    Stray,
    /// In it, and not the primary. `ready` once it has the primary's data.
    Replica { ready: bool },
    /// The primary of a set that is too small to serve.
    TooFew,
    /// Asked the monitor who served last.
    WaitHistory,
    /// None of those who served last is up: waits for a map in which one is.
    Down { last_active: Vec<OsdId> },
    /// Asked one of those who served last, which is up since that epoch, for its data. If it starts anew, it has forgotten.
    WaitData { from: OsdId, since: Epoch, last_active: Vec<OsdId> },
    /// Gave the data to the replicas.
    WaitReplicas { left: BTreeSet<OsdId> },
    /// Asked the monitor to write the set down.
    WaitActivated,
    /// Serves.
    Active(Active),
}

/// What an active primary has under way.
#[derive(Debug, Default)]
struct Active {
    /// Writes that not all replicas have, and the answers behind them.
    writes: BTreeMap<EVersion, Write>,
}

#[derive(Debug)]
struct Write {
    left: BTreeSet<OsdId>,
    /// The answer to the write, and those to the reads that saw it.
    answers: Vec<Answer>,
}

/// What a PG wants done.
#[derive(Debug)]
pub(super) enum PgOut {
    Bus(Daemon, Body),
    Answer(Answer),
    /// A request that is not for this OSD any more.
    Dropped(Request),
    /// It serves again: what waits may run.
    Ready,
}

impl Pg {
    pub(super) fn new(id: PgId, me: OsdId, data: PgData) -> Self {
        Self {
            id,
            data,
            me,
            interval: Interval::default(),
            role: Role::Stray,
            executed: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    pub(super) const fn is_active(&self) -> bool {
        matches!(self.role, Role::Active(_))
    }

    pub(super) fn is_primary(&self) -> bool {
        self.interval.primary == self.me
    }

    /// Takes what a new map says. A new interval starts over; within an interval, a PG that waits for an OSD looks who is
    /// up now.
    pub(super) fn advance(&mut self, interval: &Interval, up_from: &UpFrom<'_>, out: &mut Vec<PgOut>) {
        if interval.since == self.interval.since {
            self.look_for_source(up_from, out);
            return;
        }
        self.keep_executed();
        if interval.same_primary_since > self.interval.since {
            self.executed.clear();
        }
        self.interval = interval.clone();
        self.role = if self.is_primary() {
            self.begin(out)
        } else if self.interval.acting.contains(&self.me) {
            Role::Replica { ready: false }
        } else {
            Role::Stray
        };
        if !self.is_primary() {
            // Whoever sent them sees the new map and sends them to the new primary.
            out.extend(self.waiting.drain(..).map(PgOut::Dropped));
        }
    }

    /// What was executed and not answered is answered when the PG serves again, as then all replicas have it: clients send it
    /// anew only where the primary is another one (`PrimaryLogPG::on_change`). Where another one may have served meanwhile,
    /// they do, and this is forgotten.
    fn keep_executed(&mut self) {
        if let Role::Active(active) = &mut self.role {
            let writes = core::mem::take(&mut active.writes);
            self.executed.extend(writes.into_values().flat_map(|write| write.answers));
        }
    }

    /// Whoever was asked for its data may be gone; where nobody was up, somebody may be now.
    fn look_for_source(&mut self, up_from: &UpFrom<'_>, out: &mut Vec<PgOut>) {
        let last_active = match &self.role {
            Role::Down { last_active } => last_active,
            Role::WaitData { from, since, last_active } if up_from(*from) != Some(*since) => last_active,
            _ => return,
        };
        self.choose_source(last_active.clone(), up_from, out);
    }

    fn begin(&self, out: &mut Vec<PgOut>) -> Role {
        if !self.interval.is_enough() {
            return Role::TooFew;
        }
        out.push(PgOut::Bus(Daemon::Mon, Body::HistoryWanted { pg: self.id, since: self.interval.since }));
        Role::WaitHistory
    }

    pub(super) fn history(
        &mut self,
        since: Epoch,
        last_active: Option<Vec<OsdId>>,
        up_from: &UpFrom<'_>,
        out: &mut Vec<PgOut>,
    ) {
        if since != self.interval.since || !matches!(self.role, Role::WaitHistory) {
            return;
        }
        match last_active {
            Some(last_active) if !last_active.contains(&self.me) => {
                self.choose_source(last_active, up_from, out)
            }
            Some(_) => self.give_to_replicas(out),
            None => {
                // It never served, so what is here was never acknowledged.
                self.data = PgData::default();
                self.give_to_replicas(out);
            }
        }
    }

    fn choose_source(&mut self, last_active: Vec<OsdId>, up_from: &UpFrom<'_>, out: &mut Vec<PgOut>) {
        match last_active.iter().find_map(|osd| Some((*osd, up_from(*osd)?))) {
            Some((osd, since)) => {
                out.push(PgOut::Bus(
                    Daemon::Osd(osd),
                    Body::Pull { pg: self.id, since: self.interval.since },
                ));
                self.role = Role::WaitData { from: osd, since, last_active };
            }
            None => self.role = Role::Down { last_active },
        }
    }

    /// A whole PG came: for a new primary from one that served, or for a replica from its primary.
    pub(super) fn whole(&mut self, from: OsdId, since: Epoch, data: PgData, out: &mut Vec<PgOut>) {
        if since != self.interval.since {
            return;
        }
        match &mut self.role {
            Role::WaitData { .. } => {
                self.data = data;
                self.give_to_replicas(out);
            }
            Role::Replica { ready } => {
                *ready = true;
                self.data = data;
                out.push(PgOut::Bus(Daemon::Osd(from), Body::WholeTaken { pg: self.id, since }));
            }
            _ => {}
        }
    }

    fn give_to_replicas(&mut self, out: &mut Vec<PgOut>) {
        let left: BTreeSet<OsdId> = self.replicas().collect();
        for osd in &left {
            let body = Body::Whole { pg: self.id, since: self.interval.since, data: self.data.clone() };
            out.push(PgOut::Bus(Daemon::Osd(*osd), body));
        }
        self.role = Role::WaitReplicas { left };
        self.activate_if_complete(out);
    }

    fn replicas(&self) -> impl Iterator<Item = OsdId> {
        let me = self.me;
        self.interval.members().filter(move |osd| *osd != me)
    }

    pub(super) fn whole_taken(&mut self, from: OsdId, since: Epoch, out: &mut Vec<PgOut>) {
        if since != self.interval.since {
            return;
        }
        if let Role::WaitReplicas { left } = &mut self.role {
            left.remove(&from);
            self.activate_if_complete(out);
        }
    }

    fn activate_if_complete(&mut self, out: &mut Vec<PgOut>) {
        if matches!(&self.role, Role::WaitReplicas { left } if left.is_empty()) {
            let acting = self.interval.members().collect();
            out.push(PgOut::Bus(
                Daemon::Mon,
                Body::Activate { pg: self.id, since: self.interval.since, acting },
            ));
            self.role = Role::WaitActivated;
        }
    }

    pub(super) fn activated(&mut self, since: Epoch, out: &mut Vec<PgOut>) {
        if since == self.interval.since && matches!(self.role, Role::WaitActivated) {
            self.role = Role::Active(Active::default());
            out.extend(self.executed.drain(..).map(PgOut::Answer));
            out.push(PgOut::Ready);
        }
    }

    /// Takes a write that was executed here: gives it to the replicas, and answers when all have it.
    pub(super) fn write(
        &mut self,
        entry: LogEntry,
        object: Option<Arc<Object>>,
        answer: Answer,
        out: &mut Vec<PgOut>,
    ) {
        let left: BTreeSet<OsdId> = self.replicas().collect();
        for osd in &left {
            let body = Body::Replicate {
                pg: self.id,
                since: self.interval.since,
                entry: entry.clone(),
                object: object.clone(),
            };
            out.push(PgOut::Bus(Daemon::Osd(*osd), body));
        }
        let version = entry.version;
        self.data.apply(entry, object);
        if let Role::Active(active) = &mut self.role {
            active.writes.insert(version, Write { left, answers: alloc::vec![answer] });
            active.release(out);
        }
    }

    /// Answers what read: at once, or when the writes that it saw are on all replicas.
    pub(super) fn answer_read(&mut self, answer: Answer, out: &mut Vec<PgOut>) {
        let last = match &mut self.role {
            Role::Active(active) => active.writes.last_entry(),
            _ => None,
        };
        match last {
            Some(mut write) => write.get_mut().answers.push(answer),
            None => out.push(PgOut::Answer(answer)),
        }
    }

    pub(super) fn replicate(
        &mut self,
        from: OsdId,
        since: Epoch,
        entry: LogEntry,
        object: Option<Arc<Object>>,
        out: &mut Vec<PgOut>,
    ) {
        if since == self.interval.since && matches!(self.role, Role::Replica { ready: true }) {
            let version = entry.version;
            self.data.apply(entry, object);
            out.push(PgOut::Bus(Daemon::Osd(from), Body::Replicated { pg: self.id, since, version }));
        }
    }

    pub(super) fn replicated(&mut self, from: OsdId, since: Epoch, version: EVersion, out: &mut Vec<PgOut>) {
        if since != self.interval.since {
            return;
        }
        if let Role::Active(active) = &mut self.role {
            if let Some(write) = active.writes.get_mut(&version) {
                write.left.remove(&from);
            }
            active.release(out);
        }
    }
}

impl Active {
    /// Answers writes in their order, as far as all replicas have them.
    fn release(&mut self, out: &mut Vec<PgOut>) {
        while let Some(first) = self.writes.first_entry().filter(|write| write.get().left.is_empty()) {
            out.extend(first.remove().answers.into_iter().map(PgOut::Answer));
        }
    }
}
