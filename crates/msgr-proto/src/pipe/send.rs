//! Bytes and messages on their way out.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::{Buf, Bytes, BytesMut};

use super::Incarnation;
use crate::Outgoing;

/// Up to this size a piece is copied behind what is already written, to keep the vector short.
const COPY_MAX: usize = 1 << 10;
/// How much room is made at once for what is copied.
const SCRATCH: usize = 8 << 10;

/// Bytes that are to be written, owned by whoever writes. See [`Pipe::send_begin`](crate::Pipe::send_begin).
#[derive(Debug)]
pub struct SendBatch {
    pub(super) incarnation: Incarnation,
    pub(super) pieces: VecDeque<Bytes>,
    pub(super) len: usize,
}

impl SendBatch {
    /// The pieces in order; none of them is empty.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| &**piece)
    }

    /// How many bytes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Gathers what is written next: small things side by side in one buffer, bulk as it is.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    scratch: BytesMut,
    pieces: VecDeque<Bytes>,
    /// Bytes in `pieces`.
    sealed: usize,
}

impl Writer {
    /// How many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.sealed + self.scratch.len()
    }

    /// Appends small bytes.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.scratch.capacity() - self.scratch.len() < bytes.len() {
            self.scratch.reserve(bytes.len().max(SCRATCH));
        }
        self.scratch.extend_from_slice(bytes);
    }

    /// Appends bytes, by copy where they are few, else as they are.
    pub(crate) fn put_piece(&mut self, piece: &Bytes) {
        if piece.len() <= COPY_MAX {
            self.put(piece);
        } else {
            self.seal();
            self.sealed += piece.len();
            self.pieces.push_back(piece.clone());
        }
    }

    fn seal(&mut self) {
        if !self.scratch.is_empty() {
            let piece = self.scratch.split().freeze();
            self.sealed += piece.len();
            self.pieces.push_back(piece);
        }
    }

    /// Hands over all that waits.
    pub(super) fn take(&mut self, incarnation: Incarnation) -> SendBatch {
        self.seal();
        let len = core::mem::take(&mut self.sealed);
        SendBatch { incarnation, pieces: core::mem::take(&mut self.pieces), len }
    }

    /// Takes a batch back whose first `n` bytes were written.
    pub(super) fn give_back(&mut self, mut batch: SendBatch, n: usize) {
        let mut written = n.min(batch.len);
        batch.len -= written;
        while let Some(piece) = batch.pieces.front_mut().filter(|_| written > 0) {
            let whole = piece.len();
            if written < whole {
                piece.advance(written);
                break;
            }
            written -= whole;
            batch.pieces.pop_front();
        }
        // What was put meanwhile comes behind; with nothing put, the emptied list is used again.
        batch.pieces.extend(self.pieces.drain(..));
        self.sealed += batch.len;
        self.pieces = batch.pieces;
    }

    /// Forgets all that waits.
    pub(super) fn clear(&mut self) {
        self.scratch.clear();
        self.pieces.clear();
        self.sealed = 0;
    }
}

/// Messages that wait to be written: by priority, then in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct OutQueue {
    /// Sorted by priority, highest first. A queue stays when it is empty: few priorities are ever used.
    queues: Vec<(u16, VecDeque<Box<dyn Outgoing>>)>,
    len: usize,
}

impl OutQueue {
    pub(super) fn push(&mut self, msg: Box<dyn Outgoing>) {
        let priority = msg.priority();
        let place = self.queues.binary_search_by(|(p, _)| priority.cmp(p));
        let at = place.unwrap_or_else(|at| {
            self.queues.insert(at, (priority, VecDeque::new()));
            at
        });
        if let Some((_, queue)) = self.queues.get_mut(at) {
            queue.push_back(msg);
            self.len += 1;
        }
    }

    pub(super) fn pop(&mut self) -> Option<Box<dyn Outgoing>> {
        let msg = self.queues.iter_mut().find_map(|(_, queue)| queue.pop_front())?;
        self.len -= 1;
        Some(msg)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn drain(writer: &mut Writer, step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while writer.len() > 0 {
            let batch = writer.take(Incarnation(0));
            let all: Vec<u8> = batch.pieces().flatten().copied().collect();
            assert_eq!(all.len(), batch.len());
            let n = step.min(all.len());
            out.extend_from_slice(&all[..n]);
            writer.give_back(batch, n);
        }
        out
    }

    #[test]
    fn partial_writes_lose_and_repeat_nothing() {
        for step in [1, 7, 1_500, usize::MAX] {
            let mut writer = Writer::default();
            let bulk = Bytes::from(vec![2; 3_000]);
            writer.put(&[1; 10]);
            writer.put_piece(&bulk);
            writer.put(&[3; 5]);
            writer.put_piece(&Bytes::from_static(&[4; 4]));
            let expected: Vec<u8> = [vec![1; 10], vec![2; 3_000], vec![3; 5], vec![4; 4]].concat();
            assert_eq!(drain(&mut writer, step), expected);
        }
    }

    #[test]
    fn bulk_is_not_copied_and_small_things_share_a_piece() {
        let mut writer = Writer::default();
        let bulk = Bytes::from(vec![2; 3_000]);
        writer.put(&[1; 10]);
        writer.put_piece(&bulk);
        writer.put(&[3; 5]);
        writer.put_piece(&Bytes::from_static(&[4; 4]));
        let batch = writer.take(Incarnation(0));
        assert_eq!(batch.pieces.len(), 3);
        assert_eq!(batch.pieces[1].as_ptr(), bulk.as_ptr());
    }

    #[test]
    fn what_is_put_while_a_batch_is_out_comes_behind_it() {
        let mut writer = Writer::default();
        writer.put(&[1; 4]);
        let batch = writer.take(Incarnation(0));
        writer.put(&[2; 4]);
        writer.give_back(batch, 2);
        assert_eq!(drain(&mut writer, usize::MAX), [1, 1, 2, 2, 2, 2]);
    }
}
