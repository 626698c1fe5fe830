//! Ceph authentication, both sides: none and cephx
#![forbid(unsafe_code)]
