//! Our own programs, built with all assertions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::output;
use crate::{process, workspace};

/// The first build takes minutes.
const BUILD_DEADLINE: Duration = Duration::from_secs(1800);
const PROFILE: &str = "sim";

/// Our side.
pub(crate) struct Ours {
    loligo: PathBuf,
    random_osdmap: PathBuf,
    mix_buckets: PathBuf,
}

impl Ours {
    /// Builds the program `loligo`, and the examples that write random maps.
    pub(crate) fn build() -> Result<Ours> {
        let build = |arguments: &[&str]| {
            let mut command = Command::new("cargo");
            command.current_dir(workspace::root());
            command.args(["build", "--quiet", "--profile", PROFILE]).args(arguments);
            process::run_attached(&mut command, BUILD_DEADLINE)
        };
        build(&["-p", "loligo-cli"])?;
        build(&["-p", "loligo-placement", "--example", "random_osdmap", "--example", "mix_buckets"])?;
        let folder = target_folder()?.join(PROFILE);
        Ok(Ours {
            loligo: folder.join("loligo"),
            random_osdmap: folder.join("examples/random_osdmap"),
            mix_buckets: folder.join("examples/mix_buckets"),
        })
    }

    /// What loligo prints.
    pub(crate) fn loligo(&self, words: &[&str], arguments: &[String]) -> Result<String> {
        output(Command::new(&self.loligo).args(words).args(arguments).env("TZ", "UTC"))
    }

    /// Makes uniform and tree buckets of some others of a CRUSH map, in its file.
    pub(crate) fn mix_buckets(&self, seed: u32, file: &Path, release: &str) -> Result<()> {
        output(Command::new(&self.mix_buckets).arg(seed.to_string()).arg(file).arg(release)).map(drop)
    }

    /// Writes the map of that seed.
    pub(crate) fn random_osdmap(&self, seed: u64, file: &Path, release: &str) -> Result<()> {
        let mut command = Command::new(&self.random_osdmap);
        command.arg(seed.to_string()).arg(file).args([release, "large"]);
        output(&mut command).map(drop)
    }
}

/// Where cargo builds: this program is two folders below.
fn target_folder() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(Path::parent).context("xtask lies in no folder")?;
    Ok(folder.to_path_buf())
}
