//! A native RADOS client: objects in and out of a Ceph cluster, with no C below.
#![forbid(unsafe_code)]

mod conf;

pub use conf::{Conf, ConfError, ConfFile, MonHostError, parse_mon_host};
