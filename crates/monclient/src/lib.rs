//! The monitor session of a Ceph client: hunting, login, subscriptions, versions, commands
#![forbid(unsafe_code)]
