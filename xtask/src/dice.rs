//! Random choices.

use loligo_base::Prng;

/// Dice of a seed.
pub(crate) struct Dice(Prng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Prng::new(seed))
    }

    /// A number from 0 to `end`, without `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.0.below(end.into())).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True so many times out of 100.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.0.chance(percent, 100)
    }

    /// One of a list, which is not empty.
    #[expect(clippy::indexing_slicing, reason = "the index is below the length, which is not 0")]
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.0.index(from.len()).unwrap_or(0)]
    }

    /// One of a list, if it has any.
    pub(crate) fn choose<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.0.index(from.len())?).cloned()
    }

    /// That many of a list, each once, in any order; fewer where it has no more.
    pub(crate) fn sample<T: Clone>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut left = from.to_vec();
        let mut drawn = Vec::new();
        while drawn.len() < count
            && let Some(place) = self.0.index(left.len())
        {
            drawn.push(left.swap_remove(place));
        }
        drawn
    }
}
