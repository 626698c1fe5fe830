//! Bytes on their way in one direction of a stream.

use std::collections::VecDeque;
use std::io::Read as _;

use loligo_base::Prng;

use super::MemoryOptions;

/// What one end wrote and the other one has not read.
#[derive(Debug)]
pub(super) struct Flow {
    bytes: VecDeque<u8>,
    /// How many bytes there may be.
    room: usize,
    /// The writer was told that there is no room.
    is_wanted: bool,
    /// The writer writes no more.
    pub(super) is_ended: bool,
    /// The reader reads no more.
    pub(super) is_deaf: bool,
    dice: Dice,
}

/// In which pieces bytes move, and for how long. Those who write and those who read have dice of their own: who of them
/// comes first does not change what the others draw.
#[derive(Debug)]
struct Dice {
    writes: Prng,
    reads: Prng,
    /// The largest piece; 0 for any.
    piece: usize,
    /// How many bytes may pass before the stream is cut.
    left: Option<u64>,
}

impl Flow {
    /// With room for so many bytes; the dice are drawn from `prng`.
    pub(super) fn new(room: usize, options: &MemoryOptions, prng: &mut Prng) -> Self {
        let left = (options.cut_after > 0).then(|| prng.below(options.cut_after) + 1);
        let dice = Dice { writes: prng.fork(), reads: prng.fork(), piece: options.piece, left };
        let bytes = VecDeque::new();
        Self { bytes, room: room.max(1), is_wanted: false, is_ended: false, is_deaf: false, dice }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether the last byte that may pass did.
    pub(super) fn is_spent(&self) -> bool {
        self.dice.left == Some(0)
    }

    /// Takes bytes from the writer, all or some; `None` while there is no room.
    pub(super) fn put(&mut self, pieces: &mut dyn Iterator<Item = &[u8]>) -> Option<usize> {
        let room = self.room.saturating_sub(self.bytes.len());
        if room == 0 {
            self.is_wanted = true;
            return None;
        }
        let most = self.dice.most_written(room);
        let mut left = most;
        for piece in pieces {
            let now = piece.get(..left).unwrap_or(piece);
            self.bytes.extend(now);
            left -= now.len();
            if left == 0 {
                break;
            }
        }
        self.dice.count(most - left);
        Some(most - left)
    }

    /// Gives bytes to the reader; how many.
    pub(super) fn take(&mut self, parts: [&mut [u8]; 2]) -> usize {
        let most = self.dice.most_read(self.bytes.len());
        let mut left = most;
        for mut part in parts {
            while left > 0 && !part.is_empty() {
                let room = part.len().min(left);
                let Some(now) = part.get_mut(..room) else { break };
                // A queue can always be read.
                let n = self.bytes.read(now).unwrap_or(0);
                left -= n;
                part = part.get_mut(n..).unwrap_or_default();
            }
        }
        most - left
    }

    /// Whether the writer is to hear of room: it waits for some, and at least half of it is free.
    pub(super) fn has_room_again(&mut self) -> bool {
        self.bytes.len() <= self.room / 2 && std::mem::take(&mut self.is_wanted)
    }

    /// What was not read never will be; says whether there was something.
    pub(super) fn discard(&mut self) -> bool {
        let had = !self.bytes.is_empty();
        self.bytes = VecDeque::new();
        had
    }
}

impl Dice {
    fn most_written(&mut self, room: usize) -> usize {
        let most = Self::draw(self.piece, &mut self.writes, room);
        self.left.map_or(most, |left| most.min(usize::try_from(left).unwrap_or(most)))
    }

    fn most_read(&mut self, len: usize) -> usize {
        Self::draw(self.piece, &mut self.reads, len)
    }

    /// How many of `n` bytes move at once: one at least, where there are some.
    fn draw(piece: usize, prng: &mut Prng, n: usize) -> usize {
        if piece == 0 { n } else { prng.index(piece).map_or(n, |index| n.min(index + 1)) }
    }

    fn count(&mut self, n: usize) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(u64::try_from(n).unwrap_or(u64::MAX));
        }
    }
}
