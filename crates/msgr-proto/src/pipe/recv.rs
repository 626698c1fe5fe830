//! Bytes on their way in: the stage that small things are read through, and bulk that is read where it stays.

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;
use loligo_wire::{BufferList, crc32c};

use super::Incarnation;
use super::spares::Spares;

/// The first size of a stage. It doubles when a read fills it.
const STAGE_MIN: usize = 4 << 10;
/// The last size of a stage.
const STAGE_MAX: usize = 64 << 10;
/// The largest piece that is allocated ahead of its bytes, but for answers of a size that we asked for.
pub(crate) const PIECE_MAX: usize = 1 << 20;
/// How much of a piece is cleared at once, just before it is read into: what a processor has at hand.
const WINDOW: usize = 256 << 10;
/// From how many missing bytes on bulk is read into its own buffer, past the stage.
const DIRECT_MIN: usize = 4 << 10;

/// Room for bytes that are to be read, owned by whoever reads. See [`Pipe::recv_begin`](crate::Pipe::recv_begin).
#[derive(Debug)]
pub struct RecvChunk {
    pub(super) incarnation: Incarnation,
    bulk: Vec<u8>,
    bulk_from: usize,
    stage: Vec<u8>,
    stage_from: usize,
    /// More bulk than there is room for follows: none of it is to go to the stage.
    bulk_only: bool,
}

impl RecvChunk {
    /// Where to put the bytes: the first part is filled before the second. The first may be empty.
    pub fn parts_mut(&mut self) -> [&mut [u8]; 2] {
        let bulk = self.bulk.get_mut(self.bulk_from..).unwrap_or_default();
        let stage = self.stage.get_mut(self.stage_from..).filter(|_| !self.bulk_only).unwrap_or_default();
        [bulk, stage]
    }

    /// How many bytes there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        let stage = if self.bulk_only { 0 } else { self.stage.len() - self.stage_from };
        self.bulk.len() - self.bulk_from + stage
    }

    /// Copies bytes in, as a read would; gives how many there was room for.
    pub fn fill(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        for part in self.parts_mut() {
            let (now, later) = rest.split_at(rest.len().min(part.len()));
            for (to, from) in part.iter_mut().zip(now) {
                *to = *from;
            }
            rest = later;
        }
        bytes.len() - rest.len()
    }
}

/// Bytes read and not yet parsed.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The size that the buffer should have, from how full it got.
    wanted: usize,
}

impl Stage {
    /// How many bytes wait to be parsed.
    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether what is there may be, or become, something that starts with `prefix`.
    pub(crate) fn starts_like(&self, prefix: &[u8]) -> bool {
        let held = self.buffer.get(self.start..self.end).unwrap_or_default();
        held.iter().zip(prefix).all(|(a, b)| a == b)
    }

    /// Takes exactly `n` bytes, if they are there.
    pub(crate) fn take(&mut self, n: usize) -> Option<&[u8]> {
        if self.len() < n {
            return None;
        }
        let from = self.start;
        self.start += n;
        self.buffer.get(from..self.start)
    }

    /// Takes what there is, up to `n` bytes.
    fn take_some(&mut self, n: usize) -> &[u8] {
        let n = n.min(self.len());
        self.take(n).unwrap_or_default()
    }

    /// Makes room behind the bytes that wait.
    fn make_room(&mut self) {
        let wanted = self.wanted.clamp(STAGE_MIN, STAGE_MAX);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let crowded = self.buffer.len() - self.end < wanted / 2;
        if self.start > 0 && crowded {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
    }

    /// Gives the buffer back that a chunk took, with `n` more bytes in it.
    fn restore(&mut self, buffer: Vec<u8>, n: usize) {
        self.buffer = buffer;
        self.end = (self.end + n).min(self.buffer.len());
        if self.end == self.buffer.len() {
            self.wanted = self.buffer.len().saturating_mul(2).min(STAGE_MAX);
        }
    }
}

/// Hands out room: the piece that a gather has open, if any, and the stage behind it.
pub(super) fn begin(
    stage: &mut Stage,
    gather: Option<&mut Gather>,
    spares: &mut Spares,
    incarnation: Incarnation,
) -> RecvChunk {
    stage.make_room();
    let (bulk, bulk_from, bulk_only) = match gather {
        Some(gather) if stage.len() == 0 => {
            let (piece, from) = gather.lend(spares);
            let bulk_only = piece.len() > from && piece.len() < gather.planned;
            (piece, from, bulk_only)
        }
        _ => (Vec::new(), 0, false),
    };
    let stage_from = stage.end;
    RecvChunk { incarnation, bulk, bulk_from, stage: mem::take(&mut stage.buffer), stage_from, bulk_only }
}

/// Takes room back with `n` bytes in it.
pub(super) fn end(
    stage: &mut Stage,
    gather: Option<&mut Gather>,
    spares: &mut Spares,
    chunk: RecvChunk,
    n: usize,
) {
    let in_bulk = n.min(chunk.bulk.len() - chunk.bulk_from);
    stage.restore(chunk.stage, n - in_bulk);
    if let Some(gather) = gather.filter(|_| !chunk.bulk.is_empty()) {
        gather.give_back(chunk.bulk, in_bulk, spares);
    }
}

/// Collects a known number of bytes into pieces and sums them as they come. No more is allocated ahead of its bytes than its
/// creator says: pieces are no larger than that, or one piece grows with what comes.
#[derive(Debug)]
pub(crate) struct Gather {
    /// Bytes that are not in a piece yet, the open one included.
    missing: usize,
    /// The piece that is being filled. It is cleared a window at a time.
    open: Vec<u8>,
    /// The size that the open piece will have; 0 where there is none.
    planned: usize,
    /// How many bytes of the open piece are there.
    filled: usize,
    done: BufferList,
    crc: u32,
    summed: bool,
    piece_max: usize,
    /// How much of a piece is allocated before its bytes are there.
    ahead: usize,
    /// Pieces are used again when nobody holds them any more.
    kept: bool,
}

impl Gather {
    /// Collects `length` bytes, with their checksum where `summed`.
    pub(crate) const fn new(length: usize, summed: bool) -> Self {
        Self {
            missing: length,
            open: Vec::new(),
            planned: 0,
            filled: 0,
            done: BufferList::new(),
            crc: 0,
            summed,
            piece_max: PIECE_MAX,
            ahead: PIECE_MAX,
            kept: true,
        }
    }

    /// The same, with a checksum that begins with all bits set, as those of v2 do.
    pub(crate) const fn seeded(mut self) -> Self {
        self.crc = u32::MAX;
        self
    }

    /// The same, with pieces of up to that size.
    pub(crate) const fn in_pieces_of(mut self, piece_max: usize) -> Self {
        (self.piece_max, self.ahead) = (piece_max, piece_max);
        self
    }

    /// The same, in one piece that nobody else holds, of which at most `ahead` bytes are allocated before half as many are
    /// there.
    pub(crate) const fn in_one_piece(mut self, ahead: usize) -> Self {
        (self.piece_max, self.ahead, self.kept) = (self.missing, ahead, false);
        self
    }

    /// Takes what the stage has of it; says whether all bytes are there.
    pub(crate) fn absorb(&mut self, stage: &mut Stage, spares: &mut Spares) -> bool {
        while self.missing > 0 {
            let piece = if self.planned == 0 { self.missing.min(self.piece_max) } else { self.planned };
            let from = stage.take_some(piece - self.filled);
            if from.is_empty() {
                return false;
            }
            if from.len() == piece && self.planned == 0 {
                // All in the stage: one copy, and nothing is cleared beforehand.
                let whole = Bytes::copy_from_slice(from);
                self.sum(&whole);
                self.close(whole);
            } else {
                self.plan(spares);
                self.copy(from, spares);
            }
        }
        true
    }

    /// Opens a piece, if none is open.
    fn plan(&mut self, spares: &mut Spares) {
        if self.planned == 0 {
            self.planned = self.missing.min(self.piece_max);
            let ahead = self.planned.min(self.ahead);
            self.open = spares.reuse(self.planned).unwrap_or_else(|| Vec::with_capacity(ahead));
        }
    }

    /// Makes room for that many bytes in the open piece, by doubling what there is.
    fn grow(&mut self, len: usize) {
        let room = self.open.capacity();
        if room < len {
            let wanted = room.saturating_mul(2).clamp(len, self.planned.max(len));
            self.open.reserve_exact(wanted - self.open.len());
        }
    }

    /// Puts bytes into the open piece: over what is cleared of it already, then behind that.
    fn copy(&mut self, from: &[u8], spares: &mut Spares) {
        let cleared = self.open.len() - self.filled;
        let (over, behind) = from.split_at(from.len().min(cleared));
        if let Some(to) = self.open.get_mut(self.filled..self.filled + over.len()) {
            to.copy_from_slice(over);
        }
        self.grow(self.open.len() + behind.len());
        self.open.extend_from_slice(behind);
        self.advance(from.len(), spares);
    }

    /// The next `n` bytes of the open piece are there. They are summed at once, while the processor has them at hand.
    fn advance(&mut self, n: usize, spares: &mut Spares) {
        let from = self.filled;
        self.filled += n;
        let new = self.open.get(from..self.filled).unwrap_or_default();
        if self.summed {
            self.crc = crc32c(self.crc, new);
        }
        if self.planned > 0 && self.filled == self.planned {
            (self.filled, self.planned) = (0, 0);
            let whole = Bytes::from(mem::take(&mut self.open));
            if self.kept {
                spares.keep(&whole);
            }
            self.close(whole);
        }
    }

    fn sum(&mut self, bytes: &[u8]) {
        if self.summed {
            self.crc = crc32c(self.crc, bytes);
        }
    }

    fn close(&mut self, piece: Bytes) {
        self.missing -= piece.len();
        self.done.push(piece);
    }

    /// Gives the open piece to a reader, where enough of it is missing: with a window behind what is there.
    fn lend(&mut self, spares: &mut Spares) -> (Vec<u8>, usize) {
        if self.missing - self.filled < DIRECT_MIN {
            return (Vec::new(), 0);
        }
        self.plan(spares);
        if self.open.len() == self.filled {
            let len = self.planned.min(self.filled + WINDOW);
            self.grow(len);
            self.open.resize(len, 0);
        }
        (mem::take(&mut self.open), self.filled)
    }

    fn give_back(&mut self, piece: Vec<u8>, n: usize, spares: &mut Spares) {
        self.open = piece;
        self.advance(n, spares);
    }

    /// How much of the next piece would be allocated before its bytes are there.
    #[cfg(test)]
    pub(crate) fn ahead(&self) -> usize {
        self.missing.min(self.piece_max).min(self.ahead)
    }

    /// The bytes and their checksum, 0 where it was not wanted.
    pub(crate) fn finish(self) -> (BufferList, u32) {
        (self.done, self.crc)
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::vec;

    use super::*;
    use crate::throttle::Throttle;

    fn spares() -> Spares {
        Spares::new(Arc::new(Throttle::new(0)))
    }

    /// Feeds bytes through chunks of the stage and a gather, `step` at a time.
    fn gather(bytes: &[u8], step: usize) -> (BufferList, u32, Stage) {
        let mut stage = Stage::default();
        let mut gather = Gather::new(bytes.len(), true);
        let mut spares = spares();
        let mut rest = bytes;
        while !gather.absorb(&mut stage, &mut spares) {
            let mut chunk = begin(&mut stage, Some(&mut gather), &mut spares, Incarnation(0));
            let n = chunk.fill(&rest[..rest.len().min(step)]);
            rest = &rest[n..];
            end(&mut stage, Some(&mut gather), &mut spares, chunk, n);
        }
        let (list, crc) = gather.finish();
        (list, crc, stage)
    }

    #[test]
    fn any_chopping_gives_the_same_bytes_and_checksum() {
        let bytes: Vec<u8> = (0..(PIECE_MAX + 9_999)).map(|i| u8::try_from(i % 251).unwrap()).collect();
        for step in [1_000, 4_096, 70_000, usize::MAX] {
            let (list, crc, _) = gather(&bytes, step);
            assert_eq!(list.to_contiguous(), bytes);
            assert_eq!(crc, crc32c(0, &bytes));
        }
        let (list, _, _) = gather(&bytes[..5], 1);
        assert_eq!(list.to_contiguous(), bytes[..5]);
    }

    #[test]
    fn bulk_is_not_copied_through_the_stage_and_comes_in_bounded_pieces() {
        let bytes = vec![7; 3 * PIECE_MAX];
        let (list, _, stage) = gather(&bytes, usize::MAX);
        assert_eq!(list.pieces().iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE_MAX; 3]);
        assert!(stage.buffer.len() <= STAGE_MAX);
    }

    #[test]
    fn one_piece_grows_with_what_comes_and_is_held_by_nobody_else() {
        const LEN: usize = 5 * PIECE_MAX + 77;
        let (mut stage, mut spares) = (Stage::default(), Spares::new(Arc::new(Throttle::new(64 << 20))));
        let mut gather = Gather::new(LEN, false).in_one_piece(PIECE_MAX);
        let mut came = 0;
        while !gather.absorb(&mut stage, &mut spares) {
            let mut chunk = begin(&mut stage, Some(&mut gather), &mut spares, Incarnation(0));
            assert!(chunk.bulk.capacity() <= PIECE_MAX.max(2 * (came + WINDOW)), "{came} bytes came");
            let n = chunk.fill(&vec![7; chunk.room().min(LEN - came)]);
            came += n;
            end(&mut stage, Some(&mut gather), &mut spares, chunk, n);
        }
        let mut pieces = gather.finish().0.into_pieces();
        assert_eq!(pieces.len(), 1);
        let piece = pieces.next().unwrap().try_into_mut().unwrap();
        assert_eq!(piece.len(), LEN);
        assert!(piece.capacity() == LEN && piece.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn a_full_stage_grows_to_its_limit_and_keeps_its_bytes() {
        let mut stage = Stage::default();
        for _ in 0..6 {
            let mut chunk = begin(&mut stage, None, &mut spares(), Incarnation(0));
            let room = chunk.room();
            assert_eq!(chunk.fill(&vec![1; room]), room);
            end(&mut stage, None, &mut spares(), chunk, room);
            let held = stage.len();
            assert!(stage.take(held - 1).unwrap().iter().all(|b| *b == 1));
        }
        assert_eq!(stage.len(), 1);
        assert_eq!(stage.buffer.len(), STAGE_MAX);
    }
}
