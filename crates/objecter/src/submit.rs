//! From submission to sending: `_op_submit`, `_send_op`, and the one `recalc` that every retry goes through.

use alloc::sync::Arc;

use loligo_base::{Mono, Now};
use loligo_wire::message::MOSDOp;
use loligo_wire::types::{HObject, OsdFlags, ReqId};
use loligo_wire::{OsdId, Tid};

use crate::Objecter;
use crate::gate::{PoolState, Reason, Verdict, Way, gate};
use crate::io::{Output, SessionId};
use crate::operation::Op;
use crate::ops::{Home, Row, State};
use crate::result::{OpError, Outcome};
use crate::sessions::Link;
use crate::target::{Recalc, Target, View};
use crate::throttle::Cost;
use crate::timeouts::Timer;

/// The count of ops has 16 bits in the message.
const OPS_MAX: usize = u16::MAX as usize;

/// The length of the data has 32 bits in the header, and a messenger takes no more than 1 GiB.
const DATA_MAX: u64 = 1 << 30;

impl<C> Objecter<C> {
    /// Submits an op and gives the tid under which it can be cancelled, also once it is sent under another. Whatever is
    /// wrong with the op comes out as its [`Output::Complete`].
    ///
    /// # Examples
    ///
    /// See the [front page](crate).
    #[doc(alias = "_op_submit")]
    #[doc(alias = "_op_submit_with_budget")]
    pub fn op_submit(&mut self, now: Now, op: Op, token: C) -> Tid {
        let tid = self.next_tid();
        let deadline = op
            .deadline
            .or_else(|| Some(now.mono + self.options.rados_osd_op_timeout.filter(|t| !t.is_zero())?));
        let cost = op.cost();
        match self.admit(now, &op, deadline, cost) {
            Err(error) => self.outputs.push_back(Output::Complete(token, Err(error))),
            Ok(admitted) => {
                let row = self.make_row(now, tid, op, cost, token);
                self.ops.insert(tid, row);
                if let Some(at) = deadline {
                    self.timers.set(Timer::Op(tid), at);
                }
                self.start_tick(now);
                if admitted { self.recalc(now, tid) } else { self.wait_for_budget(tid, cost) }
            }
        }
        self.settle(now);
        tid
    }

    /// Takes the budget of a new op; false where it has to wait for that, an error where it ends here.
    fn admit(&mut self, now: Now, op: &Op, deadline: Option<Mono>, cost: Cost) -> Result<bool, OpError> {
        if let Some(error) = self.refuse(op) {
            return Err(error);
        }
        if deadline.is_some_and(|at| at <= now.mono) {
            return Err(OpError::TimedOut { sent: false, held: None });
        }
        let admitted = self.throttle.try_take(cost);
        if !admitted && op.no_wait { Err(OpError::Busy) } else { Ok(admitted) }
    }

    fn wait_for_budget(&mut self, tid: Tid, cost: Cost) {
        if let Some(row) = self.ops.get_mut(tid) {
            row.state = State::Held(Reason::Budget);
            self.throttle.wait(tid, cost);
        }
    }

    /// What is wrong with an op whatever the map says.
    fn refuse(&self, op: &Op) -> Option<OpError> {
        if self.shut_down {
            return Some(OpError::Shutdown { sent: false });
        }
        if op.ops.is_empty() || !op.flags.has_any(OsdFlags(OsdFlags::READ.0 | OsdFlags::WRITE.0)) {
            return Some(OpError::Empty);
        }
        let data: u64 = op.ops.iter().map(|op| op.data.len() as u64).fold(0, u64::saturating_add);
        if op.ops.len() > OPS_MAX || data > DATA_MAX {
            return Some(OpError::TooLarge);
        }
        None
    }

    /// The row of a new op, with the message that will be sent, as far as it is known before the target.
    fn make_row(&self, now: Now, tid: Tid, op: Op, cost: Cost, token: C) -> Row<C> {
        let mut flags = op.flags | OsdFlags::KNOWN_REDIR | OsdFlags::SUPPORTSPOOLEIO | OsdFlags::ONDISK;
        if !self.options.honor_pool_full {
            flags |= OsdFlags::FULL_FORCE;
        }
        let hobj =
            HObject::new(op.oloc.pool, op.oloc.nspace.clone(), op.oloc.key.clone(), op.oid, op.snapid, 0);
        let message = MOSDOp {
            reqid: ReqId { inc: self.options.client_inc, ..ReqId::default() },
            client_inc: self.options.client_inc,
            mtime: op.mtime.unwrap_or(now.wall),
            hobj,
            ops: op.ops,
            snapc: op.snapc,
            ..MOSDOp::default()
        };
        Row {
            token,
            message: Arc::new(message),
            oloc: op.oloc,
            redirected_from: None,
            wire_tid: tid,
            renumber: false,
            target: Target::new(op.subject, flags, op.resend_on_any_change),
            state: State::Resolve,
            home: Home::Nowhere,
            attempts: 0,
            sent: None,
            cost,
            map_dne_bound: None,
        }
    }

    pub(crate) fn next_tid(&mut self) -> Tid {
        self.last_tid = Tid(self.last_tid.0.saturating_add(1));
        self.last_tid
    }

    /// Looks at an op with the newest map (`_calc_target`).
    pub(crate) fn calc_target(&mut self, tid: Tid) -> Option<Recalc> {
        let row = self.ops.get_mut(tid)?;
        let mut view =
            View { map: &self.map, state: self.state, barrier: self.epoch_barrier, cache: &mut self.cache };
        let recalc = row.target.calc_target(&row.message.hobj.oid, &row.oloc, &mut view);
        row.follow_target();
        Some(recalc)
    }

    /// Decides anew what becomes of an op: where it goes, and whether it goes now, waits or ends. Called on submission,
    /// and for every op that a new map, a reset, a redirect, `EAGAIN` or the end of whatever held it asks to be sent
    /// (again). There is no other way out.
    pub(crate) fn recalc(&mut self, now: Now, tid: Tid) {
        if self.calc_target(tid).is_none() {
            return;
        }
        let Some(row) = self.ops.get_mut(tid) else { return };
        let was_checked = row.state == State::Held(Reason::PoolCheck);
        row.state = State::Resolve;
        let (traits, pool, osd) = (row.traits(), row.target.pool_state, row.target.osd);
        // A primary that is set for the time being may be down.
        let usable = matches!(pool, PoolState::Full | PoolState::Usable);
        let served = self.map.is_up(osd) && self.is_callable(osd) && usable;
        if was_checked && pool != PoolState::Missing {
            self.checks.cancel(tid);
        }
        if served {
            self.get_session(osd);
        }
        self.session_op_assign(tid, if served { Home::Osd(osd) } else { Home::Homeless });
        match gate(traits, pool, self.state, self.epoch_barrier, self.way(tid)) {
            Verdict::Send => self.send_op(now, tid),
            Verdict::Hold(reason) => self.hold(tid, reason),
            Verdict::Fail(error) => self.fail(tid, error),
        }
    }

    /// What stands between an op and its OSD.
    fn way(&self, tid: Tid) -> Way {
        let Some(row) = self.ops.get(tid) else { return Way::Homeless };
        let Home::Osd(osd) = row.home else {
            let cannot_be_called = self.map.is_up(row.target.osd) && !self.is_callable(row.target.osd);
            return if cannot_be_called { Way::NoAddress } else { Way::Homeless };
        };
        let Some(session) = self.sessions.get(&osd) else { return Way::Homeless };
        if session.link == Link::Waiting {
            Way::Reconnecting
        } else if !session.backoffs.is_empty()
            && session.backoffs.cover(row.target.actual_pgid, &row.message.hobj)
        {
            Way::Backoff
        } else if self.ops.is_behind(tid) {
            Way::Behind
        } else {
            Way::Clear
        }
    }

    /// Whether the map has an address of an OSD for a messenger that is spoken here.
    fn is_callable(&self, osd: OsdId) -> bool {
        self.options.protocols.pick(self.map.get_addrs(osd)).is_some()
    }

    fn hold(&mut self, tid: Tid, reason: Reason) {
        let Some(row) = self.ops.get_mut(tid) else { return };
        row.state = State::Held(reason);
        if reason.needs_map() {
            self.maybe_request_map();
        }
        if reason == Reason::PoolCheck {
            self.check_op_pool_dne(tid);
        }
    }

    /// Hands an op to its link (`_prepare_osd_op`, `_send_op`).
    fn send_op(&mut self, now: Now, tid: Tid) {
        if self.ops.get(tid).is_some_and(|row| row.renumber && !row.was_sent()) {
            let new = self.next_tid();
            self.ops.rename(tid, new);
        }
        let Some(row) = self.ops.get_mut(tid) else { return };
        let Home::Osd(osd) = row.home else { return };
        let Some(session) = self.sessions.get(&osd) else { return };
        let session = SessionId { osd, incarnation: session.incarnation };
        let message = row.prepare(self.state.epoch);
        row.state = State::InFlight;
        row.sent = Some((session, now.mono));
        row.target.paused = false;
        self.outputs.push_back(Output::Send { session, tid: row.wire_tid, message });
    }

    /// Ends an op without an answer.
    pub(crate) fn fail(&mut self, tid: Tid, error: OpError) {
        let Some(row) = self.ops.get(tid) else { return };
        let error = error.of_op(row.was_sent(), row.held());
        self.finish(tid, Err(error));
    }

    /// Ends an op: the one place where a row goes, and where its caller hears of it (`_finish_op`, invariant O1).
    pub(crate) fn finish(&mut self, tid: Tid, outcome: Outcome) {
        self.session_op_assign(tid, Home::Nowhere);
        let Some((row, awaited)) = self.ops.remove(tid) else { return };
        if row.is_admitted() {
            self.throttle.put(row.cost);
        } else {
            self.throttle.forget(tid);
        }
        self.timers.cancel(&Timer::Op(tid));
        self.checks.cancel(tid);
        self.release_behind |= awaited;
        self.outputs.push_back(Output::Complete(row.token, outcome));
    }

    /// After each input: lets those go on who waited for what has ended by it.
    pub(crate) fn settle(&mut self, now: Now) {
        loop {
            // Those who waited behind an op first: one that waits for its budget may be about the same object.
            while core::mem::take(&mut self.release_behind) {
                for tid in self.held(|reason| reason == Reason::Behind) {
                    self.recalc(now, tid);
                }
            }
            let Some(tid) = self.throttle.admit_next() else { break };
            if let Some(row) = self.ops.get_mut(tid) {
                row.state = State::Resolve;
                self.recalc(now, tid);
            }
        }
        if cfg!(debug_assertions) {
            self.invariants();
        }
    }

    /// The ops that are held for such a reason, in the order of their submission.
    pub(crate) fn held(&self, such: impl Fn(Reason) -> bool) -> alloc::vec::Vec<Tid> {
        let is_held = |row: &Row<C>| matches!(row.state, State::Held(reason) if such(reason));
        self.ops.iter().filter(|(_, row)| is_held(row)).map(|(tid, _)| tid).collect()
    }

    /// Ends an op at its caller's wish, unless it has ended already (`op_cancel`).
    pub(crate) fn op_cancel(&mut self, tid: Tid) {
        self.fail(tid, OpError::Cancelled { sent: false, held: None });
    }
}
