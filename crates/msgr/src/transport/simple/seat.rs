//! What the transport keeps of a line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::reaper::Reaper;
use crate::bell::Bell;
use crate::transport::{Host, Line, Scratch};
use crate::turn::Turn;

/// A line's place: what its two threads sleep on, and what they are told.
pub(super) struct Seat {
    /// The name of its timer.
    key: u64,
    host: Weak<dyn Host>,
    pub(super) reader: Bell,
    pub(super) writer: Bell,
    /// Held by the thread that tells the line's events.
    telling: Turn<Scratch>,
    /// It has its threads.
    seated: AtomicBool,
    dial: AtomicBool,
    over: AtomicBool,
}

impl Seat {
    pub(super) fn new(reaper: &Reaper, host: &Arc<dyn Host>) -> Self {
        Self {
            key: reaper.next_key(),
            host: Arc::downgrade(host),
            reader: Bell::default(),
            writer: Bell::default(),
            telling: Turn::default(),
            seated: AtomicBool::new(false),
            dial: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// That of a line, if it has one.
    pub(super) fn of(line: &Line) -> Option<&Self> {
        line.seat_if_any()
    }

    pub(super) const fn key(&self) -> u64 {
        self.key
    }

    /// Whether it is the first who asks, and has to make the threads.
    pub(super) fn sit(&self) -> bool {
        !self.seated.swap(true, Ordering::SeqCst)
    }

    /// Both threads are to look at the line.
    pub(super) fn ring(&self) {
        self.reader.ring();
        self.writer.ring();
    }

    /// The writer is to open a stream.
    pub(super) fn want_stream(&self) {
        self.dial.store(true, Ordering::SeqCst);
        self.writer.ring();
    }

    /// Whether a stream was asked for since this was asked.
    pub(super) fn wants_stream(&self) -> bool {
        self.dial.swap(false, Ordering::SeqCst)
    }

    /// Its threads are to end.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.ring();
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Tells what happened on the line, unless another thread does, which then tells all.
    pub(super) fn tell(&self, line: &Arc<Line>) {
        let Some(host) = self.host.upgrade().filter(|_| line.has_events()) else { return };
        let pump = |scratch: &mut Scratch, (): &mut ()| host.pump(line, scratch);
        let _ = self.telling.take(usize::MAX, &mut (), pump, |()| {}, || line.has_events());
    }
}
