//! Everything that can go wrong at every step, and everything that can be said in every state.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../world/mod.rs"]
mod world;

mod backoff;
mod cells;
mod grid;
mod marks;
mod resets;
mod review;
mod stale;
mod taken;
