//! A connection to a cluster.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use loligo_base::{Mono, Now};
use loligo_client::{Call, CallId, Client, ConnectError, Done, Outcome};
use loligo_monclient::{Reply, Request};
use loligo_msgr::{Node, SystemEntropy};
use loligo_objecter::Op;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{GlobalId, PoolId, Uuid};

use crate::completion::{Operation, Sleeper, Slot};
use crate::{Completion, Conf, Error, IoCtx, messenger, setup};

/// Where the result of a call goes.
pub(crate) type Token = Arc<Slot<Outcome>>;

/// A connection to a cluster. A cheap handle, for any number of threads; all of them share one set of connections and two
/// threads at most. The last one that is dropped shuts it down.
///
/// ```no_run
/// use loligo::{Cluster, Conf};
///
/// let cluster = Cluster::connect(&Conf::find("client.admin")?)?;
/// for (id, name) in cluster.pools() {
///     println!("{id} {name}");
/// }
/// # Ok::<(), loligo::Error>(())
/// ```
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<Shared>,
}

/// What all handles and completions of a cluster share.
pub(crate) struct Shared {
    node: Node<Client<Token>>,
    last_call: AtomicU64,
    is_shut_down: AtomicBool,
    pid: u32,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandReply {
    /// What there is to say about it, for people (`rs`).
    pub status: String,
    /// What it gave (`outbl`).
    pub data: Bytes,
}

/// How full a cluster is: `ceph_statfs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterStat {
    /// Its size in KiB.
    pub kb: u64,
    /// How much of it is used.
    pub kb_used: u64,
    /// How much can be used.
    pub kb_avail: u64,
    /// How many objects there are.
    pub num_objects: u64,
}

impl Cluster {
    /// Connects, and blocks until the cluster has let us in and its first map is here: `client_mount_timeout` at the longest
    /// (`rados_connect`).
    ///
    /// # Errors
    ///
    /// When the configuration cannot be used, the monitors refuse us, or none of them answers in time.
    pub fn connect(conf: &Conf) -> Result<Self, Error> {
        let mut options = setup::options(conf)?;
        let monitors = setup::monitors(conf, &mut options)?;
        let setup::Identity { auth, missing } = setup::identity(conf)?;
        let client = Client::new(options, monitors, auth, Box::new(SystemEntropy));
        let node = Node::start_in_batches(client, messenger::client_options(conf)?, deliver)?;
        let shared = Arc::new(Shared {
            node,
            last_call: AtomicU64::new(0),
            is_shut_down: AtomicBool::new(false),
            pid: std::process::id(),
        });
        let cluster = Self { shared };
        cluster.start().wait().map_err(|error| match (error, missing) {
            // The monitors want what we have no key for.
            (Error::Connect(ConnectError::Refused { .. }), Some(missing)) => missing.into(),
            (error, _) => error,
        })?;
        // By these the cluster would block us, and we notice that it did.
        cluster.shared.node.call(Call::SetAddrs(cluster.shared.node.my_addrs()));
        Ok(cluster)
    }

    fn start(&self) -> Completion<GlobalId> {
        self.shared.submit(
            |_, done| Call::Start { deadline: None, done },
            |outcome| match outcome {
                Outcome::Connected(result) => Ok(result?),
                _ => Err(UNASKED),
            },
        )
    }

    /// The cluster's id.
    #[must_use]
    pub fn fsid(&self) -> Uuid {
        self.shared.node.with(|client| client.fsid())
    }

    /// Our number in the cluster (`rados_get_instance_id`).
    #[must_use]
    pub fn instance_id(&self) -> GlobalId {
        self.shared.node.with(|client| client.global_id())
    }

    /// The newest OSD map that is here. Does not block.
    #[must_use]
    pub fn osdmap(&self) -> Arc<OSDMap> {
        self.shared.osdmap()
    }

    /// Gets the newest OSD map that the monitors have (`rados_wait_for_latest_osdmap`).
    pub fn wait_for_latest_osdmap(&self) -> Completion<Arc<OSDMap>> {
        self.shared.submit(
            |id, done| Call::WaitForLatestOsdMap { id, deadline: None, done },
            |outcome| match outcome {
                Outcome::OsdMap(result) => Ok(result?),
                _ => Err(UNASKED),
            },
        )
    }

    /// The pools, by number (`rados_pool_list`). As of the newest map that is here. A name that is not UTF-8 is shown with
    /// replacement characters.
    #[must_use]
    pub fn pools(&self) -> Vec<(PoolId, String)> {
        let map = self.osdmap();
        map.get_pools()
            .map(|(id, _)| {
                let name = map.get_pool_name(id).map(|name| name.to_lossy().into_owned());
                (id, name.unwrap_or_default())
            })
            .collect()
    }

    /// A pool by its name (`rados_ioctx_create`). Blocks for a moment where the newest map here does not have it: the
    /// monitors may have a newer one.
    ///
    /// # Errors
    ///
    /// When there is no such pool.
    pub fn io_ctx(&self, pool: &str) -> Result<IoCtx, Error> {
        let find = |map: &OSDMap| map.lookup_pg_pool_name(pool);
        let id = match find(&self.osdmap()) {
            Some(id) => Some(id),
            None => find(&*self.wait_for_latest_osdmap().wait()?),
        };
        id.map(|id| self.io_ctx_by_id(id)).ok_or_else(|| Error::NoSuchPool { pool: pool.to_owned() })
    }

    /// A pool by its number, whether or not there is one (`rados_ioctx_create2`).
    #[must_use]
    pub fn io_ctx_by_id(&self, pool: PoolId) -> IoCtx {
        IoCtx::new(Arc::clone(&self.shared), pool)
    }

    /// Sends a command to the monitors (`rados_mon_command`): JSON, as `{"prefix": "osd pool create", "pool": "rbd"}`.
    /// After a lost connection it is sent again, so that it may be carried out twice.
    pub fn mon_command(&self, command: &str, data: impl Into<Bytes>) -> Completion<CommandReply> {
        let data: Bytes = data.into();
        let request = Request::Command { cmd: vec![command.to_owned()], inbl: data.into() };
        self.shared.submit(
            |id, done| Call::Mon { id, request, deadline: None, done },
            |outcome| match outcome {
                Outcome::Mon(Ok(Reply::Command { retcode, outs, outbl })) => {
                    let status = outs.to_lossy().into_owned();
                    if retcode.is_err() {
                        return Err(Error::Command { code: retcode, why: status });
                    }
                    Ok(CommandReply { status, data: outbl.to_contiguous() })
                }
                Outcome::Mon(Err(error)) => Err(error.into()),
                _ => Err(UNASKED),
            },
        )
    }

    /// How full the cluster is (`rados_cluster_stat`).
    pub fn stat(&self) -> Completion<ClusterStat> {
        self.shared.submit(
            |id, done| Call::Mon { id, request: Request::StatFs { data_pool: None }, deadline: None, done },
            |outcome| match outcome {
                Outcome::Mon(Ok(Reply::StatFs(stat))) => Ok(ClusterStat {
                    kb: stat.kb,
                    kb_used: stat.kb_used,
                    kb_avail: stat.kb_avail,
                    num_objects: stat.num_objects,
                }),
                Outcome::Mon(Err(error)) => Err(error.into()),
                _ => Err(UNASKED),
            },
        )
    }

    /// Ends everything: each wait ends with an error, all connections are closed, the threads end. From any thread, also
    /// from a callback or a waker; it never waits for the thread that it runs on. A second time it does nothing.
    pub fn shutdown(&self) {
        self.shared.shutdown();
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("node", &self.shared.node).finish_non_exhaustive()
    }
}

/// What the client says of a call is not what was asked.
pub(crate) const UNASKED: Error = Error::Bug("an answer of another kind than was asked for");

/// Gives results to those who wait. Runs with no lock held.
///
/// All are there before anybody is woken: who waits for many of them is woken once, and what it then asks for leaves
/// together.
fn deliver(results: &mut dyn Iterator<Item = Done<Token>>) {
    let sleepers: Vec<_> = results.filter_map(settle).collect();
    for sleeper in sleepers {
        // A waker is code of others. That it panics must not end the thread that all others wait for.
        if catch_unwind(AssertUnwindSafe(|| sleeper.wake())).is_err() {
            tracing::error!("a waker panicked");
        }
    }
}

fn settle(done: Done<Token>) -> Option<Sleeper> {
    match done {
        Done::Call { done, outcome } => return done.fill(outcome),
        Done::IdentityChanged { old, new } => {
            tracing::warn!(%old, %new, "the monitors gave us another global id")
        }
        Done::Refused(error) => tracing::warn!(%error, "the monitors refuse us now"),
        Done::Config(_) => {}
    }
    None
}

impl Shared {
    pub(crate) fn now(&self) -> Now {
        self.node.now()
    }

    pub(crate) fn osdmap(&self) -> Arc<OSDMap> {
        self.node.with(|client| Arc::clone(client.osdmap()))
    }

    /// Submits a call. What comes of it is made into a result by `finish`.
    pub(crate) fn submit<T: 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(CallId, Token) -> Call<Token>,
        finish: impl FnOnce(Outcome) -> Result<T, Error> + Send + 'static,
    ) -> Completion<T> {
        if self.is_shut_down.load(Ordering::Acquire) {
            return Completion::ready(Err(Error::Shutdown));
        }
        let id = CallId(self.last_call.fetch_add(1, Ordering::Relaxed));
        let slot = Slot::new();
        self.node.call(call(id, Arc::clone(&slot)));
        let operation: Arc<dyn Operation> = Arc::clone(self) as _;
        Completion::submitted(slot, operation, id, finish)
    }

    /// Submits an operation on an object or PG.
    pub(crate) fn op<T: 'static>(
        self: &Arc<Self>,
        op: Op,
        finish: impl FnOnce(loligo_objecter::OpReply) -> Result<T, Error> + Send + 'static,
    ) -> Completion<T> {
        self.submit(
            |id, done| Call::Op { id, op, done },
            |outcome| match outcome {
                Outcome::Op(result) => finish(result?),
                _ => Err(UNASKED),
            },
        )
    }

    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Option<Mono> {
        timeout.map(|timeout| self.now().mono + timeout)
    }

    fn shutdown(&self) {
        // In a forked child the locks may be held by threads that do not exist there.
        if self.pid != std::process::id() {
            return;
        }
        if !self.is_shut_down.swap(true, Ordering::AcqRel) {
            self.node.call(Call::Shutdown { done: Slot::new() });
            self.node.shutdown();
        }
    }
}

impl Operation for Shared {
    fn cancel(&self, id: CallId) {
        if self.pid != std::process::id() {
            return;
        }
        self.node.call(Call::Cancel(id));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.shutdown();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Counts how often it is woken, and how many results were there each time.
    struct Witness {
        slots: Vec<Token>,
        seen: AtomicUsize,
    }

    impl Wake for Witness {
        fn wake(self: Arc<Self>) {
            let full = self.slots.iter().filter(|slot| slot.is_full()).count();
            self.seen.fetch_add(full, Ordering::SeqCst);
        }
    }

    #[test]
    fn all_results_that_came_together_are_there_before_anybody_is_woken() {
        let slots: Vec<Token> = (0..3).map(|_| Slot::new()).collect();
        let witness = Arc::new(Witness { slots: slots.clone(), seen: AtomicUsize::new(0) });
        for slot in &slots {
            slot.wait_for_test(Arc::clone(&witness).into());
        }
        let results = slots.into_iter().map(|done| Done::Call { done, outcome: Outcome::Shutdown });
        deliver(&mut results.into_iter());
        assert_eq!(witness.seen.load(Ordering::SeqCst), 3 * 3);
    }
}
