//! The result of an operation that is under way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use loligo_client::CallId;

use crate::Error;

/// The place where a result is put by one thread and taken by another.
pub(crate) struct Slot<R> {
    state: Mutex<State<R>>,
}

enum State<R> {
    /// Nothing is there, and nobody waits.
    Empty,
    /// A future waits.
    Task(Waker),
    /// A thread waits, parked.
    Thread(Thread),
    /// The result is there.
    Full(R),
    /// The result was taken, or nobody wants it.
    Closed,
}

/// Who waits for a result that is there.
#[must_use = "it sleeps until it is woken"]
pub(crate) enum Sleeper {
    Task(Waker),
    Thread(Thread),
}

impl Sleeper {
    pub(crate) fn wake(self) {
        match self {
            Self::Task(waker) => waker.wake(),
            Self::Thread(thread) => thread.unpark(),
        }
    }
}

impl<R> Slot<R> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::Empty) })
    }

    /// Puts the result in and gives who is to be woken for it, with no lock held: it may run at once. Only the first
    /// result counts.
    pub(crate) fn fill(&self, result: R) -> Option<Sleeper> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Full(result)) {
            closed @ (State::Full(_) | State::Closed) => {
                *state = closed;
                None
            }
            State::Task(waker) => Some(Sleeper::Task(waker)),
            State::Thread(thread) => Some(Sleeper::Thread(thread)),
            State::Empty => None,
        }
    }

    /// Takes the result, or leaves `waiter` to be woken.
    fn take_or(&self, waiter: State<R>) -> Option<R> {
        let mut state = self.lock();
        let (next, replaced) = match std::mem::replace(&mut *state, State::Closed) {
            State::Full(result) => return Some(result),
            State::Closed => return None,
            replaced @ (State::Empty | State::Task(_) | State::Thread(_)) => (waiter, replaced),
        };
        *state = next;
        // A waker may run code of its owner when it is dropped: not under the lock.
        drop(state);
        drop(replaced);
        None
    }

    pub(crate) fn is_full(&self) -> bool {
        matches!(*self.lock(), State::Full(_))
    }

    /// Leaves a waker, as a future does.
    #[cfg(test)]
    pub(crate) fn wait_for_test(&self, waker: Waker) {
        assert!(self.take_or(State::Task(waker)).is_none(), "nothing is there yet");
    }

    /// No code of others runs under this lock, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands behind a completion: it can be told that the result is not wanted any more.
pub(crate) trait Operation: Send + Sync {
    /// Cancels the operation of that name.
    fn cancel(&self, id: CallId);
}

/// The result of an operation that is under way: a [`Future`] on any executor, and a thing that a thread can wait on.
///
/// The operation is under way from the moment that it was submitted, whether or not anybody waits. Dropping a completion
/// cancels what has not been sent yet and abandons the rest; [`detach`](Self::detach) lets it run.
///
/// A [`Waker`] is woken on a thread that brings results. It may submit operations and drop completions; it must not wait
/// for a result itself, which that same thread would have to bring.
///
/// ```no_run
/// # use std::time::Duration;
/// # fn main() -> Result<(), loligo::Error> {
/// # let cluster = loligo::Cluster::connect(&loligo::Conf::find("client.admin")?)?;
/// # let data = cluster.io_ctx("data")?;
/// // Sixteen writes under way at once.
/// let writes: Vec<_> = (0..16).map(|n| data.write_full(&format!("object{n}"), "contents")).collect();
/// for write in writes {
///     write.wait()?;
/// }
/// // A wait with an end. The operation goes on, and its result can still be waited for.
/// let mut read = data.read("object0", 0, 8);
/// if read.wait_timeout(Duration::from_millis(100)).is_none() {
///     println!("still under way");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping a completion cancels its operation"]
pub struct Completion<T> {
    inner: Inner<T>,
}

enum Inner<T> {
    /// Under way.
    Pending(Box<dyn Pending<T>>),
    /// Ended before it began.
    Ready(Result<T, Error>),
    /// The result was taken.
    Taken,
}

/// A completion without the type of what comes from the cluster.
trait Pending<T>: Send {
    fn take_or_leave(&mut self, waiter: Waiter<'_>) -> Option<Result<T, Error>>;
    fn is_complete(&self) -> bool;
    fn cancel(&mut self);
}

enum Waiter<'a> {
    Task(&'a Waker),
    Thread,
}

struct Submitted<R, F> {
    slot: Arc<Slot<R>>,
    operation: Arc<dyn Operation>,
    id: CallId,
    finish: Option<F>,
}

impl<R: Send, T, F: FnOnce(R) -> Result<T, Error> + Send> Pending<T> for Submitted<R, F> {
    fn take_or_leave(&mut self, waiter: Waiter<'_>) -> Option<Result<T, Error>> {
        // Cloned before the lock is taken, for the same reason.
        let waiter = match waiter {
            Waiter::Task(waker) => State::Task(waker.clone()),
            Waiter::Thread => State::Thread(std::thread::current()),
        };
        let result = self.slot.take_or(waiter)?;
        self.finish.take().map(|finish| finish(result))
    }

    fn is_complete(&self) -> bool {
        self.slot.is_full()
    }

    fn cancel(&mut self) {
        if !self.slot.is_full() {
            self.operation.cancel(self.id);
        }
    }
}

impl<T> Completion<T> {
    /// A completion whose result comes to `slot` and is made into a `T` by `finish`, on the thread that takes it.
    pub(crate) fn submitted<R: Send + 'static>(
        slot: Arc<Slot<R>>,
        operation: Arc<dyn Operation>,
        id: CallId,
        finish: impl FnOnce(R) -> Result<T, Error> + Send + 'static,
    ) -> Self
    where
        T: 'static,
    {
        Self { inner: Inner::Pending(Box::new(Submitted { slot, operation, id, finish: Some(finish) })) }
    }

    /// A completion that is complete.
    pub(crate) const fn ready(result: Result<T, Error>) -> Self {
        Self { inner: Inner::Ready(result) }
    }

    /// A completion of something that failed before it began.
    pub const fn failed(error: Error) -> Self {
        Self::ready(Err(error))
    }

    /// Waits for the result, as long as it takes. An operation with a deadline ends by itself.
    ///
    /// # Errors
    ///
    /// When the operation failed.
    pub fn wait(mut self) -> Result<T, Error> {
        loop {
            if let Some(result) = self.take_or_leave(Waiter::Thread) {
                return result;
            }
            std::thread::park();
        }
    }

    /// Waits for the result for a while. `None` when it did not come: the operation goes on, and can be waited for again.
    /// After the result was given, there is none any more.
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Result<T, Error>> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if let Some(result) = self.take_or_leave(Waiter::Thread) {
                return Some(result);
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return None,
                Some(left) => std::thread::park_timeout(left),
                None => std::thread::park(),
            }
        }
    }

    /// Whether the result is there. Does not block.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match &self.inner {
            Inner::Pending(pending) => pending.is_complete(),
            Inner::Ready(_) | Inner::Taken => true,
        }
    }

    /// Cancels the operation and tells what is known of it: [`Error::Cancelled`] when it was not sent,
    /// [`Error::OutcomeUnknown`] when it was sent and may have run, or its result when it had ended already. Blocks only
    /// until the library has taken note.
    ///
    /// # Errors
    ///
    /// As said above.
    pub fn cancel(mut self) -> Result<T, Error> {
        if let Inner::Pending(pending) = &mut self.inner {
            pending.cancel();
        }
        self.wait()
    }

    /// Lets the operation run to its end with nobody waiting.
    pub fn detach(mut self) {
        self.inner = Inner::Taken;
    }

    fn take_or_leave(&mut self, waiter: Waiter<'_>) -> Option<Result<T, Error>> {
        let result = match std::mem::replace(&mut self.inner, Inner::Taken) {
            Inner::Pending(mut pending) => match pending.take_or_leave(waiter) {
                Some(result) => result,
                None => {
                    self.inner = Inner::Pending(pending);
                    return None;
                }
            },
            Inner::Ready(result) => result,
            Inner::Taken => Err(Error::ResultTaken),
        };
        Some(result)
    }
}

impl<T: Unpin> Future for Completion<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut().take_or_leave(Waiter::Task(cx.waker())) {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }
}

impl<T> Drop for Completion<T> {
    fn drop(&mut self) {
        if let Inner::Pending(pending) = &mut self.inner {
            pending.cancel();
        }
    }
}

impl<T> fmt::Debug for Completion<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion").field("is_complete", &self.is_complete()).finish()
    }
}
