//! A whole RADOS client as one endpoint without sockets
#![forbid(unsafe_code)]
