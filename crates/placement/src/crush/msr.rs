//! Multi-step-retry rules: `crush_msr_do_rule` (Squid).
//!
//! Such a rule is a number of settings, and then blocks of `take`, some `choosemsr`, `emit`. A block that has to find 8 OSDs
//! by `choosemsr 4 host` and `choosemsr 2 osd` divides their positions into 4 strides of 2, one for each host, and each
//! stride again. Where a device is out, the whole descent is tried again, so that another host may serve the position.

use alloc::vec::Vec;
use core::ops::Range;

use loligo_wire::crush::{Bucket, Rule, RuleOp, RuleStep};

use super::mapper::{Child, Mapper, NONE, UNDEF};

/// The most `choosemsr` in a block: each goes down one level at least, and Ceph's `CRUSH_MAX_DEPTH` is 10.
const DEPTH_MAX: usize = 64;

/// Carries out a rule. Nothing is found where it is not of the form above.
pub(super) fn do_rule(
    mut mapper: Mapper<'_>,
    rule: &Rule,
    result: &mut Vec<i32>,
    result_max: usize,
    [chosen, found]: [&mut Vec<i32>; 2],
    undo: &mut Vec<usize>,
) {
    let tunables = &mapper.map.tunables;
    let (mut descents, mut collision_tries) = (tunables.msr_descents, tunables.msr_collision_tries);
    let mut rest = rule.steps.as_slice();
    while let [step, tail @ ..] = rest {
        match step.op {
            RuleOp::SET_MSR_DESCENTS => descents = step.arg1.cast_unsigned(),
            RuleOp::SET_MSR_COLLISION_TRIES => collision_tries = step.arg1.cast_unsigned(),
            _ => break,
        }
        rest = tail;
    }
    let firstn = rule.rule_type == Rule::MSR_FIRSTN;
    let mut start = 0;
    result.resize(result_max, NONE);
    found.clear();
    while !rest.is_empty() {
        let Some((root, steps, tail)) = split_block(&mapper, rest) else { return result.clear() };
        let Some(children) = fan_out(steps, result_max) else { return result.clear() };
        let end = start + (children as usize).min(result_max - start);
        chosen.clear();
        chosen.resize(steps.len().saturating_mul(result_max), UNDEF);
        undo.clear();
        let mut block =
            Block { mapper: &mut mapper, steps, result_max, collision_tries, chosen, found, result, undo };
        block.run(root, children, start..end, descents);
        start = end;
        rest = tail;
    }
    if firstn {
        result.clear();
        result.append(found);
    }
}

/// The root of the block that `steps` begin with, its choose steps, and what follows it (`crush_msr_scan_next`).
fn split_block<'a, 'r>(
    mapper: &Mapper<'a>,
    steps: &'r [RuleStep],
) -> Option<(&'a Bucket, &'r [RuleStep], &'r [RuleStep])> {
    let (take, rest) = steps.split_first().filter(|(step, _)| step.op == RuleOp::TAKE)?;
    let (choose, rest) = rest.split_at_checked(rest.iter().position(|step| step.op == RuleOp::EMIT)?)?;
    let well_formed = (1..=DEPTH_MAX).contains(&choose.len())
        && choose.iter().all(|step| step.op == RuleOp::CHOOSE_MSR && step.arg1 >= 0);
    // A device is of no use: Ceph aborts where it is all that the block takes.
    let root = mapper.map.bucket(take.arg1).filter(|_| well_formed)?;
    Some((root, choose, rest.get(1..)?))
}

/// How many a step chooses.
fn width(step: &RuleStep, result_max: usize) -> Option<u32> {
    let asked = u32::try_from(step.arg1).ok()?;
    if asked == 0 { u32::try_from(result_max).ok() } else { Some(asked) }
}

/// How many all steps of a block choose together.
fn fan_out(steps: &[RuleStep], result_max: usize) -> Option<u32> {
    steps.iter().try_fold(1u32, |children, step| children.checked_mul(width(step, result_max)?))
}

/// A block under way.
struct Block<'b, 'a> {
    mapper: &'b mut Mapper<'a>,
    steps: &'b [RuleStep],
    result_max: usize,
    collision_tries: u32,
    /// Of each step, by position, what was chosen.
    chosen: &'b mut [i32],
    /// What was found by all blocks, in that order.
    found: &'b mut Vec<i32>,
    /// The same by position.
    result: &'b mut [i32],
    undo: &'b mut Vec<usize>,
}

/// What one call is to fill, and from where.
struct Call<'a> {
    bucket: &'a Bucket,
    /// The positions.
    range: Range<usize>,
    /// How many positions there are by the steps; more than in `range` where the result has no room for them.
    descendants: u32,
    /// Which step.
    depth: usize,
    /// Which descent.
    tryno: u32,
}

impl<'a> Block<'_, 'a> {
    fn run(&mut self, root: &'a Bucket, descendants: u32, range: Range<usize>, descents: u32) {
        let wanted = self.found.len() + range.len();
        for tryno in 0..descents {
            if self.found.len() >= wanted || !self.mapper.scratch.burn(self.result_max) {
                break;
            }
            self.choose(&Call { bucket: root, range: range.clone(), descendants, depth: 0, tryno });
        }
    }

    /// Fills positions; answers how many (`crush_msr_choose`).
    fn choose(&mut self, call: &Call<'a>) -> usize {
        let Some(step) = self.steps.get(call.depth) else { return 0 };
        let length = width(step, self.result_max).and_then(|strides| call.descendants.checked_div(strides));
        let Some(length @ 1..) = length else { return 0 };
        let undo = self.undo.len();
        let mut mapped = 0;
        for (index, start) in (0..).zip(call.range.clone().step_by(length as usize)) {
            let end = start.saturating_add(length as usize).min(call.range.end);
            if self.is_filled(start..end) {
                continue;
            }
            let Some(item) = self.descend(call, step, index, &(start..end)) else { continue };
            mapped += if step.arg2 == 0 {
                self.take_leaf(call.depth, item, length, start)
            } else {
                self.go_below(call, item, length, start..end)
            };
        }
        self.forget(undo, call, length as usize);
        mapped
    }

    /// Whether nothing is left to find for these positions. The last step says so: the result of a firstn rule is not in
    /// the order of positions.
    fn is_filled(&self, range: Range<usize>) -> bool {
        let leaves = self.chosen_by(self.steps.len().saturating_sub(1));
        leaves.and_then(|leaves| leaves.get(range)).is_none_or(|range| !range.contains(&UNDEF))
    }

    fn chosen_by(&self, depth: usize) -> Option<&[i32]> {
        let start = depth.checked_mul(self.result_max)?;
        self.chosen.get(start..start.checked_add(self.result_max)?)
    }

    fn stride_mut(&mut self, depth: usize, range: Range<usize>) -> Option<&mut [i32]> {
        let start = depth.checked_mul(self.result_max)?;
        self.chosen.get_mut(start..)?.get_mut(range)
    }

    /// An item for a stride that no other stride has.
    fn descend(
        &mut self,
        call: &Call<'a>,
        step: &RuleStep,
        index: u32,
        stride: &Range<usize>,
    ) -> Option<i32> {
        let results = u32::try_from(self.result_max).ok()?;
        let total_index = call.tryno.wrapping_mul(results).wrapping_add(index);
        for local in 0..self.collision_tries {
            let r = (total_index << 16).wrapping_add(local);
            let item = self.find(call.bucket, step.arg2, r, index)?;
            let chosen = self.chosen_by(call.depth)?.get(call.range.clone())?;
            let known = chosen.iter().position(|known| *known == item);
            if known.is_none_or(|place| stride.contains(&(call.range.start + place))) {
                return Some(item);
            }
            if !self.mapper.scratch.burn(1) {
                return None;
            }
        }
        None
    }

    /// An item of the wanted type below a bucket (`crush_msr_descend`).
    fn find(&mut self, top: &'a Bucket, wanted: i32, r: u32, index: u32) -> Option<i32> {
        let mut bucket = top;
        loop {
            let item = self.mapper.choose(bucket, r.cast_signed(), index as usize)?;
            match self.mapper.classify(item, wanted) {
                Child::Wanted { item, .. } => return Some(item),
                Child::Below(below) => bucket = below,
                Child::Bad => return None,
            }
        }
    }

    /// Takes a device for a position; how many positions that fills. No step may follow.
    fn take_leaf(&mut self, depth: usize, item: i32, length: u32, position: usize) -> usize {
        if length != 1 || depth + 1 != self.steps.len() || self.mapper.is_out(item) {
            return 0;
        }
        self.push_used(depth, position..position + 1, item);
        self.found.push(item);
        if let Some(place) = self.result.get_mut(position) {
            *place = item;
        }
        1
    }

    /// Goes on below a chosen bucket; how many positions of the stride that fills. A step has to follow.
    fn go_below(&mut self, call: &Call<'a>, item: i32, length: u32, stride: Range<usize>) -> usize {
        if call.depth + 1 >= self.steps.len() {
            return 0;
        }
        let Some(bucket) = self.mapper.map.bucket(item) else { return 0 };
        let start = stride.start;
        let below = Call {
            bucket,
            range: stride.clone(),
            descendants: length,
            depth: call.depth + 1,
            tryno: call.tryno,
        };
        let mapped = self.choose(&below);
        if self.push_used(call.depth, stride, item) && mapped == 0 {
            // It counts as a collision until the end of this descent, so that a device that is out moves little.
            self.undo.push(start);
        }
        mapped
    }

    /// Notes a stride's choice; whether it is new (`crush_msr_push_used`).
    fn push_used(&mut self, depth: usize, stride: Range<usize>, item: i32) -> bool {
        let Some(stride) = self.stride_mut(depth, stride) else { return false };
        match stride.iter_mut().find(|known| **known == item || **known == UNDEF) {
            Some(free) if *free == UNDEF => {
                *free = item;
                true
            }
            _ => false,
        }
    }

    /// Takes back the choices that led to nothing, from `first` on (`crush_msr_pop_used`).
    fn forget(&mut self, first: usize, call: &Call<'_>, length: usize) {
        while self.undo.len() > first {
            let Some(start) = self.undo.pop() else { break };
            let stride = start..start.saturating_add(length).min(call.range.end);
            let Some(stride) = self.stride_mut(call.depth, stride) else { continue };
            if let Some(last) = stride.iter_mut().rev().find(|item| **item != UNDEF) {
                *last = UNDEF;
            }
        }
    }
}
