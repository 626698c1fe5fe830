//! `cargo xtask bench`: the benchmarks of `benches/`, which have a workspace of their own.

mod msgr_perf;
mod msgr_scale;
mod plot;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::process;
use crate::workspace;

const DEADLINE: Duration = Duration::from_secs(60 * 60);

/// What `bench` takes.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Which benchmarks; all if none is named
    #[arg(value_enum, value_name = "BENCH")]
    benches: Vec<Bench>,
    /// What criterion is told, such as a name to look for, or `--quick`
    #[arg(last = true, value_name = "CRITERION")]
    criterion: Vec<String>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bench {
    /// AES-128-GCM by each crate that has it, those in C included
    Cipher,
    /// CRC-32C by each crate that computes it
    Crc,
    /// CPU per message of our messenger's client beside Ceph's, with Ceph's server
    MsgrPerf,
    /// Many pipes on each transport: threads, memory, CPU, and how long a ping takes
    MsgrScale,
    /// PGs and objects to OSDs, beside osdmaptool if there is one
    Placement,
    /// Headers, messages and maps, written and read
    Wire,
}

/// Runs them, one after the other.
///
/// # Errors
/// If one does not build, or fails.
pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    let benches = if args.benches.is_empty() { Bench::value_variants() } else { &args.benches };
    for bench in benches {
        match bench {
            Bench::MsgrPerf => msgr_perf::run()?,
            Bench::MsgrScale => msgr_scale::run()?,
            Bench::Cipher | Bench::Crc | Bench::Placement | Bench::Wire => {
                criterion(*bench, &args.criterion)?
            }
        }
    }
    Ok(())
}

fn criterion(bench: Bench, arguments: &[String]) -> Result<()> {
    let name = format!("{bench:?}").to_lowercase();
    let mut command = cargo(&["bench", "--bench", &name, "--"]);
    process::run_attached(command.args(arguments), DEADLINE)
}

/// Builds something of the workspace as it is measured; gives where cargo puts what it has built.
fn build(arguments: &[&str]) -> Result<PathBuf> {
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root()).args(["build", "--release", "--quiet"]).args(arguments);
    process::run_attached(&mut command, DEADLINE)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(workspace::generated, PathBuf::from);
    Ok(target.join("release"))
}

/// `cargo` in the folder of the benchmarks, with the target folder that everything else has.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root().join("benches")).args(arguments);
    command.env("CARGO_TARGET_DIR", workspace::generated());
    command
}
