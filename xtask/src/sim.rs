//! `cargo xtask sim`: the simulator.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::{process, workspace};

const DEADLINE: Duration = Duration::from_secs(24 * 3600);

/// Which seeds to run.
#[derive(Args)]
pub(crate) struct SimArgs {
    /// One seed
    #[arg(long, conflicts_with_all = ["runs", "start"])]
    seed: Option<u64>,
    /// Print what happens in the world of the seed
    #[arg(short, long, requires = "seed")]
    verbose: bool,
    /// How many seeds
    #[arg(long, default_value_t = 2000)]
    runs: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    start: u64,
}

/// Runs seeds. The simulator is built with all assertions, so that every machine's invariants are looked at.
///
/// # Errors
/// If a seed fails.
pub(crate) fn run(args: &SimArgs) -> Result<()> {
    let mut words = match args.seed {
        Some(seed) => vec!["--seed".to_owned(), seed.to_string()],
        None => {
            ["--runs", &args.runs.to_string(), "--start", &args.start.to_string()].map(str::to_owned).into()
        }
    };
    words.extend(args.verbose.then(|| "-v".to_owned()));
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root());
    command.args(["run", "--quiet", "--profile", "sim", "-p", "loligo-sim", "--"]).args(words);
    process::run_attached(&mut command, DEADLINE)
}
