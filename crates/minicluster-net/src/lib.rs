//! The small cluster in memory on loopback TCP
#![forbid(unsafe_code)]
