//! A Ceph monitor and OSDs in memory that speak the real protocol, for tests
#![forbid(unsafe_code)]
