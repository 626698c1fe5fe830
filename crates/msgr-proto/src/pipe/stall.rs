//! A message that stops half-way.

use core::time::Duration;

use loligo_base::Mono;

/// With so many bytes more, a message that is being read has gone on. A peer that sends single bytes has not; one of a
/// hundred on a line of a megabit a second has.
const STEP: usize = 4 << 10;

/// Watches that a message goes on once it has begun. It takes its whole size of the throttles before its bytes come, so
/// that they fit into memory when they do; a peer that stops half-way would keep that from all others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StallWatch {
    reading: Option<Reading>,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The number of the message.
    seq: u64,
    /// When the message must have ended, or gone on by a step.
    deadline: Mono,
    /// How much of the step came.
    bytes: usize,
}

impl StallWatch {
    /// Bytes came.
    pub(super) const fn came(&mut self, n: usize) {
        if let Some(reading) = &mut self.reading {
            reading.bytes = reading.bytes.saturating_add(n);
        }
    }

    /// The message of that number is being read now, or none.
    pub(super) fn look(&mut self, now: Mono, message: Option<u64>, timeout: Duration) {
        let goes_on = |reading: &Reading| Some(reading.seq) == message && reading.bytes < STEP;
        if !self.reading.as_ref().is_some_and(goes_on) {
            self.reading = message.map(|seq| Reading { seq, deadline: now + timeout, bytes: 0 });
        }
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        self.reading.map(|reading| reading.deadline)
    }
}
