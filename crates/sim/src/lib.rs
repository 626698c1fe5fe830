//! Client and small cluster in one deterministic world of virtual time and faults
#![forbid(unsafe_code)]
