//! Tells a person what is waited for, when that takes long.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use loligo::{Completion, Error};

/// After what time of silence a person is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Awaited {
    /// An answer of a cluster that is connected.
    Cluster,
    /// A connection.
    Monitors,
}

impl Awaited {
    fn tell(self) {
        match self {
            Self::Cluster => eprintln!(
                "loligo: waiting for the cluster: it may be paused, full, or lack OSDs (see `loligo status`; --timeout \
                 SECS sets a limit)"
            ),
            Self::Monitors => eprintln!("loligo: waiting for the monitors (--timeout SECS sets a limit)"),
        }
    }
}

/// Waits for an operation, and tells when that takes long.
pub(crate) fn wait<T>(mut completion: Completion<T>) -> Result<T, Error> {
    if let Some(result) = completion.wait_timeout(PATIENCE) {
        return result;
    }
    Awaited::Cluster.tell();
    completion.wait()
}

/// Does something that blocks, and tells when that takes long.
pub(crate) fn patiently<T>(awaited: Awaited, work: impl FnOnce() -> T) -> T {
    Watch::over(awaited).during(work)
}

/// Looks at the clock while others block, on a thread of its own that ends with it.
pub(crate) struct Watch {
    blocked_since: Arc<Mutex<Option<Instant>>>,
    _end: Sender<()>,
}

impl Watch {
    pub(crate) fn over(awaited: Awaited) -> Self {
        Self::new(PATIENCE, move || awaited.tell())
    }

    fn new(patience: Duration, tell: impl Fn() + Send + 'static) -> Self {
        let (end, ended) = mpsc::channel();
        let blocked_since = Arc::new(Mutex::new(None));
        let since = Arc::clone(&blocked_since);
        let watch = move || watch(patience, &since, &ended, tell);
        // Without a thread nothing is told, and all else works.
        let _ = thread::Builder::new().name("loligo-patience".to_owned()).spawn(watch);
        Self { blocked_since, _end: end }
    }

    /// Does something that blocks.
    pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set(Some(Instant::now()));
        let value = work();
        self.set(None);
        value
    }

    fn set(&self, since: Option<Instant>) {
        *self.blocked_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

fn watch(patience: Duration, since: &Mutex<Option<Instant>>, ended: &Receiver<()>, tell: impl Fn()) {
    let mut told = None;
    let mut pause = patience;
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let since = *since.lock().unwrap_or_else(PoisonError::into_inner);
        let left = since.map_or(patience, |since| patience.saturating_sub(since.elapsed()));
        if left.is_zero() && told != since {
            tell();
            told = since;
        }
        pause = if left.is_zero() { patience } else { left };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(10);

    #[test]
    fn what_takes_long_is_told_once_each_time() {
        let (tell, told) = mpsc::channel();
        let watch = Watch::new(SHORT, move || tell.send(()).unwrap_or_default());
        for _ in 0..3 {
            // Blocks until it is told.
            watch.during(|| told.recv().unwrap());
        }
        assert!(told.recv_timeout(5 * SHORT).is_err(), "told of what is over");
    }

    #[test]
    fn what_is_over_soon_is_not_told() {
        let (tell, told) = mpsc::channel();
        let watch = Watch::new(Duration::from_secs(3_600), move || tell.send(()).unwrap_or_default());
        assert_eq!(watch.during(|| 7), 7);
        drop(watch);
        // The thread has ended, and the sender with it.
        assert_eq!(told.recv(), Err(mpsc::RecvError));
    }
}
