//! Where Ceph keeps an object: hashes, CRUSH, placement groups and their overrides.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod crush;
pub mod hash;
