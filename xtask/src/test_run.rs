//! `cargo xtask test`: all tests, with real Ceph where it can be had.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;

use crate::ceph::{Release, fetch_perf_msgr};
use crate::process;
use crate::source::rust_below;
use crate::test_bed::{CEPH_CONF, PERF_MSGR, TestBed, XTASK, check_complaints};
use crate::workspace;

/// Everything together, builds included, takes at most this long.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// A file to which a test that cannot run appends a line: its name, what it needs and how to get that.
const SKIPPED: &str = "LOLIGO_TEST_SKIPPED";
/// Values encoded by Ceph, as ceph-object-corpus has them.
const CORPUS: &str = "CEPH_OBJECT_CORPUS";

/// What `test` takes.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Leave real Ceph out
    #[arg(long)]
    without_ceph: bool,
    /// Arguments for `cargo test` in place of --workspace, such as `-p loligo-wire maps`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo: Vec<String>,
}

/// Runs the tests and prints a summary of what was left out.
///
/// # Errors
/// If a test fails, if the daemons complain of what the tests did, or if time runs out.
pub(crate) fn run(args: &TestArgs) -> Result<()> {
    let started = Instant::now();
    let mut bed = TestBed::new()?;
    let mut summary = Summary::default();
    start_ceph(args, &mut bed, &mut summary);
    let skipped = bed.dir().join("skipped.txt");
    let mut command = test_command(args, &skipped, &mut summary);
    bed.export(&mut command)?;
    bring_perf_msgr(args, &mut command, &mut summary);
    let result = process::run_attached(&mut command, DEADLINE.saturating_sub(started.elapsed()));
    summary.read(&skipped);
    let complaints = bed.finish();
    summary.print(started.elapsed());
    result.context("the tests failed")?;
    check_complaints(&complaints?)
}

fn start_ceph(args: &TestArgs, bed: &mut TestBed, summary: &mut Summary) {
    let why = if args.without_ceph {
        "--without-ceph was given".to_owned()
    } else {
        match bed.start_ceph() {
            Ok(()) => return,
            Err(error) => format!("{error:#}"),
        }
    };
    let how = "install Ceph 16.2 (ceph-mon, ceph-osd, ceph-mgr, ceph-common), or make `cargo xtask ceph fetch` work";
    summary.leave_out("tests against real Ceph", &why, how, &[CEPH_CONF, XTASK]);
}

/// Debian has no test programs of the release that the cluster is of.
fn bring_perf_msgr(args: &TestArgs, command: &mut Command, summary: &mut Summary) {
    let why = if args.without_ceph {
        "--without-ceph was given".to_owned()
    } else {
        match fetch_perf_msgr(Release::Reef) {
            Ok(bin) => {
                command.env(PERF_MSGR, bin);
                return;
            }
            Err(error) => format!("{error:#}"),
        }
    };
    let how = "install ceph-test, or make `cargo xtask ceph fetch --release reef --perf-msgr` work";
    summary.leave_out("tests with ceph_perf_msgr_client and _server", &why, how, &[PERF_MSGR]);
}

fn test_command(args: &TestArgs, skipped: &Path, summary: &mut Summary) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root()).args(["test", "--no-fail-fast"]);
    if args.cargo.is_empty() {
        command.arg("--workspace");
    }
    command.args(&args.cargo).env(SKIPPED, skipped);
    match corpus() {
        Some(corpus) => {
            command.env(CORPUS, corpus);
        }
        None => {
            let how = format!(
                "clone https://github.com/ceph/ceph-object-corpus and set {CORPUS} to its archive folder"
            );
            summary.leave_out("values encoded by Ceph", &format!("{CORPUS} is not set"), &how, &[CORPUS]);
        }
    }
    command
}

/// The corpus that the environment names, or one beside the workspace.
pub(crate) fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os(CORPUS).map(PathBuf::from);
    let beside = || workspace::root().parent().map(|parent| parent.join("shared/corpus"));
    named.or_else(beside).filter(|dir| dir.is_dir())
}

/// What was left out.
#[derive(Default)]
struct Summary {
    lines: Vec<String>,
}

impl Summary {
    /// Notes that the tests that read one of `variables` cannot run.
    fn leave_out(&mut self, what: &str, why: &str, how: &str, variables: &[&str]) {
        self.lines.push(format!("{what}: {why}\n    to get them: {how}"));
        for file in files_that_mention(variables) {
            self.lines.push(format!("  left out in {file}"));
        }
    }

    /// Adds what the tests themselves said that they skip.
    fn read(&mut self, skipped: &Path) {
        let text = fs::read_to_string(skipped).unwrap_or_default();
        self.lines.extend(text.lines().map(str::to_owned));
    }

    fn print(&self, elapsed: Duration) {
        println!("\n==== cargo xtask test: {} s", elapsed.as_secs());
        if self.lines.is_empty() {
            println!("nothing was skipped");
            return;
        }
        println!("SKIPPED");
        for line in &self.lines {
            println!("  {line}");
        }
    }
}

/// Files of crates and tests that mention one of the variables.
fn files_that_mention(variables: &[&str]) -> Vec<String> {
    let folders = ["crates", "tests"].map(|folder| workspace::root().join(folder));
    let sources = folders.iter().filter_map(|folder| rust_below(folder).ok()).flatten();
    sources
        .filter(|source| variables.iter().any(|variable| source.text.contains(variable)))
        .map(|source| workspace::below_root(&source.path))
        .collect()
}
