//! `cargo xtask tidy`: what reviewers would otherwise have to say again and again.

mod attributes;
mod front_page;
mod lengths;
mod limits;
mod text;

use anyhow::Result;
use clap::Args;

use crate::report::conclude;
use crate::source::{files_below, rust_below};
use crate::workspace;

/// What `tidy` takes.
#[derive(Args, Default)]
pub(crate) struct TidyArgs {
    /// Lower the numbers in xtask/tidy.toml to what the code needs now
    #[arg(long)]
    tighten: bool,
}

/// Files that people read first; each must be there.
const WANTED: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "deny.toml",
    "rustfmt.toml",
    ".ci/run",
];

/// Checks the whole workspace.
pub(crate) fn run(args: &TidyArgs) -> Result<()> {
    let root = workspace::root();
    let mut limits = limits::Limits::read()?;
    let sources = rust_below(root)?;
    if args.tighten {
        limits.tighten(&sources)?;
    }
    let mut findings = lengths::check(&limits, &sources);
    for source in &sources {
        findings.extend(attributes::check(source));
    }
    for path in files_below(root, text::EXTENSIONS)?.iter().chain([&root.join(".ci/run")]) {
        findings.extend(text::check_file(path)?);
    }
    findings.extend(front_page::check()?);
    findings.extend(attributes::check_manifests(root)?);
    findings.extend(text::check_wanted(root, WANTED));
    conclude("tidy", findings)
}
