//! Faults on purpose, for tests of this messenger and of programs that use it.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use loligo_base::{Mono, Prng};
use loligo_wire::entity::EntityType;

use crate::sync::lock;

/// Faults on purpose, by the names of Ceph's options and with their meanings. Nothing happens by default. Every transport has
/// them, for they are made above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inject {
    /// One in so many reads and writes of sockets shuts the socket down first; 0 for none (`ms_inject_socket_failures`).
    pub ms_inject_socket_failures: u64,
    /// Types of peers, as in `"osd mon"`, whose messages may be delayed when they arrive (`ms_inject_delay_type`).
    pub ms_inject_delay_type: String,
    /// The longest such delay (`ms_inject_delay_max`).
    pub ms_inject_delay_max: Duration,
    /// How many of these messages are delayed, from 0 to 1 (`ms_inject_delay_probability`). Those that come behind one on the
    /// same connection wait for it.
    pub ms_inject_delay_probability: f64,
    /// How long a thread sleeps before it tells what happened on a connection, messages aside, so that others may overtake it
    /// (`ms_inject_internal_delays`).
    pub ms_inject_internal_delays: Duration,
    /// What the dice begin with; `None` for something else each time.
    pub seed: Option<u64>,
}

impl Default for Inject {
    fn default() -> Self {
        Self {
            ms_inject_socket_failures: 0,
            ms_inject_delay_type: String::new(),
            ms_inject_delay_max: Duration::from_secs(1),
            ms_inject_delay_probability: 0.0,
            ms_inject_internal_delays: Duration::ZERO,
            seed: None,
        }
    }
}

impl Inject {
    /// Whether anything is to happen at all.
    fn is_on(&self) -> bool {
        let delays = !self.ms_inject_delay_type.is_empty() && self.ms_inject_delay_probability > 0.0;
        self.ms_inject_socket_failures > 0 || delays || !self.ms_inject_internal_delays.is_zero()
    }
}

/// The dice that decide on faults.
#[derive(Debug)]
pub(crate) struct Faults {
    inject: Inject,
    dice: Mutex<Prng>,
}

/// Probabilities are counted in these.
const PARTS: u32 = 10_000;

impl Faults {
    /// `None` where nothing is to happen. `seed` is taken where the options have none.
    pub(crate) fn new(inject: Inject, seed: u64) -> Option<Self> {
        let dice = Mutex::new(Prng::new(inject.seed.unwrap_or(seed)));
        inject.is_on().then_some(Self { inject, dice })
    }

    /// Whether the stream breaks that is about to be read or written.
    pub(crate) fn breaks(&self) -> bool {
        let one_in = self.inject.ms_inject_socket_failures;
        one_in > 0 && lock(&self.dice).below(one_in) == 0
    }

    /// When a message of such a peer is told that arrives now.
    pub(crate) fn tells_at(&self, now: Mono, peer: EntityType) -> Mono {
        let inject = &self.inject;
        if !inject.ms_inject_delay_type.contains(&peer.to_string()) {
            return now;
        }
        let mut dice = lock(&self.dice);
        if !dice.chance(parts(inject.ms_inject_delay_probability), u64::from(PARTS)) {
            return now;
        }
        let part = u32::try_from(dice.below(u64::from(PARTS))).unwrap_or_default();
        now + inject.ms_inject_delay_max / PARTS * part
    }

    /// Sleeps a little, so that others may go first.
    pub(crate) fn dawdle(&self) {
        let delay = self.inject.ms_inject_internal_delays;
        if !delay.is_zero() {
            thread::sleep(delay);
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and PARTS")]
fn parts(probability: f64) -> u64 {
    (probability.clamp(0.0, 1.0) * f64::from(PARTS)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(faults: &Faults, tries: u32, f: impl Fn(&Faults) -> bool) -> u32 {
        (0..tries).map(|_| u32::from(f(faults))).sum()
    }

    fn faults(inject: Inject) -> Faults {
        Faults::new(Inject { seed: Some(7), ..inject }, 0).expect("something is to happen")
    }

    #[test]
    fn nothing_happens_that_was_not_asked_for() {
        assert!(Faults::new(Inject::default(), 0).is_none());
        let delays = Inject { ms_inject_delay_probability: 0.5, ..Inject::default() };
        assert!(Faults::new(delays, 0).is_none(), "no type is named");
    }

    #[test]
    fn one_in_so_many_breaks_and_the_seed_decides_which() {
        let inject = Inject { ms_inject_socket_failures: 10, ..Inject::default() };
        let broken = count(&faults(inject.clone()), 10_000, Faults::breaks);
        assert!((800..1_200).contains(&broken), "{broken}");
        let all = |faults: &Faults| (0..100).map(|_| faults.breaks()).collect::<Vec<_>>();
        assert_eq!(all(&faults(inject.clone())), all(&faults(inject)));
    }

    #[test]
    fn messages_of_the_types_that_are_named_are_late_now_and_then() {
        let inject = Inject {
            ms_inject_delay_type: "osd mds".to_owned(),
            ms_inject_delay_max: Duration::from_secs(2),
            ms_inject_delay_probability: 0.25,
            ..Inject::default()
        };
        let (faults, now) = (faults(inject), Mono::from_nanos(5));
        let late = |faults: &Faults| faults.tells_at(now, EntityType::OSD) > now;
        let most = now + Duration::from_secs(2);
        assert!((0..100).all(|_| faults.tells_at(now, EntityType::OSD) < most));
        let delayed = count(&faults, 10_000, late);
        assert!((2_200..2_800).contains(&delayed), "{delayed}");
        assert_eq!(count(&faults, 100, |faults| faults.tells_at(now, EntityType::MON) > now), 0);
    }
}
