//! What two messengers agree on beyond one socket. It knows nothing of frames: v1 and v2 number messages alike.

mod meet;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::mem;

pub(crate) use meet::{Existing, Standing, Verdict, Wanted, judge};

use crate::Outgoing;

/// A session: its numbers, and what the peer has not acknowledged. A lossy session keeps nothing: what is written is
/// forgotten, and a broken pipe ends it.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The number of the last message that has one.
    out_seq: u64,
    /// The number of the last message taken.
    in_seq: u64,
    /// Up to where the peer has acknowledged.
    acked: u64,
    /// What was written on the present stream and is not acknowledged, in order (`sent`).
    sent: VecDeque<Sent>,
    /// What was written on an earlier one and is to be written again, behind all of `sent`.
    again: VecDeque<Sent>,
    /// How often this session was opened.
    pub(crate) connect_seq: u32,
    /// The peer has heard that the session is open, as far as this end knows.
    pub(crate) is_confirmed: bool,
    /// The highest number of a connection that the peer has used with us.
    pub(crate) peer_global_seq: u32,
    /// The name that the end which opened the session gave it, on messenger v2; 0 for none.
    pub(crate) client_cookie: u64,
    /// The name that the other end gave it; 0 until the session was opened.
    pub(crate) server_cookie: u64,
}

/// A message with its number.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) seq: u64,
    pub(crate) msg: Box<dyn Outgoing>,
}

/// What to do with a message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is new.
    New,
    /// It was taken before: drop it.
    Old,
}

impl Session {
    /// Gives a message its number.
    pub(crate) const fn number(&mut self, msg: Box<dyn Outgoing>) -> Sent {
        self.out_seq = self.out_seq.wrapping_add(1);
        Sent { seq: self.out_seq, msg }
    }

    /// The next message that has to be written again.
    pub(crate) fn next_again(&mut self) -> Option<Sent> {
        self.again.pop_front()
    }

    /// Keeps what was written, until it is acknowledged.
    pub(crate) fn keep(&mut self, sent: Sent) {
        self.sent.push_back(sent);
    }

    /// Whether something has to be written again.
    pub(crate) fn has_again(&self) -> bool {
        !self.again.is_empty()
    }

    /// Whether the peer has acknowledged all.
    pub(crate) fn is_acked(&self) -> bool {
        self.sent.is_empty() && self.again.is_empty()
    }

    /// How many messages the peer has not acknowledged.
    pub(crate) fn unacked(&self) -> usize {
        self.sent.len() + self.again.len()
    }

    /// The stream is gone: what is not acknowledged has to be written again (`requeue_sent`).
    pub(crate) fn requeue_sent(&mut self) {
        self.sent.append(&mut self.again);
        self.again = mem::take(&mut self.sent);
    }

    /// The number of the last message taken.
    pub(crate) const fn in_seq(&self) -> u64 {
        self.in_seq
    }

    /// Up to where the peer has acknowledged.
    pub(crate) const fn acked(&self) -> u64 {
        self.acked
    }

    /// A message of that number arrived. Numbers may be skipped, as in Ceph: a sender may drop a message that it has
    /// numbered already.
    pub(crate) const fn arrived(&mut self, seq: u64) -> Arrival {
        if seq <= self.in_seq {
            return Arrival::Old;
        }
        self.in_seq = seq;
        Arrival::New
    }

    /// The peer has all messages up to that number; says whether it can be so. What it has is not kept any longer
    /// (`handle_message_ack`, `discard_requeued_up_to`).
    pub(crate) fn acknowledged(&mut self, seq: u64) -> bool {
        if seq > self.out_seq {
            return false;
        }
        self.acked = self.acked.max(seq);
        drop_until(&mut self.sent, seq);
        if self.sent.is_empty() {
            drop_until(&mut self.again, seq);
        }
        true
    }

    /// One of the ends knows nothing of the session: begin anew, with messages numbered behind `out_seq`. What waited to be
    /// acknowledged is lost (`session_reset`, `reset_session`).
    pub(crate) fn reset(&mut self, out_seq: u64) {
        *self = Self { out_seq, acked: out_seq, ..Self::default() };
    }

    /// The peer has taken nothing of this session yet, and we nothing of it: numbers begin anew, and what is not
    /// acknowledged stays. Only before anything is written on the present stream.
    pub(crate) fn renumber(&mut self) {
        (self.in_seq, self.acked) = (0, 0);
        self.out_seq = self.again.len() as u64;
        for (sent, seq) in self.again.iter_mut().zip(1..) {
            sent.seq = seq;
        }
    }

    /// Forgets what waits to be acknowledged.
    pub(crate) fn clear(&mut self) {
        self.sent.clear();
        self.again.clear();
    }

    /// Panics in debug builds where the numbers cannot be.
    pub(crate) fn invariants(&self) {
        let _ = loligo_base::never!(self.acked > self.out_seq, "more is acknowledged than was written");
        let first = self.sent.front().or(self.again.front());
        let _ = loligo_base::never!(
            first.is_some_and(|sent| sent.seq <= self.acked),
            "what is acknowledged is still kept"
        );
    }
}

fn drop_until(queue: &mut VecDeque<Sent>, seq: u64) {
    while queue.front().is_some_and(|sent| sent.seq <= seq) {
        queue.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use loligo_wire::Tid;
    use loligo_wire::message::MPing;

    use super::*;
    use crate::Posted;

    fn ping(tid: u64) -> Box<dyn Outgoing> {
        Box::new(Posted { tid: Tid(tid), message: MPing })
    }

    fn send(session: &mut Session, tid: u64) -> u64 {
        let sent = session.number(ping(tid));
        let seq = sent.seq;
        session.keep(sent);
        seq
    }

    fn again(session: &mut Session) -> Vec<(u64, u64)> {
        let mut seen = Vec::new();
        while let Some(sent) = session.next_again() {
            seen.push((sent.seq, sent.msg.tid().0));
            session.keep(sent);
        }
        seen
    }

    #[test]
    fn numbers_rise_and_old_ones_are_dropped() {
        let mut session = Session::default();
        assert_eq!([session.number(ping(1)).seq, session.number(ping(2)).seq], [1, 2]);
        assert_eq!(session.arrived(1), Arrival::New);
        assert_eq!(session.arrived(5), Arrival::New);
        assert_eq!(session.arrived(5), Arrival::Old);
        assert_eq!(session.arrived(2), Arrival::Old);
        assert_eq!(session.in_seq(), 5);
    }

    #[test]
    fn nothing_is_acknowledged_that_was_not_written() {
        let mut session = Session::default();
        assert!(!session.acknowledged(1));
        send(&mut session, 1);
        assert!(session.acknowledged(1));
        assert!(session.acknowledged(0));
        assert_eq!(session.acked(), 1, "what is acknowledged stays so");
        session.invariants();
    }

    #[test]
    fn what_is_not_acknowledged_is_written_again_with_its_number_and_in_order() {
        let mut session = Session::default();
        for tid in 11..=15 {
            send(&mut session, tid);
        }
        assert!(!session.has_again());
        assert!(session.acknowledged(2));
        session.requeue_sent();
        assert!(session.has_again());
        let third = session.next_again().unwrap();
        assert_eq!(third.seq, 3);
        session.keep(third);
        // Acknowledged on the old stream or on the new one: it is not written again, and nothing is left out.
        assert!(session.acknowledged(4));
        session.invariants();
        session.requeue_sent();
        assert_eq!(again(&mut session), [(5, 15)]);
        assert_eq!(send(&mut session, 16), 6);
        assert!(!session.has_again());
        session.requeue_sent();
        assert_eq!(again(&mut session), [(5, 15), (6, 16)]);
        assert!(session.acknowledged(6) && session.is_acked());
    }

    #[test]
    fn a_stream_that_breaks_while_things_are_written_again_changes_no_order() {
        let mut session = Session::default();
        for tid in 11..=13 {
            send(&mut session, tid);
        }
        session.requeue_sent();
        let first = session.next_again().unwrap();
        session.keep(first);
        session.requeue_sent();
        assert_eq!(again(&mut session), [(1, 11), (2, 12), (3, 13)]);
    }

    #[test]
    fn a_reset_loses_all_and_a_renumbering_nothing() {
        let filled = || {
            let mut session = Session::default();
            for tid in 1..=4 {
                send(&mut session, tid);
            }
            assert!(session.acknowledged(2));
            session.arrived(9);
            session.requeue_sent();
            session
        };
        let mut session = filled();
        session.renumber();
        session.invariants();
        assert_eq!((session.in_seq(), again(&mut session)), (0, alloc::vec![(1, 3), (2, 4)]));
        let mut session = filled();
        session.reset(1_000);
        session.invariants();
        assert_eq!((session.in_seq(), again(&mut session)), (0, Vec::new()));
        assert_eq!(send(&mut session, 5), 1_001);
    }
}
