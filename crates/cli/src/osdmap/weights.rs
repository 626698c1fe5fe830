//! Weights in a hierarchy: `CrushWrapper::get_item_weight` and `adjust_item_weight`.

use std::collections::VecDeque;

use loligo_wire::crush::{Bucket, BucketAlg, CrushMap};

use super::straws::straws as compute_straws;

/// The most buckets that one change goes up through. A map may have a bucket in any number of others.
const BUCKETS_MAX: usize = 1 << 16;

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

/// Gives an item a weight in all buckets that have it, and to the buckets above them what follows. False where that
/// would take choose args to be computed anew.
pub(super) fn adjust_item_weight(crush: &mut CrushMap, item: i32, weight: u32) -> bool {
    if !crush.choose_args.is_empty() {
        return false;
    }
    let mut queue = VecDeque::from([(item, weight)]);
    let straw_calc_version = crush.tunables.straw_calc_version;
    let mut left = BUCKETS_MAX;
    while let Some((item, weight)) = queue.pop_front() {
        let above: Vec<i32> =
            crush.buckets().filter(|bucket| bucket.items.contains(&item)).map(|bucket| bucket.id).collect();
        for id in above {
            left = left.saturating_sub(1);
            let Some(mut bucket) = crush.remove_bucket(id).filter(|_| left > 0) else { return false };
            adjust_in_bucket(&mut bucket, item, weight, straw_calc_version);
            queue.push_back((id, bucket.weight));
            if crush.add_bucket(bucket).is_err() {
                return false;
            }
        }
    }
    true
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
