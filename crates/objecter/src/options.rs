//! What can be set about an Objecter.

use core::time::Duration;

use loligo_wire::entity::Protocols;

/// Ceph's options of the Objecter, with Ceph's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `objecter_inflight_ops`: how many ops may be under way at once; 0 is no limit.
    pub objecter_inflight_ops: u64,
    /// `objecter_inflight_op_bytes`: how many bytes of op data may be under way at once; 0 is no limit. One larger
    /// op is admitted while the sum of the others is within the limit.
    pub objecter_inflight_op_bytes: u64,
    /// `objecter_tick_interval`: how often sessions are looked at for ops that wait for long; 10 ms at
    /// least.
    pub objecter_tick_interval: Duration,
    /// `objecter_timeout`: how long an op may be under way before it counts as laggy. A laggy op makes its OSD be
    /// pinged and a newer map be asked for; it does not fail.
    pub objecter_timeout: Duration,
    /// `rados_osd_op_timeout`: the deadline of an op that brings none of its own; 0 is none.
    pub rados_osd_op_timeout: Option<Duration>,
    /// `ms_initial_backoff`: the wait before an OSD's address is tried again when it could not be reached; each
    /// failure doubles it. 10 ms at least.
    pub ms_initial_backoff: Duration,
    /// `ms_max_backoff`: the longest such wait.
    pub ms_max_backoff: Duration,
    /// Whether writes wait while the cluster or their pool is full (`honor_pool_full`). When false every op carries
    /// `CEPH_OSD_FLAG_FULL_FORCE`, as old releases' switch of the Objecter did.
    pub honor_pool_full: bool,
    /// The messengers that OSDs are called with: ops for one that has no address for any of them wait for another.
    pub protocols: Protocols,
    /// `client_inc`, the incarnation in each op. The OSD's name for an op is (client, incarnation, tid).
    pub client_inc: i32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            objecter_inflight_ops: 1024,
            objecter_inflight_op_bytes: 100 << 20,
            objecter_tick_interval: Duration::from_secs(5),
            objecter_timeout: Duration::from_secs(10),
            rados_osd_op_timeout: None,
            ms_initial_backoff: Duration::from_millis(200),
            ms_max_backoff: Duration::from_secs(15),
            honor_pool_full: true,
            protocols: Protocols::default(),
            client_inc: 0,
        }
    }
}
