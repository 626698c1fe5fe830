//! Words and white space in all text files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::report::Finding;
use crate::source::words;

/// The files that are read.
pub(crate) const EXTENSIONS: &[&str] = &["rs", "toml", "md", "sh", "yml", "yaml"];

/// Words that mean unfinished work, spelled here so that this file does not hold them itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("db", "g!("),
];

/// Paths that mean something on one machine only.
const PRIVATE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/tmp/", "src"), concat!("/ho", "me/"), concat!("/ro", "ot/")];

/// Reads and checks one file.
pub(crate) fn check_file(path: &Path) -> Result<Vec<Finding>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(check(path, &text))
}

fn check(path: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        if line.ends_with([' ', '\t', '\r']) {
            findings.push(Finding::at(path, number, "ends in white space"));
        }
        if let Some(word) = UNFINISHED.iter().find(|word| words(line, word).next().is_some()) {
            let what = format!("`{word}`: finish it, or write an issue and say here what is so");
            findings.push(Finding::at(path, number, what));
        }
        if let Some(place) = PRIVATE_PATHS.iter().find(|place| holds_path(line, place)) {
            findings.push(Finding::at(path, number, format!("`{place}` exists on one machine only")));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        findings.push(Finding::at(path, text.lines().count(), "the last line has no end"));
    }
    findings
}

/// Whether an absolute path that starts with `place` stands in the line, as opposed to a part of a longer one.
fn holds_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~*}/".contains(c))
    })
}

/// Files that must be there and are not.
pub(crate) fn check_wanted(root: &Path, wanted: &[&str]) -> Vec<Finding> {
    let missing = wanted.iter().filter(|name| !root.join(name).is_file());
    missing.map(|name| Finding::of(*name, "is missing")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(Path::new("a.rs"), text).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unfinished_work_and_private_paths_are_caught() {
        for bad in UNFINISHED.iter().chain(PRIVATE_PATHS) {
            assert_eq!(lines(&format!("fine\n// see {bad} x\n")), [2], "{bad}");
        }
        assert_eq!(lines("a \nb\t\nc"), [1, 2, 3]);
    }

    #[test]
    fn what_only_looks_alike_is_let_through() {
        let path = concat!("net/wo", "rk/x and $root/ho", "me/x\n");
        assert_eq!(lines(path), [0usize; 0]);
        assert_eq!(lines(concat!("TO", "DOS and mas", "TO", "DON\n")), [0usize; 0]);
    }
}
