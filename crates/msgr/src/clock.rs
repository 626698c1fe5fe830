//! The time of the host.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use loligo_base::{Mono, Now, Wall};

/// Reads the host's clocks. Points of its monotonic clock compare only with points of the same value or its copies.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(Wall::ZERO, Wall::from_since_epoch);
        Now { mono: self.mono(), wall }
    }

    /// The monotonic time.
    #[must_use]
    pub fn mono(&self) -> Mono {
        Mono::ZERO + self.start.elapsed()
    }
}
