//! Ceph's own tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{fetched, output};
use crate::ceph::Release;
use crate::process;

/// The first release that has multi-step-retry rules, and the first with optimized erasure-coded pools.
const SQUID: u32 = 19;
const TENTACLE: u32 = 20;
/// The first release whose osdmaptool survives a PG that lacks a shard.
const PACIFIC: u32 = 16;
/// The first release with upmaps of primaries.
const REEF: u32 = 18;

/// crushtool and osdmaptool of one release.
pub(crate) struct Judge {
    bin: PathBuf,
    /// What `osdmaptool --version` says.
    pub(crate) version: String,
    release: u32,
}

impl Judge {
    fn at(bin: &Path) -> Result<Judge> {
        let version = output(Command::new(bin.join("osdmaptool")).arg("--version"))
            .with_context(|| format!("osdmaptool of {} does not run", bin.display()))?;
        let number = version.strip_prefix("ceph version ").and_then(|rest| rest.split('.').next());
        let Some(release) = number.and_then(|number| number.parse().ok()) else {
            bail!("osdmaptool of {} says that it is {version}", bin.display());
        };
        if !bin.join("crushtool").is_file() {
            bail!("{} has no crushtool", bin.display());
        }
        let version = version.trim().split(" (").next().unwrap_or_default().to_owned();
        Ok(Judge { bin: bin.to_path_buf(), version, release })
    }

    /// What a tool prints to its standard output.
    pub(crate) fn tool(&self, name: &str, arguments: &[String]) -> Result<String> {
        output(Command::new(self.bin.join(name)).args(arguments).env("LC_ALL", "C").env("TZ", "UTC"))
            .with_context(|| format!("{name} {}", arguments.join(" ")))
    }

    /// Whether this is the release whose words we print in all else too.
    pub(crate) fn is_model(&self) -> bool {
        self.release == REEF
    }

    /// Whether its osdmaptool counts PGs that lack a shard: that of Nautilus dies of one.
    pub(crate) fn maps_holes(&self) -> bool {
        self.release >= PACIFIC
    }

    pub(crate) fn knows_msr(&self) -> bool {
        self.release >= SQUID
    }

    /// The release whose clusters it judges best; of those that can be had.
    pub(crate) fn release(&self) -> Release {
        match self.release {
            TENTACLE.. => Release::Tentacle,
            REEF.. => Release::Reef,
            PACIFIC.. => Release::Pacific,
            _ => Release::Nautilus,
        }
    }
}

/// The judges in the given folders; where none is given, all that can be found, each release once.
pub(crate) fn find(given: &[PathBuf]) -> Result<Vec<Judge>> {
    if !given.is_empty() {
        return given.iter().map(|bin| Judge::at(bin)).collect();
    }
    let installed = process::find_on_path("osdmaptool").and_then(|tool| Some(tool.parent()?.to_path_buf()));
    let mut judges: Vec<Judge> = Vec::new();
    for bin in installed.into_iter().chain(fetched()) {
        match Judge::at(&bin) {
            Ok(judge) if judges.iter().all(|known| known.release != judge.release) => judges.push(judge),
            Ok(_) => {}
            Err(error) => eprintln!("placement-diff: left out: {error:#}"),
        }
    }
    Ok(judges)
}

/// What only newer tools could have judged.
pub(crate) fn say_what_was_not_judged(judges: &[Judge]) {
    if !judges.iter().any(|judge| judge.release >= TENTACLE) {
        println!(
            "NOT JUDGED: multi-step-retry rules and optimized erasure-coded pools, for want of tools of Ceph 20; \
             run `cargo xtask ceph fetch --release tentacle`, or name them with --tools"
        );
    }
    if !judges.iter().any(|judge| judge.release >= REEF) {
        println!("NOT JUDGED: upmaps of primaries, for want of tools of Ceph 18 or newer");
    }
}
