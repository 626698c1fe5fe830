//! `cargo xtask ci`: everything that must hold before a change lands, tests aside.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::bench;
use crate::deny::{self, DenyArgs};
use crate::fence;
use crate::metadata::Metadata;
use crate::process;
use crate::tidy::{self, TidyArgs};
use crate::workspace;

const CARGO_DEADLINE: Duration = Duration::from_secs(1800);

/// How many seeds the simulator runs.
const SIM_RUNS: &str = "2000";

type Step = (&'static str, fn() -> Result<()>);

/// In this order: what fails fast comes first.
const STEPS: &[Step] = &[
    ("fmt", fmt),
    ("fence", fence::run),
    ("tidy", || tidy::run(&TidyArgs::default())),
    ("clippy", clippy),
    ("benches", benches),
    ("doc", doc),
    ("deny", || deny::run(&DenyArgs::default())),
    ("sim", sim),
];

/// Runs every step, whatever fails, and ends with a table.
///
/// # Errors
/// If a step fails.
pub(crate) fn run() -> Result<()> {
    let mut table = Vec::new();
    for (name, step) in STEPS {
        println!("==== {name}");
        let started = Instant::now();
        let result = step();
        if let Err(error) = &result {
            println!("{error:#}");
        }
        table.push((name, result.is_ok(), started.elapsed()));
    }
    println!("==== cargo xtask ci");
    for (name, is_ok, elapsed) in &table {
        println!("{name:8} {:6} {:5} s", if *is_ok { "ok" } else { "FAILED" }, elapsed.as_secs());
    }
    match table.iter().filter(|(_, is_ok, _)| !is_ok).count() {
        0 => Ok(()),
        count => bail!("{count} of {} steps failed", table.len()),
    }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root()).args(arguments);
    command
}

fn fmt() -> Result<()> {
    process::run_attached(&mut cargo(&["fmt", "--all", "--", "--check"]), CARGO_DEADLINE)
}

fn clippy() -> Result<()> {
    let arguments = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    process::run_attached(&mut cargo(&arguments), CARGO_DEADLINE)
}

/// The benchmarks have a workspace of their own; what they need of ours must still be there.
fn benches() -> Result<()> {
    let arguments = ["clippy", "--quiet", "--locked", "--all-targets", "--", "-D", "warnings"];
    process::run_attached(&mut bench::cargo(&arguments), CARGO_DEADLINE)
}

fn doc() -> Result<()> {
    let mut command = cargo(&["doc", "--quiet", "--workspace", "--no-deps"]);
    process::run_attached(command.env("RUSTDOCFLAGS", "-D warnings"), CARGO_DEADLINE)
}

/// Runs the simulator over its seeds, once it is a program.
fn sim() -> Result<()> {
    let metadata = Metadata::read()?;
    if !metadata.ours().any(|package| package.name == "loligo-sim" && package.program().is_some()) {
        println!("sim: SKIPPED, loligo-sim has no program");
        return Ok(());
    }
    let arguments = ["run", "--quiet", "--profile", "sim", "-p", "loligo-sim", "--", "--runs", SIM_RUNS];
    process::run_attached(&mut cargo(&arguments), CARGO_DEADLINE)
}
