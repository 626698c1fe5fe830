//! The small cluster in memory on loopback TCP: a monitor and OSDs that speak the real protocol, in the process that
//! wants them.
//!
//! For tests of programs that use Ceph, without a Ceph. It writes a `ceph.conf` and a keyring, so that any client finds
//! it: this project's, and Ceph's own `rados`.
//!
//! ```
//! use loligo_minicluster_net::{MiniCluster, MiniOptions};
//!
//! let cluster = MiniCluster::start(MiniOptions::default())?;
//! let conf = std::fs::read_to_string(cluster.conf_path())?;
//! assert!(conf.contains("mon_host = [v2:127.0.0.1:"));
//! // An OSD goes and comes back with its data; clients are told by a new map each time.
//! cluster.stop_osd(0)?;
//! cluster.start_osd(0)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod cluster;
mod entropy;
mod error;
mod files;
mod options;
mod router;
mod seat;

pub use cluster::MiniCluster;
pub use error::MiniError;
pub use loligo_msgr::proto::{Modes, Protocols};
pub use loligo_wire::msgr2::ConMode;
pub use options::{MiniAuth, MiniOptions};
