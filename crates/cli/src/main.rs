//! The program loligo: put, get, list and measure objects in a Ceph cluster

fn main() {}
