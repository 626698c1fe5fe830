//! A whole RADOS client as one endpoint without sockets: the monitor session, the Objecter and the handshakes, joined.
//!
//! [`Client`] implements [`Endpoint`](loligo_msgr_proto::Endpoint). Callers put a [`Call`] in and get a [`Done`]; every call
//! ends exactly once.
//!
//! ```
//! use loligo_auth::AuthClient;
//! use loligo_base::{Mono, Now, SeededEntropy, Wall};
//! use loligo_client::{Call, Client, Done, Options, Outcome};
//! use loligo_msgr_proto::{Endpoint, Input, NetCommand, Output};
//! use loligo_wire::AuthEntityName;
//!
//! let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
//! let mon_host = vec!["v1:10.0.0.1:6789/0".parse()?];
//! let auth = AuthClient::none(AuthEntityName::client("admin"));
//! let entropy = Box::new(SeededEntropy::new(1)); // the system's in a program
//! let mut client = Client::new(Options::default(), mon_host, auth, entropy);
//!
//! client.handle(now, Input::Call(Call::Start { deadline: None, done: "start" }));
//! assert!(matches!(client.poll(), Some(Output::Net(NetCommand::Connect { .. }))));
//! assert!(client.poll().is_none());
//!
//! client.handle(now, Input::Call(Call::Shutdown { done: "shutdown" }));
//! assert!(matches!(client.poll(), Some(Output::Done(Done::Call { done: "start", outcome: Outcome::Connected(Err(_)) }))));
//! assert!(matches!(client.poll(), Some(Output::Net(NetCommand::MarkDown { .. }))));
//! assert!(matches!(client.poll(), Some(Output::Done(Done::Call { done: "shutdown", .. }))));
//! # Ok::<(), loligo_wire::entity::EntityParseError>(())
//! ```
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
mod under_way;

pub use call::{Call, CallId, ConnectError, Done, Outcome};
pub use client::Client;
pub use msg::ClientMsg;
pub use options::Options;
