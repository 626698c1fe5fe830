//! What a thread sleeps on.

use std::sync::{Condvar, PoisonError};
use std::time::Duration;

use loligo_base::Mono;

use crate::mailbox::{Mailbox, NEVER};
use crate::sync::{Mutex, lock};

/// A bell for one thread. Who rings it before that thread waits is heard all the same.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let before = std::mem::replace(&mut *lock(&self.rung), true);
        if !before {
            self.changed.notify_one();
        }
    }

    /// Waits until it is rung.
    pub(crate) fn wait(&self) {
        let mut rung = lock(&self.rung);
        while !*rung {
            rung = self.changed.wait(rung).unwrap_or_else(PoisonError::into_inner);
        }
        *rung = false;
    }

    /// Waits until it is rung, but no longer than that; perhaps less.
    pub(crate) fn wait_for(&self, most: Duration) {
        let mut rung = lock(&self.rung);
        if !*rung {
            (rung, _) = self.changed.wait_timeout(rung, most).unwrap_or_else(PoisonError::into_inner);
        }
        *rung = false;
    }
}

/// Where others leave wishes for a thread that sleeps on a bell.
#[derive(Debug)]
pub(crate) struct Desk<C> {
    mailbox: Mailbox<C>,
    bell: Bell,
}

impl<C> Desk<C> {
    pub(crate) fn new() -> Self {
        Self { mailbox: Mailbox::new(), bell: Bell::default() }
    }

    /// Leaves a wish, and wakes the thread where it sleeps.
    pub(crate) fn tell(&self, wish: C) {
        if self.mailbox.push(wish) {
            self.wake();
        }
    }

    /// The endpoint wants to be called at that time. Says whether the thread sleeps longer, and must be woken.
    pub(crate) fn wanted_at(&self, at: Option<Mono>) -> bool {
        self.mailbox.wanted_at(at.map_or(NEVER, Mono::as_nanos))
    }

    pub(crate) fn wake(&self) {
        self.bell.ring();
    }

    /// Takes all wishes. Only the thread does that.
    pub(crate) fn take(&self, into: &mut Vec<C>) {
        self.mailbox.take(into);
    }

    /// Sleeps until there is a wish, until `timer` or what the endpoint wants.
    pub(crate) fn sleep(&self, now: Mono, timer: Option<Mono>) {
        match self.mailbox.pause(now, timer) {
            None => self.bell.wait(),
            Some(Duration::ZERO) => {}
            Some(most) => self.bell.wait_for(most),
        }
        self.mailbox.awake();
    }
}
