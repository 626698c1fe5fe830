//! `cargo xtask test`: all tests, with real Ceph where it can be had.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::ceph::{Spec, TestCluster};
use crate::process;
use crate::source::rust_below;
use crate::workspace;

/// Everything together, builds included, takes at most this long.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// The `ceph.conf` of a running cluster, for tests that do not harm it. Its `client.admin` may do everything.
const CEPH_CONF: &str = "LOLIGO_TEST_CEPH_CONF";
/// The program that starts clusters: `$LOLIGO_TEST_XTASK ceph up --dir $LOLIGO_TEST_DIR/NAME`.
const XTASK: &str = "LOLIGO_TEST_XTASK";
/// A folder for clusters of the tests' own; what is left in it is taken down after the run.
const DIR: &str = "LOLIGO_TEST_DIR";
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
    let dir = std::env::temp_dir().join(format!("loligo-test-{}", std::process::id()));
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let janitor = Janitor::start(&dir)?;
    let mut summary = Summary::default();
    let cluster = start_ceph(args, &dir, &mut summary);
    let skipped = dir.join("skipped.txt");
    let mut command = test_command(args, &skipped, &mut summary);
    if let Some(cluster) = &cluster {
        export_cluster(&mut command, cluster, &dir)?;
    }
    let result = process::run_attached(&mut command, DEADLINE.saturating_sub(started.elapsed()));
    summary.read(&skipped);
    let complaints = cluster.map_or(Ok(Vec::new()), |cluster| cluster.complaints());
    janitor.finish()?;
    summary.print(started.elapsed());
    result.context("the tests failed")?;
    check_complaints(&complaints?)
}

fn start_ceph(args: &TestArgs, dir: &Path, summary: &mut Summary) -> Option<TestCluster> {
    let why = if args.without_ceph {
        "--without-ceph was given".to_owned()
    } else {
        match TestCluster::start(&dir.join("shared"), &Spec::default()) {
            Ok(cluster) => return Some(cluster),
            Err(error) => format!("{error:#}"),
        }
    };
    let how = "install Ceph 16.2 (ceph-mon, ceph-osd, ceph-mgr, ceph-common), or make `cargo xtask ceph fetch` work";
    summary.leave_out("tests against real Ceph", &why, how, &[CEPH_CONF, XTASK]);
    None
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
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os(CORPUS).map(PathBuf::from);
    let beside = || workspace::root().parent().map(|parent| parent.join("shared/corpus"));
    named.or_else(beside).filter(|dir| dir.is_dir())
}

fn export_cluster(command: &mut Command, cluster: &TestCluster, dir: &Path) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = [cluster.bin().to_owned()].into_iter().chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(dirs)?);
    command.env(CEPH_CONF, cluster.conf()).env(XTASK, std::env::current_exe()?).env(DIR, dir);
    Ok(())
}

fn check_complaints(complaints: &[String]) -> Result<()> {
    for complaint in complaints {
        println!("the cluster complains: {complaint}");
    }
    match complaints.len() {
        0 => Ok(()),
        count => bail!("Ceph's daemons hold {count} things against what the tests did"),
    }
}

/// A process that takes the clusters down once our end of its pipe closes: at the end of the run, or when the run is
/// killed.
struct Janitor {
    child: Child,
}

impl Janitor {
    fn start(dir: &Path) -> Result<Janitor> {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["ceph", "janitor", "--dir"]).arg(dir).stdin(Stdio::piped());
        // An interrupt from the terminal must reach the run and not what cleans up after it.
        let child = command.process_group(0).spawn().context("cannot start the janitor")?;
        Ok(Janitor { child })
    }

    fn finish(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if !status.success() {
            bail!("not everything could be taken down");
        }
        Ok(())
    }
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
