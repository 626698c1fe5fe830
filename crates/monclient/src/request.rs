//! Requests to the monitor and their replies: versions, commands, statistics.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use loligo_base::{Mono, Timers};
use loligo_wire::message::{
    MGetPoolStats, MGetPoolStatsReply, MMonCommand, MMonGetVersion, MStatfs, MStatfsReply,
};
use loligo_wire::types::ErrorCode;
use loligo_wire::{BufferList, PoolId, Text, Tid, Uuid};
use thiserror::Error;

use crate::ToMon;

/// Something that a monitor is asked and answers once. It is asked again after each reconnect until it is answered, so a
/// command must bear being carried out twice, as in Ceph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The newest and oldest version of a map (`get_version`): `osdmap`, `mdsmap`, ...
    GetVersion {
        /// The map.
        what: String,
    },
    /// A command (`start_mon_command`).
    Command {
        /// The command in JSON, as `{"prefix": "osd pool create", "pool": "rbd"}`; Ceph's own clients put all in one string.
        cmd: Vec<String>,
        /// The data that belong to it.
        inbl: BufferList,
    },
    /// The usage of the cluster, or of one pool.
    StatFs {
        /// The pool; none for all.
        data_pool: Option<PoolId>,
    },
    /// The usage of pools, by name.
    PoolStats {
        /// The pools.
        pools: Vec<String>,
    },
}

impl Request {
    fn to_mon(&self, tid: Tid, fsid: Uuid) -> ToMon {
        match self {
            Self::GetVersion { what } => {
                ToMon::GetVersion(MMonGetVersion { handle: tid.0, what: what.clone() })
            }
            Self::Command { cmd, inbl } => ToMon::Command(MMonCommand {
                fsid,
                cmd: cmd.clone(),
                inbl: inbl.clone(),
                ..MMonCommand::default()
            }),
            Self::StatFs { data_pool } => {
                ToMon::Statfs(MStatfs { fsid, data_pool: *data_pool, ..MStatfs::default() })
            }
            Self::PoolStats { pools } => {
                ToMon::GetPoolStats(MGetPoolStats { fsid, pools: pools.clone(), ..MGetPoolStats::default() })
            }
        }
    }
}

/// What a monitor answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`Request::GetVersion`].
    Version {
        /// The newest version.
        newest: u64,
        /// The oldest version that the monitors still have.
        oldest: u64,
    },
    /// To [`Request::Command`].
    Command {
        /// 0 or more where it was carried out, else an error number below 0.
        retcode: ErrorCode,
        /// What there is to say about it.
        outs: Text,
        /// What it gave.
        outbl: BufferList,
    },
    /// To [`Request::StatFs`].
    StatFs(MStatfsReply),
    /// To [`Request::PoolStats`].
    PoolStats(MGetPoolStatsReply),
}

/// Why a request has no reply.
///
/// `sent` says of a command whether a monitor was sent it: if so, it may have been carried out, and nobody can tell. Of whatever else,
/// which changes nothing, it is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Its deadline came.
    #[error("no monitor answered in time{}", fate(*sent))]
    TimedOut {
        /// Whether it is a command that was sent.
        sent: bool,
    },
    /// It was cancelled.
    #[error("cancelled{}", fate(*sent))]
    Cancelled {
        /// Whether it is a command that was sent.
        sent: bool,
    },
    /// The client was shut down.
    #[error("the client was shut down{}", fate(*sent))]
    Shutdown {
        /// Whether it is a command that was sent.
        sent: bool,
    },
}

const fn fate(sent: bool) -> &'static str {
    if sent { "; the command was sent, and may have been carried out" } else { "" }
}

impl RequestError {
    /// Whether it is a command that may have been carried out although there is no answer.
    #[must_use]
    pub const fn may_have_run(self) -> bool {
        match self {
            Self::TimedOut { sent } | Self::Cancelled { sent } | Self::Shutdown { sent } => sent,
        }
    }

    /// The error number that fits: `ETIMEDOUT`, `ECANCELED`, `ESHUTDOWN`.
    #[must_use]
    pub const fn errno(self) -> i32 {
        match self {
            Self::TimedOut { .. } => 110,
            Self::Cancelled { .. } => 125,
            Self::Shutdown { .. } => 108,
        }
    }

    /// The same error for a command that was sent, or not.
    const fn with_sent(self, sent: bool) -> Self {
        match self {
            Self::TimedOut { .. } => Self::TimedOut { sent },
            Self::Cancelled { .. } => Self::Cancelled { sent },
            Self::Shutdown { .. } => Self::Shutdown { sent },
        }
    }
}

/// The requests without a reply, with what their owners gave along.
#[derive(Debug)]
pub(crate) struct Requests<T> {
    rows: BTreeMap<Tid, Row<T>>,
    deadlines: Timers<Tid>,
    last: Tid,
}

#[derive(Debug)]
struct Row<T> {
    request: Request,
    done: T,
    sent: bool,
}

impl<T> Row<T> {
    fn message(&mut self, tid: Tid, fsid: Uuid) -> ToMon {
        self.sent = true;
        self.request.to_mon(tid, fsid)
    }
}

impl<T> Requests<T> {
    pub(crate) const fn new() -> Self {
        Self { rows: BTreeMap::new(), deadlines: Timers::new(), last: Tid(0) }
    }

    pub(crate) fn insert(&mut self, request: Request, deadline: Option<Mono>, done: T) -> Tid {
        self.last.0 = self.last.0.wrapping_add(1);
        let tid = self.last;
        self.rows.insert(tid, Row { request, done, sent: false });
        if let Some(deadline) = deadline {
            self.deadlines.set(tid, deadline);
        }
        tid
    }

    /// Ends the request of that number without an answer, if it is there.
    pub(crate) fn fail(&mut self, tid: Tid, error: RequestError) -> Option<(T, RequestError)> {
        let row = self.remove(tid)?;
        let sent = row.sent && matches!(row.request, Request::Command { .. });
        Some((row.done, error.with_sent(sent)))
    }

    fn remove(&mut self, tid: Tid) -> Option<Row<T>> {
        self.deadlines.cancel(&tid);
        self.rows.remove(&tid)
    }

    /// Ends the request of that number where `reply` answers what was asked.
    pub(crate) fn answer(&mut self, tid: Tid, reply: &Reply) -> Option<T> {
        let fits = matches!(
            (&self.rows.get(&tid)?.request, reply),
            (Request::GetVersion { .. }, Reply::Version { .. })
                | (Request::Command { .. }, Reply::Command { .. })
                | (Request::StatFs { .. }, Reply::StatFs(_))
                | (Request::PoolStats { .. }, Reply::PoolStats(_))
        );
        if fits { self.remove(tid).map(|row| row.done) } else { None }
    }

    /// Ends a request whose deadline came. Call until there is none.
    pub(crate) fn expired(&mut self, now: Mono) -> Option<(T, RequestError)> {
        let tid = self.deadlines.pop_expired(now)?;
        self.fail(tid, RequestError::TimedOut { sent: false })
    }

    /// Ends the first request. Call until there is none.
    pub(crate) fn shut_down(&mut self) -> Option<(T, RequestError)> {
        let tid = *self.rows.first_key_value()?.0;
        self.fail(tid, RequestError::Shutdown { sent: false })
    }

    pub(crate) fn next_timeout(&self) -> Option<Mono> {
        self.deadlines.next()
    }

    /// The message that asks it. It counts as sent.
    pub(crate) fn message(&mut self, tid: Tid, fsid: Uuid) -> Option<ToMon> {
        self.rows.get_mut(&tid).map(|row| row.message(tid, fsid))
    }

    /// The messages that ask all of them, in the order in which they were first asked. They count
    /// as sent.
    pub(crate) fn messages(&mut self, fsid: Uuid) -> impl Iterator<Item = (Tid, ToMon)> {
        self.rows.iter_mut().map(move |(tid, row)| (*tid, row.message(*tid, fsid)))
    }
}
