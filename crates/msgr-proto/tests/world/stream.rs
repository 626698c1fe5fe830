//! A stream of bytes between two hosts.

use std::collections::VecDeque;

use super::HostId;

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
}

impl Stream {
    pub(crate) fn new(ends: [End; 2]) -> Self {
        Self { ends: ends.map(Some), bytes: Default::default() }
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
    }

    /// The other end is closed, and all that it sent was read.
    pub(crate) fn is_at_end(&self, end: usize) -> bool {
        self.ends[1 - end].is_none() && self.bytes[end].is_empty()
    }

    pub(crate) fn close(&mut self, host: HostId) {
        for (end, bytes) in self.ends.iter_mut().zip(&mut self.bytes) {
            if end.is_some_and(|end| end.host == host) {
                *end = None;
                bytes.clear();
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
