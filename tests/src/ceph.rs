//! A real cluster of a test's own, to do harm to.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::live::skip;
use crate::rados::{self, xtask};

/// A cluster that is taken down when this goes.
#[derive(Debug)]
pub struct Ceph {
    xtask: PathBuf,
    dir: PathBuf,
    bin: PathBuf,
}

impl Ceph {
    /// Starts a cluster with `cargo xtask ceph up` and these arguments. `None`, and says so, where `LOLIGO_TEST_XTASK` and
    /// `LOLIGO_TEST_DIR` do not tell how.
    #[must_use]
    pub fn up(name: &str, args: &[&str]) -> Option<Self> {
        let (Some(xtask), Some(dir)) =
            (std::env::var_os("LOLIGO_TEST_XTASK"), std::env::var_os("LOLIGO_TEST_DIR"))
        else {
            skip("LOLIGO_TEST_XTASK and LOLIGO_TEST_DIR do not say how to start a cluster");
            return None;
        };
        let dir = Path::new(&dir).join(name);
        // What is there is another's, and not to be taken down when this goes.
        assert!(!dir.exists(), "{} is there already", dir.display());
        let mut ceph = Self { xtask: xtask.into(), dir, bin: PathBuf::new() };
        ceph.run("up", args);
        ceph.bin = bin(&ceph.dir);
        Some(ceph)
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its `ceph.conf`.
    #[must_use]
    pub fn conf(&self) -> PathBuf {
        self.dir.join("ceph.conf")
    }

    /// The folder of its release's programs.
    #[must_use]
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// What its release's `ceph` prints, which must succeed.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> String {
        rados::ceph(&self.bin.join("ceph"), &self.conf(), args)
    }

    /// What a daemon (`mon.a`) says to a command by its admin socket.
    #[must_use]
    pub fn daemon(&self, daemon: &str, args: &[&str]) -> String {
        let socket = self.dir.join(format!("run/{daemon}.asok"));
        let socket = socket.to_string_lossy();
        self.command(&[&["daemon", &socket][..], args].concat())
    }

    /// What a daemon has written into its log so far.
    #[must_use]
    pub fn log(&self, daemon: &str) -> String {
        let log = std::fs::read(self.dir.join(format!("log/{daemon}.log"))).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Kills a daemon (`mon.a`), without giving it time for anything.
    pub fn kill(&self, daemon: &str) {
        self.run("kill", &[daemon, "--signal", "9"]);
    }

    /// Starts a daemon that was killed.
    pub fn start(&self, daemon: &str) {
        self.run("start", &[daemon]);
    }

    /// Churns the cluster with `cargo xtask ceph churn` and these arguments; `step` is told each line that it prints.
    pub fn churn(&self, args: &[&str], mut step: impl FnMut(&str)) {
        let mut command = Command::new(&self.xtask);
        command.args(["ceph", "churn", "--dir"]).arg(&self.dir).args(args).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            step(&line.unwrap());
        }
        let status = child.wait().unwrap();
        assert!(status.success(), "ceph churn {args:?}: {status}");
    }

    /// Fails if a daemon is gone, or holds something against what was done to it.
    pub fn check_complaints(&self) {
        self.run("complaints", &[]);
    }

    fn run(&self, what: &str, args: &[&str]) {
        let mut command = Command::new(&self.xtask);
        let status = command.args(["ceph", what, "--dir"]).arg(&self.dir).args(args).status().unwrap();
        assert!(status.success(), "ceph {what} {args:?}: {status}");
    }
}

/// The folder of programs of the cluster in a folder.
fn bin(dir: &Path) -> PathBuf {
    let env = xtask(&["ceph", "env", "--dir", &dir.to_string_lossy()]);
    let (_, path) = env.split_once("PATH='").expect("a line that sets PATH");
    path.split('\'').next().unwrap_or_default().into()
}

impl Drop for Ceph {
    fn drop(&mut self) {
        // Whoever started the tests looks for what is left.
        let _ = Command::new(&self.xtask).args(["ceph", "down", "--dir"]).arg(&self.dir).status();
    }
}
