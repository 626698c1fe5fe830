//! The budgets of what may be under way at once: `op_throttle_ops` and `op_throttle_bytes`.

use alloc::collections::BTreeMap;

use loligo_wire::Tid;

/// What one op takes from the budgets (`calc_op_budget`): itself, and the bytes that it sends or asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) bytes: u64,
}

/// A count and its limit, with the rule of Ceph's `Throttle`: what is larger than the limit is admitted while the
/// count is within the limit, so that it does not wait for ever.
#[derive(Clone, Debug)]
struct Limit {
    max: u64,
    taken: u64,
}

impl Limit {
    const fn admits(&self, cost: u64) -> bool {
        if self.max == 0 {
            return true;
        }
        if cost <= self.max { self.taken.saturating_add(cost) <= self.max } else { self.taken <= self.max }
    }

    const fn take(&mut self, cost: u64) {
        self.taken = self.taken.saturating_add(cost);
    }

    fn put(&mut self, cost: u64) {
        loligo_base::never!(cost > self.taken, "a budget gets back more than was taken");
        self.taken = self.taken.saturating_sub(cost);
    }
}

/// Both budgets, and the ops that wait for them in order of submission. While one waits, no later one is admitted:
/// that keeps ops on one object in order, and nobody starves.
#[derive(Clone, Debug)]
pub(crate) struct Throttle {
    ops: Limit,
    bytes: Limit,
    /// By tid, which is the order of submission. One that is cancelled while it waits is not searched for.
    waiting: BTreeMap<Tid, Cost>,
}

impl Throttle {
    pub(crate) const fn new(max_ops: u64, max_bytes: u64) -> Self {
        Self {
            ops: Limit { max: max_ops, taken: 0 },
            bytes: Limit { max: max_bytes, taken: 0 },
            waiting: BTreeMap::new(),
        }
    }

    const fn admits(&self, cost: Cost) -> bool {
        self.ops.admits(1) && self.bytes.admits(cost.bytes)
    }

    /// Takes the cost of an op that was just submitted; false where it has to wait.
    pub(crate) fn try_take(&mut self, cost: Cost) -> bool {
        let admitted = self.waiting.is_empty() && self.admits(cost);
        if admitted {
            self.take(cost);
        }
        admitted
    }

    const fn take(&mut self, cost: Cost) {
        self.ops.take(1);
        self.bytes.take(cost.bytes);
    }

    /// Lets an op wait behind those that wait already.
    pub(crate) fn wait(&mut self, tid: Tid, cost: Cost) {
        self.waiting.insert(tid, cost);
    }

    /// Takes the cost of the op that waits longest, where it fits by now.
    pub(crate) fn admit_next(&mut self) -> Option<Tid> {
        let (&tid, &cost) = self.waiting.first_key_value()?;
        if !self.admits(cost) {
            return None;
        }
        self.waiting.pop_first();
        self.take(cost);
        Some(tid)
    }

    /// Gives back what an admitted op took.
    pub(crate) fn put(&mut self, cost: Cost) {
        self.ops.put(1);
        self.bytes.put(cost.bytes);
    }

    /// An op that waits ends without having been admitted.
    pub(crate) fn forget(&mut self, tid: Tid) {
        self.waiting.remove(&tid);
    }

    /// Ops and bytes that are taken.
    pub(crate) const fn taken(&self) -> (u64, u64) {
        (self.ops.taken, self.bytes.taken)
    }

    /// The ops that wait, first come first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Tid> + '_ {
        self.waiting.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn bytes(bytes: u64) -> Cost {
        Cost { bytes }
    }

    #[test]
    fn an_op_larger_than_the_budget_goes_while_the_others_are_within_it() {
        let mut throttle = Throttle::new(10, 100);
        assert!(throttle.try_take(bytes(100)));
        assert!(throttle.try_take(bytes(5_000)));
        assert!(!throttle.try_take(bytes(1)));
        assert!(!throttle.try_take(bytes(5_000)));
        throttle.put(bytes(5_000));
        throttle.put(bytes(100));
        assert_eq!(throttle.taken(), (0, 0));
    }

    #[test]
    fn nobody_overtakes_one_that_waits() {
        let mut throttle = Throttle::new(10, 100);
        assert!(throttle.try_take(bytes(60)));
        assert!(!throttle.try_take(bytes(50)));
        throttle.wait(Tid(2), bytes(50));
        assert!(!throttle.try_take(bytes(1)), "would fit, but came later");
        throttle.wait(Tid(3), bytes(1));
        assert_eq!(throttle.admit_next(), None);
        throttle.put(bytes(60));
        assert_eq!(throttle.admit_next(), Some(Tid(2)));
        assert_eq!(throttle.admit_next(), Some(Tid(3)));
        assert_eq!(throttle.admit_next(), None);
    }

    #[test]
    fn the_number_of_ops_is_limited_too_and_zero_is_no_limit() {
        let mut throttle = Throttle::new(1, 0);
        assert!(throttle.try_take(bytes(u64::MAX)));
        assert!(!throttle.try_take(bytes(0)));
        throttle.wait(Tid(2), bytes(0));
        throttle.forget(Tid(2));
        throttle.put(bytes(u64::MAX));
        assert!(throttle.try_take(bytes(7)));
    }
}
