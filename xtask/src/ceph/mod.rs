//! `cargo xtask ceph`: real Ceph on the loopback.

mod churn;
mod cluster;
mod conf;
mod daemon;
mod direct_io;
mod fetch;
mod oracle;
mod release;
mod shell;
mod test_cluster;
mod tools;
mod up;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use rustix::process::Signal;

pub(crate) use churn::{Churn, ChurnSpec};
pub(crate) use cluster::Spec;
use cluster::{Auth, Cluster, Store};
use daemon::DaemonName;
pub(crate) use fetch::fetch_perf_msgr;
pub(crate) use release::Release;
pub(crate) use shell::answer_line;
pub(crate) use test_cluster::TestCluster;
use tools::Tools;

use crate::test_bed::check_complaints;

/// Whether the daemons of a release are on this machine.
pub(crate) fn has_daemons(release: Release) -> bool {
    Tools::are_here(release)
}

/// Real Ceph on this machine: get it, start a cluster, stop it
///
/// Ceph's own programs are used where they are on PATH; else Debian's packages are unpacked below target/ceph, once,
/// without touching the system.
#[derive(Subcommand)]
pub(crate) enum CephTask {
    /// Bring a release of Ceph into target/ceph; does nothing if it is there
    Fetch {
        /// The release
        #[arg(long, value_enum, default_value_t = Release::Pacific)]
        release: Release,
        /// Bring both ends of Ceph's own measurement of its messenger, too; of reef and tentacle
        #[arg(long)]
        perf_msgr: bool,
    },
    /// Start a cluster in a folder; prints the path of its ceph.conf
    Up(UpArgs),
    /// Stop the cluster in a folder and remove everything of it
    Down {
        /// The folder that was given to `up`
        #[arg(long)]
        dir: PathBuf,
    },
    /// Print what a shell needs to use a cluster: eval "$(cargo xtask ceph env --dir DIR)"
    Env {
        /// The folder that was given to `up`
        #[arg(long)]
        dir: PathBuf,
    },
    /// Send a signal to one daemon; returns when it is gone, if the signal ends it
    Kill {
        /// The folder that was given to `up`
        #[arg(long)]
        dir: PathBuf,
        /// Its name, such as osd.0, mon.a or mgr.x
        daemon: DaemonName,
        /// Number of the signal: 9 kills, 15 ends in good order, 19 stops and 18 continues
        #[arg(long, default_value_t = 9)]
        signal: i32,
    },
    /// Change everything in a cluster that an OSD map tells of, in an order that a seed draws; a line for each command
    Churn(ChurnArgs),
    /// Print what the daemons hold against their clients; exit status 1 if there is anything
    Complaints {
        /// The folder that was given to `up`
        #[arg(long)]
        dir: PathBuf,
    },
    /// Wait until standard input closes, then take down every cluster in the folders of DIR and remove DIR
    #[command(hide = true)]
    Janitor {
        /// A folder of clusters' folders
        #[arg(long)]
        dir: PathBuf,
    },
    /// Start one daemon that was killed; returns when it serves
    Start {
        /// The folder that was given to `up`
        #[arg(long)]
        dir: PathBuf,
        /// Its name, such as osd.0, mon.a or mgr.x
        daemon: DaemonName,
    },
}

/// What `ceph up` takes.
#[derive(Args)]
pub(crate) struct UpArgs {
    /// A folder that is empty or does not exist; all of the cluster is below it
    #[arg(long)]
    dir: PathBuf,
    /// The release
    #[arg(long, value_enum, default_value_t = Release::Pacific)]
    release: Release,
    /// Number of OSDs
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    osds: u32,
    /// Number of monitors
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=9))]
    mons: u32,
    /// What the OSDs keep their objects in
    #[arg(long, value_enum, default_value_t = Store::Memstore)]
    store: Store,
    /// How clients and daemons prove who they are
    #[arg(long, value_enum, default_value_t = Auth::Cephx)]
    auth: Auth,
    /// An option of Ceph for all daemons and clients, such as "auth service ticket ttl=60"
    #[arg(long = "set", value_name = "OPTION=VALUE", value_parser = option_and_value)]
    set: Vec<(String, String)>,
}

/// What `ceph churn` takes.
#[derive(Args)]
pub(crate) struct ChurnArgs {
    /// The folder that was given to `up`
    #[arg(long)]
    dir: PathBuf,
    /// The seed of all choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often each kind of change is made
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// A pool that must go on serving: it is split and merged and moved about, but only as it survives it
    #[arg(long, value_name = "POOL")]
    keep: Option<String>,
    /// Number of the signal that OSDs are killed with: 9 for those that keep their objects in files, 15 for those in memory
    #[arg(long, default_value_t = 15)]
    signal: i32,
}

impl CephTask {
    /// Does the task.
    pub(crate) fn run(self) -> Result<()> {
        match self {
            CephTask::Fetch { release, perf_msgr: false } => print_tools(&fetch::fetch(release)?),
            CephTask::Fetch { release, perf_msgr: true } => {
                println!("{}", fetch::fetch_perf_msgr(release)?.display());
                Ok(())
            }
            CephTask::Up(args) => up(args),
            CephTask::Down { dir } => Cluster::open(&absolute(&dir)?)?.down(),
            CephTask::Env { dir } => print_env(&Cluster::open(&absolute(&dir)?)?),
            CephTask::Kill { dir, daemon, signal } => kill(&absolute(&dir)?, &daemon, signal),
            CephTask::Churn(args) => churn(args),
            CephTask::Complaints { dir } => {
                check_complaints(&oracle::complaints(&Cluster::open(&absolute(&dir)?)?)?)
            }
            CephTask::Janitor { dir } => janitor(&dir),
            CephTask::Start { dir, daemon } => {
                let cluster = Cluster::open(&absolute(&dir)?)?;
                cluster.daemon(&daemon)?.start(&cluster.bin, &cluster.dir)
            }
        }
    }
}

fn option_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((option, value)) if !option.trim().is_empty() => Ok((option.trim().into(), value.trim().into())),
        _ => Err("write it as OPTION=VALUE".into()),
    }
}

fn absolute(dir: &Path) -> Result<PathBuf> {
    fs::canonicalize(dir).with_context(|| format!("cannot open {}", dir.display()))
}

fn print_tools(tools: &Tools) -> Result<()> {
    eprintln!("ceph: {}", tools.version);
    println!("{}", tools.bin.display());
    Ok(())
}

fn up(args: UpArgs) -> Result<()> {
    let UpArgs { dir, release, osds, mons, store, auth, set } = args;
    let cluster = up::up(&dir, release, &Spec { osds, mons, store, auth, set })?;
    println!("{}", cluster.conf().display());
    Ok(())
}

fn churn(args: ChurnArgs) -> Result<()> {
    let ChurnArgs { dir, seed, rounds, keep, signal } = args;
    let cluster = Cluster::open(&absolute(&dir)?)?;
    let mut churn =
        Churn::begin(cluster, ChurnSpec { seed, keep, signal: signal_of(signal)?, is_loud: true })?;
    (0..rounds).try_for_each(|_| churn.round())
}

fn signal_of(number: i32) -> Result<Signal> {
    Signal::from_named_raw(number).ok_or_else(|| anyhow!("there is no signal {number}"))
}

/// Cleans up after a run of tests however it ended: the pipe of its standard input closes with the runner.
fn janitor(dir: &Path) -> Result<()> {
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries {
        let folder = fs::canonicalize(entry?.path())?;
        if let Ok(cluster) = Cluster::open(&folder) {
            cluster.down()?;
        }
    }
    fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))
}

fn print_env(cluster: &Cluster) -> Result<()> {
    println!("export PATH={}:\"$PATH\"", quoted(&cluster.bin));
    println!("export CEPH_CONF={}", quoted(&cluster.conf()));
    Ok(())
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

fn kill(dir: &Path, daemon: &DaemonName, signal: i32) -> Result<()> {
    let cluster = Cluster::open(dir)?;
    let daemon = cluster.daemon(daemon)?;
    let signal = signal_of(signal)?;
    let Some(process) = daemon.process(&cluster.dir) else {
        eprintln!("ceph: {daemon} was not running");
        return Ok(());
    };
    process.signal(signal)?;
    if [Signal::KILL, Signal::TERM, Signal::INT, Signal::ABORT].contains(&signal) {
        process.wait_for_end(&daemon)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_path_stays_one_word() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }

    #[test]
    fn an_option_may_hold_an_equals_sign_and_may_be_emptied() {
        assert_eq!(option_and_value("a b=c=d"), Ok(("a b".into(), "c=d".into())));
        assert_eq!(option_and_value("a="), Ok(("a".into(), String::new())));
        assert!(option_and_value("=c").is_err());
        assert!(option_and_value("a").is_err());
    }
}
