//! The releases of Ceph that can be fetched, and where Debian carries them.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A release of Ceph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Release {
    /// Ceph 16.2, carried by Debian 12 (bookworm)
    Pacific,
}

/// A package archive: its address and a suite of it.
pub(crate) struct Archive {
    /// Address of the archive.
    pub(crate) uri: &'static str,
    /// Suite within it.
    pub(crate) suite: &'static str,
}

impl Release {
    /// The name that Ceph prints in `--version` and that names the folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Release::Pacific => "pacific",
        }
    }

    /// The archives that together carry the release with its fixes.
    pub(crate) fn archives(self) -> &'static [Archive] {
        match self {
            Release::Pacific => &[
                Archive { uri: "http://deb.debian.org/debian", suite: "bookworm" },
                Archive { uri: "http://deb.debian.org/debian", suite: "bookworm-updates" },
                Archive { uri: "http://deb.debian.org/debian-security", suite: "bookworm-security" },
            ],
        }
    }

    /// The packages that bring the daemons and tools; apt adds what they depend on.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        match self {
            Release::Pacific => &["ceph-mon", "ceph-osd", "ceph-mgr", "ceph-common", "ceph-base"],
        }
    }
}
