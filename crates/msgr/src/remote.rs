//! What other threads tell the reactor.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use loligo_base::Mono;
use loligo_wire::entity::AddrType;
use mio::{Poll, Token, Waker};

use crate::cell::Cell;
use crate::mailbox::{Mailbox, NEVER};

/// The reactor's own wake-ups come under this name.
pub(crate) const WAKE: Token = Token(0);

/// What the reactor is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Open the pipe's connection.
    Dial(Arc<Cell>),
    /// See to events, reading and timers of the pipe.
    Service(Arc<Cell>),
    /// Write what the pipe has.
    Flush(Arc<Cell>),
    /// Work on the endpoint's inbox.
    Run,
    /// Close the pipe's socket.
    Close(Arc<Cell>),
    /// Take calls, in that protocol.
    Listen(mio::net::TcpListener, AddrType),
    /// Take no more calls, and reset all connections.
    MarkDownAll,
    /// End.
    Stop,
}

/// The way to the reactor from any thread. Many wishes become one wake-up.
#[derive(Debug)]
pub(crate) struct Remote {
    waker: Waker,
    mailbox: Mailbox<Command>,
    /// When the reactor last looked at the wishes, in nanoseconds.
    looked: AtomicU64,
}

/// A reactor that has not looked at the wishes for so long is at something that may take long.
const BUSY: Duration = Duration::from_micros(200);

impl Remote {
    pub(crate) fn new(poll: &Poll) -> io::Result<Self> {
        Ok(Self {
            waker: Waker::new(poll.registry(), WAKE)?,
            mailbox: Mailbox::new(),
            looked: AtomicU64::new(0),
        })
    }

    /// Leaves a pipe to be written to a reactor that is awake: it writes before it sleeps, all that came until then in
    /// one go, and need not be woken. False when it may be asleep, or busy: then the caller writes.
    pub(crate) fn leave(&self, cell: &Arc<Cell>, now: Mono) -> bool {
        let looked = Mono::from_nanos(self.looked.load(Ordering::Relaxed));
        if self.mailbox.sleeps() || now.saturating_since(looked) > BUSY {
            return false;
        }
        if cell.leave() {
            self.tell(Command::Flush(Arc::clone(cell)));
        }
        !self.mailbox.sleeps()
    }

    /// Leaves a wish, and wakes the reactor where it sleeps.
    pub(crate) fn tell(&self, command: Command) {
        if self.mailbox.push(command) {
            self.wake();
        }
    }

    /// The endpoint wants to be called at that time. Says whether the reactor sleeps longer, and must be woken.
    pub(crate) fn endpoint_due(&self, at: Option<Mono>) -> bool {
        self.mailbox.wanted_at(at.map_or(NEVER, Mono::as_nanos))
    }

    /// Wakes the reactor.
    pub(crate) fn wake(&self) {
        // Without the wake-up the wish waits for the next event: nothing better can be done.
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "the reactor cannot be woken");
            self.mailbox.not_woken();
        }
    }

    /// Takes all wishes. Only the reactor does that.
    pub(crate) fn take(&self, now: Mono, into: &mut Vec<Command>) {
        self.looked.store(now.as_nanos(), Ordering::Relaxed);
        self.mailbox.take(into);
    }

    /// The reactor is about to sleep: gives how long it may, until `timer` or what the endpoint wants.
    pub(crate) fn sleep(&self, now: Mono, timer: Option<Mono>) -> Option<Duration> {
        match self.mailbox.sleep(timer.map_or(NEVER, Mono::as_nanos)) {
            None => Some(Duration::ZERO),
            Some(NEVER) => None,
            // A timer of the system may fire a little early; a nanosecond more is rounded up to what it can count.
            Some(until) => Some(Mono::from_nanos(until).saturating_since(now) + Duration::from_nanos(1)),
        }
    }

    /// The reactor is awake.
    pub(crate) fn awake(&self, now: Mono) {
        self.looked.store(now.as_nanos(), Ordering::Relaxed);
        self.mailbox.awake();
    }
}
