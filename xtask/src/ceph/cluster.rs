//! A test cluster on the loopback: what it is made of, how it is found again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::daemon::{DaemonName, Process};
use super::release::Release;

/// The file by which a folder is known to hold a cluster of ours.
const STATE_FILE: &str = "xtask-cluster.json";

/// What OSDs keep their objects in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Store {
    /// In memory: fast, and forgets acknowledged writes on kill -9
    Memstore,
    /// In a file, on /dev/shm where the kernel allows O_DIRECT there: for tests that kill OSDs
    Bluestore,
}

/// How clients and daemons prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Auth {
    /// Ceph's tickets
    Cephx,
    /// Everyone is believed
    None,
}

/// The cluster that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    /// Number of OSDs.
    pub(crate) osds: u32,
    /// Number of monitors.
    pub(crate) mons: u32,
    /// The OSDs' object store.
    pub(crate) store: Store,
    /// The authentication of all connections.
    pub(crate) auth: Auth,
    /// Options for `[global]`, which replace the defaults.
    pub(crate) set: Vec<(String, String)>,
}

impl Default for Spec {
    fn default() -> Spec {
        Spec { osds: 3, mons: 1, store: Store::Memstore, auth: Auth::Cephx, set: Vec::new() }
    }
}

/// A cluster in a folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cluster {
    /// Absolute path of its folder.
    pub(crate) dir: PathBuf,
    /// The release of its daemons.
    pub(crate) release: Release,
    /// Where the daemons' programs are.
    pub(crate) bin: PathBuf,
    /// Ids of its monitors.
    pub(crate) mons: Vec<String>,
    /// Number of its OSDs.
    pub(crate) osds: u32,
    /// A folder outside `dir` that belongs to it.
    pub(crate) shm: Option<PathBuf>,
}

impl Cluster {
    /// The cluster in `dir`.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn open(dir: &Path) -> Result<Cluster> {
        let file = dir.join(STATE_FILE);
        let text = fs::read_to_string(&file)
            .with_context(|| format!("{} holds no cluster of `ceph up`", dir.display()))?;
        serde_json::from_str(&text).with_context(|| format!("cannot read {}", file.display()))
    }

    /// Makes this the cluster of its folder.
    pub(crate) fn save(&self) -> Result<()> {
        fs::write(self.dir.join(STATE_FILE), serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    /// Every daemon, in the order in which they are started.
    pub(crate) fn daemons(&self) -> Vec<DaemonName> {
        let mons = self.mons.iter().map(|id| DaemonName::mon(id));
        let osds = (0..self.osds).map(DaemonName::osd);
        mons.chain([DaemonName::mgr("x")]).chain(osds).collect()
    }

    /// The daemon with this name.
    ///
    /// # Errors
    /// If the cluster has none.
    pub(crate) fn daemon(&self, name: &DaemonName) -> Result<DaemonName> {
        let all = self.daemons();
        match all.iter().find(|daemon| *daemon == name) {
            Some(daemon) => Ok(daemon.clone()),
            None => {
                let names: Vec<String> = all.iter().map(DaemonName::to_string).collect();
                bail!("no {name} in this cluster, which has {}", names.join(", "))
            }
        }
    }

    /// Kills every daemon that runs and waits until all are gone.
    pub(crate) fn kill_all(&self) -> Result<()> {
        let running: Vec<(DaemonName, Process)> = self
            .daemons()
            .into_iter()
            .filter_map(|daemon| daemon.process(&self.dir).map(|process| (daemon, process)))
            .collect();
        for (_, process) in &running {
            process.signal(Signal::KILL)?;
        }
        running.iter().try_for_each(|(daemon, process)| process.wait_for_end(daemon))
    }

    /// Kills every daemon and removes all that belongs to the cluster.
    pub(crate) fn down(&self) -> Result<()> {
        self.kill_all()?;
        if let Some(shm) = self.shm.as_deref().filter(|shm| shm.exists()) {
            fs::remove_dir_all(shm).with_context(|| format!("cannot remove {}", shm.display()))?;
        }
        fs::remove_dir_all(&self.dir).with_context(|| format!("cannot remove {}", self.dir.display()))
    }

    /// The file that clients read.
    pub(crate) fn conf(&self) -> PathBuf {
        self.dir.join("ceph.conf")
    }
}
