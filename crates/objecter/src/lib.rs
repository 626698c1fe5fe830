//! Ceph's Objecter as a pure state machine: ops go in, messages to OSDs and completions come out.
//!
//! [`Objecter`] finds the OSD of each op in the newest map, keeps a session with that OSD, holds ops while the cluster
//! asks for it, and sends them again when a map or a lost link asks for that, under the same tid, so that the OSD knows
//! a replay. It has no socket, no clock and no thread: [`Objecter::handle`] takes an [`Input`], [`Objecter::poll`] gives
//! each [`Output`], [`Objecter::next_timeout`] says when to come back. Follows `osdc/Objecter.cc` of Ceph 18.2.
//!
//! ```
//! use bytes::Bytes;
//! use loligo_base::{Mono, Now, Wall};
//! use loligo_objecter::{Input, ObjectOperation, Objecter, Op, OpError, Options, Output};
//! use loligo_wire::PoolId;
//! use loligo_wire::types::ObjectLocator;
//!
//! let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
//! let mut objecter = Objecter::new(Options::default());
//!
//! let mut operation = ObjectOperation::new();
//! operation.write_full(Bytes::from_static(b"hello"));
//! let op = Op::mutate(Bytes::from_static(b"greeting"), ObjectLocator::new(PoolId(1)), operation);
//! let tid = objecter.op_submit(now, op, "my token");
//!
//! // There is no map yet: the op waits, and both a map and the number of the newest one are asked for.
//! assert!(matches!(objecter.poll(), Some(Output::WantMap(want)) if want.start.0 == 0));
//! assert!(matches!(objecter.poll(), Some(Output::GetVersion { .. })));
//! assert!(objecter.poll().is_none());
//!
//! objecter.handle(now, Input::Cancel(tid));
//! let Some(Output::Complete("my token", Err(error))) = objecter.poll() else { panic!() };
//! assert!(matches!(error, OpError::Cancelled { sent: false, .. }));
//! assert!(!error.may_have_run());
//! ```
//!
//! # For those who put it onto a messenger
//!
//! `examples/on_a_node.rs` does that, in an endpoint of `loligo-msgr`. What there is to do:
//!
//! - A session is named by [`SessionId`], an OSD and an incarnation. On [`Output::OpenSession`] open a lossy connection;
//!   [`Output::Send`] may follow at once. Tell [`Input::SessionOpened`] when the handshake is done and
//!   [`Input::SessionReset`] when the connection is dead, whatever the reason; both carry the name that came with the
//!   opening. The Objecter opens another, at once where the handshake had been done, else after a back-off.
//! - On [`Output::CloseSession`] mark the connection down. What still comes by it may be handed in or dropped.
//! - [`Output::Send`] shares its message with the op's row: it is to be encoded as it is, under the tid beside it. Messages
//!   of one session must leave in the order in which they come out; that is what keeps ops on one object in order.
//! - [`Output::WantMap`], [`Output::GotMap`] and [`Output::GetVersion`] are `sub_want`, `sub_got` and `get_version` of the
//!   monitor client, for "osdmap".
//! - Hand each `MOSDMap` in, from monitors and OSDs alike, each `MOSDOpReply` and `MOSDBackoff` with the session it came
//!   by, and the client's own addresses once they are known.
//!
//! # Order
//!
//! Ops on one object are executed in the order of their submission, also over resets and new maps. Not so where
//! a pause, a full pool or a full cluster holds one op and not the other: a read goes past a write that is held, as it does
//! in Ceph.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod backoff;
mod dump;
mod gate;
mod invariants;
mod io;
mod list;
mod map_check;
mod maps;
mod operation;
mod ops;
mod options;
mod reply;
mod result;
mod sessions;
mod submit;
mod target;
mod throttle;
mod timeouts;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;

pub use dump::OpInfo;
pub use gate::{MapState, PoolState, Reason, Traits, Verdict, Way, gate, pause};
pub use io::{Input, Output, SessionId, WantMap};
pub use list::{ListCursor, ListError};
use loligo_base::{Mono, Now, Timers};
use loligo_placement::Cache;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{EntityAddrVec, Epoch, OsdId, Tid};
pub use maps::MapStats;
pub use operation::{ObjectOperation, Op};
pub use options::Options;
pub use result::{OpError, OpReply, Outcome};

use crate::map_check::MapChecks;
use crate::maps::MapRequests;
use crate::ops::Ops;
use crate::sessions::OsdSession;
use crate::throttle::Throttle;
use crate::timeouts::Timer;

/// Submits ops to the OSDs of a cluster. See the [front page](crate) for how to drive it.
///
/// `C` is what the caller gives with an op and gets back, exactly once, when the op ends.
#[derive(Debug)]
pub struct Objecter<C> {
    options: Options,
    map: Arc<OSDMap>,
    /// What of the map matters to every op.
    state: MapState,
    cache: Cache,
    maps: MapRequests,
    checks: MapChecks,
    epoch_barrier: Epoch,
    addrs: EntityAddrVec,
    ops: Ops<C>,
    last_tid: Tid,
    throttle: Throttle,
    sessions: BTreeMap<OsdId, OsdSession>,
    homeless: BTreeSet<Tid>,
    last_incarnation: u64,
    timers: Timers<Timer>,
    ticking: bool,
    /// An op has ended that others on its object may have waited for.
    release_behind: bool,
    shut_down: bool,
    outputs: VecDeque<Output<C>>,
}

impl<C> Objecter<C> {
    /// An Objecter without ops that asks for its first map.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut objecter = Self {
            throttle: Throttle::new(options.objecter_inflight_ops, options.objecter_inflight_op_bytes),
            options,
            map: Arc::default(),
            state: MapState::default(),
            cache: Cache::new(),
            maps: MapRequests::default(),
            checks: MapChecks::default(),
            epoch_barrier: Epoch(0),
            addrs: EntityAddrVec::default(),
            ops: Ops::new(),
            last_tid: Tid(0),
            sessions: BTreeMap::new(),
            homeless: BTreeSet::new(),
            last_incarnation: 0,
            timers: Timers::new(),
            ticking: false,
            release_behind: false,
            shut_down: false,
            outputs: VecDeque::new(),
        };
        objecter.maybe_request_map();
        objecter
    }

    /// How maps came in, since the start.
    #[must_use]
    pub const fn map_stats(&self) -> MapStats {
        self.maps.stats
    }

    /// Takes one input. Drain [`Self::poll`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input<C>) {
        match input {
            Input::Submit(op, token) => {
                self.op_submit(now, op, token);
                return;
            }
            Input::Cancel(tid) => self.op_cancel(tid),
            Input::WaitForMap(epoch) => self.wait_for_map(epoch),
            Input::OsdMap(message) => self.handle_osd_map(now, message),
            Input::SessionOpened(session) => self.handle_session_opened(session),
            Input::SessionReset(session) => self.handle_session_reset(now, session),
            Input::Reply { session, tid, reply } => self.handle_osd_op_reply(now, session, tid, reply),
            Input::Backoff { session, backoff } => self.handle_osd_backoff(now, session, backoff),
            Input::LatestMap { check, newest } => self.handle_latest_map(check, newest),
            Input::SetEpochBarrier(epoch) => self.set_epoch_barrier(epoch),
            Input::SetAddrs(addrs) => self.set_addrs(addrs),
            Input::Timeout => self.handle_timeout(now),
            Input::Shutdown => self.shutdown(),
        }
        self.settle(now);
    }

    /// What is to be done next; `None` when all is told.
    pub fn poll(&mut self) -> Option<Output<C>> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due; `None` where nothing waits for time to pass.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Mono> {
        self.timers.next()
    }

    /// The newest map; of epoch 0 and empty before the first came.
    #[must_use]
    pub const fn osdmap(&self) -> &Arc<OSDMap> {
        &self.map
    }

    /// The options it was made with.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// How many ops have not ended yet.
    #[must_use]
    pub fn num_ops(&self) -> usize {
        self.ops.len()
    }

    /// Ops and bytes that are taken from the budgets.
    #[must_use]
    pub const fn budget_taken(&self) -> (u64, u64) {
        self.throttle.taken()
    }

    /// The epoch below which nothing leaves (`set_epoch_barrier`). It never goes back.
    fn set_epoch_barrier(&mut self, epoch: Epoch) {
        if epoch > self.epoch_barrier {
            self.epoch_barrier = epoch;
            if self.state.epoch < epoch {
                self.maybe_request_map();
            }
        }
    }

    fn wait_for_map(&mut self, epoch: Epoch) {
        self.maps.wanted = self.maps.wanted.max(epoch);
        if self.state.epoch < epoch {
            self.maybe_request_map();
        }
    }

    fn set_addrs(&mut self, addrs: EntityAddrVec) {
        self.addrs = addrs;
        self.look_at_map();
        self.fence();
    }

    /// Ends everything.
    fn shutdown(&mut self) {
        self.shut_down = true;
        let tids: alloc::vec::Vec<Tid> = self.ops.iter().map(|(tid, _)| tid).collect();
        for tid in tids {
            self.fail(tid, OpError::Shutdown { sent: false });
        }
        let osds: alloc::vec::Vec<OsdId> = self.sessions.keys().copied().collect();
        for osd in osds {
            self.close_session(osd);
        }
        self.timers.clear();
    }
}
