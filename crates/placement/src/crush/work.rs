//! Scratch space of a mapping, to be used again.

use alloc::vec::Vec;

use loligo_wire::crush::{Bucket, CrushMap};

use crate::hash::crush_hash32_3;

/// How much work one mapping may be: about as many draws of straws, which take a second at most. Ceph sets no limit; a hostile
/// map could ask for years. A root of 10,000 OSDs right below it, all but a few of which are out, takes a sixth of it for ten
/// shards with a hundred tries each; a map with racks and hosts, a thousandth.
/// A fuzzer, whose sanitizers make everything a hundred times slower, gets to see more when it ends early.
const FUEL: u32 = if cfg!(fuzzing) { 1 << 15 } else { 1 << 26 };

/// Scratch space of the mapper. One of these serves any number of mappings, of any maps; after the first few, they allocate
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// What the last step chose, or took.
    pub(super) current: Vec<i32>,
    /// What this step chooses.
    pub(super) next: Vec<i32>,
    /// What is chosen below one item of `current`.
    pub(super) chosen: Vec<i32>,
    /// The device below each of `chosen`.
    pub(super) leaves: Vec<i32>,
    /// Of a multi-step-retry rule, the strides whose last choice led to nothing.
    pub(super) undo: Vec<usize>,
    pub(super) scratch: Scratch,
}

impl Workspace {
    /// Nothing allocated yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            current: Vec::new(),
            next: Vec::new(),
            chosen: Vec::new(),
            leaves: Vec::new(),
            undo: Vec::new(),
            scratch: Scratch { permutations: Vec::new(), used: 0, fuel: 0, profile: Profile::new() },
        }
    }

    /// From now on, counts how many tries it takes to choose (`start_choose_profile`).
    pub fn start_choose_profile(&mut self, map: &CrushMap) {
        let limit = Some(map.tunables.choose_total_tries);
        self.scratch.profile = Profile { limit, counts: Vec::new() };
    }

    /// How often an item was chosen after so many failures, or, where positions are kept, how often a search ended after so
    /// many rounds (`get_choose_profile`). What is not in it did not happen.
    #[must_use]
    pub fn choose_profile(&self) -> &[u32] {
        &self.scratch.profile.counts
    }
}

/// What choosing within buckets needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// The permutations of this mapping are the first `used`.
    permutations: Vec<Permutation>,
    used: usize,
    fuel: u32,
    profile: Profile,
}

/// How many tries it took to choose (`crush_map::choose_tries`).
#[derive(Clone, Debug, Default)]
struct Profile {
    /// The most that is counted; none where nothing is.
    limit: Option<u32>,
    counts: Vec<u32>,
}

impl Profile {
    const fn new() -> Self {
        Self { limit: None, counts: Vec::new() }
    }
}

/// The first `fixed` of a permutation of a bucket's positions, for one input (`crush_work_bucket`).
#[derive(Clone, Debug, Default)]
struct Permutation {
    bucket: i32,
    fixed: u32,
    order: Vec<u32>,
}

impl Scratch {
    /// Starts a mapping.
    pub(super) const fn begin(&mut self) {
        self.used = 0;
        self.fuel = FUEL;
    }

    /// Counts a choice that so many tries before it had not made. There are never more of them than fuel.
    #[inline]
    pub(super) fn count_tries(&mut self, tries: u32) {
        if self.profile.limit.is_none_or(|limit| tries > limit) {
            return;
        }
        let index = tries as usize;
        let counts = &mut self.profile.counts;
        if counts.len() <= index {
            counts.resize(index + 1, 0);
        }
        if let Some(count) = counts.get_mut(index) {
            *count = count.wrapping_add(1);
        }
    }

    /// Takes fuel; whether there was enough.
    #[inline]
    pub(super) fn burn(&mut self, amount: usize) -> bool {
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        match self.fuel.checked_sub(amount) {
            Some(left) => {
                self.fuel = left;
                true
            }
            None => {
                self.fuel = 0;
                false
            }
        }
    }

    /// Whether the mapping must end now.
    #[inline]
    pub(super) const fn exhausted(&self) -> bool {
        self.fuel == 0
    }

    /// The child at position `r` (modulo their number) of a random permutation of the bucket's children
    /// (`bucket_perm_choose`).
    pub(super) fn permuted(&mut self, bucket: &Bucket, x: u32, r: u32) -> Option<i32> {
        let size = u32::try_from(bucket.items.len()).ok()?;
        let wanted = r.checked_rem(size)?;
        if !self.burn(1) {
            return None;
        }
        let draw = |position: u32| bucket_hash(bucket, x, position) % (size - position);
        let position =
            if wanted == 0 { draw(0) } else { self.permutation(bucket.id, size).extended(wanted, draw)? };
        bucket.items.get(position as usize).copied()
    }

    fn permutation(&mut self, bucket: i32, size: u32) -> &mut Permutation {
        let known = self.permutations.iter().take(self.used).position(|p| p.bucket == bucket);
        let index = known.unwrap_or(self.used);
        if known.is_none() {
            self.burn(size as usize);
            self.used += 1;
            if self.permutations.len() < self.used {
                self.permutations.resize_with(self.used, Permutation::default);
            }
        }
        // `index` is below the length: known, or just made.
        let last = self.permutations.len().saturating_sub(1);
        #[expect(clippy::indexing_slicing, reason = "the list was just made long enough")]
        let permutation = &mut self.permutations[index.min(last)];
        if known.is_none() {
            permutation.bucket = bucket;
            permutation.fixed = 0;
            permutation.order.clear();
            permutation.order.extend(0..size);
        }
        permutation
    }
}

impl Permutation {
    /// Draws on until position `wanted` is fixed, and answers what stands there.
    fn extended(&mut self, wanted: u32, draw: impl Fn(u32) -> u32) -> Option<u32> {
        while self.fixed <= wanted {
            let from = self.fixed as usize;
            let other = from.checked_add(draw(self.fixed) as usize)?;
            if other < self.order.len() {
                self.order.swap(from, other);
            }
            self.fixed += 1;
        }
        self.order.get(wanted as usize).copied()
    }
}

/// The hash that fixes one position of a permutation.
fn bucket_hash(bucket: &Bucket, x: u32, position: u32) -> u32 {
    if bucket.hash == 0 { crush_hash32_3(x, bucket.id.cast_unsigned(), position) } else { 0 }
}
