//! Choosing where each result keeps its position: `crush_choose_indep`.

use loligo_wire::crush::{Bucket, BucketAlg};

use super::mapper::{Child, Mapper, NONE, UNDEF};

/// What one call is to choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indep {
    /// How many there are in all: by this the attempts of different positions are kept apart.
    pub(super) numrep: u32,
    /// Of which type.
    pub(super) wanted: i32,
    /// Rounds.
    pub(super) tries: u32,
    /// Rounds below a chosen bucket.
    pub(super) leaf_tries: u32,
    /// Added to each attempt: that of the search above.
    pub(super) parent_r: i32,
}

/// What became of a position in a round.
enum Turn {
    Taken(i32),
    /// Nothing yet.
    Failed,
    /// Nothing ever.
    Hopeless,
}

impl Mapper<'_> {
    /// Fills `out`, whose first position is `first` of the result, with distinct items below `bucket`, and `leaves`, where
    /// they are asked for, with a device below each. A position that nothing is found for gets [`NONE`].
    pub(super) fn choose_indep(
        &mut self,
        bucket: &Bucket,
        call: &Indep,
        first: usize,
        out: &mut [i32],
        mut leaves: Option<&mut [i32]>,
    ) {
        out.fill(UNDEF);
        if let Some(leaves) = leaves.as_deref_mut() {
            leaves.fill(UNDEF);
        }
        let mut left = out.len();
        let mut rounds = 0;
        while left > 0 && rounds < call.tries && self.scratch.burn(out.len()) {
            let round = rounds;
            rounds += 1;
            for index in 0..out.len() {
                if out.get(index) != Some(&UNDEF) {
                    continue;
                }
                let leaf = leaves.as_deref_mut().and_then(|leaves| leaves.get_mut(index));
                let item = match self.turn(bucket, call, round, first, index, out, leaf) {
                    Turn::Failed => continue,
                    Turn::Taken(item) => item,
                    Turn::Hopeless => {
                        if let Some(leaf) = leaves.as_deref_mut().and_then(|leaves| leaves.get_mut(index)) {
                            *leaf = NONE;
                        }
                        NONE
                    }
                };
                if let Some(place) = out.get_mut(index) {
                    *place = item;
                }
                left -= 1;
            }
        }
        self.scratch.count_tries(rounds);
        settle(out);
        if let Some(leaves) = leaves {
            settle(leaves);
        }
    }

    /// One descent for one position.
    #[expect(clippy::too_many_arguments, reason = "the state of one position, which no other code sees")]
    fn turn(
        &mut self,
        top: &Bucket,
        call: &Indep,
        round: u32,
        first: usize,
        index: usize,
        out: &[i32],
        leaf: Option<&mut i32>,
    ) -> Turn {
        let mut bucket = top;
        let start = i32::try_from(first + index).unwrap_or(i32::MAX).wrapping_add(call.parent_r);
        loop {
            let r = start.wrapping_add(stride(bucket, call.numrep).wrapping_mul(round).cast_signed());
            let Some(item) = self.choose(bucket, r, first) else { return Turn::Failed };
            match self.classify(item, call.wanted) {
                Child::Bad => return Turn::Hopeless,
                Child::Below(below) => bucket = below,
                Child::Wanted { item, .. } if out.contains(&item) => return Turn::Failed,
                Child::Wanted { item, is_device } => {
                    let found = leaf.is_none_or(|leaf| self.find_leaf(item, call, r, first + index, leaf));
                    // A device that is out stays in `leaf`: where nothing better is found, it is part of the result, as in
                    // Ceph.
                    return if found && !(is_device && self.is_out(item)) {
                        Turn::Taken(item)
                    } else {
                        Turn::Failed
                    };
                }
            }
        }
    }

    /// Finds the device for a chosen item; whether there is one.
    fn find_leaf(&mut self, item: i32, call: &Indep, r: i32, position: usize, leaf: &mut i32) -> bool {
        if item >= 0 {
            *leaf = item;
            return true;
        }
        let Some(bucket) = self.map.bucket(item) else { return false };
        let below =
            Indep { numrep: call.numrep, wanted: 0, tries: call.leaf_tries, leaf_tries: 0, parent_r: r };
        self.choose_indep(bucket, &below, position, core::slice::from_mut(leaf), None);
        *leaf != NONE
    }
}

/// How far apart the attempts of two rounds are. In a uniform bucket whose size is a multiple of `numrep`, that number
/// would lead to the same children again.
fn stride(bucket: &Bucket, numrep: u32) -> u32 {
    let uniform = matches!(bucket.alg, BucketAlg::Uniform { .. });
    let multiple = u32::try_from(bucket.items.len()).is_ok_and(|size| size.checked_rem(numrep) == Some(0));
    if uniform && multiple { numrep.wrapping_add(1) } else { numrep }
}

fn settle(items: &mut [i32]) {
    items.iter_mut().filter(|item| **item == UNDEF).for_each(|item| *item = NONE);
}
