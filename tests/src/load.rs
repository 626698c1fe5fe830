//! Appends without pause, of which each can be told from all others: what a fault loses, doubles or swaps is seen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use loligo::{Completion, IoCtx};

/// Objects that are written at the same time.
pub const OBJECTS: usize = 16;
/// Appends in flight on each of them.
pub const DEPTH: usize = 4;
/// A write that takes longer than this hangs.
pub const HANG: Duration = Duration::from_secs(120);
/// How long a write may take when nothing is wrong any more.
pub const HEALED: Duration = Duration::from_secs(30);

const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// The name of an object.
#[must_use]
pub fn object(number: usize) -> String {
    format!("load.{number:02}")
}

/// What the `n`th append on an object adds to it.
fn tag(object: usize, n: u64) -> String {
    format!("{object:02}:{n:07}\n")
}

/// How many appends an object holds, if each of them is there once and in order.
///
/// # Errors
///
/// Says what is there in place of what should be.
pub fn count(object: usize, contents: &[u8]) -> Result<u64, String> {
    let mut n = 0;
    for found in contents.chunks(tag(object, 0).len()) {
        let expected = tag(object, n);
        if found != expected.as_bytes() {
            let found = found.escape_ascii();
            return Err(format!("object {object} holds \"{found}\" in place of {expected:?}"));
        }
        n += 1;
    }
    Ok(n)
}

/// What the threads have done so far.
#[derive(Debug)]
struct Progress {
    stop: AtomicBool,
    /// No new append begins.
    rest: AtomicBool,
    acked: [AtomicU64; OBJECTS],
    reads: AtomicU64,
    longest_ms: AtomicU64,
}

/// What a load did.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Appends that were acknowledged on each object.
    pub acked: [u64; OBJECTS],
    /// Reads that gave what they should.
    pub reads: u64,
}

impl Totals {
    /// Appends that were acknowledged.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.acked.iter().sum()
    }
}

/// Threads that append, and one that reads.
#[derive(Debug)]
pub struct Load {
    io: IoCtx,
    progress: Arc<Progress>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins, on objects that do not exist yet, with as much as the cluster takes.
    #[must_use]
    pub fn start(io: &IoCtx) -> Self {
        Self::start_with(io, Duration::ZERO)
    }

    /// Begins, on objects that do not exist yet, with a rest after each append and each read: for tests that are about time.
    #[must_use]
    pub fn start_gently(io: &IoCtx) -> Self {
        Self::start_with(io, Duration::from_millis(50))
    }

    fn start_with(io: &IoCtx, rest: Duration) -> Self {
        let progress = Arc::new(Progress {
            stop: AtomicBool::new(false),
            rest: AtomicBool::new(false),
            acked: std::array::from_fn(|_| AtomicU64::new(0)),
            reads: AtomicU64::new(0),
            longest_ms: AtomicU64::new(0),
        });
        let mut threads: Vec<_> = (0..OBJECTS)
            .map(|object| {
                let (io, progress) = (io.clone(), Arc::clone(&progress));
                std::thread::spawn(move || append(&io, object, &progress, rest))
            })
            .collect();
        let (reader, read) = (io.clone(), Arc::clone(&progress));
        threads.push(std::thread::spawn(move || watch(&reader, &read, rest)));
        Self { io: io.clone(), progress, threads }
    }

    /// Where it is.
    #[must_use]
    pub const fn io(&self) -> &IoCtx {
        &self.io
    }

    /// What was done so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.progress.totals()
    }

    /// How long the slowest append took since this was last asked.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_millis(self.progress.longest_ms.swap(0, Ordering::Relaxed))
    }

    /// Waits until each object was written at least `appends` times more and `time` has passed.
    ///
    /// # Panics
    ///
    /// When a write failed, or nothing moves for [`HANG`].
    pub fn go_on(&self, appends: u64, time: Duration) {
        let acked = || self.totals().acked;
        let (started, before) = (Instant::now(), acked());
        while started.elapsed() < time
            || acked().iter().zip(before).any(|(now, before)| *now < before + appends)
        {
            assert!(started.elapsed() < time + HANG, "no progress: {before:?} {:?}", acked());
            self.look();
        }
    }

    /// Lets no append begin for `time`.
    pub fn take_a_rest(&self, time: Duration) {
        self.progress.rest.store(true, Ordering::Release);
        std::thread::sleep(time);
        self.progress.rest.store(false, Ordering::Release);
    }

    /// Waits until nothing was acknowledged for `time`.
    ///
    /// # Panics
    ///
    /// When that does not come within [`HANG`].
    pub fn stand_still(&self, time: Duration) {
        let started = Instant::now();
        let mut last = (self.totals().writes(), Instant::now());
        while last.1.elapsed() < time {
            let writes = self.totals().writes();
            if writes != last.0 {
                last = (writes, Instant::now());
            }
            assert!(started.elapsed() < HANG, "writes go on where none should");
            self.look();
        }
    }

    /// A moment's pause. A thread that has ended has failed.
    fn look(&self) {
        assert!(!self.threads.iter().any(JoinHandle::is_finished), "a write or a read failed: see above");
        std::thread::sleep(LOOK_INTERVAL);
    }

    /// Ends the load: what is in flight completes, one more append on each object is quick, and each object holds what was
    /// acknowledged, once, in order, and nothing else.
    #[must_use]
    pub fn finish(self) -> Totals {
        self.progress.stop.store(true, Ordering::Release);
        for thread in self.threads {
            assert!(thread.join().is_ok(), "a write or a read failed: see above");
        }
        let finals: Vec<_> =
            (0..OBJECTS).map(|object| submit(&self.io, object, self.progress.of(object))).collect();
        let end = Instant::now() + HEALED;
        for (object, mut write) in finals.into_iter().enumerate() {
            let left = end.saturating_duration_since(Instant::now());
            write
                .wait_timeout(left)
                .unwrap_or_else(|| panic!("object {object} hangs though all is well"))
                .unwrap();
            self.progress.ack(object);
            let contents = self.io.read(self::object(object), 0, 0).wait().unwrap();
            assert_eq!(count(object, &contents), Ok(self.progress.of(object)));
        }
        self.progress.totals()
    }
}

impl Progress {
    fn of(&self, object: usize) -> u64 {
        self.acked.get(object).unwrap().load(Ordering::Acquire)
    }

    fn ack(&self, object: usize) {
        self.acked.get(object).unwrap().fetch_add(1, Ordering::Release);
    }

    fn totals(&self) -> Totals {
        let acked = std::array::from_fn(|object| self.of(object));
        Totals { acked, reads: self.reads.load(Ordering::Relaxed) }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn rests(&self) -> bool {
        self.rest.load(Ordering::Acquire)
    }
}

fn submit(io: &IoCtx, object: usize, n: u64) -> Completion<()> {
    io.append(self::object(object), tag(object, n))
}

/// Appends until told to stop, and then until nothing is in flight.
fn append(io: &IoCtx, object: usize, progress: &Progress, rest: Duration) {
    let mut in_flight = VecDeque::new();
    let mut next = 0;
    loop {
        while in_flight.len() < DEPTH && !progress.is_stopped() && !progress.rests() {
            in_flight.push_back((Instant::now(), submit(io, object, next)));
            next += 1;
        }
        let Some((since, mut write)) = in_flight.pop_front() else {
            if progress.is_stopped() {
                return;
            }
            std::thread::sleep(LOOK_INTERVAL);
            continue;
        };
        // The younger one is looked at first: between the two looks the elder may only complete.
        let overtaken = in_flight.front().is_some_and(|(_, younger)| younger.is_complete());
        assert!(!overtaken || write.is_complete(), "object {object}: an append completed before its elder");
        match write.wait_timeout(HANG) {
            Some(Ok(())) => progress.ack(object),
            Some(Err(error)) => panic!("object {object}: an append failed: {error}"),
            None => panic!("object {object}: an append hangs, {} were acknowledged", progress.of(object)),
        }
        let took = u64::try_from(since.elapsed().as_millis()).unwrap();
        progress.longest_ms.fetch_max(took, Ordering::Relaxed);
        std::thread::sleep(rest);
    }
}

/// Reads one object after the other: each holds at least what was acknowledged before.
fn watch(io: &IoCtx, progress: &Progress, rest: Duration) {
    for object in (0..OBJECTS).cycle() {
        if progress.is_stopped() {
            return;
        }
        let acked = progress.of(object);
        match io.read(self::object(object), 0, 0).wait_timeout(HANG) {
            Some(Ok(contents)) => {
                let found = count(object, &contents).unwrap_or_else(|what| panic!("read: {what}"));
                assert!(found >= acked, "object {object}: {acked} were acknowledged, {found} are there");
            }
            Some(Err(error)) if error.is_not_found() && acked == 0 => {}
            Some(Err(error)) => panic!("object {object}: a read failed: {error}"),
            None => panic!("object {object}: a read hangs"),
        }
        progress.reads.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_is_lost_doubled_or_swapped_is_seen() {
        let tags = |order: &[u64]| order.iter().map(|n| tag(3, *n)).collect::<String>();
        assert_eq!(count(3, tags(&[0, 1, 2]).as_bytes()), Ok(3));
        for wrong in [&[0, 2][..], &[0, 0, 1], &[1, 0]] {
            assert!(count(3, tags(wrong).as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(count(4, tags(&[0]).as_bytes()).is_err());
        assert!(count(3, &tags(&[0]).as_bytes()[1..]).is_err());
    }
}
