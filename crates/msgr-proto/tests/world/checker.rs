//! What a peer may see of what was sent: a checker that knows loss, repetition and order.

use std::collections::BTreeMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// One way that messages take: a connection as one end of it names it, in one direction.
pub(crate) type Way = (usize, u64);

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Messages were sent, and did not come.
    Lost { way: Way, last: u64, next: u64 },
    /// A message came twice.
    Doubled { way: Way, number: u64 },
    /// A message came after one that was sent later.
    Reordered { way: Way, number: u64, after: u64 },
    /// A message came that nobody sent.
    Invented { way: Way, number: u64 },
}

/// What is promised of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// All that was sent comes, once and in order.
    All,
    /// What comes, comes once and in order.
    AtMostOnce,
}

#[derive(Debug, Default)]
struct Track {
    sent: u64,
    /// The numbers that came, in order.
    came: Vec<u64>,
}

/// Numbers what is sent on each way, and looks at what comes.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    tracks: BTreeMap<Way, Track>,
}

impl Checker {
    /// The content of the next message on a way.
    pub(crate) fn next(&mut self, way: Way) -> Bytes {
        let track = self.tracks.entry(way).or_default();
        track.sent += 1;
        content(way, track.sent)
    }

    /// A message came.
    pub(crate) fn came(&mut self, mut content: &[u8]) {
        let way = (usize::try_from(content.get_u64_le()).unwrap(), content.get_u64_le());
        let number = content.get_u64_le();
        self.tracks.entry(way).or_default().came.push(number);
    }

    /// How many messages were sent, and how many came.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let sent = self.tracks.values().map(|track| track.sent).sum();
        (sent, self.tracks.values().map(|track| track.came.len() as u64).sum())
    }

    /// All that is not as it was promised, when everything has come to rest.
    pub(crate) fn violations(&self, promise: Promise) -> Vec<Violation> {
        self.tracks.iter().flat_map(|(way, track)| track.violations(*way, promise)).collect()
    }
}

impl Track {
    fn violations(&self, way: Way, promise: Promise) -> Vec<Violation> {
        let mut all = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut last = 0;
        for number in self.came.iter().copied() {
            if number == 0 || number > self.sent {
                all.push(Violation::Invented { way, number });
            } else if !seen.insert(number) {
                all.push(Violation::Doubled { way, number });
            } else if number < last {
                all.push(Violation::Reordered { way, number, after: last });
            }
            last = last.max(number);
        }
        let mut before = 0;
        for number in seen.into_iter().chain([self.sent + 1]) {
            if promise == Promise::All && number != before + 1 {
                all.push(Violation::Lost { way, last: before, next: number });
            }
            before = number;
        }
        all
    }
}

/// What a message of that number on that way says.
pub(crate) fn content(way: Way, number: u64) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u64_le(way.0 as u64);
    bytes.put_u64_le(way.1);
    bytes.put_u64_le(number);
    bytes.freeze()
}
