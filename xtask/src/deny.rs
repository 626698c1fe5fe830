//! `cargo xtask deny`: licences, duplicates and sources of what we depend on.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::process;
use crate::workspace;

/// The version that is installed where there is none.
const VERSION: &str = "0.20.2";

/// Building it takes two to three minutes on two cores.
const INSTALL_DEADLINE: Duration = Duration::from_secs(1200);
const CHECK_DEADLINE: Duration = Duration::from_secs(300);

/// What `deny` takes.
#[derive(Args, Default)]
pub(crate) struct DenyArgs {
    /// Look for known vulnerabilities too; that fetches the advisory database from the network
    #[arg(long)]
    advisories: bool,
}

/// Runs cargo-deny over `deny.toml`.
pub(crate) fn run(args: &DenyArgs) -> Result<()> {
    let program = find_or_install()?;
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).args(["--log-level", "warn", "check", "--hide-inclusion-graph"]);
    command.args(["bans", "licenses", "sources"]);
    if args.advisories {
        command.arg("advisories");
    }
    process::run_attached(&mut command, CHECK_DEADLINE)
}

/// cargo-deny from PATH, or our own below `target/tools`, which is built now if need be.
fn find_or_install() -> Result<PathBuf> {
    if let Some(found) = process::find_on_path("cargo-deny") {
        return Ok(found);
    }
    let home = workspace::generated().join("tools");
    let program = home.join("bin/cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    eprintln!("deny: building cargo-deny {VERSION} into {}, once (two to three minutes)", home.display());
    let mut install = Command::new("cargo");
    install.args(["install", "cargo-deny", "--locked", "--quiet", "--version", VERSION, "--root"]).arg(&home);
    process::run_attached(&mut install, INSTALL_DEADLINE)?;
    Ok(program)
}
