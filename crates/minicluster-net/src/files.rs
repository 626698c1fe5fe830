//! The files by which clients find a small cluster.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use loligo_auth::Keyring;
use loligo_wire::Uuid;
use loligo_wire::entity::EntityAddrVec;

use crate::error::MiniError;
use crate::options::MiniAuth;

/// A folder with `ceph.conf` and the keyring.
#[derive(Debug)]
pub(crate) struct Files {
    dir: PathBuf,
    is_ours: bool,
}

impl Files {
    /// Makes the folder.
    pub(crate) fn new(dir: Option<PathBuf>) -> Result<Self, MiniError> {
        let is_ours = dir.is_none();
        let dir = dir.unwrap_or_else(own_dir);
        let made = if is_ours { fs::create_dir(&dir) } else { fs::create_dir_all(&dir) };
        made.map_err(|source| MiniError::File { path: dir.clone(), source })?;
        // Clients that are started elsewhere find the keyring, too.
        let dir = fs::canonicalize(&dir).map_err(|source| MiniError::File { path: dir, source })?;
        Ok(Self { dir, is_ours })
    }

    pub(crate) fn conf(&self) -> PathBuf {
        self.dir.join("ceph.conf")
    }

    pub(crate) fn keyring(&self) -> PathBuf {
        self.dir.join("keyring")
    }

    pub(crate) fn write(
        &self,
        fsid: Uuid,
        mon: &EntityAddrVec,
        auth: MiniAuth,
        keyring: &Keyring,
    ) -> Result<(), MiniError> {
        let auth = auth.name();
        let conf = format!(
            "# A small cluster of Loligo.\n[global]\nfsid = {fsid}\nmon_host = {mon}\nauth_cluster_required = {auth}\n\
             auth_service_required = {auth}\nauth_client_required = {auth}\nkeyring = {}\n",
            self.keyring().display(),
        );
        write_private(&self.keyring(), &keyring.print())?;
        write_private(&self.conf(), &conf)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if self.is_ours
            && let Err(error) = fs::remove_dir_all(&self.dir)
        {
            tracing::warn!(%error, dir = %self.dir.display(), "the folder of a small cluster stays");
        }
    }
}

/// A folder that no other cluster of this machine has.
fn own_dir() -> PathBuf {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("loligo-mini-{}-{number}", std::process::id()))
}

/// Writes a file that only its owner can read: keys are in it.
fn write_private(path: &Path, text: &str) -> Result<(), MiniError> {
    let write = || -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|source| MiniError::File { path: path.to_owned(), source })
}
