//! Asking the cluster and its tools, and writing down what they say.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::ceph::TestCluster;
use crate::process::{self, Output};

const DEADLINE: Duration = Duration::from_secs(120);

/// The cluster, and the folder that takes what it says.
pub(crate) struct Capture<'a> {
    cluster: &'a TestCluster,
    out: &'a Path,
}

impl<'a> Capture<'a> {
    /// Captures from `cluster` into `out`.
    pub(crate) fn new(cluster: &'a TestCluster, out: &'a Path) -> Capture<'a> {
        Capture { cluster, out }
    }

    /// Runs one of Ceph's tools in the output folder, so that the paths which they print are the same everywhere, their own
    /// among them; an exit status other than 0 is an error.
    pub(crate) fn tool(&self, name: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(self.cluster.bin().join(name));
        command.env("CEPH_CONF", self.cluster.conf()).env("TZ", "UTC").current_dir(self.out).args(arguments);
        let mut output = process::run(&mut command, DEADLINE)?;
        // Nautilus is started by a loader that cannot tell a program another name than that of its file.
        if let Some(home) = self.cluster.bin().parent() {
            let program = home.join("root/usr/bin").join(name);
            output.stdout = replaced(&output.stdout, program.as_os_str().as_encoded_bytes(), name.as_bytes());
        }
        Ok(output)
    }

    /// Gives `ceph` a command in words.
    pub(crate) fn ceph(&self, words: &str) -> Result<Output> {
        self.tool("ceph", &words.split_whitespace().collect::<Vec<_>>())
            .with_context(|| format!("ceph {words}"))
    }

    /// Gives one run of `ceph` many commands, one a line, and returns the lines of what it says.
    pub(crate) fn ceph_lines(&self, commands: &str, arguments: &[&str]) -> Result<Vec<String>> {
        let mut command = Command::new(self.cluster.bin().join("ceph"));
        command.env("CEPH_CONF", self.cluster.conf()).args(arguments);
        let output = process::run_with_input(&mut command, commands.as_bytes(), DEADLINE)?;
        if !output.status.success() || output.stderr.contains("Error ") {
            bail!("ceph takes not all commands: {}", process::last_lines(&output.stderr, 10));
        }
        Ok(output.text().lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
    }

    /// Writes a file below the output folder.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> Result<()> {
        let path = self.out.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The current epoch of the OSDMap.
    pub(crate) fn epoch(&self) -> Result<u32> {
        let dump = self.ceph("osd dump --format json")?;
        let dump: serde_json::Value = serde_json::from_slice(&dump.stdout)?;
        let epoch =
            dump.get("epoch").and_then(serde_json::Value::as_u64).context("no epoch in `osd dump`")?;
        Ok(u32::try_from(epoch)?)
    }

    /// Writes every full map up to `last`.
    pub(crate) fn full_maps(&self, last: u32) -> Result<()> {
        for epoch in 1..=last {
            let map = self.ceph(&format!("osd getmap {epoch}"))?;
            self.write(&format!("osdmap/full_{epoch}"), &map.stdout)?;
        }
        Ok(())
    }

    /// Writes every incremental up to `last`, which only the monitor's store gives: the monitor is stopped for that.
    pub(crate) fn incrementals(&self, last: u32) -> Result<()> {
        let store = self.cluster.stop_mon()?.join("store.db");
        let store = store.to_string_lossy();
        for epoch in 2..=last {
            let file = format!("osdmap/inc_{epoch}");
            let arguments = ["rocksdb", &store, "get", "osdmap", &epoch.to_string(), "out", &file];
            self.tool("ceph-kvstore-tool", &arguments)?;
            if !self.out.join(&file).is_file() {
                bail!("the monitor's store has no incremental for epoch {epoch}");
            }
        }
        Ok(())
    }

    /// The version of all programs.
    pub(crate) fn version(&self) -> Result<String> {
        Ok(self.tool("ceph-osd", &["--version"])?.text())
    }
}

/// The bytes with `new` wherever `old` was.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        match rest.strip_prefix(old) {
            Some(after) if !old.is_empty() => {
                result.extend_from_slice(new);
                rest = after;
            }
            _ => {
                result.push(*first);
                rest = tail;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_replaced_and_nothing_else() {
        assert_eq!(replaced(b"/a/tool: x\n/a/tool: /a/t", b"/a/tool", b"tool"), b"tool: x\ntool: /a/t");
        assert_eq!(replaced(b"none", b"", b"x"), b"none");
    }
}
