//! What the program says when something does not work.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a command failed, as one sentence.
#[derive(Debug, Error)]
pub(crate) enum Fail {
    /// The cluster cannot be used.
    #[error("{0}")]
    Cluster(#[from] loligo::Error),
    /// Something about an object or a pool.
    #[error("{what}: {why}")]
    About {
        /// What was to be done with what.
        what: String,
        /// Why it was not.
        why: loligo::Error,
    },
    /// A local file.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A local file is not what it should be.
    #[error("{}: this is no {what}: {why}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        why: loligo_wire::DecodeError,
    },
    /// There is no OSD map in a file.
    #[error(transparent)]
    OsdMap(Box<Self>),
    /// Bytes are no value of a type.
    #[error("{type_name}: {why}")]
    Decode {
        /// Ceph's name of the type.
        type_name: &'static str,
        /// Why they are not.
        why: loligo_wire::DecodeError,
    },
    /// A file is no capture of packets.
    #[error("{}: {why}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// Why it is none.
        why: crate::dissect::CaptureError,
    },
    /// The messenger was measured, and did not do what it must.
    #[error(transparent)]
    Perf(#[from] crate::msgr::PerfError),
    /// Nothing is known of an address.
    #[error("{addr}: {why}")]
    Ping {
        /// The address.
        addr: std::net::SocketAddr,
        /// Why.
        why: crate::msgr::PingError,
    },
    /// Standard output.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
    /// The command line asks for something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// What was read is not what was written.
    #[error("{errors} of {reads} reads gave other data than were written")]
    Verify {
        /// How many reads.
        reads: u64,
        /// How many of them.
        errors: u64,
    },
}

impl Fail {
    pub(crate) fn file(path: &Path, why: io::Error) -> Self {
        Self::File { path: path.to_owned(), why }
    }

    /// The exit status that goes with it: 1, but for what is no OSD map, which is 255 in osdmaptool.
    pub(crate) const fn status(&self) -> u8 {
        if matches!(self, Self::OsdMap(_)) { 255 } else { 1 }
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Output(why) | Self::File { why, .. } => why.kind() == io::ErrorKind::BrokenPipe,
            _ => false,
        }
    }
}

/// What was to be done with an object. A name that would fill the terminal is cut.
pub(crate) fn on(verb: &str, pool: &str, object: &str) -> String {
    const SHOWN: usize = 80;
    if object.len() <= 2 * SHOWN {
        return format!("{verb} {pool}/{object}");
    }
    let head: String = object.chars().take(SHOWN).collect();
    format!("{verb} {pool}/{head}…")
}

/// Says what an operation was about, should it fail.
pub(crate) trait About<T> {
    fn about(self, what: impl FnOnce() -> String) -> Result<T, Fail>;
}

impl<T> About<T> for Result<T, loligo::Error> {
    fn about(self, what: impl FnOnce() -> String) -> Result<T, Fail> {
        self.map_err(|why| Fail::About { what: what(), why })
    }
}
