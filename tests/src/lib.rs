//! Tests of the whole stack live in `tests/tests`; here is what they share.
//!
//! Those named `live_*` need a real cluster: `cargo xtask ceph up --dir DIR` brings one, and `LOLIGO_TEST_CEPH_CONF` names
//! its `ceph.conf`. Without that they say so and pass. Those named `mini_*` bring the small cluster in memory and need
//! nothing.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on must fail"
)]

pub mod ceph;
pub mod faults;
pub mod live;
pub mod load;
pub mod mini;
pub mod names;
pub mod rados;
pub mod replay;
pub mod sockets;
pub mod storm;
pub mod watched;
pub mod way;
