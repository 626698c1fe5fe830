//! The thread that keeps time, opens lines and reaps threads that have ended.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use loligo_base::{Mono, Timers};

use super::seat::Seat;
use super::{Shared, accepter};
use crate::bell::Desk;
use crate::sync::lock;
use crate::transport::{Host, Line, Listener};

/// What the thread is asked to do.
pub(super) enum Wish {
    /// Open a stream for the line.
    Dial(Arc<Line>),
    /// The line has a stream.
    Adopt(Arc<Line>),
    /// Look at the line's timers at that time.
    Arm(Arc<Line>, Mono),
    /// That line is over.
    Forget(u64),
    /// That thread has ended.
    Reap(u64),
    /// Take calls.
    Listen(Listener),
    /// Take no more calls.
    Unlisten,
    /// Work on the endpoint's inbox.
    Run,
    /// End.
    Stop,
}

/// The way to that thread.
pub(super) struct Reaper {
    desk: Desk<Wish>,
    keys: AtomicU64,
}

impl Reaper {
    pub(super) fn new() -> Self {
        Self { desk: Desk::new(), keys: AtomicU64::new(0) }
    }

    pub(super) fn next_key(&self) -> u64 {
        self.keys.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn tell(&self, wish: Wish) {
        self.desk.tell(wish);
    }

    pub(super) fn wanted_at(&self, at: Option<Mono>) -> bool {
        self.desk.wanted_at(at)
    }

    pub(super) fn wake(&self) {
        self.desk.wake();
    }
}

/// The threads that have not been reaped.
#[derive(Default)]
pub(super) struct Threads {
    closed: bool,
    next: u64,
    running: BTreeMap<u64, (JoinHandle<()>, Option<Arc<Line>>)>,
}

impl Threads {
    /// A key for one more.
    pub(super) fn next_key(&mut self) -> io::Result<u64> {
        if self.closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.next += 1;
        Ok(self.next)
    }

    pub(super) fn insert(&mut self, key: u64, thread: JoinHandle<()>, line: Option<Arc<Line>>) {
        self.running.insert(key, (thread, line));
    }

    /// All that are left. There will be no more.
    pub(super) fn close(&mut self) -> Left {
        self.closed = true;
        Left(std::mem::take(&mut self.running).into_values().collect())
    }
}

/// The last threads.
pub(super) struct Left(Vec<(JoinHandle<()>, Option<Arc<Line>>)>);

impl Left {
    pub(super) fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.0.iter().filter_map(|(_, line)| line.as_ref())
    }

    pub(super) fn join(self) {
        for (thread, _) in self.0 {
            join(thread);
        }
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a thread of the messenger has panicked");
    }
}

/// Tells the reaper of the end of a thread.
pub(super) struct ReapOnDrop {
    pub(super) own: Arc<Shared>,
    pub(super) key: u64,
}

impl Drop for ReapOnDrop {
    fn drop(&mut self) {
        self.own.reaper.tell(Wish::Reap(self.key));
    }
}

/// When each line is to be looked at.
#[derive(Default)]
struct Alarms {
    timers: Timers<u64>,
    lines: BTreeMap<u64, Weak<Line>>,
}

impl Alarms {
    fn set(&mut self, line: &Arc<Line>, at: Mono) {
        if let Some(seat) = Seat::of(line).filter(|seat| !seat.is_over()) {
            self.timers.set(seat.key(), at);
            self.lines.insert(seat.key(), Arc::downgrade(line));
        }
    }

    fn forget(&mut self, key: u64) {
        self.timers.cancel(&key);
        self.lines.remove(&key);
    }

    fn pop_expired(&mut self, now: Mono) -> Option<Option<Arc<Line>>> {
        let key = self.timers.pop_expired(now)?;
        Some(self.lines.get(&key).and_then(Weak::upgrade))
    }
}

impl Shared {
    /// What the node's own thread does.
    pub(super) fn keep_time_and_reap(self: &Arc<Self>, host: &Arc<dyn Host>) {
        let (mut alarms, mut wishes) = (Alarms::default(), Vec::new());
        loop {
            self.reaper.desk.take(&mut wishes);
            for wish in wishes.drain(..) {
                match wish {
                    Wish::Dial(line) => self.dial(host, &line),
                    Wish::Adopt(line) => self.adopt(host, &line),
                    Wish::Arm(line, at) => alarms.set(&line, at),
                    Wish::Forget(key) => alarms.forget(key),
                    Wish::Reap(key) => self.reap(key),
                    Wish::Listen(listener) => accepter::listen(self, host, listener),
                    Wish::Unlisten => self.unlisten(),
                    Wish::Run => {}
                    Wish::Stop => return,
                }
            }
            let now = host.now();
            while let Some(line) = alarms.pop_expired(now.mono) {
                if let Some(line) = line {
                    line.fired(now);
                    self.look(&line);
                }
            }
            if !host.run() {
                self.reaper.desk.sleep(host.now().mono, alarms.timers.next());
            }
        }
    }

    fn reap(&self, key: u64) {
        let ended = lock(&self.threads).running.remove(&key);
        if let Some((thread, _)) = ended {
            // It has nothing left to do but to go.
            join(thread);
        }
    }
}
