//! Ceph's messenger over sockets.
//!
//! A [`Node`] drives an [`Endpoint`](proto::Endpoint): it opens and takes connections, brings messages, keeps time, and decides
//! nothing. A [`Messenger`] is a node whose endpoint is a chain of [`Dispatcher`]s, as in Ceph.
//!
//! # Transports
//!
//! What moves the bytes is a [`Transport`], chosen by [`NodeOptions::ms_type`]:
//!
//! - `async` ([`MsType::Async`], also called `async+posix`): [`ms_async_op_threads`](NodeOptions::ms_async_op_threads) threads, one
//!   unless more are asked for, each with an event queue of the system for its share of the connections. Any thread may write. For
//!   a few connections or many.
//! - `simple` ([`MsType::Simple`]): a reader and a writer thread for each connection, as Ceph's first messenger had.
//!
//! A third one needs no system: [`transport::memory`] is a network within the process, for tests of programs. A node is put
//! onto it, or onto a transport from outside this crate, by [`Node::start_on`] and [`Messenger::create_on`]. All keep the same
//! promises: `tests/conformance` says which. [`NodeOptions::inject`] makes streams fail and messages late on purpose, whatever the
//! transport.
//!
//! # Examples
//!
//! A server that sends every message back (`examples/echo_server.rs`):
//!
//! ```no_run
#![doc = include_str!("../examples/echo_server.rs")]
//! ```
//!
//! And a client of it (`examples/echo_client.rs`):
//!
//! ```no_run
#![doc = include_str!("../examples/echo_client.rs")]
//! ```
//!
//! Both ends in one program:
//!
//! ```
//! use std::sync::{Arc, mpsc};
//! use loligo_msgr::proto::{Config, Envelope, Posted};
//! use loligo_msgr::{BindAddr, Connection, Dispatcher, Messenger, NoAuth, NodeOptions, Policy, PolicySet};
//! use loligo_wire::entity::{EntityName, EntityType};
//! use loligo_wire::message::{MPing, Message};
//! use loligo_wire::Tid;
//!
//! /// A server that answers pings.
//! struct Pong;
//!
//! impl Dispatcher for Pong {
//!     fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
//!         let is_ping = message.header.message_type == MPing::TYPE;
//!         if is_ping {
//!             con.send_message(Posted { tid: message.header.tid, message: MPing });
//!         }
//!         is_ping
//!     }
//! }
//!
//! /// A client that tells which of its pings is answered.
//! struct Told(mpsc::Sender<Tid>);
//!
//! impl Dispatcher for Told {
//!     fn ms_dispatch(&self, _: &Connection, message: &Envelope) -> bool {
//!         self.0.send(message.header.tid).is_ok()
//!     }
//! }
//!
//! let policies = PolicySet::new(Policy::stateless_server());
//! let server = Messenger::create(NodeOptions::new(Config::new(EntityName::osd(0), policies)), NoAuth)?;
//! server.add_dispatcher_tail(Arc::new(Pong));
//! let addr = server.bind(BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() })?;
//!
//! let (tell, told) = mpsc::channel();
//! let client = Messenger::create(NodeOptions::client(), NoAuth)?;
//! client.add_dispatcher_tail(Arc::new(Told(tell)));
//! let con = client.connect_to(EntityType::OSD, addr.into());
//! con.send_message(Posted { tid: Tid(7), message: MPing });
//! assert_eq!(told.recv()?, Tid(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod bell;
mod bind;
mod clock;
mod entropy;
mod mailbox;
mod messenger;
mod node;
mod options;
mod sync;
pub mod transport;
mod turn;

pub use bind::BindAddr;
pub use clock::Clock;
pub use entropy::SystemEntropy;
pub use loligo_msgr_proto as proto;
pub use loligo_msgr_proto::{Pipe, Policy, PolicySet, Pool, Throttle};
pub use messenger::{Authenticate, Connection, Delivery, Dispatcher, DispatcherChain, Messenger, NoAuth};
pub use node::{Node, WeakNode};
pub use options::NodeOptions;
pub use transport::{Inject, MsType, Transport, UnknownMsType};
