//! Why a configuration cannot be used.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::MonHostError;

/// Why a configuration cannot be used. The text says what to change.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ConfError {
    /// There is no file in any of the usual places.
    #[error(
        "no ceph.conf found (tried {}): name one with -c or $CEPH_CONF, or give the monitors with -m",
        list(tried)
    )]
    NotFound {
        /// The places.
        tried: Vec<PathBuf>,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// A file is not a text.
    #[error("{}: not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A line is neither a section, an option nor a comment.
    #[error("{}line {line}: {what}", place(path.as_deref()))]
    Syntax {
        /// The file, where the text came from one.
        path: Option<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A name that is not `TYPE.ID`.
    #[error("\"{name}\" is no entity name: it must be like client.admin")]
    BadName {
        /// The name.
        name: String,
    },
    /// An option's value is not of its type.
    #[error("option {option}: \"{value}\" is not {wanted}")]
    BadValue {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// No option says where the monitors are.
    #[error("no monitors are known: set mon_host in ceph.conf, or give them with -m")]
    NoMonitors,
    /// The monitors' addresses cannot be read.
    #[error("mon_host: {0}")]
    MonHost(#[from] MonHostError),
    /// There is no key for the client's name.
    #[error(
        "no keyring with a key for {name} (tried {}): name one with -k or the option keyring",
        list(tried)
    )]
    NoKeyring {
        /// The client's name.
        name: String,
        /// The files that were tried.
        tried: Vec<PathBuf>,
    },
    /// A keyring is there but cannot be used.
    #[error("keyring {}: {source}", path.display())]
    Keyring {
        /// The file.
        path: PathBuf,
        /// Why.
        source: loligo_auth::KeyringError,
    },
    /// The key given by the option `key` or `keyfile` cannot be used.
    #[error("option key: {0}")]
    Key(loligo_auth::KeyError),
}

impl ConfError {
    /// Names the file that the text came from.
    pub(super) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Syntax { path: None, line, what } => {
                Self::Syntax { path: Some(file.to_owned()), line, what }
            }
            other => other,
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn place(path: Option<&Path>) -> String {
    path.map(|path| format!("{}: ", path.display())).unwrap_or_default()
}
