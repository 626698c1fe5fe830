//! Sets of snapshots.

use alloc::collections::BTreeMap;

use crate::types::SnapId;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// A set of snapshots as intervals: `interval_set<snapid_t>`, `snap_interval_set_t`.
///
/// The intervals are not empty, do not overlap and end within 64 bits; a decoded set that breaks this is refused, so
/// that the arithmetic below cannot overflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapIntervalSet {
    /// Start to length.
    intervals: BTreeMap<u64, u64>,
}

impl SnapIntervalSet {
    /// Whether there is no snapshot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// The intervals as start and length, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.intervals.iter().map(|(start, len)| (*start, *len))
    }

    /// The interval that starts last of those that start at or before `snap`, as start and end.
    fn at_or_before(&self, snap: u64) -> Option<(u64, u64)> {
        self.intervals.range(..=snap).next_back().map(|(start, len)| (*start, start.saturating_add(*len)))
    }

    /// Whether the snapshot is in the set.
    #[must_use]
    pub fn contains(&self, snap: SnapId) -> bool {
        self.at_or_before(snap.0).is_some_and(|(_, end)| snap.0 < end)
    }

    /// Whether all of `start .. start + len` are in the set.
    #[must_use]
    pub fn contains_interval(&self, start: u64, len: u64) -> bool {
        let end = start.saturating_add(len);
        self.at_or_before(start).is_some_and(|(_, has)| end <= has)
    }

    /// Adds `start .. start + len`, and joins it with what it touches.
    pub fn insert(&mut self, start: u64, len: u64) {
        if len == 0 {
            return;
        }
        let (mut from, mut to) = (start, start.saturating_add(len));
        while let Some((start, end)) = self.at_or_before(to).filter(|(_, end)| *end >= from) {
            self.intervals.remove(&start);
            from = from.min(start);
            to = to.max(end);
        }
        self.intervals.insert(from, to.saturating_sub(from));
    }

    /// Adds all of another set (`union_of`).
    pub fn union_of(&mut self, other: &Self) {
        for (start, len) in other.iter() {
            self.insert(start, len);
        }
    }

    /// Takes all of another set away. False, with the set unchanged, where this set does not contain the other one.
    #[must_use]
    pub fn subtract(&mut self, other: &Self) -> bool {
        if !other.iter().all(|(start, len)| self.contains_interval(start, len)) {
            return false;
        }
        for (start, len) in other.iter() {
            self.erase(start, start.saturating_add(len));
        }
        true
    }

    /// Takes `from .. to`, which lies within one interval, away.
    fn erase(&mut self, from: u64, to: u64) {
        let Some((start, end)) = self.at_or_before(from) else { return };
        self.intervals.remove(&start);
        for (start, end) in [(start, from), (to, end)] {
            if start < end {
                self.intervals.insert(start, end - start);
            }
        }
    }
}

impl FromIterator<(u64, u64)> for SnapIntervalSet {
    /// From starts and lengths, in any order.
    fn from_iter<I: IntoIterator<Item = (u64, u64)>>(intervals: I) -> Self {
        let mut set = Self::default();
        for (start, len) in intervals {
            set.insert(start, len);
        }
        set
    }
}

impl Decode for SnapIntervalSet {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut intervals = BTreeMap::new();
        let mut free = 0;
        for _ in 0..d.count(16)? {
            let (start, len) = <(u64, u64)>::decode(d)?;
            let end = start.checked_add(len).filter(|end| *end > start && start >= free);
            free = end.ok_or(DecodeError::Invalid { what: "interval of snapshots", value: start })?;
            intervals.insert(start, len);
        }
        Ok(Self { intervals })
    }
}

impl Encode for SnapIntervalSet {
    fn encode(&self, e: &mut Encoder) {
        self.intervals.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::Features;

    fn set(intervals: &[(u64, u64)]) -> SnapIntervalSet {
        intervals.iter().copied().collect()
    }

    fn list(set: &SnapIntervalSet) -> Vec<(u64, u64)> {
        set.iter().collect()
    }

    #[test]
    fn what_touches_is_joined() {
        assert_eq!(list(&set(&[(5, 2), (1, 2), (3, 2)])), [(1, 6)]);
        assert_eq!(list(&set(&[(1, 1), (9, 1), (5, 1)])), [(1, 1), (5, 1), (9, 1)]);
        assert_eq!(list(&set(&[(2, 1), (4, 1), (6, 1), (1, 9)])), [(1, 9)]);
        assert_eq!(list(&set(&[(u64::MAX - 1, 5)])), [(u64::MAX - 1, 1)]);
    }

    #[test]
    fn only_what_is_there_can_be_taken() {
        let mut s = set(&[(1, 10), (20, 5)]);
        assert!(!s.subtract(&set(&[(2, 1), (10, 2)])), "11 is not there");
        assert_eq!(list(&s), [(1, 10), (20, 5)], "nothing was taken");
        assert!(s.subtract(&set(&[(1, 2), (5, 1), (20, 5)])));
        assert_eq!(list(&s), [(3, 2), (6, 5)]);
        assert!(s.contains(SnapId(4)) && !s.contains(SnapId(5)) && !s.contains(SnapId(20)));
    }

    #[test]
    fn intervals_that_overlap_or_overflow_are_refused() {
        for bad in [[(1, 5), (4, 2)], [(4, 2), (1, 1)], [(0, 0), (1, 1)], [(1, 1), (u64::MAX, 2)]] {
            let bytes = bad.to_vec().to_bytes(Features::PACIFIC);
            assert!(SnapIntervalSet::decode_all(&bytes).is_err(), "{bad:?}");
        }
        let touching = [(1u64, 2u64), (3, 1)].to_vec().to_bytes(Features::PACIFIC);
        let read = SnapIntervalSet::decode_all(&touching).unwrap();
        assert_eq!(read.to_bytes(Features::PACIFIC), touching, "kept as it came");
    }
}
