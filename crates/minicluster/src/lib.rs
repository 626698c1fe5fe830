//! A Ceph monitor and OSDs in memory that speak the real protocol, for tests.
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
