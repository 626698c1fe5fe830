//! Where Ceph keeps an object: hashes, CRUSH, placement groups and their overrides
#![forbid(unsafe_code)]
