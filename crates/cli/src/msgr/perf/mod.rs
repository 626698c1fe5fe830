//! Ceph's own measurement of a messenger, `ceph_perf_msgr_server` and `ceph_perf_msgr_client`, over ours: each end works with
//! the other end of Ceph's.
//!
//! A client keeps writes (`MOSDOp`) under way, a server answers them (`MOSDOpReply`) and touches no disk.

mod args;
mod auth;
mod client;
mod count;
mod histogram;
mod report;
mod server;
mod window;

pub(crate) use args::{CLIENT_EXAMPLES, ClientArgs, SERVER_EXAMPLES, ServerArgs};
pub(crate) use client::call;
pub(crate) use report::PerfError;
pub(crate) use server::serve;
