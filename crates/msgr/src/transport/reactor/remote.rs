//! What other threads tell a reactor.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use loligo_base::Mono;
use mio::{Poll, Token, Waker};

use crate::mailbox::{Mailbox, NEVER};
use crate::transport::{Line, Listener};

/// The reactor's own wake-ups come under this name.
pub(super) const WAKE: Token = Token(0);

/// What the reactor is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Open the line's connection.
    Dial(Arc<Line>),
    /// The line has a stream.
    Adopt(Arc<Line>),
    /// The stream of the first is now that of the second, which may be at home elsewhere.
    HandOver(Arc<Line>, Arc<Line>),
    /// See to events, reading and timers of the line.
    Service(Arc<Line>),
    /// Write what the line's pipe has.
    Flush(Arc<Line>),
    /// Work on the endpoint's inbox.
    Run,
    /// Forget the line.
    Close(Arc<Line>),
    /// Take calls.
    Listen(Listener),
    /// Take no more calls.
    Unlisten,
    /// End.
    Stop,
}

/// What a reactor keeps of a line.
#[derive(Debug)]
pub(super) struct Seat {
    /// The reactor that it is at home at, by its place among them.
    pub(super) home: usize,
    /// The name that the line has there.
    pub(super) token: usize,
    /// The reactor was asked to write.
    left: AtomicBool,
    /// How often callers wrote in a row, and when they last did, in nanoseconds.
    in_a_row: AtomicU32,
    wrote: AtomicU64,
}

impl Seat {
    pub(super) const fn new(home: usize, token: usize) -> Self {
        Self {
            home,
            token,
            left: AtomicBool::new(false),
            in_a_row: AtomicU32::new(0),
            wrote: AtomicU64::new(0),
        }
    }

    /// A caller is about to write. Says whether so many did, each shortly after the one before, that it is better left to the
    /// reactor although that must be woken. Two callers at once may be counted as one.
    fn is_rush(&self, now: Mono) -> bool {
        let before = Mono::from_nanos(self.wrote.swap(now.as_nanos(), Ordering::Relaxed));
        let so_far =
            if now.saturating_since(before) < RUSH { self.in_a_row.load(Ordering::Relaxed) } else { 0 };
        self.in_a_row.store(so_far.saturating_add(1), Ordering::Relaxed);
        so_far >= IN_A_ROW_MAX
    }

    /// Asks the reactor to write. False when somebody else did, and it has not yet.
    fn leave(&self) -> bool {
        !self.left.swap(true, Ordering::SeqCst)
    }

    /// The reactor is about to write: what is sent from now on must ask again.
    pub(super) fn taken(&self) {
        self.left.store(false, Ordering::SeqCst);
    }
}

/// The way to a reactor from any thread. Many wishes become one wake-up.
#[derive(Debug)]
pub(super) struct Remote {
    waker: Waker,
    mailbox: Mailbox<Command>,
    /// When the reactor last looked at the wishes, in nanoseconds.
    looked: AtomicU64,
    /// Names that were given.
    tokens: AtomicUsize,
}

/// A reactor that has not looked at the wishes for so long is at something that may take long.
const BUSY: Duration = Duration::from_micros(200);
/// Who sends that soon again is likely to send more. To wake the reactor takes about as long as to write a few times.
const RUSH: Duration = Duration::from_micros(10);
const IN_A_ROW_MAX: u32 = 4;

impl Remote {
    pub(super) fn new(poll: &Poll) -> io::Result<Self> {
        Ok(Self {
            waker: Waker::new(poll.registry(), WAKE)?,
            mailbox: Mailbox::new(),
            looked: AtomicU64::new(0),
            tokens: AtomicUsize::new(WAKE.0 + 1),
        })
    }

    /// A name that nothing has had.
    pub(super) fn token(&self) -> usize {
        self.tokens.fetch_add(1, Ordering::Relaxed)
    }

    /// Leaves a pipe to be written to a reactor that is awake: it writes before it sleeps, all that came until then in
    /// one go, and need not be woken. False when it may be asleep, or busy: then the caller writes. One that sleeps is woken for
    /// whoever sends much.
    pub(super) fn leave(&self, line: &Arc<Line>, seat: &Seat, now: Mono) -> bool {
        if self.mailbox.sleeps() {
            let is_rush = seat.is_rush(now);
            if is_rush && seat.leave() {
                self.tell(Command::Flush(Arc::clone(line)));
            }
            return is_rush;
        }
        let looked = Mono::from_nanos(self.looked.load(Ordering::Relaxed));
        if now.saturating_since(looked) > BUSY {
            return false;
        }
        if seat.leave() {
            self.tell(Command::Flush(Arc::clone(line)));
        }
        !self.mailbox.sleeps()
    }

    /// Leaves a wish, and wakes the reactor where it sleeps.
    pub(super) fn tell(&self, command: Command) {
        if self.mailbox.push(command) {
            self.wake();
        }
    }

    /// The endpoint wants to be called at that time. Says whether the reactor sleeps longer, and must be woken.
    pub(super) fn wanted_at(&self, at: Option<Mono>) -> bool {
        self.mailbox.wanted_at(at.map_or(NEVER, Mono::as_nanos))
    }

    /// Wakes the reactor.
    pub(super) fn wake(&self) {
        // Without the wake-up the wish waits for the next event: nothing better can be done.
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "the reactor cannot be woken");
            self.mailbox.not_woken();
        }
    }

    /// Takes all wishes. Only the reactor does that.
    pub(super) fn take(&self, now: Mono, into: &mut Vec<Command>) {
        self.looked.store(now.as_nanos(), Ordering::Relaxed);
        self.mailbox.take(into);
    }

    /// The reactor is about to sleep: gives how long it may, until `timer` or what the endpoint wants.
    pub(super) fn sleep(&self, now: Mono, timer: Option<Mono>) -> Option<Duration> {
        self.mailbox.pause(now, timer)
    }

    /// The reactor is awake.
    pub(super) fn awake(&self, now: Mono) {
        self.looked.store(now.as_nanos(), Ordering::Relaxed);
        self.mailbox.awake();
    }
}
