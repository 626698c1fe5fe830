//! Which monitors to call next, and how long to wait for them.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use loligo_base::{Mono, Prng};

use crate::Options;
use crate::monitors::Monitors;

/// The shortest time that a timer is set for, whatever the options say: it must not fire without end.
pub(crate) const SHORTEST: Duration = Duration::from_millis(10);

/// How many sessions in a row may be lost soon after they had begun before monitors are no longer called at once.
const AT_ONCE: u32 = 3;

/// What is remembered from one hunt to the next: who was called, and the back-off.
#[derive(Clone, Debug)]
pub(crate) struct Hunt {
    tried: BTreeSet<usize>,
    multiplier: f64,
    had_a_connection: bool,
    /// When the session that stands, or stood last, began.
    since: Mono,
    /// How many sessions in a row were lost soon after they had begun.
    short_lived: u32,
    prng: Prng,
}

impl Hunt {
    pub(crate) fn new(options: &Options, prng: Prng) -> Self {
        Self {
            tried: BTreeSet::new(),
            multiplier: options.mon_client_hunt_interval_min_multiple,
            had_a_connection: false,
            since: Mono::ZERO,
            short_lived: 0,
            prng,
        }
    }

    /// How long the monitors that were called have to answer.
    pub(crate) fn interval(&self, options: &Options) -> Duration {
        // A multiple that is no number, or below zero, is an option set wrongly; it counts as one.
        let multiple = if self.multiplier >= 0.0 { self.multiplier } else { 1.0 };
        let secs = options.mon_client_hunt_interval.as_secs_f64() * multiple;
        Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX).max(SHORTEST)
    }

    /// A session stands from now on.
    pub(crate) fn stands(&mut self, now: Mono) {
        self.since = now;
    }

    /// The session that stood is lost. False where monitors must not be called at once: sessions are lost as soon as they
    /// stand, one after the other, and there would be no end of it.
    pub(crate) fn may_call_at_once(&mut self, options: &Options, now: Mono) -> bool {
        let lived_long = now - self.since >= options.mon_client_hunt_interval.max(SHORTEST);
        self.short_lived = if lived_long { 0 } else { self.short_lived.saturating_add(1) };
        self.short_lived <= AT_ONCE
    }

    /// A hunt begins: after the first session, each one waits longer (`_start_hunting`).
    pub(crate) fn back_off(&mut self, options: &Options) {
        if self.had_a_connection {
            let longer = self.multiplier * options.mon_client_hunt_interval_backoff;
            self.multiplier = longer.min(options.mon_client_hunt_interval_max_multiple);
        }
    }

    /// A session stands, or proved to be alive (`_un_backoff`).
    pub(crate) fn un_backoff(&mut self, options: &Options) {
        self.had_a_connection = true;
        let shorter = self.multiplier / options.mon_client_hunt_interval_backoff;
        self.multiplier = shorter.max(options.mon_client_hunt_interval_min_multiple);
    }

    /// There are other monitors now: all may be tried again.
    pub(crate) fn forget(&mut self) {
        self.tried.clear();
    }

    /// The ranks to call at once (`_add_conns`): of those not tried yet, the ones of the best priority in random order.
    /// When all were tried, it begins anew.
    pub(crate) fn next_batch(&mut self, options: &Options, monitors: &Monitors) -> Vec<usize> {
        if let Ok(rank) = usize::try_from(options.mon_client_target_rank) {
            return if rank < monitors.list.len() { [rank].to_vec() } else { Vec::new() };
        }
        let mut ranks = self.untried(options, monitors);
        if ranks.is_empty() {
            self.tried.clear();
            ranks = self.untried(options, monitors);
        }
        self.shuffle(&mut ranks, monitors);
        if options.mon_client_hunt_parallel > 0 {
            ranks.truncate(options.mon_client_hunt_parallel);
        }
        self.tried.extend(&ranks);
        ranks
    }

    /// One more to call in place of one that is lost, if one is left that was not tried in this round.
    pub(crate) fn another(&mut self, options: &Options, monitors: &Monitors) -> Option<usize> {
        if options.mon_client_target_rank >= 0 {
            return None;
        }
        let mut ranks = self.untried(options, monitors);
        self.shuffle(&mut ranks, monitors);
        let rank = ranks.first().copied()?;
        self.tried.insert(rank);
        Some(rank)
    }

    /// The ranks that were not tried, of the best priority among them.
    fn untried(&self, options: &Options, monitors: &Monitors) -> Vec<usize> {
        let callable = || monitors.callable(options.protocols);
        let open = || callable().filter(|(rank, _)| !self.tried.contains(rank));
        let best = open().map(|(_, monitor)| monitor.priority).min();
        open().filter(|(_, monitor)| Some(monitor.priority) == best).map(|(rank, _)| rank).collect()
    }

    /// Random order; where weights are set, the heavier tend to come first, and those without weight last.
    fn shuffle(&mut self, ranks: &mut [usize], monitors: &Monitors) {
        self.prng.shuffle(ranks);
        let weight = |rank: &usize| monitors.list.get(*rank).map_or(0, |monitor| u64::from(monitor.weight));
        for i in 0..ranks.len() {
            let Some(rest) = ranks.get_mut(i..) else { return };
            let total = rest.iter().map(weight).sum();
            let mut drawn = self.prng.below(total);
            let chosen = rest.iter().position(|rank| {
                let weight = weight(rank);
                let hit = drawn < weight;
                drawn = drawn.saturating_sub(weight);
                hit
            });
            // All that are left weigh nothing: they are in random order already.
            let Some(chosen) = chosen else { return };
            rest.swap(0, chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::monitors::Monitor;
    use crate::testing::addr;

    fn monitors(of: &[(u16, u16)]) -> Monitors {
        let list = of.iter().zip(1u8..).map(|(&(priority, weight), n)| Monitor {
            priority,
            weight,
            ..Monitor::noname(addr(n))
        });
        Monitors { list: list.collect(), ..Monitors::default() }
    }

    fn hunt(seed: u64) -> Hunt {
        Hunt::new(&Options::default(), Prng::new(seed))
    }

    #[test]
    fn every_monitor_is_tried_before_one_is_tried_again() {
        let five = monitors(&[(0, 0); 5]);
        let mut hunt = hunt(1);
        let options = Options::default();
        let mut first = hunt.next_batch(&options, &five);
        assert_eq!(first.len(), 3);
        first.extend(hunt.next_batch(&options, &five));
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2, 3, 4]);
        assert_eq!(hunt.next_batch(&options, &five).len(), 3);
    }

    #[test]
    fn the_order_depends_on_the_seed() {
        let five = monitors(&[(0, 0); 5]);
        let firsts: BTreeSet<_> = (0..50)
            .filter_map(|seed| hunt(seed).next_batch(&Options::default(), &five).first().copied())
            .collect();
        assert_eq!(firsts.len(), 5);
    }

    #[test]
    fn a_better_priority_comes_first_and_a_weight_draws() {
        let three = monitors(&[(1, 0), (0, 0), (0, 10)]);
        for seed in 0..20 {
            let mut hunt = hunt(seed);
            assert_eq!(hunt.next_batch(&Options::default(), &three), [2, 1]);
            assert_eq!(hunt.next_batch(&Options::default(), &three), [0]);
        }
    }

    #[test]
    fn a_target_rank_is_the_only_one_called() {
        let options = Options { mon_client_target_rank: 1, ..Options::default() };
        let mut hunt = hunt(0);
        assert_eq!(hunt.next_batch(&options, &monitors(&[(0, 0); 3])), [1]);
        assert_eq!(hunt.another(&options, &monitors(&[(0, 0); 3])), None);
        assert_eq!(hunt.next_batch(&options, &monitors(&[(0, 0)])), vec![0usize; 0]);
    }

    #[test]
    fn hunts_back_off_after_the_first_session_and_recover() {
        let options = Options::default();
        let mut hunt = hunt(0);
        hunt.back_off(&options);
        assert_eq!(hunt.interval(&options), Duration::from_secs(3));
        hunt.un_backoff(&options);
        for _ in 0..20 {
            hunt.back_off(&options);
        }
        assert_eq!(hunt.interval(&options), Duration::from_secs(30));
        for _ in 0..20 {
            hunt.un_backoff(&options);
        }
        assert_eq!(hunt.interval(&options), Duration::from_secs(3));
    }
}
