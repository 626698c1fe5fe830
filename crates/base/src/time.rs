//! Time as an input.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// The time that comes with every input of a machine.
///
/// Timers and deadlines use `mono`. Stamps, modification times and the validity of tickets use `wall`, which may
/// jump in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since an arbitrary start; never goes back.
    pub mono: Mono,
    /// Time since 1970 as the host believes it to be.
    pub wall: Wall,
}

/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// The start of the clock.
    pub const ZERO: Self = Self(0);

    /// The point `nanos` nanoseconds after the start of the clock.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the clock.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long before `self` the point `earlier` was; zero if it was not.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;

    /// Saturates: a deadline too far away to be written is one that never comes.
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Mono {
    fn add_assign(&mut self, by: Duration) {
        *self = *self + by;
    }
}

impl Sub<Self> for Mono {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

/// A point in civil time: seconds and nanoseconds since 1970, the range of Ceph's `utime_t`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall {
    secs: u32,
    nanos: u32,
}

impl Wall {
    /// The start of 1970; Ceph's "no time".
    pub const ZERO: Self = Self { secs: 0, nanos: 0 };

    /// A point in civil time. Nanoseconds above 999,999,999 are kept as they are: a peer may have sent them.
    #[must_use]
    pub const fn new(secs: u32, nanos: u32) -> Self {
        Self { secs, nanos }
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn secs(self) -> u32 {
        self.secs
    }

    /// The nanoseconds beside [`Self::secs`].
    #[must_use]
    pub const fn nanos(self) -> u32 {
        self.nanos
    }

    /// The point `by` later; stays at the end of the range where it would leave it.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        Self::from_since_epoch(self.since_epoch().saturating_add(by))
    }

    /// The point `by` earlier, 1970 at the earliest.
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        Self::from_since_epoch(self.since_epoch().saturating_sub(by))
    }

    /// How long before `self` the point `earlier` was; zero if it was not.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        self.since_epoch().saturating_sub(earlier.since_epoch())
    }

    /// The time since 1970.
    #[must_use]
    pub fn since_epoch(self) -> Duration {
        Duration::from_secs(u64::from(self.secs)).saturating_add(Duration::from_nanos(u64::from(self.nanos)))
    }

    /// The point at a given time since 1970; stays at the end of the range where it would leave it.
    #[must_use]
    pub fn from_since_epoch(since: Duration) -> Self {
        match u32::try_from(since.as_secs()) {
            Ok(secs) => Self { secs, nanos: since.subsec_nanos() },
            Err(_) => Self { secs: u32::MAX, nanos: 999_999_999 },
        }
    }
}

impl fmt::Debug for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.secs, self.nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_saturates_at_both_ends() {
        let end = Mono::from_nanos(u64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Mono::ZERO + Duration::MAX, end);
        assert_eq!(Mono::ZERO - end, Duration::ZERO);
    }

    #[test]
    fn wall_carries_and_saturates() {
        let t = Wall::new(1, 900_000_000);
        assert_eq!(t.saturating_add(Duration::from_millis(200)), Wall::new(2, 100_000_000));
        assert_eq!(t.saturating_sub(Duration::from_secs(9)), Wall::ZERO);
        assert_eq!(Wall::new(u32::MAX, 0).saturating_add(Duration::from_secs(1)).secs(), u32::MAX);
    }
}
