//! How a small cluster is started.

use std::path::PathBuf;

use loligo_auth::KeyServerOptions;
use loligo_msgr::proto::{Modes, Protocols};
use loligo_wire::cephx::AuthMethod;

/// How a small cluster is started.
#[derive(Clone, Debug)]
pub struct MiniOptions {
    /// How many OSDs it has.
    pub osds: u16,
    /// How its clients log in.
    pub auth: MiniAuth,
    /// Where `ceph.conf` and the keyring are written; the folder is made where there is none, and left. `None` for one of
    /// its own among the system's temporary files, which goes with the cluster.
    pub dir: Option<PathBuf>,
    /// Where keys and ids come from: the same seed gives the same ones, which anybody can guess. `None` for the system.
    pub seed: Option<u64>,
    /// How long tickets live, and of which type they and the client's key are.
    pub tickets: KeyServerOptions,
    /// Which connection modes its daemons allow on messenger v2 (`ms_service_mode`, `ms_mon_service_mode`).
    pub modes: Modes,
    /// Which protocols its daemons take calls in: each at a port of its own.
    pub protocols: Protocols,
    /// How many copies of each object a pool keeps where nobody says (`osd_pool_default_size`).
    pub osd_pool_default_size: u8,
    /// How many placement groups a pool has where nobody says (`osd_pool_default_pg_num`).
    pub osd_pool_default_pg_num: u32,
}

impl Default for MiniOptions {
    /// Three OSDs, cephx, two copies, both protocols.
    fn default() -> Self {
        Self {
            osds: 3,
            auth: MiniAuth::Cephx,
            dir: None,
            seed: None,
            tickets: KeyServerOptions::default(),
            modes: Modes::default(),
            protocols: Protocols::default(),
            osd_pool_default_size: 2,
            osd_pool_default_pg_num: 32,
        }
    }
}

/// How the clients of a small cluster log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MiniAuth {
    /// With keys.
    #[default]
    Cephx,
    /// With their name alone.
    None,
}

impl MiniAuth {
    pub(crate) const fn methods(self) -> &'static [AuthMethod] {
        match self {
            Self::Cephx => &[AuthMethod::CEPHX],
            Self::None => &[AuthMethod::NONE],
        }
    }

    /// The value of Ceph's options.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cephx => "cephx",
            Self::None => "none",
        }
    }
}
