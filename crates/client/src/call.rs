//! What callers ask of a client, and what they are told.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_auth::AuthError;
use loligo_base::Mono;
use loligo_monclient::{Reply, Request, RequestError};
use loligo_msgr_proto::Fault;
use loligo_objecter::Op;
use loligo_wire::entity::{EntityAddr, EntityAddrVec};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{Epoch, GlobalId, Text};
use thiserror::Error;

/// Names a call for its caller, who chooses it: what [`Call::Cancel`] takes. Not to be used twice while the first is under
/// way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What a caller asks of a [`Client`](crate::Client). `C` comes back with the result, exactly once.
#[derive(Debug)]
pub enum Call<C> {
    /// Log in, and get the first map: [`Outcome::Connected`].
    Start {
        /// When to give up; none for the default (`client_mount_timeout`). The hunt for monitors goes on all the same; who does not want that
        /// shuts down.
        deadline: Option<Mono>,
        /// Comes back.
        done: C,
    },
    /// Carry out an op on an object or PG: [`Outcome::Op`] (`op_submit`).
    Op {
        /// Its name for a cancellation.
        id: CallId,
        /// The op.
        op: Op,
        /// Comes back.
        done: C,
    },
    /// Ask a monitor: [`Outcome::Mon`].
    Mon {
        /// Its name for a cancellation.
        id: CallId,
        /// The request.
        request: Request,
        /// When to give up; none for the default (`rados_mon_op_timeout`).
        deadline: Option<Mono>,
        /// Comes back.
        done: C,
    },
    /// Wait until the map is at least as new as the newest one that the monitors have: [`Outcome::OsdMap`]
    /// (`wait_for_latest_osdmap`).
    WaitForLatestOsdMap {
        /// Its name for a cancellation.
        id: CallId,
        /// When to give up; none for the default (`rados_mon_op_timeout`).
        deadline: Option<Mono>,
        /// Comes back.
        done: C,
    },
    /// Wait until the map is at least that new: [`Outcome::OsdMap`] (`wait_for_map`). With epoch 1, it is the first map.
    WaitForOsdMap {
        /// Its name for a cancellation.
        id: CallId,
        /// The epoch.
        epoch: Epoch,
        /// When to give up; none for the default (`rados_mon_op_timeout`).
        deadline: Option<Mono>,
        /// Comes back.
        done: C,
    },
    /// Let nothing out before the map is that new (`set_epoch_barrier`).
    SetEpochBarrier(Epoch),
    /// The addresses under which the cluster knows this client, once they are known: to notice that it was blocklisted.
    SetAddrs(EntityAddrVec),
    /// End an op or a request that has not ended, with an error that says what is known of it.
    Cancel(CallId),
    /// End everything that is under way with an error, and close all connections: [`Outcome::Shutdown`], after all others.
    /// Whatever is asked later ends at once.
    Shutdown {
        /// Comes back.
        done: C,
    },
}

/// What a [`Client`](crate::Client) tells.
#[derive(Debug)]
pub enum Done<C> {
    /// A call has ended.
    Call {
        /// What its caller gave along.
        done: C,
        /// How it ended.
        outcome: Outcome,
    },
    /// The monitors gave us another number than we had. To OSDs we stay who we were at the first login, so that they know
    /// ops that are sent again; whoever looks for us by the new number finds none of our watches and locks.
    IdentityChanged {
        /// The number that we had.
        old: GlobalId,
        /// The number that we have.
        new: GlobalId,
    },
    /// The monitors refuse us, after they had let us in before. The client goes on trying.
    Refused(AuthError),
    /// Options that the monitors keep for this client (`ceph config set client ...`), all of them.
    Config(Vec<(Text, Text)>),
}

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
    /// Of [`Call::Start`].
    Connected(Result<GlobalId, ConnectError>),
    /// Of [`Call::Op`].
    Op(loligo_objecter::Outcome),
    /// Of [`Call::Mon`].
    Mon(Result<Reply, RequestError>),
    /// Of [`Call::WaitForLatestOsdMap`] and [`Call::WaitForOsdMap`]: the newest map.
    OsdMap(Result<Arc<OSDMap>, RequestError>),
    /// Of [`Call::Shutdown`].
    Shutdown,
}

/// Why there is no connection to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No monitors were given.
    #[error("no monitors are known: there is no mon_host")]
    NoMonitors,
    /// No monitor has an address that can be called.
    #[error(
        "none of the monitors has an address for a messenger that is spoken here: ms_mode=legacy wants one of messenger v1, by \
         custom at port 6789, the other values of ms_mode one of messenger v2, by custom at port 3300"
    )]
    NoAddress,
    /// Monitors were called, and there is no way to speak with any of them, now or later.
    #[error("no monitor can be spoken with{}", Tried(tried))]
    NothingInCommon {
        /// What became of the last call to each monitor; without a fault where it was silent.
        tried: Vec<(EntityAddr, Option<Fault>)>,
    },
    /// The monitors refused us.
    #[error("the monitors do not let {name} in: {}", reason(error))]
    Refused {
        /// Who we said we are.
        name: String,
        /// What they said.
        error: AuthError,
    },
    /// The deadline came.
    #[error("no monitor let us in within the time given{}", Tried(tried))]
    TimedOut {
        /// What became of the last call to each monitor; without a fault where it was silent.
        tried: Vec<(EntityAddr, Option<Fault>)>,
    },
    /// The client was shut down.
    #[error("the client was shut down")]
    Shutdown,
}

impl ConnectError {
    /// The error number that fits best: `ENOENT`, `EOPNOTSUPP`, `EACCES` or what the monitors said, `ETIMEDOUT`, `ESHUTDOWN`.
    #[must_use]
    pub const fn errno(&self) -> i32 {
        match self {
            Self::NoMonitors => 2,
            Self::NoAddress => 95,
            Self::NothingInCommon { .. } => 13,
            Self::Refused {
                error: AuthError::Refused { errno } | AuthError::ReclaimRefused { errno, .. },
                ..
            } => *errno,
            Self::Refused { .. } => 13,
            Self::TimedOut { .. } => 110,
            Self::Shutdown => 108,
        }
    }
}

/// What a refusal by the monitors means for the user.
fn reason(error: &AuthError) -> String {
    match error {
        // They say the same in all cases, so that names cannot be found out by trying.
        AuthError::Refused { errno: 1 | 13 } => {
            "the key is wrong, or of a type that they do not allow, or there is no such name".into()
        }
        AuthError::Refused { errno: 95 } => {
            "they allow none of the methods of authentication that were offered".into()
        }
        other => other.to_string(),
    }
}

/// `: v1:10.0.0.1:6789/0: connection refused; ...`
struct Tried<'a>(&'a [(EntityAddr, Option<Fault>)]);

impl core::fmt::Display for Tried<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (i, (addr, fault)) in self.0.iter().enumerate() {
            let separator = if i == 0 { ": " } else { "; " };
            match fault {
                Some(fault) => write!(f, "{separator}{addr}: {fault}")?,
                None => write!(f, "{separator}{addr}: no answer")?,
            }
        }
        Ok(())
    }
}
