//! What must hold after every input.

use loligo_base::never;
use loligo_wire::Tid;

use crate::Objecter;
use crate::gate::Reason;
use crate::io::SessionId;
use crate::ops::{Home, Row, State};

impl<C> Objecter<C> {
    /// Checks that the sets and sums agree with the rows, and that nothing waits for what nobody asked for. Debug builds do
    /// so after every input.
    pub(crate) fn invariants(&self) {
        for (tid, row) in self.ops.iter() {
            self.check_row(tid, row);
        }
        self.check_sets();
        self.check_budgets();
        self.check_map_requests();
    }

    fn check_row(&self, tid: Tid, row: &Row<C>) {
        never!(row.state == State::Resolve, "op {tid} is left undecided");
        never!(self.ops.key_of(row.wire_tid) != Some(tid), "op {tid} is not found by its tid on the wire");
        let indexed = match row.home {
            Home::Nowhere => row.state == State::Held(Reason::Budget),
            Home::Homeless => self.homeless.contains(&tid),
            Home::Osd(osd) => self.sessions.get(&osd).is_some_and(|session| session.ops.contains(&tid)),
        };
        never!(!indexed, "op {tid} is not in the set of its session");
        if row.state == State::InFlight {
            let Some((session, _)) = row.sent else {
                never!(true, "op {tid} is in flight and was not sent");
                return;
            };
            never!(row.home != Home::Osd(session.osd), "op {tid} is in flight on another session");
            never!(!self.is_current(session), "op {tid} is in flight on a link that is gone");
        }
        if row.state == State::Held(Reason::Homeless) {
            never!(row.home != Home::Homeless, "op {tid} is held as homeless and has a session");
        }
    }

    fn check_sets(&self) {
        let in_sets =
            self.sessions.values().map(|session| session.ops.len()).sum::<usize>() + self.homeless.len();
        let assigned = self.ops.iter().filter(|(_, row)| row.home != Home::Nowhere).count();
        never!(in_sets != assigned, "a session's set names an op that is not there");
        for (osd, session) in &self.sessions {
            let id = SessionId { osd: *osd, incarnation: session.incarnation };
            never!(id.incarnation > self.last_incarnation, "session {id} comes from the future");
            never!(!self.map.is_up(*osd), "session {id} is open to an OSD that is down");
        }
    }

    /// Invariant O12: what is taken is what the admitted ops cost.
    fn check_budgets(&self) {
        let admitted = self.ops.iter().filter(|(_, row)| row.is_admitted());
        let sums = admitted
            .fold((0u64, 0u64), |(ops, bytes), (_, row)| (ops + 1, bytes.saturating_add(row.cost.bytes)));
        never!(sums != self.throttle.taken(), "the budgets are not what the ops cost");
        let waiting = self.held(|reason| reason == Reason::Budget);
        never!(!self.throttle.waiting().eq(waiting), "the queue for budgets is not that of the ops");
    }

    /// Invariants O7 and O9.
    fn check_map_requests(&self) {
        if !self.shut_down {
            never!(self.needs_map() && !self.maps.is_armed(), "a map is needed and was not asked for");
        }
        for tid in self.checks.iter() {
            let waits =
                |row: &Row<C>| row.state == State::Held(Reason::PoolCheck) && row.map_dne_bound.is_none();
            let checked = self.ops.get(tid).is_some_and(waits);
            never!(!checked, "the monitors are asked for op {tid}, which does not wait for them");
        }
    }
}
