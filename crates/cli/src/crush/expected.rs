//! How often a device should have been chosen, as `CrushTester` estimates it.

use std::collections::BTreeMap;

use loligo_wire::crush::{CrushMap, RuleOp};

/// How many devices a rule can find at most: of the types that its steps name, the smallest of what there is and what is
/// asked for (`get_maximum_affected_by_rule`).
pub(super) fn maximum_affected(map: &CrushMap, rule: u8) -> i64 {
    let steps = map.rule(rule).map_or(&[][..], |rule| &rule.steps);
    // Settings count as steps of type 0, as in Ceph.
    let chooses = |op: RuleOp| op.0 >= 2 && op != RuleOp::EMIT;
    let affected: Vec<(i32, i32)> =
        steps.iter().filter(|step| chooses(step.op)).map(|step| (step.arg2, step.arg1)).collect();
    let asked: BTreeMap<i32, i32> = affected.iter().copied().collect();
    let mut most: BTreeMap<i32, i64> = BTreeMap::new();
    for (wanted, _) in &affected {
        let named = map.name_map().keys().filter_map(|id| map.bucket(*id));
        let count = named.filter(|bucket| i32::from(bucket.bucket_type) == *wanted).count();
        *most.entry(*wanted).or_default() += i64::try_from(count).unwrap_or(i64::MAX);
    }
    for (wanted, most) in &mut most {
        let asked = asked.get(wanted).copied().map_or(0, i64::from);
        if asked > 0 && asked < *most {
            *most = asked;
        }
    }
    let all = i64::try_from(map.max_buckets()).unwrap_or(i64::MAX).max(map.max_devices().into());
    most.into_values().filter(|most| *most > 0).fold(all, i64::min)
}

/// How often each device should be chosen, by its share of the weights, where `objects` mappings of `replicas` devices are
/// made. In single precision, as it is printed so.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn by_weight(weights: &[u32], objects: i64, replicas: i64) -> Vec<f32> {
    let total = total(weights) as f32;
    let expected = (objects * replicas) as f32;
    weights.iter().map(|weight| *weight as f32 / total * expected).collect()
}

/// The sum of all weights, in Ceph's `int`.
pub(super) fn total(weights: &[u32]) -> i32 {
    weights.iter().fold(0, |sum: i32, weight| sum.wrapping_add(weight.cast_signed()))
}
