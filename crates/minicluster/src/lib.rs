//! A Ceph monitor and OSDs in memory that speak the real protocol, for tests.
//!
//! Each daemon is an [`Endpoint`](loligo_msgr_proto::Endpoint): [`Mon`] and [`Osd`] log clients in, send maps and carry out
//! ops in Ceph's own messages, so that no client can tell them from Ceph by what it needs. Among themselves they talk over a
//! bus: a [`BusMessage`] that comes out of one daemon is to be handed to the one that it is for, in order. There are no
//! sockets, no threads and no clock: `loligo-minicluster-net` runs them on TCP, the simulator on streams of its own.
//!
//! ```
//! use loligo_auth::{KeyServer, KeyServerOptions};
//! use loligo_base::{Mono, Now, SeededEntropy, Wall};
//! use loligo_minicluster::{Daemon, Mon, MonCall, MonOptions, Osd, OsdCall};
//! use loligo_msgr_proto::{Endpoint, Input, Output};
//! use loligo_wire::cephx::AuthMethod;
//! use loligo_wire::{OsdId, Uuid};
//!
//! let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
//! let entropy = |seed| Box::new(SeededEntropy::new(seed)); // the system's in a program
//! let methods = &[AuthMethod::NONE];
//! let options = MonOptions {
//!     fsid: Uuid::NIL,
//!     osds: 2,
//!     methods,
//!     keys: KeyServer::new(KeyServerOptions::default(), now.wall, &mut *entropy(1)),
//!     entropy: entropy(2),
//!     osd_pool_default_size: 2,
//!     osd_pool_default_pg_num: 8,
//! };
//! let mut mon = Mon::new(options, now);
//! let mut osds = [0, 1].map(|n| Osd::new(OsdId(n), methods, entropy(3 + n as u64)));
//!
//! // They start.
//! mon.handle(now, Input::Call(MonCall::Start("v1:10.0.0.1:6789/0".parse()?)));
//! for (osd, addr) in osds.iter_mut().zip(["v1:10.0.0.2:6800/1", "v1:10.0.0.3:6800/1"]) {
//!     osd.handle(now, Input::Call(OsdCall::Start(addr.parse()?)));
//! }
//!
//! // Each is drained, and what it says is brought to whom it is for, until all is said. Nobody has called yet, so that
//! // nothing is to be done on connections.
//! while let Some(output) = mon.poll().or_else(|| osds.iter_mut().find_map(Osd::poll)) {
//!     let Output::Done(message) = output else { panic!("{output:?}") };
//!     match message.to {
//!         Daemon::Mon => mon.handle(now, Input::Call(MonCall::Bus(message))),
//!         Daemon::Osd(OsdId(n)) => osds[n as usize].handle(now, Input::Call(OsdCall::Bus(message))),
//!     }
//! }
//! assert_eq!(mon.osdmap().get_num_up_osds(), 2);
//! assert!(osds.iter().all(|osd| osd.epoch() == mon.epoch()));
//! # Ok::<(), loligo_wire::entity::EntityParseError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bus;
mod history;
mod interval;
mod mon;
mod osd;
mod split;

pub use bus::{BusMessage, Daemon};
pub use mon::{Mon, MonCall, MonMsg, MonOptions};
pub use osd::{LoggedWrite, Osd, OsdCall, OsdMsg};
