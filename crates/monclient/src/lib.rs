//! The session of a Ceph client with the monitors: hunting, login, subscriptions, versions, commands, tickets.
//!
//! A pure state machine after Ceph's `MonClient`, `MonSub` and `MonConnection` (18.2): no sockets, no clock, no threads. It
//! knows monitors as [`MonSession`]s that somebody else opens and closes, so it can be put onto any messenger.
//!
//! ```
//! use loligo_auth::AuthClient;
//! use loligo_base::{Mono, Now, Prng, SeededEntropy, Wall};
//! use loligo_monclient::{Input, MonClient, Options, Output, Request};
//! use loligo_wire::AuthEntityName;
//!
//! let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
//! let mon_host = vec!["v1:10.0.0.1:6789/0".parse()?];
//! let auth = AuthClient::none(AuthEntityName::client("admin"));
//! let entropy = Box::new(SeededEntropy::new(2)); // the system's in a program
//! let mut mon = MonClient::new(Options::default(), mon_host, auth, Prng::new(1), entropy);
//!
//! // Asked before there is a session, it is sent once there is one.
//! mon.submit(Request::GetVersion { what: "osdmap".into() }, None, "my token");
//! mon.start(now);
//! let Some(Output::Open { session, addrs, .. }) = mon.poll() else { panic!() };
//! assert_eq!(addrs.to_string(), "v1:10.0.0.1:6789/0");
//!
//! // When the connection stands, the login begins.
//! mon.handle(now, Input::Opened { session });
//! assert!(matches!(mon.poll(), Some(Output::Keepalive { .. })));
//! assert!(matches!(mon.poll(), Some(Output::Send { .. })));
//! # Ok::<(), loligo_wire::entity::EntityParseError>(())
//! ```
//!
//! On messenger v2 the login is a part of the connection: whoever opens that asks for its frames by
//! [`MonClient::auth_begin`] and the others of its kind, before [`Input::Opened`].
//!
//! What it does not do: the cluster log, commands to one certain monitor.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod dispatch;
mod hunt;
mod io;
mod login_v2;
mod machine;
mod monitors;
mod options;
mod request;
mod session;
mod sub;
mod tickets;

pub use loligo_auth::LoginKeys;

pub use io::{FromMon, Input, MonSession, Output, ToMon};
pub use machine::MonClient;
pub use options::Options;
pub use request::{Reply, Request, RequestError};

#[cfg(test)]
mod testing {
    use core::net::{Ipv4Addr, SocketAddr};

    use loligo_wire::entity::{EntityAddr, EntityAddrVec};

    /// The monitor at 10.0.0.`n`.
    pub(crate) fn addr(n: u8) -> EntityAddrVec {
        EntityAddrVec::from(EntityAddr::legacy(SocketAddr::new(Ipv4Addr::new(10, 0, 0, n).into(), 6789), 0))
    }
}
