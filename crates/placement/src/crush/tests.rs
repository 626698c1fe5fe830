//! What Ceph does not define. What it does is compared with Ceph in `tests/golden.rs`.

use alloc::vec;
use alloc::vec::Vec;

use loligo_wire::crush::{Bucket, BucketAlg, ChooseArg, ChooseArgMap, CrushMap, Rule, RuleOp, RuleStep};

use super::*;

fn map(rule: &[(RuleOp, i32, i32)]) -> CrushMap {
    let mut map = CrushMap::with_hosts(4, 3);
    let steps = rule.iter().map(|(op, arg1, arg2)| RuleStep::new(*op, *arg1, *arg2)).collect();
    let rule = Rule { rule_type: Rule::REPLICATED, deprecated_min_size: 1, deprecated_max_size: 10, steps };
    map.add_rule("rule", rule).unwrap();
    map
}

fn found(map: &CrushMap, x: u32, result_max: usize) -> Vec<i32> {
    let (mut work, mut result) = (Workspace::new(), Vec::new());
    do_rule(&mut work, map, 0, x, &mut result, result_max, &[0x1_0000; 12], map.choose_args_for(0));
    result
}

const SIMPLE: [(RuleOp, i32, i32); 3] =
    [(RuleOp::TAKE, -1, 0), (RuleOp::CHOOSELEAF_FIRSTN, 0, 1), (RuleOp::EMIT, 0, 0)];

#[test]
fn a_rule_that_is_not_there_maps_to_nothing() {
    let map = map(&SIMPLE);
    let (mut work, mut result) = (Workspace::new(), vec![1, 2, 3]);
    do_rule(&mut work, &map, 7, 1, &mut result, 3, &[0x1_0000; 12], None);
    assert!(result.is_empty());
}

#[test]
fn unknown_steps_and_items_are_passed_over() {
    let plain = map(&SIMPLE);
    let odd = map(&[
        (RuleOp(99), 1, 2),
        (RuleOp::TAKE, -77, 0),
        (RuleOp::CHOOSE_FIRSTN, 1, 1),
        SIMPLE[0],
        (RuleOp::TAKE, 12, 0),
        SIMPLE[1],
        SIMPLE[2],
        SIMPLE[2],
    ]);
    for x in 0..50 {
        assert_eq!(found(&odd, x, 3), found(&plain, x, 3));
    }
}

#[test]
fn a_map_that_asks_for_years_of_work_ends_soon() {
    for choose in [RuleOp::CHOOSELEAF_FIRSTN, RuleOp::CHOOSELEAF_INDEP] {
        let mut map = map(&[
            (RuleOp::SET_CHOOSE_TRIES, i32::MAX, 0),
            (RuleOp::SET_CHOOSELEAF_TRIES, i32::MAX, 0),
            (RuleOp::SET_CHOOSE_LOCAL_TRIES, i32::MAX, 0),
            (RuleOp::TAKE, -1, 0),
            (choose, i32::MAX, 1),
            (RuleOp::EMIT, 0, 0),
        ]);
        map.tunables.choose_total_tries = u32::MAX;
        let (mut work, mut result) = (Workspace::new(), Vec::new());
        // Nothing is in: every device is refused.
        do_rule(&mut work, &map, 0, 5, &mut result, 255, &[0; 12], None);
        assert!(result.iter().all(|item| *item == NONE));
        assert!(work.scratch.exhausted());
    }
}

fn msr(rule_type: u8, steps: &[(RuleOp, i32, i32)]) -> CrushMap {
    let mut map = map(&[]);
    let steps = steps.iter().map(|(op, arg1, arg2)| RuleStep::new(*op, *arg1, *arg2)).collect();
    // Rule 1: rule 0 is empty.
    map.add_rule("msr", Rule { rule_type, deprecated_min_size: 1, deprecated_max_size: 100, steps }).unwrap();
    map
}

fn found_by_msr(map: &CrushMap, result_max: usize, weights: &[u32]) -> (Vec<i32>, bool) {
    let (mut work, mut result) = (Workspace::new(), Vec::new());
    do_rule(&mut work, map, 1, 5, &mut result, result_max, weights, None);
    (result, work.scratch.exhausted())
}

#[test]
fn a_multi_step_retry_rule_that_asks_for_years_of_work_ends_soon() {
    for rule_type in [Rule::MSR_FIRSTN, Rule::MSR_INDEP] {
        let endless = msr(
            rule_type,
            &[
                (RuleOp::SET_MSR_DESCENTS, -1, 0),
                (RuleOp::SET_MSR_COLLISION_TRIES, -1, 0),
                (RuleOp::TAKE, -1, 0),
                (RuleOp::CHOOSE_MSR, 0, 1),
                (RuleOp::CHOOSE_MSR, 1, 0),
                (RuleOp::EMIT, 0, 0),
            ],
        );
        // Nothing is in.
        let (result, exhausted) = found_by_msr(&endless, 255, &[0; 12]);
        assert!(exhausted && result.iter().all(|item| *item == NONE));
        assert!(!found_by_msr(&endless, 4, &[0x1_0000; 12]).1, "all are found at once");
    }
}

#[test]
fn a_multi_step_retry_rule_of_another_form_finds_nothing() {
    let (take, host, osd, emit) =
        ((RuleOp::TAKE, -1, 0), (RuleOp::CHOOSE_MSR, 2, 1), (RuleOp::CHOOSE_MSR, 1, 0), (RuleOp::EMIT, 0, 0));
    let deep: Vec<_> = [take].into_iter().chain([(RuleOp::CHOOSE_MSR, 1, 1); 65]).chain([emit]).collect();
    let odd: [&[(RuleOp, i32, i32)]; 11] = [
        &[take, host, osd],
        &[host, osd, emit],
        &[take, emit],
        &[(RuleOp::TAKE, 3, 0), emit],
        &[(RuleOp::TAKE, 3, 0), osd, emit],
        &[(RuleOp::TAKE, -77, 0), host, osd, emit],
        &[take, (RuleOp::CHOOSE_FIRSTN, 2, 1), osd, emit],
        &[take, (RuleOp::CHOOSE_MSR, -2, 1), osd, emit],
        &[take, (RuleOp::CHOOSE_MSR, i32::MAX, 1), (RuleOp::CHOOSE_MSR, i32::MAX, 0), emit],
        // Steps are left over at the end, however well the rule began.
        &[take, host, osd, emit, take],
        &deep,
    ];
    for steps in odd {
        assert!(found_by_msr(&msr(Rule::MSR_INDEP, steps), 4, &[0x1_0000; 12]).0.is_empty(), "{steps:?}");
    }
    // Of the right form, but no step chooses a device, or one that does is not the last.
    for steps in
        [&[take, host, emit][..], &[take, osd, osd, emit], &[take, (RuleOp::CHOOSE_MSR, 2, 77), osd, emit]]
    {
        let (result, _) = found_by_msr(&msr(Rule::MSR_INDEP, steps), 4, &[0x1_0000; 12]);
        assert_eq!(result, [NONE; 4], "{steps:?}");
    }
}

#[test]
fn a_loop_that_was_built_ends_too() {
    let mut map = map(&SIMPLE);
    let host = map.remove_bucket(-2).unwrap();
    map.add_bucket(Bucket { bucket_type: 9, items: vec![-1; 3], ..host }).unwrap();
    for x in 0..2 {
        assert!(found(&map, x, 3).len() <= 3);
    }
}

#[test]
fn weights_that_do_not_fit_are_not_chosen_by() {
    let odd = [
        BucketAlg::Straw2 { item_weights: vec![0x1_0000] },
        BucketAlg::Straw { item_weights: vec![], straws: vec![] },
        BucketAlg::List { item_weights: vec![1], sum_weights: vec![] },
        BucketAlg::Tree { node_weights: vec![] },
        BucketAlg::Tree { node_weights: vec![1; 255] },
        BucketAlg::Uniform { item_weight: 0 },
    ];
    for alg in odd {
        let mut map = map(&SIMPLE);
        let host = map.remove_bucket(-2).unwrap();
        map.add_bucket(Bucket { alg: alg.clone(), ..host.clone() }).unwrap();
        map.remove_bucket(-3);
        map.add_bucket(Bucket { id: -3, alg, items: Vec::new(), ..host }).unwrap();
        for x in 0..100 {
            assert!(found(&map, x, 4).len() <= 4);
        }
    }
    let mut map = map(&SIMPLE);
    let mut args = ChooseArgMap::new();
    args.set(-1, ChooseArg { weight_set: vec![vec![0x1_0000; 2], vec![]], ids: vec![7] });
    map.choose_args.insert(CrushMap::DEFAULT_CHOOSE_ARGS, args);
    for x in 0..100 {
        assert!(found(&map, x, 4).len() <= 4);
    }
}

#[test]
fn scratch_space_of_another_map_changes_nothing() {
    let mut uniform = map(&SIMPLE);
    for id in [-2, -3, -4, -5] {
        let host = uniform.remove_bucket(id).unwrap();
        uniform.add_bucket(Bucket { alg: BucketAlg::Uniform { item_weight: 0x1_0000 }, ..host }).unwrap();
    }
    let straw2 = map(&SIMPLE);
    let (mut work, mut result) = (Workspace::new(), Vec::new());
    for x in 0..200 {
        for map in [&uniform, &straw2] {
            do_rule(&mut work, map, 0, x, &mut result, 3, &[0x1_0000; 12], None);
            assert_eq!(result, found(map, x, 3), "x {x}");
        }
    }
}
