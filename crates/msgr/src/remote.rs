//! What other threads tell the reactor.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loligo_base::Mono;
use mio::{Poll, Token, Waker};

use crate::cell::Cell;
use crate::sync::lock;

/// The reactor's own wake-ups come under this name.
pub(crate) const WAKE: Token = Token(0);

/// Not asleep.
const AWAKE: u64 = 0;
/// Never.
const NEVER: u64 = u64::MAX;

/// What the reactor is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Open the pipe's connection.
    Dial(Arc<Cell>),
    /// See to events, reading and timers of the pipe.
    Service(Arc<Cell>),
    /// Write what the pipe has.
    Flush(Arc<Cell>),
    /// Close the pipe's socket.
    Close(Arc<Cell>),
    /// Take calls.
    Listen(mio::net::TcpListener),
    /// Take no more calls, and reset all connections.
    MarkDownAll,
    /// End.
    Stop,
}

/// The way to the reactor from any thread. Many wishes become one wake-up.
#[derive(Debug)]
pub(crate) struct Remote {
    waker: Waker,
    woken: AtomicBool,
    commands: Mutex<Vec<Command>>,
    /// Until when the reactor sleeps, or [`AWAKE`].
    sleeps_until: AtomicU64,
    /// When the endpoint wants to be called.
    endpoint_due: AtomicU64,
}

impl Remote {
    pub(crate) fn new(poll: &Poll) -> io::Result<Self> {
        Ok(Self {
            waker: Waker::new(poll.registry(), WAKE)?,
            woken: AtomicBool::new(false),
            commands: Mutex::default(),
            sleeps_until: AtomicU64::new(AWAKE),
            endpoint_due: AtomicU64::new(NEVER),
        })
    }

    /// Leaves a pipe to be written to a reactor that is awake: it writes before it sleeps, all that came until then in
    /// one go, and need not be woken. False when it may be asleep: then the caller writes.
    pub(crate) fn leave(&self, cell: &Arc<Cell>) -> bool {
        if self.sleeps() {
            return false;
        }
        if cell.leave() {
            lock(&self.commands).push(Command::Flush(Arc::clone(cell)));
        }
        // It first says that it sleeps and then looks at the wishes: one of the two is seen.
        !self.sleeps()
    }

    fn sleeps(&self) -> bool {
        self.sleeps_until.load(Ordering::SeqCst) != AWAKE
    }

    /// Leaves a wish and wakes the reactor.
    pub(crate) fn tell(&self, command: Command) {
        lock(&self.commands).push(command);
        self.wake();
    }

    /// Wakes the reactor, unless somebody did and it has not looked yet.
    pub(crate) fn wake(&self) {
        if !self.woken.swap(true, Ordering::SeqCst) {
            // Without the wake-up the wish waits for the next event: nothing better can be done.
            if let Err(error) = self.waker.wake() {
                tracing::error!(%error, "the reactor cannot be woken");
                self.woken.store(false, Ordering::SeqCst);
            }
        }
    }

    /// Takes all wishes. Only the reactor does that.
    pub(crate) fn take(&self, into: &mut Vec<Command>) {
        self.woken.store(false, Ordering::SeqCst);
        into.append(&mut lock(&self.commands));
    }

    /// The endpoint wants to be called at that time. Says whether the reactor would sleep longer, and must be woken.
    pub(crate) fn endpoint_due(&self, at: Option<Mono>) -> bool {
        let at = at.map_or(NEVER, Mono::as_nanos);
        // Most calls do not move it: a plain load is then all that is paid.
        if self.endpoint_due.load(Ordering::Relaxed) == at {
            return false;
        }
        self.endpoint_due.store(at, Ordering::SeqCst);
        at < self.sleeps_until.load(Ordering::SeqCst)
    }

    /// The reactor is about to sleep: gives how long it may, until `timer` or what the endpoint wants.
    pub(crate) fn sleep(&self, now: Mono, timer: Option<Mono>) -> Option<Duration> {
        let timer = timer.map_or(NEVER, Mono::as_nanos);
        // First say until when, then look at what the endpoint wants: whoever moves it either is seen or wakes us.
        self.sleeps_until.store(timer.min(self.endpoint_due.load(Ordering::SeqCst)), Ordering::SeqCst);
        if !lock(&self.commands).is_empty() {
            return Some(Duration::ZERO);
        }
        let until = timer.min(self.endpoint_due.load(Ordering::SeqCst));
        // A timer of the system may fire a little early; a nanosecond more is rounded up to what it can count.
        (until != NEVER).then(|| Mono::from_nanos(until).saturating_since(now) + Duration::from_nanos(1))
    }

    /// The reactor is awake.
    pub(crate) fn awake(&self) {
        self.sleeps_until.store(AWAKE, Ordering::SeqCst);
    }
}
