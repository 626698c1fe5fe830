//! The small cluster, with a client on it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use loligo::{Cluster, Conf, IoCtx, PoolOptions};
use loligo_minicluster_net::{MiniCluster, MiniOptions};

/// The pool that each small cluster of a test has.
pub const POOL: &str = "data";

/// A small cluster with a pool, and `client.admin` on it.
#[derive(Debug)]
pub struct Mini {
    /// The client. Before the cluster, so that it goes first.
    pub client: Cluster,
    /// The pool.
    pub pool: IoCtx,
    /// The cluster.
    pub cluster: MiniCluster,
}

impl Mini {
    /// Three OSDs, and a pool of 12 PGs with two copies.
    #[must_use]
    pub fn start() -> Self {
        Self::with(MiniOptions::default())
    }

    /// The same, started otherwise.
    #[must_use]
    pub fn with(options: MiniOptions) -> Self {
        let cluster = MiniCluster::start(options).unwrap();
        let client = Cluster::connect(&conf(&cluster)).unwrap();
        client.create_pool(POOL, PoolOptions { pg_num: Some(12), size: Some(2) }).unwrap();
        let pool = client.io_ctx(POOL).unwrap();
        Self { client, pool, cluster }
    }

    /// Another client.
    #[must_use]
    pub fn another(&self) -> Cluster {
        Cluster::connect(&conf(&self.cluster)).unwrap()
    }

    /// Has the monitor carry out a command, which must succeed, and waits until the client has seen what it changed.
    pub fn command(&self, json: &str) {
        self.client.mon_command(json, "").wait().unwrap();
        self.client.wait_for_latest_osdmap().wait().unwrap();
    }

    /// Sets a flag of the cluster, or takes it away.
    pub fn flag(&self, flag: &str, is_set: bool) {
        let word = if is_set { "set" } else { "unset" };
        self.command(&format!(r#"{{"prefix": "osd {word}", "key": "{flag}"}}"#));
    }

    /// Leaves the pool's PGs on osd.0 with too few copies to serve: what is sent there waits, without an answer. There are
    /// two OSDs for that.
    pub fn starve(&self) {
        self.command(&format!(
            r#"{{"prefix": "osd pool set", "pool": "{POOL}", "var": "min_size", "val": "2"}}"#
        ));
        self.cluster.stop_osd(1).unwrap();
        self.client.wait_for_latest_osdmap().wait().unwrap();
    }
}

/// How `client.admin` finds a small cluster.
#[must_use]
pub fn conf(cluster: &MiniCluster) -> Conf {
    Conf::read("client.admin", cluster.conf_path()).unwrap()
}

/// Options for two OSDs.
#[must_use]
pub fn two_osds() -> MiniOptions {
    MiniOptions { osds: 2, ..MiniOptions::default() }
}

/// A program of Ceph: in the folder that `LOLIGO_TEST_CEPH_BIN` names, or on PATH. Says so where there is none.
#[must_use]
pub fn program_of_ceph(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("LOLIGO_TEST_CEPH_BIN").into_iter().chain(std::env::var_os("PATH"));
    let found = folders
        .flat_map(|folders| std::env::split_paths(&folders).collect::<Vec<_>>())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no {name} of Ceph in LOLIGO_TEST_CEPH_BIN or PATH (see cargo xtask ceph fetch)");
    }
    found
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The smallest executor: the calling thread, for one future.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
