//! A native RADOS client: objects in and out of a Ceph cluster, with no C below.
//!
//! A [`Cluster`] is found by a [`Conf`]; an [`IoCtx`] is a pool of it; each operation on an object gives a [`Completion`],
//! which is a `Future` on any executor and can be waited on by a thread. Whatever the number of OSDs, a cluster has at most two
//! threads.
//!
//! ```no_run
//! use loligo::{Cluster, Conf};
//!
//! fn main() -> Result<(), loligo::Error> {
//!     let cluster = Cluster::connect(&Conf::find("client.admin")?)?;
//!     let data = cluster.io_ctx("data")?;
//!     data.write_full("greeting", "hello").wait()?;
//!     assert_eq!(data.read("greeting", 0, 5).wait()?, "hello");
//!     Ok(())
//! }
//! ```
#![forbid(unsafe_code)]

mod cluster;
mod completion;
mod compression;
mod conf;
mod error;
mod io_ctx;
mod list;
mod messenger;
mod modes;
mod placement;
mod pool;
mod setup;

pub use cluster::{Cluster, ClusterStat, CommandReply};
pub use completion::Completion;
pub use conf::{Conf, ConfError, ConfFile, MonHostError, parse_mon_host, parse_size};
pub use error::Error;
pub use io_ctx::{IoCtx, Stat};
pub use list::{ListObject, ObjectList};
pub use loligo_client::ConnectError;
pub use loligo_objecter::{ObjectOperation, OpError, OpReply};
pub use messenger::{messenger_options, node_options};
pub use placement::Placement;
pub use pool::PoolOptions;
pub use setup::is_known_option;
