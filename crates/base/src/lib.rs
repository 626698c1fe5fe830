//! Time, timers, slots, entropy and invariants for state machines that do no I/O.
//!
//! A machine of Loligo takes its inputs as values: the time ([`Now`]), its secrets ([`Entropy`]), its dice
//! ([`Prng`]). With the same inputs it gives the same outputs, byte for byte, so a fault found by a seed can
//! be replayed. This crate holds those values and nothing of Ceph.
//!
//! ```
//! use core::time::Duration;
//! use loligo_base::{Mono, Timers};
//!
//! let mut timers = Timers::new();
//! let start = Mono::ZERO;
//! timers.set("keepalive", start + Duration::from_secs(10));
//! assert_eq!(timers.next(), Some(start + Duration::from_secs(10)));
//! assert_eq!(timers.pop_expired(start), None);
//! assert_eq!(timers.pop_expired(start + Duration::from_secs(10)), Some("keepalive"));
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod entropy;
mod invariant;
mod prng;
mod slots;
mod time;
mod timers;

pub use entropy::{Entropy, SeededEntropy};
pub use prng::Prng;
pub use slots::{Slot, Slots};
pub use time::{Mono, Now, Wall};
pub use timers::Timers;
