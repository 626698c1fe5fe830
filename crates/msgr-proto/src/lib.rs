//! Ceph's messenger without sockets: pipes, sessions, policies and dispatch as pure state machines.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod endpoint;

pub use endpoint::{
    AuthRequest, AuthStep, ConId, Endpoint, Envelope, Fault, Input, IoKind, NetCommand, NetEvent, Outgoing, Output,
    Peer, PeerError, Posted,
};
