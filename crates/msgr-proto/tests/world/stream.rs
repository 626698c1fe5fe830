//! A stream of bytes between two hosts.

use std::collections::VecDeque;

use super::HostId;
use super::script::Held;
use super::tap::{Item, Tap};

/// One end of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) host: HostId,
    pub(crate) slot: usize,
}

/// A stream: its ends, that of the caller first, and what is on its way to each.
pub(crate) struct Stream {
    /// `None` where it was closed.
    pub(crate) ends: [Option<End>; 2],
    bytes: [VecDeque<u8>; 2],
    /// Finds the items of the stream, where the test wants to know them.
    pub(crate) tap: Option<Tap>,
    /// What each end has written and was not let through yet, and whether the script was asked about the first.
    pub(crate) out: [VecDeque<Item>; 2],
    pub(crate) asked: [bool; 2],
    /// The items on their way to each end: how much is left, and whether the script was asked.
    pub(crate) marks: [VecDeque<Mark>; 2],
    /// An end that waits.
    pub(crate) held: [Option<Held>; 2],
}

/// An item on its way.
pub(crate) struct Mark {
    pub(crate) name: &'static str,
    left: usize,
    pub(crate) asked: bool,
}

impl Stream {
    pub(crate) fn new(ends: [End; 2], tap: Option<Tap>) -> Self {
        Self {
            ends: ends.map(Some),
            bytes: Default::default(),
            tap,
            out: Default::default(),
            asked: [false; 2],
            marks: Default::default(),
            held: [None; 2],
        }
    }

    /// An item goes on its way.
    pub(crate) fn push_item(&mut self, to: usize, item: Item) {
        if self.ends[to].is_some() {
            self.marks[to].push_back(Mark { name: item.name, left: item.bytes.len(), asked: false });
            self.push(to, item.bytes);
        }
    }

    /// The next item that an end reads is another one.
    pub(crate) fn swap(&mut self, to: usize, bytes: &[u8]) {
        if let Some(mark) = self.marks[to].front_mut() {
            self.bytes[to].drain(..mark.left);
            bytes.iter().rev().for_each(|byte| self.bytes[to].push_front(*byte));
            mark.left = bytes.len();
        }
    }

    /// How much may be read at once: an item at most.
    pub(crate) fn readable(&self, to: usize) -> usize {
        if self.tap.is_none() {
            return usize::MAX;
        }
        self.marks[to].front().map_or(0, |mark| mark.left)
    }

    pub(crate) fn has(&self, host: HostId) -> bool {
        self.ends.iter().flatten().any(|end| end.host == host)
    }

    pub(crate) fn push(&mut self, to: usize, bytes: Vec<u8>) {
        if self.ends[to].is_some() {
            self.bytes[to].extend(bytes);
        }
    }

    pub(crate) fn front(&mut self, to: usize, n: usize) -> &[u8] {
        let n = n.min(self.bytes[to].len());
        &self.bytes[to].make_contiguous()[..n]
    }

    pub(crate) fn pop(&mut self, to: usize, n: usize) {
        self.bytes[to].drain(..n);
        if let Some(mark) = self.marks[to].front_mut() {
            mark.left -= n;
            if mark.left == 0 {
                self.marks[to].pop_front();
            }
        }
    }

    /// The other end is closed, and all that it sent was read.
    pub(crate) fn is_at_end(&self, end: usize) -> bool {
        self.ends[1 - end].is_none() && self.bytes[end].is_empty()
    }

    pub(crate) fn close(&mut self, host: HostId) {
        for (n, (end, bytes)) in self.ends.iter_mut().zip(&mut self.bytes).enumerate() {
            if end.is_some_and(|end| end.host == host) {
                *end = None;
                bytes.clear();
                self.marks[n].clear();
                self.out[n].clear();
            }
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ends.iter().all(Option::is_none)
    }

    pub(crate) fn move_to(&mut self, host: HostId, slot: usize) {
        for end in self.ends.iter_mut().flatten().filter(|end| end.host == host) {
            end.slot = slot;
        }
    }
}
