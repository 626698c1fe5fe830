//! Ceph's messenger without sockets: pipes, sessions, policies and the pool as pure state machines.
//!
//! A [`Pipe`] is one connection over a stream of bytes; the [`Pool`] knows all connections of a messenger, and its
//! address; an [`Endpoint`] stands above. Whoever moves the bytes (`loligo-msgr`, or a simulator) brings the three
//! together and decides nothing.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod config;
mod endpoint;
mod pipe;
mod policy;
mod pool;
mod session;
mod throttle;
mod v1;

pub use config::{Config, Limits, MyName, Options};
pub use endpoint::{
    AuthRequest, AuthStep, ConId, Endpoint, Envelope, Fault, Input, IoKind, NetCommand, NetEvent, Outgoing,
    Output, Peer, PeerError, Posted,
};
pub use pipe::{Answer, Arrived, Ask, Held, Pipe, PipeEvent, RecvChunk, SendBatch};
pub use policy::{Policy, PolicySet};
pub use pool::{Connect, Link, Pool};
pub use throttle::{Taken, Throttle};
