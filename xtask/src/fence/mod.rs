//! `cargo xtask fence`: the layers hold.

mod layers;
mod sources;

use std::path::Path;

use anyhow::Result;

use crate::metadata::{Metadata, Package};
use crate::report::{Finding, conclude};
use crate::source::{Source, rust_below};
use layers::{Kind, Layer, TOOLS, layer};

/// C comes in by a package of this kind of name; these only declare what the system has.
const SYS_ALLOWED: &[&str] = &["windows-sys", "linux-raw-sys", "js-sys", "web-sys"];

/// Checks every crate against its row of the table of layers.
pub(crate) fn run() -> Result<()> {
    let metadata = Metadata::read()?;
    let mut findings = Vec::new();
    for package in metadata.ours() {
        match layer(&package.name) {
            Some(row) => findings.extend(check_layer(row, package)?),
            None if TOOLS.contains(&package.name.as_str()) => {}
            None => findings.push(Finding::of(
                &package.name,
                "is in no row of the table of layers (xtask/src/fence/layers.rs)",
            )),
        }
    }
    let library = metadata.normal_closure("loligo");
    findings.extend(check_no_c(library.iter().map(|package| package.name.as_str())));
    conclude("fence", findings)
}

fn check_layer(row: &Layer, package: &Package) -> Result<Vec<Finding>> {
    let used: Vec<&str> = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.as_deref() != Some("dev"))
        .map(|dependency| dependency.name.as_str())
        .collect();
    let mut findings = check_dependencies(row, &used);
    if row.kind == Kind::Pure {
        if let Some(library) = package.library() {
            findings.extend(check_attributes(row, &Source::read(library)?));
        }
        for source in rust_below(&package.dir().join("src"))? {
            if !is_program(package, &source.path) {
                findings.extend(sources::check(&source));
            }
        }
    }
    Ok(findings)
}

/// Whether the file is a program's: the thin main of a pure crate drives it, so it stands outside the fence.
fn is_program(package: &Package, file: &Path) -> bool {
    package.program() == Some(file) || file.starts_with(package.dir().join("src/bin"))
}

fn check_dependencies(row: &Layer, used: &[&str]) -> Vec<Finding> {
    let allowed = row.allowed();
    let mut findings = Vec::new();
    for name in used.iter().filter(|name| !allowed.contains(*name)) {
        let all: Vec<&str> = allowed.iter().copied().collect();
        let what =
            format!("uses {name}, which its row of the layers does not allow; it may use {}", all.join(", "));
        findings.push(Finding::of(row.package, what));
    }
    findings
}

fn check_attributes(row: &Layer, library: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut require = |attribute: &str, why: &str| {
        if !library.code.contains(attribute) {
            findings.push(Finding::at(&library.path, 1, format!("lacks `{attribute}`: {why}")));
        }
    };
    require("#![forbid(unsafe_code)]", "a pure crate has no unsafe code");
    if row.is_no_std {
        require("#![no_std]", "this layer is kept pure by the compiler");
    }
    findings
}

/// The library needs no C but the C library itself.
fn check_no_c<'a>(packages: impl Iterator<Item = &'a str>) -> Vec<Finding> {
    packages
        .filter(|name| name.ends_with("-sys") && !SYS_ALLOWED.contains(name))
        .map(|name| Finding::of("loligo", format!("depends on {name}: the default build needs no C")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_outside_the_row_is_caught() {
        let row = layer("loligo-objecter").unwrap();
        assert_eq!(check_dependencies(row, &["loligo-wire", "bytes", "tracing", "loligo-base"]), []);
        for bad in ["loligo-msgr", "loligo-auth", "mio", "rand"] {
            let findings = check_dependencies(row, &["loligo-wire", bad]);
            assert_eq!(findings.len(), 1, "{bad}");
            assert!(findings[0].what.contains(bad), "{}", findings[0]);
        }
    }

    #[test]
    fn missing_attributes_are_caught_and_a_comment_does_not_help() {
        let row = layer("loligo-wire").unwrap();
        let check = |text: &str| {
            check_attributes(row, &Source::new("crates/wire/src/lib.rs".into(), text.into())).len()
        };
        assert_eq!(check("#![no_std]\n#![forbid(unsafe_code)]\n"), 0);
        assert_eq!(check("#![forbid(unsafe_code)]\n"), 1);
        assert_eq!(check("// #![no_std] #![forbid(unsafe_code)]\n"), 2);
    }

    #[test]
    fn a_c_library_is_caught() {
        assert_eq!(check_no_c(["libc", "bytes", "linux-raw-sys"].into_iter()), []);
        assert_eq!(check_no_c(["openssl-sys"].into_iter()).len(), 1);
    }
}
