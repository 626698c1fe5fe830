//! The result of an operation that is under way.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// The place where a result is put by one thread and taken by another.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
enum State<T> {
    /// Nothing is there, and nobody waits.
    Empty,
    /// A future waits.
    Task(Waker),
    /// A thread waits, parked.
    Thread(Thread),
    /// The result is there.
    Full(T),
    /// The result was taken, or nobody wants it.
    Closed,
}

impl<T> Slot<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::Empty) })
    }

    /// Puts the result in and wakes who waits for it. Only the first result counts.
    pub(crate) fn fill(&self, value: T) {
        let mut state = self.lock();
        let waiter = match std::mem::replace(&mut *state, State::Closed) {
            State::Closed => return,
            full @ State::Full(_) => {
                *state = full;
                return;
            }
            waiter => waiter,
        };
        *state = State::Full(value);
        // A waiter is woken with no lock held: it may run at once.
        drop(state);
        match waiter {
            State::Task(waker) => waker.wake(),
            State::Thread(thread) => thread.unpark(),
            State::Empty | State::Full(_) | State::Closed => {}
        }
    }

    /// Takes the result if it is there, else leaves `waiter` to be woken.
    fn take_or(&self, waiter: impl FnOnce() -> State<T>) -> Option<T> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Closed) {
            State::Full(value) => Some(value),
            State::Closed => None,
            State::Empty | State::Task(_) | State::Thread(_) => {
                *state = waiter();
                None
            }
        }
    }

    fn close(&self) {
        *self.lock() = State::Closed;
    }

    /// No code of others runs under this lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why waiting for a [`Completion`] ended without its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the result did not come in time")]
pub struct WaitError;

/// The result of an operation that is under way: a [`Future`] on any executor, and a thing that a thread can wait on.
///
/// The operation is under way from the moment that it was submitted, whether or not anybody waits. Dropping a completion
/// cancels what has not been sent yet and abandons the rest; [`detach`](Self::detach) lets it run.
#[must_use = "dropping a completion cancels its operation"]
pub struct Completion<T> {
    inner: Option<Box<dyn Pending<T>>>,
}

/// What a completion asks of the operation behind it.
pub(crate) trait Pending<T>: Send {
    /// The result, or `None` after `waiter` was left to be woken.
    fn poll(&mut self, waiter: Waiter<'_>) -> Option<T>;
    /// Nobody wants the result any more.
    fn abandon(&mut self);
}

/// Who is to be woken.
pub(crate) enum Waiter<'a> {
    /// The task of a future.
    Task(&'a Waker),
    /// The calling thread.
    Thread,
}
