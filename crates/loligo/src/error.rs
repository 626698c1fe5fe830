//! Why something did not work.

use std::io;
use std::sync::Arc;

use loligo_client::ConnectError;
use loligo_monclient::RequestError;
use loligo_objecter::{ListError, OpError};
use loligo_wire::DecodeError;
use loligo_wire::types::ErrorCode;
use thiserror::Error;

use crate::{ConfError, MonHostError};

/// Why something did not work. [`errno`](Self::errno) gives the number that librados would give.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used.
    #[error(transparent)]
    Conf(#[from] ConfError),
    /// There is no connection to the cluster.
    #[error("cannot connect to the cluster: {0}")]
    Connect(#[from] ConnectError),
    /// The operating system refused what the library needs.
    #[error("cannot start: {0}")]
    System(#[from] Arc<io::Error>),
    /// There is no such pool.
    #[error("no such pool: {pool}")]
    NoSuchPool {
        /// Its name.
        pool: String,
    },
    /// An OSD executed the operation and it failed.
    #[error("{}", in_words(*.0))]
    Osd(ErrorCode),
    /// The operation ended without an answer of an OSD, and it did not run.
    #[error("{0}")]
    Op(OpError),
    /// It was cancelled before it was sent: it did not run.
    #[error("cancelled before it was sent")]
    Cancelled,
    /// It was sent, and ended without an answer: whether it ran, nobody can tell.
    #[error("{0}; it was sent, and whether it ran is not known")]
    OutcomeUnknown(OpError),
    /// A monitor did not answer.
    #[error("no answer of a monitor: {0}")]
    Mon(#[from] RequestError),
    /// A monitor carried out a command and it failed.
    #[error("{why} ({code})")]
    Command {
        /// What it returned.
        code: ErrorCode,
        /// What it said.
        why: String,
    },
    /// A listing cannot go on.
    #[error("the listing ended: {0}")]
    List(ListError),
    /// An answer cannot be read: the peer is to blame.
    #[error("an answer cannot be read: {0}")]
    Answer(#[from] DecodeError),
    /// What was asked for is more than Ceph takes.
    #[error("the {what} has {size} bytes, and {limit} is the most")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// An object must have a name.
    #[error("an object needs a name")]
    NoName,
    /// The result of a completion was taken already.
    #[error("the result was taken already")]
    ResultTaken,
    /// The cluster handle was shut down.
    #[error("the handle was shut down")]
    Shutdown,
    /// The library contradicts itself: please report it.
    #[error("a fault of this library: {0}")]
    Bug(&'static str),
}

impl Error {
    /// The error number that librados gives for it, positive: `ENOENT` is 2.
    #[must_use]
    pub fn errno(&self) -> i32 {
        match self {
            Self::Conf(ConfError::NotFound { .. } | ConfError::NoKeyring { .. } | ConfError::NoMonitors) => 2,
            Self::Conf(ConfError::MonHost(MonHostError::TimedOut { .. })) => 110,
            Self::Conf(_) | Self::NoName | Self::ResultTaken => 22,
            Self::Connect(error) => error.errno(),
            Self::System(error) => error.raw_os_error().unwrap_or(5),
            Self::NoSuchPool { .. } => 2,
            Self::Osd(code) | Self::Command { code, .. } => errno_of(*code),
            Self::Op(error) | Self::OutcomeUnknown(error) => error.errno(),
            Self::Cancelled => 125,
            Self::Mon(error) => error.errno(),
            Self::Shutdown => 108,
            Self::List(ListError::NoSuchPool) => 2,
            Self::List(ListError::Osd(code)) => errno_of(*code),
            Self::List(_) | Self::Answer(_) | Self::Bug(_) => 5,
            Self::TooLarge { what: "name" | "locator key" | "namespace", .. } => 36,
            Self::TooLarge { .. } => 27,
        }
    }

    /// Whether there is no such object or pool.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.errno() == 2
    }

    /// Whether the operation may have run although there is no answer.
    #[must_use]
    pub const fn may_have_run(&self) -> bool {
        match self {
            Self::OutcomeUnknown(_) => true,
            Self::Mon(error) => error.may_have_run(),
            _ => false,
        }
    }
}

/// What an OSD's error means for an object; the general text of the number is about files.
fn in_words(code: ErrorCode) -> String {
    let words = match code {
        ErrorCode::ENOENT => "no such object",
        ErrorCode::EEXIST => "the object exists already",
        ErrorCode::ENOSPC => "the pool or the cluster is full",
        ErrorCode::EDQUOT => "the pool's quota is used up",
        ErrorCode::EFBIG => "the object would be larger than the cluster allows",
        ErrorCode::EMSGSIZE => "more data at once than the cluster takes",
        ErrorCode::EPERM | ErrorCode::EACCES => "this client's capabilities do not allow it",
        other => return other.to_string(),
    };
    let name = code.description().map_or("", |(name, _)| name);
    format!("{words} ({name})")
}

fn errno_of(code: ErrorCode) -> i32 {
    code.errno().and_then(|errno| i32::try_from(errno).ok()).unwrap_or(0)
}

impl From<OpError> for Error {
    fn from(error: OpError) -> Self {
        match error {
            _ if error.may_have_run() => Self::OutcomeUnknown(error),
            OpError::Cancelled { .. } => Self::Cancelled,
            OpError::Shutdown { .. } => Self::Shutdown,
            _ => Self::Op(error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::System(Arc::new(error))
    }
}

impl From<ListError> for Error {
    fn from(error: ListError) -> Self {
        Self::List(error)
    }
}
