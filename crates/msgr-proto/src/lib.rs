//! Ceph's messenger without sockets: pipes, sessions, policies and the pool as pure state machines.
//!
//! A [`Pipe`] is one connection over a stream of bytes; the [`Pool`] knows all connections of a messenger, and its
//! address; an [`Endpoint`] stands above. Whoever moves the bytes (`loligo-msgr`, or a simulator) brings the three
//! together and decides nothing.
//!
//! Both messengers are spoken: v1, and v2 in revision 2.1 with checksums or encrypted ([`Modes`]), and
//! compressed where both ends want it ([`compression`]). The address that is called
//! decides ([`Config::target_addr`]), or the listener that took the call ([`Pipe::accept`], [`Pipe::accept_v2`]). How a connection
//! behaves when it breaks is its [`Policy`]: a lossy one is dead, a lossless one outlives its streams, and loses, doubles and
//! reorders nothing.
//!
//! Two pipes that greet each other, their bytes carried by hand:
//!
//! ```
//! use std::sync::Arc;
//! use bytes::Bytes;
//! use loligo_base::{Mono, Now, Wall};
//! use loligo_msgr_proto::{Accept, Answer, Ask, AuthRequest, AuthStep, Config, Pipe, PipeEvent, Policy, PolicySet};
//! use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityName, EntityType};
//!
//! /// Answers what a pipe asks, and says whether it is open.
//! fn answer(pipe: &mut Pipe, now: Now, my_addr: EntityAddr) -> bool {
//!     while let Some(event) = pipe.poll() {
//!         let answer = match event {
//!             PipeEvent::Asked(Ask::MyAddr { .. }) => Answer::MyAddr(my_addr),
//!             PipeEvent::Asked(Ask::GlobalSeq { above }) => Answer::GlobalSeq { seq: above + 1, random: 4 },
//!             PipeEvent::Asked(Ask::Auth(AuthRequest::Authorizer { .. })) => {
//!                 Answer::Auth(AuthStep::Authorizer { method: 1, authorizer: Bytes::from_static(b"me") })
//!             }
//!             PipeEvent::Asked(Ask::Auth(_)) => {
//!                 Answer::Auth(AuthStep::Accept(Accept::default()))
//!             }
//!             _ => continue,
//!         };
//!         pipe.answer(now, answer);
//!     }
//!     pipe.is_open()
//! }
//!
//! /// Carries what one pipe has to say to the other.
//! fn carry(from: &mut Pipe, to: &mut Pipe, now: Now) {
//!     while let Some(batch) = from.send_begin(now, 4096) {
//!         for piece in batch.pieces() {
//!             let Some(mut chunk) = to.recv_begin() else { return };
//!             let n = chunk.fill(piece);
//!             to.recv_end(now, chunk, n);
//!         }
//!         let n = batch.len();
//!         from.send_end(batch, n);
//!     }
//! }
//!
//! let now = Now { mono: Mono::ZERO, wall: Wall::ZERO };
//! let there = EntityAddr::legacy("10.0.0.1:6800".parse()?, 7);
//! let here = EntityAddr::legacy("10.0.0.2:0".parse()?, 8);
//! let osd = Config::new(EntityName::osd(0), PolicySet::new(Policy::stateless_server()));
//! let mut client =
//!     Pipe::connect(Arc::new(Config::client()), now, EntityType::OSD, EntityAddrVec::from(there), 1);
//! let mut server = Pipe::accept(Arc::new(osd), now, there, here, 2);
//! client.started(now, client.incarnation());
//! server.started(now, server.incarnation());
//! while !answer(&mut client, now, here) | !answer(&mut server, now, there) {
//!     carry(&mut client, &mut server, now);
//!     carry(&mut server, &mut client, now);
//! }
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod asked;
pub mod compression;
mod config;
mod dispatch_queue;
mod endpoint;
mod fault;
mod modes;
mod pipe;
mod policy;
mod pool;
mod protocol;
mod session;
mod throttle;
mod v1;
mod v2;

pub use asked::{Accept, AuthRequest, AuthStep};
pub use config::{Config, Limits, MyName, Options};
pub use dispatch_queue::{DispatchQueue, MS_PQ_MAX_TOKENS_PER_PRIORITY, MS_PQ_MIN_COST};
pub use endpoint::{
    ConId, Endpoint, Envelope, Input, NetCommand, NetEvent, Outgoing, Output, Peer, PeerError, Posted,
};
pub use fault::{Fault, IoKind};
pub use modes::{Modes, Protocols};
pub use pipe::{
    Answer, Arrived, Ask, Claim, Held, Incarnation, Meeting, Pipe, PipeEvent, RecvChunk, SendBatch,
    SessionAnswer,
};
pub use policy::{Policy, PolicySet};
pub use pool::{Connect, Link, Pool, Question};
pub use throttle::{Taken, Throttle};
