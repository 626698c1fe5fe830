//! Each crate explains itself on its front page.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::metadata::{Metadata, Package};
use crate::report::Finding;

/// Packages whose library is there for our own tests only.
const WITHOUT_EXAMPLE: &[&str] = &["loligo-tests", "xtask"];

/// Crates without a front page, and libraries whose front page shows no example.
pub(crate) fn check() -> Result<Vec<Finding>> {
    let metadata = Metadata::read()?;
    let mut findings = Vec::new();
    for package in metadata.ours() {
        findings.extend(check_package(package)?);
    }
    Ok(findings)
}

fn check_package(package: &Package) -> Result<Option<Finding>> {
    let Some(file) = package.library().or(package.program()) else { return Ok(None) };
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let wants_example = package.library().is_some() && !WITHOUT_EXAMPLE.contains(&package.name.as_str());
    Ok(check_page(file, &text, wants_example))
}

fn check_page(file: &Path, text: &str, wants_example: bool) -> Option<Finding> {
    let page: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
    if page.is_empty() {
        return Some(Finding::at(file, 1, "has no front page (//! at the top of the file)"));
    }
    let has_example = page.iter().any(|line| line.trim_start_matches("//!").trim_start().starts_with("```"));
    (wants_example && !has_example).then(|| Finding::at(file, 1, "its front page shows no example"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_without_page_or_example_is_caught() {
        let file = Path::new("lib.rs");
        assert!(check_page(file, "//! Page.\n//!\n//! ```\n//! f();\n//! ```\n\nuse x;\n", true).is_none());
        assert!(check_page(file, "//! Page.\n\n/// ```\nfn f() {}\n", true).is_some());
        assert!(check_page(file, "use x;\n", false).is_some());
        assert!(check_page(file, "//! Page.\n", false).is_none());
    }
}
