//! Operations under way, of which any may end first.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use loligo::{Completion, Error};

/// A number of operations under way, one in each place.
pub(super) struct Slots<T> {
    places: Vec<Option<UnderWay<T>>>,
    wakers: Vec<Waker>,
    free: Vec<usize>,
    ready: Arc<Ready>,
}

struct UnderWay<T> {
    op: u64,
    since: Instant,
    completion: Completion<T>,
}

/// An operation that has ended.
pub(super) struct Finished<T> {
    pub(super) op: u64,
    pub(super) latency: Duration,
    pub(super) result: Result<T, Error>,
}

/// The places whose operations may have ended.
struct Ready {
    places: Mutex<Vec<usize>>,
    waiter: Thread,
}

struct PlaceWaker {
    place: usize,
    ready: Arc<Ready>,
}

impl Wake for PlaceWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.push(self.place);
        self.ready.waiter.unpark();
    }
}

impl Ready {
    fn push(&self, place: usize) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).push(place);
    }

    fn pop(&self) -> Option<usize> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl<T: Unpin> Slots<T> {
    /// So many places. Only the thread that makes them may wait.
    pub(super) fn new(count: usize) -> Self {
        let ready = Arc::new(Ready { places: Mutex::new(Vec::new()), waiter: std::thread::current() });
        let waker = |place| Waker::from(Arc::new(PlaceWaker { place, ready: Arc::clone(&ready) }));
        Self {
            places: (0..count).map(|_| None).collect(),
            wakers: (0..count).map(waker).collect(),
            free: (0..count).rev().collect(),
            ready,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.places.len()
    }

    /// Takes an operation in, where there is room.
    pub(super) fn insert(&mut self, op: u64, completion: Completion<T>) {
        let Some(place) = self.free.pop() else { return };
        if let Some(slot) = self.places.get_mut(place) {
            *slot = Some(UnderWay { op, since: Instant::now(), completion });
            // It is looked at once, so that it leaves its waker.
            self.ready.push(place);
        }
    }

    /// Waits until an operation has ended, for a while.
    pub(super) fn wait(&mut self, timeout: Duration) -> Option<Finished<T>> {
        let deadline = Instant::now() + timeout;
        loop {
            while let Some(place) = self.ready.pop() {
                if let Some(finished) = self.look(place) {
                    return Some(finished);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_empty() {
                return None;
            }
            std::thread::park_timeout(left);
        }
    }

    fn look(&mut self, place: usize) -> Option<Finished<T>> {
        let slot = self.places.get_mut(place)?;
        let mut cx = Context::from_waker(self.wakers.get(place)?);
        let under_way = slot.as_mut()?;
        let Poll::Ready(result) = Pin::new(&mut under_way.completion).poll(&mut cx) else { return None };
        let finished = Finished { op: under_way.op, latency: under_way.since.elapsed(), result };
        *slot = None;
        self.free.push(place);
        Some(finished)
    }
}
