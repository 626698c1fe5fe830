//! How an op ends.

use alloc::vec::Vec;
use core::fmt;

use loligo_wire::message::{MOSDOpReply, OpResult};
use loligo_wire::types::ErrorCode;
use loligo_wire::{BufferList, Epoch};
use thiserror::Error;

use crate::gate::Reason;

/// How an op ends: with the answer of an OSD, which may itself tell of an error, or without one.
pub type Outcome = Result<OpReply, OpError>;

/// What an OSD answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpReply {
    /// The result of the whole: negative for an error.
    pub result: ErrorCode,
    /// The version of the object: what it became by a write, or what was read (`objver`).
    pub version: u64,
    /// The epoch of the OSD's map.
    pub epoch: Epoch,
    /// What came of each op, in the order of the ops: the data, and a result of its own. An OSD may answer with fewer,
    /// or none, where the whole failed.
    pub ops: Vec<OpResult>,
}

impl OpReply {
    pub(crate) fn new(reply: MOSDOpReply) -> Self {
        let MOSDOpReply { result, user_version: version, osdmap_epoch: epoch, ops, .. } = reply;
        Self { result, version, epoch, ops }
    }

    /// Whether the whole failed.
    #[must_use]
    pub const fn is_err(&self) -> bool {
        self.result.0 < 0
    }

    /// The data that came of one op; none where there is no answer to it.
    #[must_use]
    pub fn data(&self, op: usize) -> Option<&BufferList> {
        self.ops.get(op).map(|done| &done.op.data)
    }

    /// Takes the data of one op out.
    pub fn take_data(&mut self, op: usize) -> BufferList {
        self.ops.get_mut(op).map(|done| core::mem::take(&mut done.op.data)).unwrap_or_default()
    }
}

/// Why an op ended without an answer of an OSD.
///
/// Where an op may have been sent, `sent` says whether it was: if not, it surely did not run; if so, it may have run, and
/// nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum OpError {
    /// There is no such pool: the monitors' newest map has none, or the pool was there and was removed.
    #[error("no such pool")]
    NoSuchPool {
        /// Whether the op was sent before the pool was removed.
        sent: bool,
    },
    /// The pool is marked to fail every op.
    #[error("the pool is marked to fail every op")]
    PoolEio {
        /// Whether the op was sent.
        sent: bool,
    },
    /// The cluster has fenced this client.
    #[error("this client is blocklisted")]
    Blocklisted {
        /// Whether the op was sent.
        sent: bool,
    },
    /// The deadline passed.
    #[error("no answer within the deadline{}", Held(*held, *sent))]
    TimedOut {
        /// Whether the op was sent.
        sent: bool,
        /// What the op waited for in the end; none where it was under way, or had not begun.
        held: Option<Reason>,
    },
    /// It was cancelled.
    #[error("cancelled{}", Held(*held, false))]
    Cancelled {
        /// Whether the op was sent.
        sent: bool,
        /// What the op waited for in the end; none where it was under way.
        held: Option<Reason>,
    },
    /// An OSD answered something else than it was asked: it is to blame, or the link.
    #[error("what the OSD answered is no answer to what it was asked")]
    BadReply {
        /// Whether the op was sent.
        sent: bool,
    },
    /// The Objecter was shut down.
    #[error("shut down")]
    Shutdown {
        /// Whether the op was sent.
        sent: bool,
    },
    /// The budget of ops under way is used up and the caller does not want to wait.
    #[error("too much is under way")]
    Busy,
    /// The op neither reads nor writes: it has nothing that an OSD could do.
    #[error("the op has nothing to do")]
    Empty,
    /// More than 65,535 ops in one, or more than 1 GiB of data: no message holds that.
    #[error("the op does not fit into a message")]
    TooLarge,
}

impl OpError {
    /// The error number that librados gives for it.
    #[must_use]
    pub const fn errno(self) -> i32 {
        match self {
            Self::NoSuchPool { .. } => 2,
            Self::PoolEio { .. } | Self::BadReply { .. } => 5,
            Self::TooLarge => 7,
            Self::Busy => 11,
            Self::Empty => 22,
            Self::Shutdown { .. } => 107,
            Self::Blocklisted { .. } => 108,
            Self::TimedOut { .. } => 110,
            Self::Cancelled { .. } => 125,
        }
    }

    /// Whether the op may have run although there is no answer.
    #[must_use]
    pub const fn may_have_run(self) -> bool {
        match self {
            Self::NoSuchPool { sent }
            | Self::PoolEio { sent }
            | Self::Blocklisted { sent }
            | Self::TimedOut { sent, .. }
            | Self::Cancelled { sent, .. }
            | Self::BadReply { sent }
            | Self::Shutdown { sent } => sent,
            Self::Busy | Self::Empty | Self::TooLarge => false,
        }
    }

    /// The same error for an op that was sent, or was not, and that waited for something in the end, or did not.
    #[must_use]
    pub(crate) const fn of_op(self, sent: bool, held: Option<Reason>) -> Self {
        match self {
            Self::NoSuchPool { .. } => Self::NoSuchPool { sent },
            Self::PoolEio { .. } => Self::PoolEio { sent },
            Self::Blocklisted { .. } => Self::Blocklisted { sent },
            Self::TimedOut { .. } => Self::TimedOut { sent, held },
            Self::Cancelled { .. } => Self::Cancelled { sent, held },
            Self::BadReply { .. } => Self::BadReply { sent },
            Self::Shutdown { .. } => Self::Shutdown { sent },
            Self::Busy | Self::Empty | Self::TooLarge => self,
        }
    }
}

/// `: the pool is full`: what an op waited for, and whether it was sent.
struct Held(Option<Reason>, bool);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Some(reason), _) => write!(f, ": {reason}"),
            Self(None, true) => f.write_str(": the OSD did not answer"),
            Self(None, false) => Ok(()),
        }
    }
}
