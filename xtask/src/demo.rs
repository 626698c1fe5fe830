//! `cargo xtask demo`: a first look, for which nothing but Rust is needed.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::process::run_attached;
use crate::workspace;

/// How long the build may take on a slow machine.
const BUILD: Duration = Duration::from_secs(30 * 60);
/// How long the demo may take: many times what it does.
const RUN: Duration = Duration::from_secs(2 * 60);
/// With `--keep`: until somebody ends it.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);

/// Options of `demo`.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Stay up until Ctrl-C, and print the ceph.conf to use from a second terminal
    #[arg(long)]
    keep: bool,
}

/// Builds the demo and runs it.
pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    run_attached(&mut cargo("build"), BUILD)?;
    let mut demo = cargo("run");
    demo.args(["--quiet", "--"]);
    if args.keep {
        // At a place that is easy to type, and the same each time.
        demo.arg("--keep").arg("--dir").arg(workspace::generated().join("demo"));
    }
    run_attached(&mut demo, if args.keep { FOR_EVER } else { RUN })
}

/// The demo is an example of the crate that runs the small cluster.
fn cargo(word: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace::root());
    cargo.args([word, "--release", "--package", "loligo-minicluster-net", "--example", "demo"]);
    cargo
}
