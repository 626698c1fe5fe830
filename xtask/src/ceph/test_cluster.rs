//! Clusters that other tasks start.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::process::Signal;

use super::churn::{Churn, ChurnSpec};
use super::cluster::{Cluster, Spec};
use super::daemon::DaemonName;
use super::oracle;
use super::release::Release;
use super::up;

/// A running cluster of a task.
pub(crate) struct TestCluster {
    cluster: Cluster,
}

impl TestCluster {
    /// Starts it in `dir`, fetching Ceph if need be.
    pub(crate) fn start(dir: &Path, release: Release, spec: &Spec) -> Result<TestCluster> {
        Ok(TestCluster { cluster: up::up(dir, release, spec)? })
    }

    /// Its `ceph.conf`.
    pub(crate) fn conf(&self) -> PathBuf {
        self.cluster.conf()
    }

    /// Where Ceph's tools are.
    pub(crate) fn bin(&self) -> &Path {
        &self.cluster.bin
    }

    /// The release of its daemons.
    pub(crate) fn release(&self) -> Release {
        self.cluster.release
    }

    /// Makes it ready to be churned.
    pub(crate) fn churn(&self, spec: ChurnSpec) -> Result<Churn> {
        Churn::begin(Cluster::open(&self.cluster.dir)?, spec)
    }

    /// What its daemons hold against the clients that they served.
    pub(crate) fn complaints(&self) -> Result<Vec<String>> {
        oracle::complaints(&self.cluster)
    }

    /// Stops the first monitor in good order and returns its data folder.
    pub(crate) fn stop_mon(&self) -> Result<PathBuf> {
        let id = self.cluster.mons.first().context("a cluster without monitors")?;
        let mon = DaemonName::mon(id);
        if let Some(process) = mon.process(&self.cluster.dir) {
            process.signal(Signal::TERM)?;
            process.wait_for_end(&mon)?;
        }
        Ok(self.cluster.dir.join("data").join(mon.to_string()))
    }

    /// Takes it down and removes its folder.
    pub(crate) fn down(self) -> Result<()> {
        self.cluster.down()
    }
}
