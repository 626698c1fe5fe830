//! What cargo knows of the workspace and of what it depends on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;
use crate::workspace;

/// The first call on a fresh machine fetches every dependency.
const METADATA_DEADLINE: Duration = Duration::from_secs(600);

/// The workspace and everything that it depends on for this machine's platform.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    /// All packages, ours and others'.
    pub(crate) packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// A package.
#[derive(Deserialize)]
pub(crate) struct Package {
    id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// What it declares to depend on.
    pub(crate) dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

/// A declared dependency.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    /// Name of the package.
    pub(crate) name: String,
    /// None for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDep>,
}

#[derive(Deserialize)]
struct NodeDep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Deserialize)]
struct DepKind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Metadata> {
        let mut command = Command::new("cargo");
        command.args(["metadata", "--format-version", "1", "--filter-platform"]);
        command.arg(format!("{}-unknown-linux-gnu", std::env::consts::ARCH));
        let output = process::run(command.current_dir(workspace::root()), METADATA_DEADLINE)?;
        serde_json::from_slice(&output.stdout).context("cannot read what `cargo metadata` says")
    }

    /// The workspace's own packages.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Everything that `root` brings when it is used: its normal dependencies and theirs, itself included.
    pub(crate) fn normal_closure(&self, root: &str) -> Vec<&Package> {
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut reached: Vec<&str> =
            self.packages.iter().filter(|p| p.name == root).map(|p| p.id.as_str()).collect();
        let mut next = 0;
        while let Some(id) = reached.get(next) {
            next += 1;
            for dep in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
                let is_normal = dep.dep_kinds.iter().any(|kind| kind.kind.is_none());
                if is_normal && !reached.contains(&dep.pkg.as_str()) {
                    reached.push(&dep.pkg);
                }
            }
        }
        self.packages.iter().filter(|package| reached.contains(&package.id.as_str())).collect()
    }
}

impl Package {
    /// The package's folder.
    pub(crate) fn dir(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// The root file of its library.
    pub(crate) fn library(&self) -> Option<&Path> {
        self.target("lib")
    }

    /// The root file of its (first) program.
    pub(crate) fn program(&self) -> Option<&Path> {
        self.target("bin")
    }

    fn target(&self, kind: &str) -> Option<&Path> {
        let is_wanted = |target: &&Target| target.kind.iter().any(|k| k == kind);
        self.targets.iter().find(is_wanted).map(|target| target.src_path.as_path())
    }
}
