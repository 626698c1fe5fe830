//! What two messengers agree on beyond one socket. It knows nothing of frames: v1 and v2 number messages alike.

/// The numbers of a session. A lossy session keeps nothing else: what is written is forgotten, and a broken pipe ends
/// it. A lossless one will keep what is not acknowledged, here and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// The number of the last message written.
    out_seq: u64,
    /// The number of the last message taken.
    in_seq: u64,
    /// Up to where the peer has acknowledged.
    acked: u64,
    /// How often this session was opened.
    pub(crate) connect_seq: u32,
    /// The highest number of a connection that the peer has used with us.
    pub(crate) peer_global_seq: u32,
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
    /// The number for the next message written.
    pub(crate) const fn next_out_seq(&mut self) -> u64 {
        self.out_seq = self.out_seq.wrapping_add(1);
        self.out_seq
    }

    /// The number of the last message taken.
    pub(crate) const fn in_seq(&self) -> u64 {
        self.in_seq
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

    /// The peer has all messages up to that number; says whether it can be so.
    pub(crate) fn acknowledged(&mut self, seq: u64) -> bool {
        if seq > self.out_seq {
            return false;
        }
        self.acked = self.acked.max(seq);
        true
    }

    /// The peer knows nothing of the session: begin anew (`session_reset`).
    pub(crate) fn reset(&mut self) {
        *self = Self { peer_global_seq: self.peer_global_seq, ..Self::default() };
    }

    /// Panics in debug builds where the numbers cannot be.
    pub(crate) fn invariants(&self) {
        let _ = loligo_base::never!(self.acked > self.out_seq, "more is acknowledged than was written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_old_ones_are_dropped() {
        let mut session = Session::default();
        assert_eq!([session.next_out_seq(), session.next_out_seq()], [1, 2]);
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
        session.next_out_seq();
        assert!(session.acknowledged(1));
        assert!(session.acknowledged(0));
        session.invariants();
        session.reset();
        assert_eq!(session, Session::default());
    }
}
