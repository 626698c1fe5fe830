//! Where the workspace and its generated files are.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The home of everything that tasks fetch or build and that is not cargo's.
///
/// It is `target` of the workspace whatever `CARGO_TARGET_DIR` says, so that several target folders share one
/// copy of Ceph.
pub(crate) fn generated() -> PathBuf {
    root().join("target")
}

/// A file's path below the root, as it is written in data files and messages.
pub(crate) fn below_root(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
