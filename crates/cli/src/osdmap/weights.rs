//! Weights in a hierarchy: `CrushWrapper::get_item_weight` and `adjust_item_weight`.

use loligo_wire::crush::{Bucket, BucketAlg, ChooseArg, ChooseArgMap, CrushMap};

use super::straws::straws as compute_straws;

/// The most buckets that one change looks at. A map may have a bucket in any number of others.
const BUCKETS_MAX: usize = 1 << 24;
/// The most buckets above one another; a hierarchy has about ten.
const DEPTH_MAX: usize = 64;

/// The weight of an item in the first bucket that has it, or of a bucket.
pub(super) fn item_weight(crush: &CrushMap, item: i32) -> Option<u32> {
    crush.buckets().find_map(|bucket| {
        if bucket.id == item {
            return Some(bucket.weight);
        }
        let place = bucket.items.iter().position(|other| *other == item)?;
        bucket.item_weight(place)
    })
}

/// Gives an item a weight in all buckets that have it, and to the buckets above them what follows; in choose args, too. False
/// where that is too much work.
pub(super) fn adjust_item_weight(crush: &mut CrushMap, item: i32, weight: u32) -> bool {
    Adjustment { crush, left: BUCKETS_MAX }.item(item, weight, true, 0).is_some()
}

/// A change that goes up through the buckets. `None` where it does not end.
struct Adjustment<'a> {
    crush: &'a mut CrushMap,
    /// How many buckets may still be looked at.
    left: usize,
}

impl Adjustment<'_> {
    /// All buckets, in the order of their ids.
    fn buckets(&mut self, depth: usize) -> Option<Vec<i32>> {
        let ids: Vec<i32> = self.crush.buckets().map(|bucket| bucket.id).collect();
        self.left = self.left.checked_sub(ids.len())?;
        (depth < DEPTH_MAX).then_some(ids)
    }

    /// `adjust_item_weight`. The weights of choose args at the item's own place change only where `in_sets`.
    fn item(&mut self, item: i32, weight: u32, in_sets: bool, depth: usize) -> Option<()> {
        for id in self.buckets(depth)? {
            let holds = |bucket: &Bucket| bucket.items.iter().position(|other| *other == item);
            if let Some(place) = self.crush.bucket(id).and_then(holds) {
                if in_sets {
                    self.set_in_choose_args(id, place, weight);
                }
                let mut bucket = self.crush.remove_bucket(id)?;
                adjust_in_bucket(&mut bucket, item, weight, self.crush.tunables.straw_calc_version);
                let above = bucket.weight;
                self.crush.add_bucket(bucket).ok()?;
                self.item(id, above, false, depth + 1)?;
            }
            self.sum_choose_args(id, depth)?;
        }
        Some(())
    }

    fn set_in_choose_args(&mut self, bucket: i32, place: usize, weight: u32) {
        for map in self.crush.choose_args.values_mut() {
            let Some(mut arg) = map.get(bucket).cloned() else { continue };
            arg.weight_set.iter_mut().filter_map(|set| set.get_mut(place)).for_each(|slot| *slot = weight);
            map.set(bucket, arg);
        }
    }

    /// Makes the weights that a bucket has in the choose args of those above it the sums of its own there. As in Ceph, it is done
    /// for every bucket, changed or not.
    fn sum_choose_args(&mut self, bucket: i32, depth: usize) -> Option<()> {
        let maps: Vec<i64> = self.crush.choose_args.keys().copied().collect();
        for map in maps {
            let arg = self.crush.choose_args.get(&map).and_then(|map| map.get(bucket));
            if let Some(arg) = arg.filter(|arg| !arg.weight_set.is_empty()) {
                let sums = sums(arg);
                self.in_choose_args(map, bucket, &sums, depth + 1)?;
            }
        }
        Some(())
    }

    /// `choose_args_adjust_item_weight`. A bucket without weights of its own there gets them, whether it has the item or not.
    fn in_choose_args(&mut self, map: i64, item: i32, weights: &[u32], depth: usize) -> Option<()> {
        for id in self.buckets(depth)? {
            let bucket = self.crush.bucket(id)?;
            let args = self.crush.choose_args.get(&map)?;
            let mut arg = args.get(id).cloned().unwrap_or_default();
            let mut changed = arg.weight_set.is_empty();
            if changed {
                let own = |place| bucket.item_weight(place).unwrap_or(0);
                let own: Vec<u32> = (0..bucket.items.len()).map(own).collect();
                arg.weight_set = vec![own; positions(args)];
            }
            let alike = arg.weight_set.len() == weights.len();
            for (place, _) in bucket.items.iter().enumerate().filter(|(_, other)| alike && **other == item) {
                for (set, weight) in arg.weight_set.iter_mut().zip(weights) {
                    set.get_mut(place).into_iter().for_each(|slot| *slot = *weight);
                }
                changed = true;
            }
            if changed {
                let sums = sums(&arg);
                self.crush.choose_args.get_mut(&map)?.set(id, arg);
                if alike {
                    self.in_choose_args(map, id, &sums, depth + 1)?;
                }
            }
        }
        Some(())
    }
}

/// How many positions the choose args have: those of the first bucket that has any.
fn positions(args: &ChooseArgMap) -> usize {
    args.iter().map(|(_, arg)| arg.weight_set.len()).find(|positions| *positions > 0).unwrap_or(1)
}

/// What the weights of each position make in all, in Ceph's `int`.
fn sums(arg: &ChooseArg) -> Vec<u32> {
    arg.weight_set
        .iter()
        .map(|set| set.iter().fold(0, |sum: u32, weight| sum.wrapping_add(*weight)))
        .collect()
}

/// `crush_bucket_adjust_item_weight`
fn adjust_in_bucket(bucket: &mut Bucket, item: i32, weight: u32, straw_calc_version: u8) {
    let Some(place) = bucket.items.iter().position(|other| *other == item) else { return };
    let old = bucket.item_weight(place).unwrap_or(0);
    let moved = |sum: u32| sum.wrapping_sub(old).wrapping_add(weight);
    let set = |weights: &mut [u32]| {
        if let Some(slot) = weights.get_mut(place) {
            *slot = weight;
        }
    };
    match &mut bucket.alg {
        BucketAlg::Uniform { item_weight } => {
            *item_weight = weight;
            let size = u32::try_from(bucket.items.len()).unwrap_or(u32::MAX);
            bucket.weight = weight.wrapping_mul(size);
            return;
        }
        BucketAlg::List { item_weights, sum_weights } => {
            set(item_weights);
            sum_weights.iter_mut().skip(place).for_each(|sum| *sum = moved(*sum));
        }
        BucketAlg::Tree { node_weights } => {
            let mut node = 2 * place + 1;
            while node < node_weights.len() {
                if let Some(slot) = node_weights.get_mut(node) {
                    *slot = moved(*slot);
                }
                // The parent stands between its two halves.
                let half = 1usize << node.trailing_zeros();
                node = if node & (half << 1) == 0 { node + half } else { node - half };
            }
        }
        BucketAlg::Straw { item_weights, straws } => {
            set(item_weights);
            *straws = compute_straws(item_weights, straw_calc_version);
        }
        BucketAlg::Straw2 { item_weights } => set(item_weights),
    }
    bucket.weight = moved(bucket.weight);
}
