//! Where Ceph keeps an object: hashes, CRUSH, placement groups and their overrides.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod cache;
pub mod crush;
pub mod hash;
pub mod interval;
pub mod pg;
mod up_acting;

pub use cache::Cache;
pub use pg::{ceph_stable_mod, object_locator_to_pg, raw_pg_to_pg, raw_pg_to_pps};
pub use up_acting::{
    Scratch, UpActing, get_primary_shard, pg_to_acting_osds, pg_to_raw_osds, pg_to_raw_upmap,
    pg_to_up_acting_osds,
};
