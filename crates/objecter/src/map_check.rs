//! Proof that a pool does not exist: `_send_op_map_check` and `_check_op_pool_dne`.

use alloc::collections::BTreeSet;

use loligo_wire::{Epoch, Tid};

use crate::Objecter;
use crate::gate::Reason;
use crate::io::Output;
use crate::ops::State;
use crate::result::OpError;

/// The ops that wait to learn the newest epoch that the monitors have. One question at a time: an op that comes while
/// one is out waits for the next, as the answer to the first may be older than the op.
#[derive(Debug, Default)]
pub(crate) struct MapChecks {
    /// The number of the last question.
    last: u64,
    /// Who waits for the answer to it; empty where none is out.
    asked: BTreeSet<Tid>,
    /// Who waits for the next question.
    next: BTreeSet<Tid>,
}

impl MapChecks {
    /// An op wants to know. Gives the number of the question to ask, if one has to be asked now.
    fn want(&mut self, tid: Tid) -> Option<u64> {
        if self.asked.contains(&tid) {
            return None;
        }
        self.next.insert(tid);
        self.ask()
    }

    fn ask(&mut self) -> Option<u64> {
        if !self.asked.is_empty() || self.next.is_empty() {
            return None;
        }
        core::mem::swap(&mut self.asked, &mut self.next);
        self.last = self.last.saturating_add(1);
        Some(self.last)
    }

    /// The op no longer wants to know (`_op_cancel_map_check`).
    pub(crate) fn cancel(&mut self, tid: Tid) {
        self.next.remove(&tid);
        self.asked.remove(&tid);
    }

    /// An answer; gives who waited for it.
    fn answer(&mut self, check: u64) -> BTreeSet<Tid> {
        if check == self.last { core::mem::take(&mut self.asked) } else { BTreeSet::new() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Tid> + '_ {
        self.asked.iter().chain(&self.next).copied()
    }
}

impl<C> Objecter<C> {
    /// The newest map has no such pool: either there is proof that there is none, or the monitors are asked.
    pub(crate) fn check_op_pool_dne(&mut self, tid: Tid) {
        let epoch = self.state.epoch;
        let Some(row) = self.ops.get_mut(tid) else { return };
        if row.target.pool_ever_existed {
            row.map_dne_bound = Some(epoch);
        }
        match row.map_dne_bound {
            Some(bound) if epoch >= bound && epoch > Epoch(0) => {
                self.fail(tid, OpError::NoSuchPool { sent: false });
            }
            Some(_) => self.maybe_request_map(),
            None => self.send_op_map_check(tid),
        }
    }

    fn send_op_map_check(&mut self, tid: Tid) {
        if let Some(check) = self.checks.want(tid) {
            self.outputs.push_back(Output::GetVersion { check });
        }
    }

    /// The monitors said which epoch is the newest (`CB_Op_Map_Latest`).
    pub(crate) fn handle_latest_map(&mut self, check: u64, newest: Epoch) {
        for tid in self.checks.answer(check) {
            if let Some(row) = self.ops.get_mut(tid).filter(|row| row.state == State::Held(Reason::PoolCheck))
            {
                row.map_dne_bound.get_or_insert(newest);
                self.check_op_pool_dne(tid);
            }
        }
        if let Some(check) = self.checks.ask() {
            self.outputs.push_back(Output::GetVersion { check });
        }
    }
}
