//! Ceph's messenger without sockets: pipes, sessions, policies and dispatch as pure state machines
#![forbid(unsafe_code)]
