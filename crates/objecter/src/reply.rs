//! What OSDs answer: `handle_osd_op_reply` and `handle_osd_backoff`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use loligo_base::Now;
use loligo_wire::Tid;
use loligo_wire::message::{MOSDBackoff, MOSDOpReply, OpResult};
use loligo_wire::types::{BackoffOp, ErrorCode, OpArgs, OpCode, OsdFlags, OsdOp, RequestRedirect};

use crate::Objecter;
use crate::backoff::Backoff;
use crate::gate::Reason;
use crate::io::{Output, SessionId};
use crate::ops::{Home, State};
use crate::result::{OpError, OpReply};

impl<C> Objecter<C> {
    /// An answer. It counts only where it comes by the link that the op was sent by last, and is to the last attempt;
    /// anything else is a stray (invariant O2).
    pub(crate) fn handle_osd_op_reply(&mut self, now: Now, session: SessionId, tid: Tid, reply: MOSDOpReply) {
        let Some(tid) = self.ops.key_of(tid) else { return };
        if !self.is_current(session) || !self.is_answer(session, tid, &reply) {
            return;
        }
        if !self.fits(tid, &reply) {
            tracing::warn!(%session, %tid, "an answer that is none to what was asked");
            return self.fail(tid, OpError::BadReply { sent: true });
        }
        self.link_is_of_use(session.osd);
        if let Some(redirect) = reply.redirect.as_ref().filter(|redirect| !redirect.is_empty()) {
            self.redirect(now, tid, redirect.clone());
        } else if reply.result == ErrorCode::EAGAIN {
            self.retry(now, tid);
        } else {
            self.finish(tid, Ok(OpReply::new(reply)));
        }
    }

    fn is_answer(&self, session: SessionId, tid: Tid, reply: &MOSDOpReply) -> bool {
        let Some(row) = self.ops.get(tid) else { return false };
        let by_its_link = row.sent.is_some_and(|(by, _)| by == session) && row.home == Home::Osd(session.osd);
        // An old OSD does not say which attempt it answers.
        let attempt = u32::try_from(reply.retry_attempt);
        by_its_link && attempt.map_or(true, |attempt| row.attempts.checked_sub(1) == Some(attempt))
    }

    /// Whether an answer can be one to that op: where the op did not fail, it tells of each part of it, and brings no more
    /// data than were asked for.
    fn fits(&self, tid: Tid, reply: &MOSDOpReply) -> bool {
        let redirected = reply.redirect.as_ref().is_some_and(|redirect| !redirect.is_empty());
        let Some(row) = self.ops.get(tid).filter(|_| reply.result.0 >= 0 && !redirected) else { return true };
        let asked = &row.message.ops;
        let in_bounds = |(asked, done): (&OsdOp, &OpResult)| match (asked.code, &asked.args) {
            (OpCode::READ, OpArgs::Extent { length: length @ 1.., .. }) => {
                done.op.data.len() as u64 <= *length
            }
            _ => true,
        };
        asked.len() == reply.ops.len() && asked.iter().zip(&reply.ops).all(in_bounds)
    }

    /// The object is elsewhere (`request_redirect_t::combine_with_locator`).
    fn redirect(&mut self, now: Now, tid: Tid, redirect: RequestRedirect) {
        let Some(row) = self.ops.get_mut(tid) else { return };
        row.redirect(redirect);
        row.target.flags |= OsdFlags::REDIRECTED | OsdFlags::IGNORE_CACHE | OsdFlags::IGNORE_OVERLAY;
        row.target.pool_ever_existed = false;
        row.map_dne_bound = None;
        self.retry(now, tid);
    }

    /// The op did not run and is submitted anew, under a new tid. Later ops on the same object wait for it.
    fn retry(&mut self, now: Now, tid: Tid) {
        let Some(row) = self.ops.get_mut(tid) else { return };
        row.target.flags = row.target.flags.without(OsdFlags::BALANCE_READS | OsdFlags::LOCALIZE_READS);
        row.target.forget();
        let new = self.next_tid();
        self.ops.rename(tid, new);
        self.ops.mark_retried(tid);
        self.recalc(now, tid);
    }

    pub(crate) fn handle_osd_backoff(&mut self, now: Now, session: SessionId, message: MOSDBackoff) {
        if !self.is_current(session) {
            return;
        }
        self.link_is_of_use(session.osd);
        match message.op {
            BackoffOp::BLOCK => self.block(now, session, message),
            BackoffOp::UNBLOCK => self.unblock(now, session, &message),
            _ => {}
        }
    }

    /// The OSD asks to send nothing in a range. What is under way stays so: the OSD may still answer it. The
    /// acknowledgement carries the epoch of the request, so that the OSD can tell it from one before a split.
    fn block(&mut self, now: Now, session: SessionId, message: MOSDBackoff) {
        let Some(found) = self.sessions.get_mut(&session.osd) else { return };
        let backoff = Backoff { pgid: message.pgid, begin: message.begin.clone(), end: message.end.clone() };
        if found.backoffs.block(message.id, backoff).is_err() {
            found.barren = true;
            self.outputs.push_back(Output::CloseSession(session));
            return self.handle_session_reset(now, session);
        }
        let ack = Box::new(MOSDBackoff { op: BackoffOp::ACK_BLOCK, ..message });
        self.outputs.push_back(Output::SendBackoffAck { session, ack });
    }

    /// The range of an id is free again, whole. What is held there, and what was under way when the OSD dropped it,
    /// is sent in the order of submission.
    fn unblock(&mut self, now: Now, session: SessionId, message: &MOSDBackoff) {
        let Some(found) = self.sessions.get_mut(&session.osd) else { return };
        let Some(backoff) = found.backoffs.unblock(message.id) else { return };
        let concerned = |tid: &Tid| {
            self.ops.get(*tid).is_some_and(|row| {
                matches!(row.state, State::InFlight | State::Held(Reason::Backoff))
                    && backoff.covers(row.target.actual_pgid, &row.message.hobj)
            })
        };
        let ops: Vec<Tid> = found.ops.iter().copied().filter(concerned).collect();
        for tid in ops {
            self.recalc(now, tid);
        }
    }
}
