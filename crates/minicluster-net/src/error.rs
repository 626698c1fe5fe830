//! Why a small cluster cannot do what it is asked.

use std::io;
use std::path::PathBuf;

use loligo_auth::KeyringError;
use thiserror::Error;

/// Why a small cluster cannot do what it is asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MiniError {
    /// The system gives no socket, thread or randomness.
    #[error("a daemon of the small cluster cannot start: {0}")]
    System(#[from] io::Error),
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keyring that was made cannot be used: a fault of this library.
    #[error("the new keyring is wrong: {0}")]
    Keyring(#[from] KeyringError),
    /// The cluster has no such OSD.
    #[error("the small cluster has no osd.{0}")]
    NoSuchOsd(u16),
}
