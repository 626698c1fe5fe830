//! The ratchets of `xtask/tidy.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::lengths::lines_of_file;
use crate::source::Source;
use crate::workspace;

/// The file's contents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Most lines of a file, test modules aside.
    pub(crate) file_lines: usize,
    /// Most lines of a file of tests.
    pub(crate) test_file_lines: usize,
    /// Most lines of a function.
    pub(crate) function_lines: usize,
    /// Files that may be longer.
    #[serde(default)]
    exception: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    file: String,
    lines: usize,
    reason: String,
}

impl Limits {
    /// Reads the limits.
    pub(crate) fn read() -> Result<Limits> {
        let path = file();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Files that may be longer than the rest, with their limits.
    pub(crate) fn exceptions(&self) -> BTreeMap<&str, usize> {
        self.exception.iter().map(|exception| (exception.file.as_str(), exception.lines)).collect()
    }

    /// Exceptions without a reason.
    pub(crate) fn unexplained(&self) -> impl Iterator<Item = &str> {
        self.exception.iter().filter(|e| e.reason.trim().is_empty()).map(|e| e.file.as_str())
    }

    /// Lowers each exception to what its file has now, and drops those that are no longer needed.
    pub(crate) fn tighten(&mut self, sources: &[Source]) -> Result<()> {
        let lengths: BTreeMap<String, usize> = sources
            .iter()
            .map(|source| (workspace::below_root(&source.path), lines_of_file(source)))
            .collect();
        for exception in &mut self.exception {
            let now = lengths.get(&exception.file).copied().unwrap_or(0);
            exception.lines = exception.lines.min(now);
        }
        self.exception.retain(|exception| exception.lines > self.file_lines);
        self.write()
    }

    /// Writes the exceptions back below the commented head of the file.
    fn write(&self) -> Result<()> {
        let old = fs::read_to_string(file())?;
        let head = old.find("\n[[exception]]").map_or(old.as_str(), |at| old.get(..at).unwrap_or_default());
        let mut text = format!("{}\n", head.trim_end());
        for Exception { file, lines, reason } in &self.exception {
            text.push_str(&format!(
                "\n[[exception]]\nfile = {file:?}\nlines = {lines}\nreason = {reason:?}\n"
            ));
        }
        Ok(fs::write(file(), text)?)
    }

    #[cfg(test)]
    pub(crate) fn of(file_lines: usize, function_lines: usize, exceptions: &[(&str, usize)]) -> Limits {
        let exception = exceptions
            .iter()
            .map(|(file, lines)| Exception { file: (*file).into(), lines: *lines, reason: "because".into() })
            .collect();
        Limits { file_lines, test_file_lines: file_lines, function_lines, exception }
    }
}

fn file() -> PathBuf {
    workspace::root().join("xtask/tidy.toml")
}
