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
    ///
    /// Others can bring more than one can do. After so many rounds this ends and says that there is work left, which is
    /// then the caller's to see to.
    #[must_use = "work may be left"]
    pub(crate) fn take<S>(
        &self,
        rounds_max: usize,
        scratch: &mut S,
        mut work: impl FnMut(&mut T, &mut S),
        mut then: impl FnMut(&mut S),
        is_left: impl Fn() -> bool,
    ) -> bool {
        for _ in 0..rounds_max {
            let Some(mut value) = try_lock(&self.value) else { return false };
            work(&mut value, scratch);
            drop(value);
            then(scratch);
            if !is_left() {
                return false;
            }
        }
        true
    }

    /// Looks at the value, after whoever works on it. What others left meanwhile is theirs no more: see to it with
    /// [`Self::take`].
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut lock(&self.value))
    }
}
