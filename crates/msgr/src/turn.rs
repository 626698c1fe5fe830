//! One thread at a time works for all.

use crate::sync::{Mutex, lock, try_lock};

/// A value that one thread at a time works on. Others leave their work where the worker finds it, and go on.
#[derive(Debug, Default)]
pub(crate) struct Turn<T> {
    value: Mutex<T>,
}

impl<T> Turn<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value) }
    }

    /// Works until `is_left` finds nothing more, unless another thread has the turn, which then finds what this one left:
    /// whoever leaves work first makes it visible and then calls this, and the worker lets go first and then looks.
    /// `then` runs after each round, with nothing locked. Both are given `scratch`.
    pub(crate) fn take<S>(
        &self,
        scratch: &mut S,
        mut work: impl FnMut(&mut T, &mut S),
        mut then: impl FnMut(&mut S),
        is_left: impl Fn() -> bool,
    ) {
        while let Some(mut value) = try_lock(&self.value) {
            work(&mut value, scratch);
            drop(value);
            then(scratch);
            if !is_left() {
                break;
            }
        }
    }

    /// Looks at the value, after whoever works on it. What others left meanwhile is theirs no more: see to it with
    /// [`Self::take`].
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut lock(&self.value))
    }
}
