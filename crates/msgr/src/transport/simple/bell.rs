//! What a thread sleeps on.

use std::sync::{Condvar, PoisonError};
use std::time::Duration;

use crate::sync::{Mutex, lock};

/// A bell for one thread. Who rings it before that thread waits is heard all the same.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    pub(super) fn ring(&self) {
        let before = std::mem::replace(&mut *lock(&self.rung), true);
        if !before {
            self.changed.notify_one();
        }
    }

    /// Waits until it is rung.
    pub(super) fn wait(&self) {
        let mut rung = lock(&self.rung);
        while !*rung {
            rung = self.changed.wait(rung).unwrap_or_else(PoisonError::into_inner);
        }
        *rung = false;
    }

    /// Waits until it is rung, but no longer than that; perhaps less.
    pub(super) fn wait_for(&self, most: Duration) {
        let mut rung = lock(&self.rung);
        if !*rung {
            (rung, _) = self.changed.wait_timeout(rung, most).unwrap_or_else(PoisonError::into_inner);
        }
        *rung = false;
    }
}
