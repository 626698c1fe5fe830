//! The session of a Ceph client with the monitors: hunting, login, subscriptions, versions, commands, tickets.
//!
//! A pure state machine after Ceph's `MonClient`, `MonSub` and `MonConnection` (18.2): no sockets, no clock, no threads. It
//! knows monitors as [`MonSession`]s that somebody else opens and closes, so it can be put onto any messenger.
//!
//! What it does not do: messenger v2's login in the handshake, the cluster log, commands to one certain monitor.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod dispatch;
mod hunt;
mod io;
mod machine;
mod monitors;
mod options;
mod request;
mod session;
mod sub;
mod tickets;

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
