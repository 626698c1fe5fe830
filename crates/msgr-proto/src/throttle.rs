//! Limits on what is held in memory at once.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

/// A limit shared by many pipes: so many bytes, or so many messages, may be held at once (Ceph's `Throttle`).
///
/// One request larger than the whole limit is admitted while the total is within the limit, as in Ceph: it would
/// wait for ever otherwise.
#[derive(Debug)]
pub struct Throttle {
    max: u64,
    current: AtomicU64,
}

impl Throttle {
    /// A limit of `max`; 0 for no limit.
    #[must_use]
    pub const fn new(max: u64) -> Self {
        Self { max, current: AtomicU64::new(0) }
    }

    /// How much is taken now.
    #[must_use]
    pub fn current(&self) -> u64 {
        self.current.load(Ordering::Acquire)
    }

    /// Takes `amount` if the limit allows (`get_or_fail`). What was taken returns when the value is dropped, so taken
    /// equals returned on every path.
    #[must_use]
    pub fn take(self: &Arc<Self>, amount: u64) -> Option<Taken> {
        let fits = |current: u64| {
            let total = current.saturating_add(amount);
            let alone = amount > self.max && current <= self.max;
            (self.max == 0 || alone || total <= self.max).then_some(total)
        };
        let taken = self.current.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits);
        taken.ok().map(|_| Taken { throttle: Arc::clone(self), amount })
    }
}

/// What was taken from a [`Throttle`]. Dropping it gives it back.
#[derive(Debug)]
#[must_use = "what is taken returns at once when this is dropped"]
pub struct Taken {
    throttle: Arc<Throttle>,
    amount: u64,
}

impl Taken {
    /// Takes more, whether the limit allows it or not (`Throttle::take`): what was let in turned out to be larger. Others wait
    /// until it is given back.
    pub(crate) fn grow(&mut self, by: u64) {
        self.throttle.current.fetch_add(by, Ordering::AcqRel);
        self.amount = self.amount.saturating_add(by);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let before = self.throttle.current.fetch_sub(self.amount, Ordering::AcqRel);
        let _ = loligo_base::never!(before < self.amount, "a throttle returned more than was taken");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let throttle = Arc::new(Throttle::new(10));
        let six = throttle.take(6).unwrap();
        assert!(throttle.take(5).is_none());
        let four = throttle.take(4).unwrap();
        assert_eq!(throttle.current(), 10);
        drop(six);
        assert!(throttle.take(5).is_some());
        drop(four);
        assert_eq!(throttle.current(), 0);
    }

    #[test]
    fn as_much_as_the_limit_waits_for_all_of_it() {
        let throttle = Arc::new(Throttle::new(1));
        let first = throttle.take(1).unwrap();
        assert!(throttle.take(1).is_none(), "one message at a time");
        drop(first);
        assert!(throttle.take(1).is_some());
    }

    #[test]
    fn more_than_the_limit_is_admitted_once() {
        let throttle = Arc::new(Throttle::new(10));
        let small = throttle.take(3).unwrap();
        let huge = throttle.take(99).unwrap();
        assert!(throttle.take(99).is_none());
        assert!(throttle.take(1).is_none());
        drop((small, huge));
        assert_eq!(throttle.current(), 0);
    }

    #[test]
    fn what_was_let_in_may_grow_and_all_of_it_returns() {
        let throttle = Arc::new(Throttle::new(10));
        let mut taken = throttle.take(4).unwrap();
        taken.grow(20);
        assert_eq!(throttle.current(), 24);
        assert!(throttle.take(1).is_none());
        drop(taken);
        assert_eq!(throttle.current(), 0);
    }

    #[test]
    fn no_limit_is_no_limit() {
        let throttle = Arc::new(Throttle::new(0));
        let held = [throttle.take(u64::MAX / 2), throttle.take(u64::MAX / 2)];
        assert!(held.iter().all(Option::is_some));
    }
}
