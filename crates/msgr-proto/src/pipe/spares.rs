//! Large pieces that are used again.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use super::recv::PIECE_MAX;
use crate::throttle::{Taken, Throttle};

/// How many pieces one pipe keeps.
const KEPT: usize = 4;

/// The largest piece that is kept.
const PIECE_LARGEST: usize = 8 << 20;

/// Large pieces that were handed out, kept until whoever got them drops them: then they are read into again. Reading
/// bulk over and over neither clears memory nor asks the system for it.
#[derive(Debug)]
pub(crate) struct Spares {
    kept: Vec<Spare>,
    /// The most bytes that all pipes of a messenger keep.
    limit: Arc<Throttle>,
}

#[derive(Debug)]
struct Spare {
    piece: Bytes,
    /// Held as long as the piece is.
    _taken: Taken,
}

impl Spares {
    pub(crate) const fn new(limit: Arc<Throttle>) -> Self {
        Self { kept: Vec::new(), limit }
    }

    /// Keeps a piece that is about to be handed out, if it is large and there is room.
    pub(crate) fn keep(&mut self, piece: &Bytes) {
        if !(PIECE_MAX..=PIECE_LARGEST).contains(&piece.len()) {
            return;
        }
        // What nobody holds any more makes room for what will be wanted again.
        if self.kept.len() >= KEPT
            && let Some(free) = self.kept.iter().position(|spare| spare.piece.is_unique())
        {
            self.kept.swap_remove(free);
        }
        if self.kept.len() < KEPT
            && let Some(taken) = self.limit.take(piece.len() as u64)
        {
            self.kept.push(Spare { piece: piece.clone(), _taken: taken });
        }
    }

    /// A piece of exactly that size that nobody holds any more, with whatever was in it.
    pub(super) fn reuse(&mut self, len: usize) -> Option<Vec<u8>> {
        let is_free = |spare: &Spare| spare.piece.len() == len && spare.piece.is_unique();
        let at = self.kept.iter().position(is_free)?;
        Some(Vec::from(self.kept.swap_remove(at).piece)).filter(|piece| piece.len() == len)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn piece() -> Bytes {
        Bytes::from(vec![1; PIECE_MAX])
    }

    #[test]
    fn a_piece_is_used_again_when_nobody_holds_it_and_not_before() {
        let limit = Arc::new(Throttle::new(64 << 20));
        let mut spares = Spares::new(Arc::clone(&limit));
        let held = piece();
        let place = held.as_ptr();
        spares.keep(&held);
        let part = held.slice(10..20);
        drop(held);
        assert_eq!(spares.reuse(PIECE_MAX), None);
        drop(part);
        assert_eq!(spares.reuse(PIECE_MAX + 1), None);
        assert_eq!(spares.reuse(PIECE_MAX).map(|piece| piece.as_ptr()), Some(place));
        assert_eq!(spares.reuse(PIECE_MAX), None);
        assert_eq!(limit.current(), 0);
    }

    #[test]
    fn few_are_kept_and_small_ones_not_at_all() {
        let limit = Arc::new(Throttle::new(3 * PIECE_MAX as u64));
        let mut spares = Spares::new(Arc::clone(&limit));
        let all: Vec<_> = (0..10).map(|_| piece()).collect();
        all.iter().for_each(|piece| spares.keep(piece));
        spares.keep(&Bytes::from_static(b"small"));
        spares.keep(&Bytes::from(vec![0; PIECE_LARGEST + 1]));
        assert_eq!((spares.kept.len(), limit.current()), (3, 3 * PIECE_MAX as u64));
        drop(spares);
        assert_eq!(limit.current(), 0);
    }
}
