//! Ceph's own programs, as oracles.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::ceph::Ceph;

/// The object that a call of `rados` is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Its pool.
    pub pool: String,
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its locator key; empty for none.
    pub locator: String,
    /// Its name.
    pub object: String,
}

/// Ceph's `rados`, for one cluster.
#[derive(Clone, Debug)]
pub struct Rados {
    program: PathBuf,
    conf: PathBuf,
}

impl Rados {
    /// For the cluster of that `ceph.conf`.
    #[must_use]
    pub fn new(conf: &Path) -> Self {
        Self { program: "rados".into(), conf: conf.to_owned() }
    }

    /// That of a cluster's own release.
    #[must_use]
    pub fn of(ceph: &Ceph) -> Self {
        Self::of_for(ceph, &ceph.conf())
    }

    /// That of a cluster's release, for the cluster of another `ceph.conf`.
    #[must_use]
    pub fn of_for(ceph: &Ceph, conf: &Path) -> Self {
        Self { program: ceph.bin().join("rados"), conf: conf.to_owned() }
    }

    /// Stores a file.
    pub fn put(&self, name: &Name, file: &Path) {
        self.run(name, "put", &[file.as_os_str()]);
    }

    /// Fetches an object into a file.
    pub fn get(&self, name: &Name, file: &Path) {
        self.run(name, "get", &[file.as_os_str()]);
    }

    /// Appends a file.
    pub fn append(&self, name: &Name, file: &Path) {
        self.run(name, "append", &[file.as_os_str()]);
    }

    /// An object's size in bytes.
    #[must_use]
    pub fn size(&self, name: &Name) -> u64 {
        let told = self.run(name, "stat", &[]);
        let (_, size) = told.rsplit_once("size ").unwrap_or_else(|| panic!("a size in {told}"));
        size.trim().parse().unwrap()
    }

    /// Removes an object.
    pub fn remove(&self, name: &Name) {
        self.run(name, "rm", &[]);
    }

    /// The names of a pool's objects in the default namespace, in order.
    #[must_use]
    pub fn list(&self, pool: &str) -> Vec<String> {
        let output = self.command().args(["-p", pool, "ls"]).output();
        let told = String::from_utf8(succeed(&format!("rados -p {pool} ls"), output)).unwrap();
        let mut names: Vec<_> = told.lines().map(ToOwned::to_owned).collect();
        names.sort();
        names
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(&self.conf);
        command
    }

    fn run(&self, name: &Name, verb: &str, rest: &[&OsStr]) -> String {
        let mut command = self.command();
        // In one word with its option, and not as the last option: `rados` 16.2 refuses values that start with a dash there.
        if !name.namespace.is_empty() {
            command.arg(format!("--namespace={}", name.namespace));
        }
        if !name.locator.is_empty() {
            command.arg(format!("--object-locator={}", name.locator));
        }
        let output = command.args(["-p", &name.pool, verb, "--", &name.object]).args(rest).output();
        String::from_utf8_lossy(&succeed(&format!("rados {verb} {name:?}"), output)).into_owned()
    }
}

/// Runs a release's own `ceph`, which must succeed, and gives what it printed.
pub(crate) fn ceph(program: &Path, conf: &Path, args: &[&str]) -> String {
    let output = Command::new(program).arg("-c").arg(conf).args(args).output();
    String::from_utf8(succeed(&format!("ceph {args:?}"), output)).unwrap()
}

/// Runs a task of this project that must succeed, and gives what it printed.
pub fn xtask<A: AsRef<OsStr>>(args: &[A]) -> String {
    let program = std::env::var_os("LOLIGO_TEST_XTASK").unwrap();
    let shown: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy().into_owned()).collect();
    let output = Command::new(program).args(args).output();
    String::from_utf8(succeed(&format!("xtask {shown:?}"), output)).unwrap()
}

fn succeed(what: &str, output: std::io::Result<Output>) -> Vec<u8> {
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
