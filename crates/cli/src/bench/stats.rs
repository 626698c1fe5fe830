//! The arithmetic of a measurement: what `ObjBencher` of Ceph reports.

use std::time::Duration;

const MIB: f64 = 1_048_576.0;

/// Mean and spread of a series of numbers (Welford).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Series {
    count: u64,
    mean: f64,
    squares: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Series {
    pub(super) const fn new() -> Self {
        Self { count: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: 0.0 }
    }

    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub(super) const fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) fn stddev(&self) -> f64 {
        if self.count > 1 { (self.squares / (self.count - 1) as f64).sqrt() } else { 0.0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// What is known of a run at one moment.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) op_size: u64,
    pub(super) started: u64,
    pub(super) finished: u64,
    pub(super) last_latency: f64,
    pub(super) latency: Series,
    pub(super) bandwidth: Series,
    pub(super) iops: Series,
    previous: u64,
    since_change: u64,
}

/// One line of the table that is printed each second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) second: u64,
    pub(super) in_flight: u64,
    pub(super) started: u64,
    pub(super) finished: u64,
    pub(super) average_mib_s: f64,
    /// `None` where nothing finished since the line before.
    pub(super) current: Option<Current>,
    pub(super) average_latency: f64,
}

/// What finished since the line before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Current {
    pub(super) mib_s: f64,
    pub(super) last_latency: f64,
}

impl Run {
    pub(super) const fn new(op_size: u64) -> Self {
        Self {
            op_size,
            started: 0,
            finished: 0,
            last_latency: 0.0,
            latency: Series::new(),
            bandwidth: Series::new(),
            iops: Series::new(),
            previous: 0,
            since_change: 0,
        }
    }

    pub(super) fn finish(&mut self, latency: Duration) {
        self.finished += 1;
        self.last_latency = latency.as_secs_f64();
        self.latency.add(self.last_latency);
    }

    pub(super) fn bandwidth_over(&self, elapsed: Duration) -> f64 {
        (self.finished * self.op_size) as f64 / elapsed.as_secs_f64() / MIB
    }

    /// The line of a second. A second in which nothing finished counts with the next one in which something did.
    pub(super) fn tick(&mut self, second: u64, elapsed: Duration) -> Tick {
        let new = self.finished - self.previous;
        let mut current = None;
        if self.since_change > 0 {
            let per_second = new as f64 / self.since_change as f64;
            let mib_s = per_second * self.op_size as f64 / MIB;
            self.bandwidth.add(mib_s);
            self.iops.add(per_second.floor());
            current = (new > 0).then_some(Current { mib_s, last_latency: self.last_latency });
        } else if new > 0 {
            // The first line has no second behind it; Ceph prints -1 there.
            current = Some(Current { mib_s: -1.0, last_latency: self.last_latency });
        }
        if new > 0 {
            self.previous = self.finished;
            self.since_change = 0;
        }
        self.since_change += 1;
        let average_mib_s = if elapsed.is_zero() { 0.0 } else { self.bandwidth_over(elapsed) };
        Tick {
            second,
            in_flight: self.started - self.finished,
            started: self.started,
            finished: self.finished,
            average_mib_s,
            current,
            average_latency: self.latency.mean(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_spread() {
        let mut series = Series::new();
        for value in [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            series.add(value);
        }
        assert!((series.mean() - 5.0).abs() < 1e-12);
        assert!((series.stddev() - 2.138_089_935_299_395).abs() < 1e-12);
        assert_eq!((series.min, series.max), (2.0, 9.0));
    }

    #[test]
    fn a_second_without_results_counts_with_the_next() {
        let mut run = Run::new(1_048_576);
        let second = Duration::from_secs(1);
        run.started = 16;
        assert_eq!(run.tick(0, Duration::ZERO).current, None);
        assert_eq!(run.tick(1, second).current, None);
        for _ in 0..6 {
            run.finish(Duration::from_millis(500));
        }
        // One line went by without a result, so these six took two seconds.
        let tick = run.tick(2, 2 * second);
        assert_eq!(tick.current, Some(Current { mib_s: 3.0, last_latency: 0.5 }));
        assert_eq!((tick.in_flight, tick.finished), (10, 6));
        assert!((tick.average_mib_s - 3.0).abs() < 1e-12);
    }
}
