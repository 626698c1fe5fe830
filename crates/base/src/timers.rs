//! Timers of a machine.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::Mono;

/// One timer per key, ordered by expiry and then by key, so that the order of firing is the same in every run.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    by_time: BTreeSet<(Mono, K)>,
    by_key: BTreeMap<K, Mono>,
}

impl<K: Ord + Clone> Timers<K> {
    /// No timers.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_time: BTreeSet::new(), by_key: BTreeMap::new() }
    }

    /// Arms the timer of `key`, or moves it where it is armed already.
    pub fn set(&mut self, key: K, at: Mono) {
        if let Some(old) = self.by_key.insert(key.clone(), at) {
            self.by_time.remove(&(old, key.clone()));
        }
        self.by_time.insert((at, key));
    }

    /// Disarms the timer of `key`; says whether it was armed.
    pub fn cancel(&mut self, key: &K) -> bool {
        match self.by_key.remove(key) {
            Some(at) => self.by_time.remove(&(at, key.clone())),
            None => false,
        }
    }

    /// When the timer of `key` fires, if it is armed.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<Mono> {
        self.by_key.get(key).copied()
    }

    /// When the next timer fires.
    #[must_use]
    pub fn next(&self) -> Option<Mono> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes the first timer that is due at `now`. Call until it gives `None`.
    pub fn pop_expired(&mut self, now: Mono) -> Option<K> {
        if self.next()? > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// Disarms every timer.
    pub fn clear(&mut self) {
        self.by_time.clear();
        self.by_key.clear();
    }

    /// Whether no timer is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl<K: Ord + Clone> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn at(secs: u64) -> Mono {
        Mono::ZERO + Duration::from_secs(secs)
    }

    #[test]
    fn fires_in_order_of_time_then_key() {
        let mut timers = Timers::new();
        timers.set('c', at(1));
        timers.set('b', at(2));
        timers.set('a', at(2));
        assert_eq!(timers.pop_expired(at(0)), None);
        let fired: alloc::vec::Vec<_> = core::iter::from_fn(|| timers.pop_expired(at(5))).collect();
        assert_eq!(fired, ['c', 'a', 'b']);
        assert!(timers.is_empty());
    }

    #[test]
    fn setting_again_moves_and_cancelling_disarms() {
        let mut timers = Timers::new();
        timers.set(1, at(1));
        timers.set(1, at(9));
        assert_eq!(timers.get(&1), Some(at(9)));
        assert_eq!(timers.pop_expired(at(5)), None);
        assert!(timers.cancel(&1));
        assert!(!timers.cancel(&1));
        assert_eq!(timers.next(), None);
    }
}
