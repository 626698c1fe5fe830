//! The behaviour that Ceph's own tests of its messengers ask for, as tests of ours: `docs/messenger-tests.md` says which is which.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../world/mod.rs"]
mod world;

mod cephx;
mod failover;
mod failover_faults;
mod failover_races;
mod named;
mod races;
mod sessions;
mod simple;
mod synthetic;
