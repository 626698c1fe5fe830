//! The thread on which dispatchers may take their time.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::{io, process};

use super::deliver::Deliverer;
use crate::bell::Bell;
use crate::sync::lock;

/// As Ceph calls it.
const NAME: &str = "ms_dispatch";

/// The thread of a messenger's queue (`DispatchQueue::DispatchThread`).
#[derive(Debug)]
pub(super) struct DispatchThread {
    door: Arc<Door>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// A child of this process has no such thread.
    pid: u32,
}

/// What wakes it. When this is gone, nothing more will come.
#[derive(Debug)]
pub(super) struct Ringer(Arc<Door>);

#[derive(Debug, Default)]
struct Door {
    bell: Bell,
    /// Nothing more will come.
    is_closed: AtomicBool,
}

impl DispatchThread {
    /// Starts it.
    pub(super) fn start(deliverer: Deliverer) -> io::Result<(Self, Ringer)> {
        let door = Arc::<Door>::default();
        let own = Arc::clone(&door);
        let thread = thread::Builder::new().name(NAME.to_owned()).spawn(move || own.live(&deliverer))?;
        let own = Self { door: Arc::clone(&door), thread: Mutex::new(Some(thread)), pid: process::id() };
        Ok((own, Ringer(door)))
    }

    /// Nothing more will come: waits until all is handed out that did, where this is not the thread itself.
    pub(super) fn join(&self) {
        if self.pid != process::id() {
            return;
        }
        self.door.close();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the thread of the dispatchers has panicked");
        }
    }
}

impl Ringer {
    /// Something was put into the queue.
    pub(super) fn ring(&self) {
        self.0.bell.ring();
    }
}

impl Drop for Ringer {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Door {
    fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.bell.ring();
    }

    /// Hands out what comes. A dispatcher that panics ends the messenger; others still hear that all is over.
    fn live(&self, deliverer: &Deliverer) {
        loop {
            // Asked before the queue is emptied: what came before is handed out.
            let is_over = self.is_closed.load(Ordering::SeqCst);
            loop {
                match panic::catch_unwind(AssertUnwindSafe(|| deliverer.deliver_next())) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(_) => {
                        tracing::error!("the messenger ends because of a panic of a dispatcher");
                        deliverer.end();
                    }
                }
            }
            if is_over {
                return;
            }
            self.bell.wait();
        }
    }
}
