//! `cargo xtask bench msgr-scale`: 10 to 5,000 pipes on each transport, as a table and as a plot in docs/.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::build;
use super::plot::{self, Panel, Series};
use crate::process;
use crate::workspace;

const DEADLINE: Duration = Duration::from_secs(300);
const PIPES: [u64; 4] = [10, 100, 1_000, 5_000];
const TRANSPORTS: [&str; 2] = ["async", "simple"];
/// Each pipe is asked four times at least.
const PINGS: u64 = 20_000;
const PLOT: &str = "docs/msgr-scale.svg";

/// What one run prints.
#[derive(Deserialize)]
struct Run {
    pipes: u64,
    server_threads: u64,
    client_threads: u64,
    server_kib: u64,
    client_kib: u64,
    client_cpu_us: f64,
    server_cpu_us: f64,
    p50_us: f64,
    p99_us: f64,
}

/// Measures, prints a table, and draws.
///
/// # Errors
/// If it does not build or run, or the plot cannot be written.
pub(super) fn run() -> Result<()> {
    let program = build(&["-p", "loligo-msgr", "--example", "scale"])?.join("examples/scale");
    println!("| pipes | `ms_type` | threads | memory, MiB | CPU of a ping | p50 | p99 |");
    println!("|---|---|---|---|---|---|---|");
    let mut runs = [Vec::new(), Vec::new()];
    for pipes in PIPES {
        for (ms_type, runs) in TRANSPORTS.into_iter().zip(&mut runs) {
            let mut command = Command::new(&program);
            command.args([ms_type, &pipes.to_string(), &PINGS.to_string()]);
            let output = process::run(&mut command, DEADLINE)?;
            let run: Run = serde_json::from_str(&output.text()).context("what scale prints")?;
            println!("{}", line(ms_type, &run));
            runs.push(run);
        }
    }
    let path = workspace::root().join(PLOT);
    std::fs::write(&path, plot(&runs)).with_context(|| format!("cannot write {}", path.display()))?;
    println!("\n{PLOT} is written");
    Ok(())
}

/// Of both ends, the server's first where they are told apart.
fn line(ms_type: &str, run: &Run) -> String {
    let mib = |kib: u64| kib as f64 / 1024.0;
    format!(
        "| {} | {ms_type} | {} + {} | {:.1} + {:.1} | {:.1} + {:.1} µs | {:.1} µs | {:.1} µs |",
        run.pipes,
        run.server_threads,
        run.client_threads,
        mib(run.server_kib),
        mib(run.client_kib),
        run.server_cpu_us,
        run.client_cpu_us,
        run.p50_us,
        run.p99_us
    )
}

fn plot(runs: &[Vec<Run>; 2]) -> String {
    let panel = |title: &'static str, value: fn(&Run) -> f64| Panel {
        title,
        series: TRANSPORTS
            .into_iter()
            .zip(runs)
            .map(|(name, runs)| Series {
                name,
                points: runs.iter().map(|run| (run.pipes as f64, value(run))).collect(),
            })
            .collect(),
    };
    plot::svg(
        "pipes",
        &[
            panel("threads of the server", |run| run.server_threads as f64),
            panel("memory of the server, MiB", |run| run.server_kib as f64 / 1024.0),
            panel("CPU of a ping, both ends, µs", |run| run.server_cpu_us + run.client_cpu_us),
            panel("99 of 100 pings take at most, µs", |run| run.p99_us),
        ],
    )
}
