//! Choosing one child of a bucket.

use core::iter;

use loligo_wire::crush::{Bucket, BucketAlg, ChooseArg};

use super::ln::crush_ln;
use super::work::Scratch;
use crate::hash::{crush_hash32_3, crush_hash32_3_each, crush_hash32_4};

/// Chooses a child of the bucket for the input `x` and the attempt `r` (`crush_bucket_choose`). `position` is that in the
/// result, by which a weight set is picked. None for a bucket that has no children, or whose weights do not fit them.
pub(super) fn bucket_choose(
    scratch: &mut Scratch,
    bucket: &Bucket,
    x: u32,
    r: u32,
    arg: Option<&ChooseArg>,
    position: usize,
) -> Option<i32> {
    if !scratch.burn(bucket.items.len()) {
        return None;
    }
    match &bucket.alg {
        BucketAlg::Uniform { .. } => scratch.permuted(bucket, x, r),
        BucketAlg::List { item_weights, sum_weights } => list(bucket, item_weights, sum_weights, x, r),
        BucketAlg::Tree { node_weights } => tree(bucket, node_weights, x, r),
        BucketAlg::Straw { straws, .. } => straw(bucket, straws, x, r),
        BucketAlg::Straw2 { item_weights } => {
            let weights = arg.and_then(|arg| arg.weights(position)).unwrap_or(item_weights);
            let ids = arg.map(|arg| &arg.ids).filter(|ids| !ids.is_empty()).unwrap_or(&bucket.items);
            straw2(bucket, ids, weights, x, r)
        }
    }
}

/// A hash that is not known is 0, as in Ceph.
#[inline]
fn hash3(bucket: &Bucket, x: u32, item: i32, r: u32) -> u32 {
    if bucket.hash == 0 { crush_hash32_3(x, item.cast_unsigned(), r) } else { 0 }
}

#[inline]
fn hash4(bucket: &Bucket, x: u32, item: u32, r: u32) -> u32 {
    if bucket.hash == 0 { crush_hash32_4(x, item, r, bucket.id.cast_unsigned()) } else { 0 }
}

/// From the last child down, each taken with the probability of its weight among all before it
/// (`bucket_list_choose`).
fn list(bucket: &Bucket, item_weights: &[u32], sum_weights: &[u32], x: u32, r: u32) -> Option<i32> {
    let children = bucket.items.iter().zip(item_weights).zip(sum_weights).rev();
    for ((item, weight), sum) in children {
        let draw = u64::from(hash4(bucket, x, item.cast_unsigned(), r) & 0xffff) * u64::from(*sum);
        if draw >> 16 < u64::from(*weight) {
            return Some(*item);
        }
    }
    bucket.items.first().copied()
}

/// From the root of a binary tree, to the side that a draw over the node's weight falls on (`bucket_tree_choose`). A node's
/// number has as many trailing zeros as it is high.
fn tree(bucket: &Bucket, node_weights: &[u32], x: u32, r: u32) -> Option<i32> {
    let mut node = node_weights.len() >> 1;
    while node & 1 == 0 {
        if node == 0 {
            return None;
        }
        let half = 1 << (node.trailing_zeros() - 1);
        let number = u32::try_from(node).ok()?;
        let weight = u64::from(*node_weights.get(node)?);
        let draw = (u64::from(hash4(bucket, x, number, r)) * weight) >> 32;
        let left = node - half;
        node = if draw < u64::from(*node_weights.get(left)?) { left } else { node + half };
    }
    bucket.items.get(node >> 1).copied()
}

/// The longest straw; of equal ones, the first (`bucket_straw_choose`).
fn straw(bucket: &Bucket, straws: &[u32], x: u32, r: u32) -> Option<i32> {
    let draws = bucket.items.iter().zip(straws).map(|(item, straw)| {
        let draw = u64::from(hash3(bucket, x, *item, r) & 0xffff) * u64::from(*straw);
        (draw, *item)
    });
    longest(draws)
}

/// A straw of a child.
struct Straw {
    item: i32,
    weight: i32,
    /// The draw from which its length comes.
    draw: u16,
    length: i64,
}

impl Straw {
    /// Whether a straw of that draw and weight is certainly no longer: of one weight, a smaller draw has a smaller logarithm.
    /// Ceph's table of them is wrong in one place by one step.
    const fn is_as_long(&self, draw: u16, weight: i32) -> bool {
        weight > 0 && weight == self.weight && (draw == self.draw || draw.saturating_add(1) < self.draw)
    }
}

/// The longest straw, each drawn from an exponential distribution of the child's weight; of equal ones, the first
/// (`bucket_straw2_choose`).
///
/// Most children have the weight of the one with the longest straw so far, and a smaller draw: of them only the draw is
/// computed, not the logarithm.
fn straw2(bucket: &Bucket, ids: &[i32], weights: &[u32], x: u32, r: u32) -> Option<i32> {
    let mut longest: Option<Straw> = None;
    // What choose args leave out stands for itself, and weighs nothing.
    let rest = bucket.items.iter().skip(ids.len());
    let mut ids = ids.iter().chain(rest).copied();
    let mut weights = weights.iter().copied().chain(iter::repeat(0));
    for items in bucket.items.chunks(AT_ONCE) {
        let mut draws = [0; AT_ONCE];
        draws
            .iter_mut()
            .zip(ids.by_ref().take(items.len()))
            .for_each(|(draw, id)| *draw = id.cast_unsigned());
        if bucket.hash != 0 {
            draws.fill(0);
        } else if items.len() < FEW {
            draws.iter_mut().take(items.len()).for_each(|draw| *draw = crush_hash32_3(x, *draw, r));
        } else {
            draws = crush_hash32_3_each(x, draws, r);
        }
        for ((item, draw), weight) in items.iter().zip(draws).zip(weights.by_ref()) {
            let [low, high, _, _] = draw.to_le_bytes();
            // Ceph divides by an `int`.
            let (draw, weight) = (u16::from_le_bytes([low, high]), weight.cast_signed());
            if longest.as_ref().is_some_and(|best| best.is_as_long(draw, weight)) {
                continue;
            }
            let length = exponential(draw, weight);
            if longest.as_ref().is_none_or(|best| length > best.length) {
                longest = Some(Straw { item: *item, weight, draw, length });
            }
        }
    }
    longest.map(|straw| straw.item)
}

/// Children whose draws are made at once.
const AT_ONCE: usize = 16;
/// Fewer are made one by one: the others would be for nothing.
const FEW: usize = 6;

fn longest<T: PartialOrd>(mut draws: impl Iterator<Item = (T, i32)>) -> Option<i32> {
    let first = draws.next()?;
    Some(draws.fold(first, |high, next| if next.0 > high.0 { next } else { high }).1)
}

/// The length of a straw of a child of that weight (`generate_exponential_distribution`): the logarithm of a draw from
/// (0, 1], as a number below 0 with 48 bits behind the point, over the weight.
#[inline]
fn exponential(draw: u16, weight: i32) -> i64 {
    if weight == 0 {
        return i64::MIN;
    }
    let ln = crush_ln(draw).cast_signed() - (1 << 48);
    ln.wrapping_div(weight.into())
}
