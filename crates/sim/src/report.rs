//! Running a seed, and what came of it.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::check::Violation;
use crate::world::World;
use crate::{Canary, Print};

/// What came of a seed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// A number for all that happened: two runs with the same hash did the same.
    pub hash: u64,
    /// How many steps the world took.
    pub steps: u64,
    /// How many ops were submitted.
    pub ops: usize,
    /// What went against the rules.
    pub violations: Vec<Violation>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.violations.is_empty() {
            return write!(
                f,
                "seed {}: passed, {} ops, {} steps, trace {:016x}",
                self.seed, self.ops, self.steps, self.hash
            );
        }
        writeln!(f, "seed {}: FAILED", self.seed)?;
        for violation in &self.violations {
            writeln!(f, "  {violation}")?;
        }
        write!(f, "  replay: cargo xtask sim --seed {}", self.seed)
    }
}

/// Runs the world of a seed to its end. A panic becomes a [`Violation`]. `print` takes the lines of the trace.
#[must_use]
pub fn run(seed: u64, canary: Option<Canary>, print: Option<Print>) -> Report {
    match catch_unwind(AssertUnwindSafe(|| live(seed, canary, print))) {
        Ok(report) => report,
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            let what = text.unwrap_or_else(|| "something without words".into());
            Report { seed, violations: vec![Violation::Panic { what }], ..Report::default() }
        }
    }
}

fn live(seed: u64, canary: Option<Canary>, print: Option<Print>) -> Report {
    let mut world = World::new(seed, canary, print);
    world.run();
    Report {
        seed,
        hash: world.core.trace.hash(),
        steps: world.core.trace.steps(),
        ops: world.history.records.len(),
        violations: world.violations,
    }
}
