//! CRUSH: from a number to devices, by a rule over a hierarchy.
//!
//! Follows `crush/mapper.c` of Ceph 20.2: [`do_rule`] gives what `crush_do_rule` gives, for every algorithm of buckets,
//! every tunable, every step and every type of rule. What Ceph does not define (a child that does not exist, weights that
//! do not fit, a rule on which it aborts, a search without end) is defined here: it is not chosen, or the search ends.

mod choose;
mod firstn;
mod indep;
mod ln;
mod mapper;
mod msr;
#[cfg(test)]
mod tests;
mod work;

use alloc::vec::Vec;

use loligo_wire::crush::{ChooseArgMap, CrushMap, RuleOp, RuleStep};

use self::firstn::{Firstn, Tries};
use self::indep::Indep;
use self::mapper::{Mapper, NONE};
pub use self::work::Workspace;

/// Maps the number `x` by a rule to at most `result_max` items, which replace what is in `result`; none where there is no
/// such rule. `weights` are the devices' (an OSD's reweight, not that in the hierarchy), 16.16 fixed point; a device
/// without one is out. A hole is `0x7fff_ffff` ([`OsdId::NONE`](loligo_wire::OsdId::NONE)). Follows `crush_do_rule`.
#[doc(alias = "crush_do_rule")]
#[expect(clippy::too_many_arguments, reason = "crush_do_rule has them; Placer hides them")]
pub fn do_rule(
    work: &mut Workspace,
    map: &CrushMap,
    rule: u8,
    x: u32,
    result: &mut Vec<i32>,
    result_max: usize,
    weights: &[u32],
    choose_args: Option<&ChooseArgMap>,
) {
    result.clear();
    let Some(rule) = map.rule(rule) else { return };
    let Workspace { current, next, chosen, leaves, undo, scratch } = work;
    scratch.begin();
    current.clear();
    let mut mapper = Mapper { map, weights, choose_args, x, scratch };
    if rule.is_msr() {
        return msr::do_rule(mapper, rule, result, result_max, [current, next], undo);
    }
    let mut settings = Settings::of(map);
    for step in &rule.steps {
        match step.op {
            RuleOp::TAKE => {
                if can_take(map, step.arg1) {
                    current.clear();
                    current.push(step.arg1);
                }
            }
            RuleOp::EMIT => {
                let room = result_max.saturating_sub(result.len());
                result.extend(current.drain(..).take(room));
            }
            RuleOp::CHOOSE_FIRSTN
            | RuleOp::CHOOSE_INDEP
            | RuleOp::CHOOSELEAF_FIRSTN
            | RuleOp::CHOOSELEAF_INDEP => {
                if !current.is_empty() {
                    next.clear();
                    mapper.choose_step(
                        step,
                        &settings,
                        result_max,
                        [&mut *current, &mut *next, &mut *chosen, &mut *leaves],
                    );
                    core::mem::swap(current, next);
                }
            }
            _ => settings.apply(step),
        }
    }
}

fn can_take(map: &CrushMap, item: i32) -> bool {
    if item >= 0 { item < map.max_devices() } else { map.bucket(item).is_some() }
}

/// The tunables, as the rule changes them.
struct Settings {
    choose_tries: u32,
    /// 0: by `descend_once`.
    chooseleaf_tries: u32,
    local_tries: u32,
    local_fallback_tries: u32,
    vary_r: u32,
    stable: bool,
    descend_once: bool,
}

impl Settings {
    fn of(map: &CrushMap) -> Self {
        let t = &map.tunables;
        Self {
            // The tunable counts retries, the step tries.
            choose_tries: t.choose_total_tries.wrapping_add(1),
            chooseleaf_tries: 0,
            local_tries: t.choose_local_tries,
            local_fallback_tries: t.choose_local_fallback_tries,
            vary_r: t.chooseleaf_vary_r.into(),
            stable: t.chooseleaf_stable != 0,
            descend_once: t.chooseleaf_descend_once != 0,
        }
    }

    /// Takes a `set_…` step. Numbers that say nothing, and unknown steps, change nothing.
    fn apply(&mut self, step: &RuleStep) {
        let Ok(value) = u32::try_from(step.arg1) else { return };
        match step.op {
            RuleOp::SET_CHOOSE_TRIES if value > 0 => self.choose_tries = value,
            RuleOp::SET_CHOOSELEAF_TRIES if value > 0 => self.chooseleaf_tries = value,
            RuleOp::SET_CHOOSE_LOCAL_TRIES => self.local_tries = value,
            RuleOp::SET_CHOOSE_LOCAL_FALLBACK_TRIES => self.local_fallback_tries = value,
            RuleOp::SET_CHOOSELEAF_VARY_R => self.vary_r = value,
            RuleOp::SET_CHOOSELEAF_STABLE => self.stable = value != 0,
            _ => {}
        }
    }

    const fn firstn_tries(&self) -> Tries {
        let leaf = match (self.chooseleaf_tries, self.descend_once) {
            (0, true) => 1,
            (0, false) => self.choose_tries,
            (tries, _) => tries,
        };
        Tries {
            total: self.choose_tries,
            leaf,
            local: self.local_tries,
            local_fallback: self.local_fallback_tries,
        }
    }
}

impl Mapper<'_> {
    /// A choose step: for each of `current`, chooses below it and appends to `next`.
    fn choose_step(
        &mut self,
        step: &RuleStep,
        settings: &Settings,
        result_max: usize,
        [current, next, chosen, leaves]: [&mut Vec<i32>; 4],
    ) {
        // 0 is as many as the result has room for, less than 0 so many fewer.
        let asked = i64::from(step.arg1);
        let numrep = if asked > 0 { asked } else { asked.saturating_add_unsigned(result_max as u64) };
        let Ok(numrep @ 1..) = u32::try_from(numrep) else { return };
        let to_leaf = matches!(step.op, RuleOp::CHOOSELEAF_FIRSTN | RuleOp::CHOOSELEAF_INDEP);
        let firstn = matches!(step.op, RuleOp::CHOOSE_FIRSTN | RuleOp::CHOOSELEAF_FIRSTN);
        for item in current.iter() {
            let Some(bucket) = self.map.bucket(*item) else { continue };
            let room = result_max.saturating_sub(next.len());
            chosen.clear();
            leaves.clear();
            if firstn {
                let call = Firstn {
                    numrep,
                    wanted: step.arg2,
                    room,
                    tries: settings.firstn_tries(),
                    vary_r: settings.vary_r,
                    stable: settings.stable,
                    parent_r: 0,
                };
                self.choose_firstn(bucket, &call, chosen, to_leaf.then_some(&mut *leaves));
            } else {
                let call = Indep {
                    numrep,
                    wanted: step.arg2,
                    tries: settings.choose_tries,
                    leaf_tries: settings.chooseleaf_tries.max(1),
                    parent_r: 0,
                };
                let count = room.min(numrep as usize);
                chosen.resize(count, NONE);
                leaves.resize(count, NONE);
                self.choose_indep(bucket, &call, 0, chosen, to_leaf.then_some(leaves.as_mut_slice()));
            }
            next.append(if to_leaf { leaves } else { chosen });
        }
    }
}
