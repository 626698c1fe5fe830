//! How large answers may be.

use alloc::collections::BTreeMap;

use loligo_wire::Tid;

use super::recv::PIECE_MAX;

/// How many answers are remembered. Beyond that the oldest are forgotten, whose data then come in several pieces.
const REMEMBERED: usize = 1 << 10;

/// How large the answers may be to what was sent, as far as the questions told: for such an answer, room is made in one
/// piece, as nobody but us decided on its size.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    by_tid: BTreeMap<Tid, usize>,
}

impl Expected {
    /// A message was sent whose answer may have that many bytes of data.
    pub(crate) fn sent(&mut self, tid: Tid, reply_len: usize) {
        if tid.0 == 0 || reply_len <= PIECE_MAX {
            return;
        }
        if self.by_tid.len() >= REMEMBERED {
            self.by_tid.pop_first();
        }
        self.by_tid.insert(tid, reply_len);
    }

    /// A message comes with that many bytes of data: how large may a piece be?
    pub(crate) fn piece_max(&mut self, tid: Tid, data_len: usize) -> usize {
        match self.by_tid.remove(&tid) {
            Some(reply_len) if data_len <= reply_len => data_len.max(PIECE_MAX),
            _ => PIECE_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 4 * PIECE_MAX;

    #[test]
    fn one_answer_of_the_size_that_was_asked_for_comes_in_one_piece() {
        let mut expected = Expected::default();
        expected.sent(Tid(1), LARGE);
        expected.sent(Tid(2), LARGE);
        assert_eq!(expected.piece_max(Tid(1), LARGE - 1), LARGE - 1);
        assert_eq!(expected.piece_max(Tid(1), LARGE - 1), PIECE_MAX);
        assert_eq!(expected.piece_max(Tid(2), LARGE + 1), PIECE_MAX);
        assert_eq!(expected.piece_max(Tid(3), LARGE), PIECE_MAX);
    }

    #[test]
    fn what_is_never_answered_does_not_pile_up() {
        let mut expected = Expected::default();
        for tid in 1..10_000 {
            expected.sent(Tid(tid), LARGE);
        }
        assert_eq!(expected.by_tid.len(), REMEMBERED);
        assert_eq!(expected.piece_max(Tid(9_999), LARGE), LARGE);
    }
}
