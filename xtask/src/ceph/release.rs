//! The releases of Ceph that can be fetched, and where Debian carries them.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A release of Ceph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Release {
    /// Ceph 14.2, carried by Debian 11 (bullseye)
    Nautilus,
    /// Ceph 16.2, carried by Debian 12 (bookworm)
    Pacific,
    /// Ceph 18.2, carried by Debian 13 (trixie)
    Reef,
    /// Ceph 20.2, carried by Debian unstable (sid)
    Tentacle,
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
            Release::Nautilus => "nautilus",
            Release::Pacific => "pacific",
            Release::Reef => "reef",
            Release::Tentacle => "tentacle",
        }
    }

    /// The archives that together carry the release with its fixes.
    pub(crate) fn archives(self) -> &'static [Archive] {
        const DEBIAN: &str = "http://deb.debian.org/debian";
        const SECURITY: &str = "http://deb.debian.org/debian-security";
        match self {
            // Its security archive still lists packages of Ceph that it no longer has.
            Release::Nautilus => &[Archive { uri: DEBIAN, suite: "bullseye" }],
            Release::Pacific => &[
                Archive { uri: DEBIAN, suite: "bookworm" },
                Archive { uri: DEBIAN, suite: "bookworm-updates" },
                Archive { uri: SECURITY, suite: "bookworm-security" },
            ],
            Release::Reef => &[
                Archive { uri: DEBIAN, suite: "trixie" },
                Archive { uri: DEBIAN, suite: "trixie-updates" },
                Archive { uri: SECURITY, suite: "trixie-security" },
            ],
            Release::Tentacle => &[Archive { uri: DEBIAN, suite: "sid" }],
        }
    }

    /// The packages that bring the daemons and tools; apt adds what they depend on.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        &["ceph-mon", "ceph-osd", "ceph-mgr", "ceph-common", "ceph-base"]
    }

    /// The package with Ceph's own test programs, where the suite has one with programs in it.
    pub(crate) fn test_package(self) -> Option<&'static str> {
        match self {
            Release::Nautilus | Release::Pacific => None,
            Release::Reef | Release::Tentacle => Some("ceph-test"),
        }
    }
}
