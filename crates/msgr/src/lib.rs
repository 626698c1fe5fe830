//! Ceph's messenger over sockets: reactor, Accepter, Messenger and Connection
#![forbid(unsafe_code)]
