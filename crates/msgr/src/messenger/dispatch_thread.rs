//! The thread on which dispatchers may take their time.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::{io, process};

use super::deliver::Deliverer;
use crate::sync::lock;

/// As Ceph calls it.
const NAME: &str = "ms_dispatch";

/// The thread of a messenger's queue (`DispatchQueue::DispatchThread`).
#[derive(Debug)]
pub(super) struct DispatchThread {
    bell: Arc<Bell>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// A child of this process has no such thread.
    pid: u32,
}

/// What wakes it. When this is gone, nothing more will come.
#[derive(Debug)]
pub(super) struct Ringer(Arc<Bell>);

#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<Rung>,
    heard: Condvar,
}

#[derive(Debug, Default)]
struct Rung {
    /// How much was put into the queue since it was looked at.
    times: usize,
    /// The thread sleeps: who rings must wake it, which others are spared.
    sleeps: bool,
    is_over: bool,
}

impl DispatchThread {
    /// Starts it.
    pub(super) fn start(deliverer: Deliverer) -> io::Result<(Self, Ringer)> {
        let bell = Arc::<Bell>::default();
        let heard = Arc::clone(&bell);
        let thread = thread::Builder::new().name(NAME.to_owned()).spawn(move || heard.live(&deliverer))?;
        let own = Self { bell: Arc::clone(&bell), thread: Mutex::new(Some(thread)), pid: process::id() };
        Ok((own, Ringer(bell)))
    }

    /// Nothing more will come: waits until all is handed out that did, where this is not the thread itself.
    pub(super) fn join(&self) {
        if self.pid != process::id() {
            return;
        }
        self.bell.end();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the thread of the dispatchers has panicked");
        }
    }
}

impl Ringer {
    /// So much more was put into the queue.
    pub(super) fn ring(&self, times: usize) {
        let mut rung = lock(&self.0.rung);
        rung.times += times;
        let sleeps = std::mem::take(&mut rung.sleeps);
        drop(rung);
        if sleeps {
            self.0.heard.notify_one();
        }
    }
}

impl Drop for Ringer {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Bell {
    fn end(&self) {
        lock(&self.rung).is_over = true;
        self.heard.notify_one();
    }

    /// How much there is to hand out, as soon as there is something; `None` at the end.
    fn listen(&self) -> Option<usize> {
        let mut rung = lock(&self.rung);
        while rung.times == 0 {
            if rung.is_over {
                return None;
            }
            rung.sleeps = true;
            rung = self.heard.wait(rung).unwrap_or_else(PoisonError::into_inner);
            rung.sleeps = false;
        }
        Some(std::mem::take(&mut rung.times))
    }

    /// Hands out what comes. A dispatcher that panics ends the messenger; others still hear that all is over.
    fn live(&self, deliverer: &Deliverer) {
        while let Some(times) = self.listen() {
            for _ in 0..times {
                if panic::catch_unwind(AssertUnwindSafe(|| deliverer.deliver_next())).is_err() {
                    tracing::error!("the messenger ends because of a panic of a dispatcher");
                    deliverer.end();
                }
            }
        }
    }
}
