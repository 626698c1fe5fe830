//! An Objecter against OSDs that apply ops, under faults drawn from a seed. First everything goes wrong that can, then all
//! heals and every op must end. A ledger knows what was asked, what ran and what was answered.
//!
//! `MODEL_SEED=n cargo test --test model` runs one seed, with `MODEL_TRACE=1` it prints all that goes in and comes out;
//! `MODEL_RUNS=n` runs more of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;
mod model {
    pub(crate) mod ledger;
    pub(crate) mod osds;
    pub(crate) mod placement;
    pub(crate) mod world;
}

use model::world::{Tally, World};

#[test]
fn every_op_ends_once_and_appends_are_applied_once_in_order() {
    if let Some(seed) = std::env::var("MODEL_SEED").ok().and_then(|seed| seed.parse().ok()) {
        World::new(seed).run();
        return;
    }
    let runs = std::env::var("MODEL_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(400);
    let tallies: Vec<Tally> = (0..runs).map(|seed| World::new(seed).run()).collect();
    // The faults that the test lives on did happen.
    let sum = |of: fn(&Tally) -> u32| tallies.iter().map(of).sum::<u32>();
    assert!(sum(|t| t.replays) > 100, "replays: {}", sum(|t| t.replays));
    assert!(sum(|t| t.dropped) > 100, "dropped: {}", sum(|t| t.dropped));
    assert!(sum(|t| t.backoffs) > 100, "back-offs: {}", sum(|t| t.backoffs));
    assert!(sum(|t| t.refused) > 100, "EAGAIN: {}", sum(|t| t.refused));
    assert!(sum(|t| t.succeeded) > 10_000, "succeeded: {}", sum(|t| t.succeeded));
    assert!(sum(|t| t.failed) > 500, "failed: {}", sum(|t| t.failed));
}
