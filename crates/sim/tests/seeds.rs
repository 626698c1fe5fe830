//! Some seeds, that they are worlds that repeat, and that the checkers look.
#![expect(clippy::panic, reason = "a test that cannot go on must fail")]

use loligo_sim::{Canary, Violation, run};

#[test]
fn fifty_seeds_pass() {
    let failed: Vec<_> =
        (0..50).map(|seed| run(seed, None, None)).filter(|report| !report.violations.is_empty()).collect();
    assert!(failed.is_empty(), "{}", failed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_same_seed_is_the_same_world() {
    let hashes = |seed| [run(seed, None, None).hash, run(seed, None, None).hash];
    let all: Vec<_> = (100..110).map(hashes).collect();
    assert!(all.iter().all(|[first, second]| first == second), "{all:x?}");
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "each seed is a world of its own: {all:x?}");
}

/// What the first seed tells on which something that is broken on purpose is found.
fn found(canary: Canary) -> Violation {
    let mut reports = (0..60).map(|seed| run(seed, Some(canary), None));
    let report = reports.find(|report| !report.violations.is_empty());
    let violation = report.and_then(|report| report.violations.into_iter().next());
    violation.unwrap_or_else(|| panic!("{} was not found within 60 seeds", canary.name()))
}

#[test]
fn a_replay_that_the_osd_does_not_know_is_found() {
    let violation = found(Canary::NewReqidOnResend);
    let is_due = matches!(violation, Violation::ExecutedTwice { .. } | Violation::WrongAnswer { .. });
    assert!(is_due, "{violation}");
}

#[test]
fn a_request_that_is_lost_is_found() {
    let violation = found(Canary::LoseRequest);
    let is_due = matches!(violation, Violation::NotFinished { .. } | Violation::OutOfOrder { .. });
    assert!(is_due, "{violation}");
}

#[test]
fn a_read_of_what_is_not_there_is_found() {
    let violation = found(Canary::StaleRead);
    assert!(matches!(violation, Violation::StaleRead { .. }), "{violation}");
}
