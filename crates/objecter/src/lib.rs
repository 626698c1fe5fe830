//! Ceph's Objecter: op submission, targets, OSD sessions, pauses and resends as a pure state machine
#![forbid(unsafe_code)]
