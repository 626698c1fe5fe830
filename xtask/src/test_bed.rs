//! What tests that need real Ceph run on: a shared cluster, a folder for clusters of their own, and the variables by which
//! they find both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::ceph::{Release, Spec, TestCluster};

/// The `ceph.conf` of a running cluster, for tests that do not harm it. Its `client.admin` may do everything.
pub(crate) const CEPH_CONF: &str = "LOLIGO_TEST_CEPH_CONF";
/// The program that starts clusters: `$LOLIGO_TEST_XTASK ceph up --dir $LOLIGO_TEST_DIR/NAME`.
pub(crate) const XTASK: &str = "LOLIGO_TEST_XTASK";
/// The folder with both ends of Ceph's own measurement of its messenger.
pub(crate) const PERF_MSGR: &str = "LOLIGO_TEST_PERF_MSGR";
/// A folder for clusters of the tests' own; what is left in it is taken down after the run.
const DIR: &str = "LOLIGO_TEST_DIR";

/// A folder, and perhaps a cluster, that are gone when the run has ended, however it ends.
pub(crate) struct TestBed {
    dir: PathBuf,
    janitor: Janitor,
    cluster: Option<TestCluster>,
}

impl TestBed {
    /// The folder alone.
    pub(crate) fn new() -> Result<TestBed> {
        let dir = std::env::temp_dir().join(format!("loligo-test-{}", std::process::id()));
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let janitor = Janitor::start(&dir)?;
        Ok(TestBed { dir, janitor, cluster: None })
    }

    /// Starts the shared cluster, fetching Ceph if need be.
    pub(crate) fn start_ceph(&mut self) -> Result<()> {
        self.cluster =
            Some(TestCluster::start(&self.dir.join("shared"), Release::Pacific, &Spec::default())?);
        Ok(())
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Tells `command` of the cluster, if there is one, and of Ceph's tools.
    pub(crate) fn export(&self, command: &mut Command) -> Result<()> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = [cluster.bin().to_owned()].into_iter().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(dirs)?).env(CEPH_CONF, cluster.conf());
        self.export_xtask(command)
    }

    /// Tells `command` how to start clusters of its own.
    pub(crate) fn export_xtask(&self, command: &mut Command) -> Result<()> {
        command.env(XTASK, std::env::current_exe()?).env(DIR, &self.dir);
        Ok(())
    }

    /// Takes everything down and gives what the shared cluster's daemons hold against the tests.
    pub(crate) fn finish(self) -> Result<Vec<String>> {
        let complaints = self.cluster.map_or(Ok(Vec::new()), |cluster| cluster.complaints());
        self.janitor.finish()?;
        complaints
    }
}

/// Prints what daemons hold against tests; any complaint makes an error.
pub(crate) fn check_complaints(complaints: &[String]) -> Result<()> {
    for complaint in complaints {
        println!("the cluster complains: {complaint}");
    }
    match complaints.len() {
        0 => Ok(()),
        count => bail!("Ceph's daemons hold {count} things against what the tests did"),
    }
}

/// A process that takes the clusters down once our end of its pipe closes: at the end of the run, or when the run is
/// killed.
struct Janitor {
    child: Child,
}

impl Janitor {
    fn start(dir: &Path) -> Result<Janitor> {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["ceph", "janitor", "--dir"]).arg(dir).stdin(Stdio::piped());
        // An interrupt from the terminal must reach the run and not what cleans up after it.
        let child = command.process_group(0).spawn().context("cannot start the janitor")?;
        Ok(Janitor { child })
    }

    fn finish(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if !status.success() {
            bail!("not everything could be taken down");
        }
        Ok(())
    }
}
