//! What goes into an Objecter and what comes out.

use core::fmt;

use alloc::boxed::Box;
use alloc::sync::Arc;

use loligo_wire::message::{MOSDBackoff, MOSDMap, MOSDOp, MOSDOpReply};
use loligo_wire::{EntityAddrVec, Epoch, OsdId, Tid};

use crate::operation::Op;
use crate::result::Outcome;

/// The link to an OSD, as the Objecter names it. A reopened one has a new incarnation, which no other session of the
/// Objecter ever had: what still comes of the old one is recognised and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Which OSD.
    pub osd: OsdId,
    /// Which link to it.
    pub incarnation: u64,
}

/// `osd.3#7`.
impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "osd.{}#{}", self.osd, self.incarnation)
    }
}

/// A subscription to maps: what `MonClient::sub_want("osdmap", start, flags)` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantMap {
    /// The first epoch wanted; 0 is a full map, the newest.
    pub start: Epoch,
    /// Every map from then on; else only the next delivery (`CEPH_SUBSCRIBE_ONETIME`).
    pub continuous: bool,
}

/// An event for the Objecter. `C` is what the caller wants back when an op ends.
#[derive(Debug)]
pub enum Input<C> {
    /// A new op. [`Objecter::op_submit`](crate::Objecter::op_submit) does the same and gives the op's tid.
    Submit(Op, C),
    /// End the op that was submitted under this tid with [`OpError::Cancelled`](crate::OpError::Cancelled), unless it has
    /// ended already (`op_cancel`).
    Cancel(Tid),
    /// Ask for maps until this epoch is there. [`Output::GotMap`] tells of each.
    WaitForMap(Epoch),
    /// Maps came (`handle_osd_map`). Those that are not new are not decoded.
    OsdMap(MOSDMap),
    /// The link is up: the handshake is done.
    SessionOpened(SessionId),
    /// The link is dead (`ms_handle_reset`).
    SessionReset(SessionId),
    /// An OSD answered (`handle_osd_op_reply`).
    Reply {
        /// By which link.
        session: SessionId,
        /// The tid in the message's header.
        tid: Tid,
        /// The answer.
        reply: MOSDOpReply,
    },
    /// An OSD asks to hold back, or no longer (`handle_osd_backoff`).
    Backoff {
        /// By which link.
        session: SessionId,
        /// What it asks.
        backoff: MOSDBackoff,
    },
    /// The monitors answered [`Output::GetVersion`].
    LatestMap {
        /// The number that came with the question.
        check: u64,
        /// The newest epoch that they have.
        newest: Epoch,
    },
    /// Nothing leaves before the map has this epoch (`set_epoch_barrier`).
    SetEpochBarrier(Epoch),
    /// The addresses under which the cluster knows this client, to notice that it was blocklisted.
    SetAddrs(EntityAddrVec),
    /// The time given by [`Objecter::next_timeout`](crate::Objecter::next_timeout) has come.
    Timeout,
    /// End every op with [`OpError::Shutdown`](crate::OpError::Shutdown) and close every session.
    Shutdown,
}

/// What the Objecter asks of those around it.
#[derive(Debug)]
pub enum Output<C> {
    /// Open a link to an OSD. Messages may be sent at once; they wait for the handshake.
    OpenSession {
        /// Its name from now on.
        session: SessionId,
        /// Where the OSD is.
        addrs: EntityAddrVec,
    },
    /// Close a link (`mark_down`). What was sent may be lost; no reset may be told of it any more.
    CloseSession(SessionId),
    /// Send an op. The message is shared with the op's row, which sends it again after a reset.
    Send {
        /// By which link.
        session: SessionId,
        /// The tid for the message's header.
        tid: Tid,
        /// The message.
        message: Arc<MOSDOp>,
    },
    /// Send the acknowledgement of a back-off.
    SendBackoffAck {
        /// By which link.
        session: SessionId,
        /// The message.
        ack: Box<MOSDBackoff>,
    },
    /// Send a ping (`MPing`), so that a dead link is noticed while an op waits on it.
    Ping(SessionId),
    /// Subscribe to maps. Replaces an earlier subscription.
    WantMap(WantMap),
    /// The map has this epoch now: what `MonClient::sub_got("osdmap", epoch)` takes.
    GotMap(Epoch),
    /// Ask the monitors for the newest epoch (`MonClient::get_version("osdmap")`), to be answered by
    /// [`Input::LatestMap`] with the same number. The question must be repeated until it is answered.
    GetVersion {
        /// The number of the question.
        check: u64,
    },
    /// An op has ended. Comes exactly once for each op.
    Complete(C, Outcome),
}
