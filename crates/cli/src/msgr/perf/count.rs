//! Counts numbered things that should come once each, in order.

/// What came of a series of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// How many came.
    pub(super) total: u64,
    /// The first number.
    pub(super) first: u64,
    /// The greatest number.
    pub(super) last: u64,
    /// How many numbers were left out on the way.
    pub(super) gaps: u64,
    /// How many came behind a greater one: again, or too late.
    pub(super) again: u64,
}

impl Count {
    /// One more.
    pub(super) const fn add(&mut self, number: u64) {
        if self.total == 0 {
            self.first = number;
            self.last = number;
        } else if number > self.last {
            self.gaps += number - self.last - 1;
            self.last = number;
        } else {
            self.again += 1;
        }
        self.total += 1;
    }

    /// Whether each came once, and in order.
    pub(super) const fn is_in_order(&self) -> bool {
        self.gaps == 0 && self.again == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(numbers: &[u64]) -> Count {
        let mut count = Count::default();
        numbers.iter().for_each(|number| count.add(*number));
        count
    }

    #[test]
    fn in_order_is_in_order_wherever_it_begins() {
        assert_eq!(count(&[5, 6, 7]), Count { total: 3, first: 5, last: 7, gaps: 0, again: 0 });
        assert!(count(&[5, 6, 7]).is_in_order() && count(&[]).is_in_order());
    }

    #[test]
    fn what_is_lost_doubled_or_late_is_seen() {
        assert_eq!(count(&[1, 2, 5]).gaps, 2);
        assert_eq!(count(&[1, 2, 2, 3]).again, 1);
        assert_eq!((count(&[1, 3, 2, 4]).gaps, count(&[1, 3, 2, 4]).again), (1, 1));
        assert!(!count(&[1, 3]).is_in_order() && !count(&[1, 1]).is_in_order());
    }
}
