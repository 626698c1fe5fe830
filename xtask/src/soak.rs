//! `cargo xtask soak`: the long tests.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::process;
use crate::test_bed::{TestBed, check_complaints};
use crate::workspace;

/// One of them, its build included, takes at most this long.
const DEADLINE: Duration = Duration::from_secs(40 * 60);

/// How many objects the test of names makes.
const NAMES: (&str, &str) = ("LOLIGO_TEST_NAMES", "4000");

/// What `soak` takes.
#[derive(Args)]
pub(crate) struct SoakArgs {
    /// Which of them; all if none is named
    #[arg(value_enum, value_name = "NAME")]
    names: Vec<Soak>,
}

/// A long test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Soak {
    /// Writes without pause while OSDs, monitors and connections fail
    Faults,
    /// Writes over many lives of the tickets
    Tickets,
    /// 4,000 objects with names of every kind, exchanged with `rados`
    Names,
    /// Objects exchanged with each release of Ceph, and tickets of the newest
    Releases,
    /// A messenger among strangers: silent calls, nonsense, no free file descriptors
    Hostile,
    /// A cluster of each release in which everything changes that an OSD map can tell, and a client that follows
    Churn,
}

impl Soak {
    /// Whether it meets a real Ceph.
    fn needs_ceph(self) -> bool {
        self != Soak::Hostile
    }

    /// The file in `tests/tests`, and what its runner is told.
    fn test(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Soak::Faults => ("soak_faults", &["--ignored"]),
            Soak::Tickets => ("soak_tickets", &["--ignored"]),
            // The same test as in the short run, with more to do.
            Soak::Names => ("live_names", &[]),
            // One release after the other: each is a cluster.
            Soak::Releases => ("soak_releases", &["--ignored", "--test-threads=1"]),
            Soak::Hostile => {
                ("soak_hostile", &["--ignored", "--exact", "established_traffic_goes_on_among_strangers"])
            }
            Soak::Churn => ("soak_churn", &["--ignored", "--test-threads=1"]),
        }
    }
}

/// Runs the tests one after the other, all of them whatever fails first.
///
/// # Errors
/// If Ceph cannot be started, or if one of them fails.
pub(crate) fn run(args: &SoakArgs) -> Result<()> {
    let names = if args.names.is_empty() { Soak::value_variants() } else { &args.names };
    let mut failed = Vec::new();
    for soak in names {
        let started = Instant::now();
        println!("==== soak {soak:?}");
        let result = run_one(*soak);
        println!("==== soak {soak:?}: {} s", started.elapsed().as_secs());
        if let Err(error) = result {
            println!("{error:#}");
            failed.push(format!("{soak:?}"));
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn run_one(soak: Soak) -> Result<()> {
    let mut bed = TestBed::new()?;
    if soak.needs_ceph() {
        bed.start_ceph()?;
    }
    let (test, arguments) = soak.test();
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root()).args(["test", "--release", "-p", "loligo-tests", "--test", test]);
    command.args(["--", "--nocapture"]).args(arguments).env(NAMES.0, NAMES.1);
    bed.export(&mut command)?;
    let result = process::run_attached(&mut command, DEADLINE);
    let complaints = bed.finish();
    result.context("the test failed")?;
    check_complaints(&complaints?)
}
