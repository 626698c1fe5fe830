//! Ceph's messenger over sockets: reactor, Accepter, Messenger and Connection
#![forbid(unsafe_code)]

mod bind;
mod cell;
mod clock;
mod drain;
mod node;
mod options;
mod reactor;
mod remote;
mod sync;

pub use bind::BindAddr;
pub use clock::Clock;
pub use loligo_msgr_proto as proto;
pub use loligo_msgr_proto::{Pipe, Policy, PolicySet, Pool, Throttle};
pub use node::Node;
pub use options::NodeOptions;
