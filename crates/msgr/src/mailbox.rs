//! Wishes of many threads for one that sleeps.

use core::time::Duration;

use loligo_base::Mono;

use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, fence, lock};

/// Not asleep.
const AWAKE: u64 = 0;
/// The end of a sleep that only a wake-up ends.
pub(crate) const NEVER: u64 = u64::MAX;

/// Wishes, and how long their reader sleeps, in nanoseconds of the node's clock.
///
/// The reader first says that it sleeps and then looks at what there is; others first leave something and then look
/// whether it sleeps. So one of the two is always seen, and nobody who finds the reader awake has to wake it.
#[derive(Debug)]
pub(crate) struct Mailbox<C> {
    wishes: Mutex<Vec<C>>,
    /// Until when the reader sleeps, or [`AWAKE`].
    sleeps_until: AtomicU64,
    /// Somebody wakes it already.
    woken: AtomicBool,
    /// When the reader is wanted without a wish.
    due: AtomicU64,
}

impl<C> Mailbox<C> {
    pub(crate) fn new() -> Self {
        Self {
            wishes: Mutex::new(Vec::new()),
            sleeps_until: AtomicU64::new(AWAKE),
            woken: AtomicBool::new(false),
            due: AtomicU64::new(NEVER),
        }
    }

    /// Leaves a wish. Says whether the caller must wake the reader.
    #[must_use = "the reader may sleep"]
    pub(crate) fn push(&self, wish: C) -> bool {
        lock(&self.wishes).push(wish);
        self.sleeps() && !self.woken.swap(true, Ordering::SeqCst)
    }

    /// Whether the reader may be asleep.
    pub(crate) fn sleeps(&self) -> bool {
        self.sleeps_until.load(Ordering::SeqCst) != AWAKE
    }

    /// The reader is wanted at that time, and no longer at the one said before. Says whether the caller must wake it.
    #[must_use = "the reader may sleep too long"]
    pub(crate) fn wanted_at(&self, due: u64) -> bool {
        // Most calls do not move it: a plain load is then all that is paid.
        if self.due.load(Ordering::Relaxed) == due {
            return false;
        }
        self.due.store(due, Ordering::SeqCst);
        // Against the one in `sleep`: either that sees the time, or this sees the sleep.
        fence(Ordering::SeqCst);
        due < self.sleeps_until.load(Ordering::SeqCst) && !self.woken.swap(true, Ordering::SeqCst)
    }

    /// The attempt to wake the reader failed: the next one is to try again.
    pub(crate) fn not_woken(&self) {
        self.woken.store(false, Ordering::SeqCst);
    }

    /// The reader goes to sleep, until `timer` at most: gives until when it may; `None` when there is something to do.
    pub(crate) fn sleep(&self, timer: u64) -> Option<u64> {
        self.sleeps_until.store(timer.min(self.due.load(Ordering::SeqCst)), Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if !lock(&self.wishes).is_empty() {
            return None;
        }
        Some(timer.min(self.due.load(Ordering::SeqCst)))
    }

    /// The same, as how long from `now` the reader may sleep: `None` for as long as nobody wakes it, nothing where there is
    /// something to do.
    pub(crate) fn pause(&self, now: Mono, timer: Option<Mono>) -> Option<Duration> {
        match self.sleep(timer.map_or(NEVER, Mono::as_nanos)) {
            None => Some(Duration::ZERO),
            Some(NEVER) => None,
            // A timer of the system may fire a little early; a nanosecond more is rounded up to what it can count.
            Some(until) => Some(Mono::from_nanos(until).saturating_since(now) + Duration::from_nanos(1)),
        }
    }

    /// The reader is awake, and will look at the wishes.
    pub(crate) fn awake(&self) {
        self.sleeps_until.store(AWAKE, Ordering::SeqCst);
        self.woken.store(false, Ordering::SeqCst);
    }

    /// Takes all wishes.
    pub(crate) fn take(&self, into: &mut Vec<C>) {
        into.append(&mut lock(&self.wishes));
    }
}
