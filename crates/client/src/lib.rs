//! A whole RADOS client as one endpoint without sockets: the monitor session, the Objecter and the handshakes, joined.
//!
//! [`Client`] implements [`Endpoint`](loligo_msgr_proto::Endpoint). Callers put a [`Call`] in and get a [`Done`]; every call
//! ends exactly once.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod call;
mod client;
mod handshake;
mod links;
mod maps;
mod msg;
mod options;
mod outputs;

pub use call::{Call, CallId, ConnectError, Done, Outcome};
pub use client::Client;
pub use msg::ClientMsg;
pub use options::Options;
