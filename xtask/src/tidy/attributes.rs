//! Attributes that need a reason, and lints of manifests.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::report::Finding;
use crate::source::{Source, closing, files_below, line_of};

/// Ignored tests and relaxed lints without a reason.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (open, body) in attributes(&source.code) {
        let problem = if body == "ignore" {
            Some("an ignored test says why: #[ignore = \"needs …\"]")
        } else if is_relaxation(body) && !body.contains("reason") {
            Some("a relaxed lint has its reason: #[expect(lint, reason = \"…\")]")
        } else {
            None
        };
        findings.extend(problem.map(|what| Finding::at(&source.path, line_of(&source.code, open), what)));
    }
    findings
}

fn is_relaxation(body: &str) -> bool {
    body.find('(').is_some_and(|at| matches!(body.get(..at).map(str::trim), Some("allow" | "expect")))
}

/// The contents of each attribute, and where it is.
fn attributes(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.match_indices('#').filter_map(|(at, _)| {
        let rest = code.get(at + 1..)?;
        let skip = usize::from(rest.starts_with('!'));
        let open = at + 1 + skip;
        if code.as_bytes().get(open) != Some(&b'[') {
            return None;
        }
        Some((at, code.get(open + 1..closing(code, open)?)?.trim()))
    })
}

/// Packages that do not take the workspace's lints, and lints that are relaxed without a comment.
pub(crate) fn check_manifests(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in files_below(root, &["toml"])? {
        if path.file_name().is_some_and(|name| name == "Cargo.toml") {
            findings.extend(check_manifest(&path, &fs::read_to_string(&path)?));
        }
    }
    Ok(findings)
}

fn check_manifest(path: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_package = text.lines().any(|line| line.trim() == "[package]");
    let is_own_workspace = text.lines().any(|line| line.trim() == "[workspace]");
    if is_package && !is_own_workspace && !text.contains("[lints]\nworkspace = true") {
        findings.push(Finding::at(path, 0, "does not take the workspace's lints: [lints] workspace = true"));
    }
    let mut before = "";
    for (index, line) in text.lines().enumerate() {
        if line.contains("\"allow\"") && !line.contains('#') && !before.trim_start().starts_with('#') {
            findings.push(Finding::at(path, index + 1, "a relaxed lint has its reason in a comment"));
        }
        before = line;
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Source::new("a.rs".into(), text.into())).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn missing_reasons_are_caught() {
        for bad in [
            "#[ignore]",
            "#[ignore ]",
            "#[allow(dead_code)]",
            "#![allow(clippy::all)]",
            "#[expect(\n    dead_code,\n)]",
        ] {
            assert_eq!(lines(&format!("\n{bad}\nfn f() {{}}\n")), [2], "{bad}");
        }
    }

    #[test]
    fn reasons_and_other_attributes_are_let_through() {
        for good in [
            "#[ignore = \"needs a cluster\"]",
            "#[expect(dead_code, reason = \"used by the fuzz targets\")]",
            "#![allow(dead_code, reason = \"each test program uses a part\")]",
            "#[allowed(x)]",
            "#[derive(Debug)]",
            "// #[ignore]",
            "let s = \"#[ignore]\";",
        ] {
            assert_eq!(lines(good), [0usize; 0], "{good}");
        }
    }

    #[test]
    fn manifests_take_the_lints_and_explain_what_they_relax() {
        let count = |text: &str| check_manifest(Path::new("Cargo.toml"), text).len();
        assert_eq!(count("[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n"), 0);
        assert_eq!(count("[package]\nname = \"x\"\n"), 1);
        assert_eq!(count("[package]\n[workspace]\n"), 0);
        assert_eq!(count("[workspace.lints.rust]\nx = \"allow\"\n"), 1);
        assert_eq!(count("[workspace.lints.rust]\n# It would hide y.\nx = \"allow\"\n"), 0);
    }
}
