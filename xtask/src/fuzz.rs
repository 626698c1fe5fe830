//! `cargo xtask fuzz`: bytes and texts that nobody would send, for everything that reads some.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::process;
use crate::workspace;

const BUILD_DEADLINE: Duration = Duration::from_secs(20 * 60);
const SEEDS_DEADLINE: Duration = Duration::from_secs(120);
/// How much longer than it was given a target may take.
const GRACE: Duration = Duration::from_secs(120);

/// What libFuzzer needs to be told by: the coverage of each edge and of comparisons; and the address sanitizer.
const RUSTFLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Ccodegen-units=1 --cfg fuzzing";

/// No input may take more than a minute by the clock of a machine that may have other work, where a million devices take a second
/// when it has none; or one allocation of more than 256 MiB, which is what they take as JSON.
const LIMITS: &[&str] = &["-timeout=60", "-malloc_limit_mb=256", "-rss_limit_mb=2048", "-max_len=65536"];

/// What `fuzz` takes.
#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// How long in all; the targets share the time and the processors
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Which targets; all if none is named
    #[arg(value_enum, value_name = "TARGET")]
    targets: Vec<Target>,
}

/// What reads the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Every type of the wire by its name: decoded, printed, encoded for every release, and decoded again
    Types,
    /// Every type that has a sample, with a name or without: what goes with ops, frames of messenger v2
    Samples,
    /// Every message
    Messages,
    /// A CRUSH map, and then places for it
    Crush,
    /// An OSDMap and a change of it, and then places for it
    Incrementals,
    /// What goes over a connection of messenger v1, in either direction
    Streams,
    /// What comes compressed, with each algorithm
    Compressed,
    /// Compressed frames on an open connection of messenger v2
    Frames,
    /// Keyrings, `ceph.conf`, `mon_host`, addresses, names
    Texts,
}

impl Target {
    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Builds the targets and runs them, one a processor at a time.
///
/// # Errors
/// If there is no nightly compiler, or if a target found something: says how to see it again.
pub(crate) fn run(args: &FuzzArgs) -> Result<()> {
    let targets = if args.targets.is_empty() { Target::value_variants() } else { &args.targets };
    let bin = build()?;
    let dir = workspace::generated().join("fuzz");
    let seeds = dir.join("seeds");
    process::run(with_corpus(Command::new(bin.join("seeds")).arg(&seeds)), SEEDS_DEADLINE)?;
    let jobs = thread::available_parallelism().map_or(1, usize::from).min(targets.len());
    let each = Duration::from_secs(args.minutes * 60 * jobs as u64 / targets.len() as u64);
    println!(
        "fuzz: {} targets, {jobs} at a time, {} s each; found inputs stay in {}",
        targets.len(),
        each.as_secs(),
        dir.display()
    );
    let queue = Mutex::new(targets.iter().copied());
    let next = || queue.lock().ok()?.next();
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(target) = next() {
                    if let Err(error) = run_one(&bin, &dir, target, each) {
                        println!("fuzz: {}: {error:#}", target.name());
                        failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(target.name());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if failed.is_empty() { Ok(()) } else { bail!("something was found by: {}", failed.join(", ")) }
}

/// Gives the folder of the programs.
fn build() -> Result<PathBuf> {
    let target =
        process::run(Command::new("rustc").args(["+nightly", "--print", "host-tuple"]), SEEDS_DEADLINE)
            .context("the fuzzer takes a nightly compiler: rustup toolchain install nightly")?
            .text();
    let folder = workspace::generated().join("fuzz-build");
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root().join("fuzz")).args(["+nightly", "build", "--release", "--target"]);
    command.arg(target.trim()).env("RUSTFLAGS", RUSTFLAGS).env("CARGO_TARGET_DIR", &folder);
    process::run_attached(&mut command, BUILD_DEADLINE)
        .context("the targets take a C++ compiler, for libFuzzer")?;
    Ok(folder.join(target.trim()).join("release"))
}

fn with_corpus(command: &mut Command) -> &mut Command {
    match crate::test_run::corpus() {
        Some(corpus) => command.env("CEPH_OBJECT_CORPUS", corpus),
        None => command,
    }
}

fn run_one(bin: &Path, dir: &Path, target: Target, time: Duration) -> Result<()> {
    let name = target.name();
    let (found, artifacts) = (dir.join("corpus").join(&name), dir.join("artifacts"));
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&artifacts)?;
    let log = dir.join(format!("{name}.log"));
    let mut command = Command::new(bin.join(&name));
    command.args(LIMITS).arg("-print_final_stats=1").arg(format!("-max_total_time={}", time.as_secs()));
    command.arg(format!("-artifact_prefix={}/{name}-", artifacts.display()));
    command.arg(&found).arg(dir.join("seeds").join(&name));
    process::run_logged(&mut command, &log, time + GRACE).with_context(|| {
        let program = bin.join(&name);
        format!(
            "see {}; to see it again: {} {}/{name}-…",
            log.display(),
            program.display(),
            artifacts.display()
        )
    })?;
    let text = fs::read_to_string(&log)?;
    println!(
        "fuzz: {name}: {} inputs, {} a second, nothing found",
        stat(&text, "number_of_executed_units"),
        stat(&text, "average_exec_per_sec")
    );
    Ok(())
}

/// A figure of libFuzzer's last words.
fn stat<'a>(log: &'a str, name: &str) -> &'a str {
    let line = log.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
    line.map_or("?", |rest| rest.trim_start_matches(':').trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_read() {
        let log = "#1 INITED\nstat::number_of_executed_units: 15844\nstat::average_exec_per_sec:     352\n";
        assert_eq!(stat(log, "average_exec_per_sec"), "352");
        assert_eq!(stat(log, "number_of_executed_units"), "15844");
        assert_eq!(stat(log, "peak_rss_mb"), "?");
    }
}
