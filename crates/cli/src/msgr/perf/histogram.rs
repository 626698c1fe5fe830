//! Times by how often they were taken.

use std::time::Duration;

/// How many buckets there are between two powers of two: an answer is off by at most one part of so many.
const FINE: u32 = 64;
const FINE_BITS: u32 = FINE.ilog2();

/// How often each time was taken, in little room.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    buckets: Vec<u64>,
    total: u64,
    max: Duration,
}

impl Histogram {
    pub(super) fn add(&mut self, time: Duration) {
        let bucket = bucket_of(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(time);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.buckets.resize(self.buckets.len().max(other.buckets.len()), 0);
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(mine, theirs)| *mine += theirs);
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// The time that so many of a hundred did not exceed.
    pub(super) fn percentile(&self, percent: f64) -> Duration {
        let wanted = (self.total as f64 * percent / 100.0).ceil().max(1.0);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen as f64 >= wanted {
                return Duration::from_nanos(top_of(bucket)).min(self.max);
            }
        }
        self.max
    }

    pub(super) const fn max(&self) -> Duration {
        self.max
    }
}

/// Small times have a bucket each; from there on, each power of two has as many buckets as all before the first.
fn bucket_of(nanos: u64) -> usize {
    let bits = nanos.checked_ilog2().unwrap_or(0);
    let shift = bits.saturating_sub(FINE_BITS);
    let bucket = u64::from(shift) * u64::from(FINE) + (nanos >> shift);
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The greatest time of a bucket.
fn top_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / u64::from(FINE)).saturating_sub(1);
    let place = bucket - shift * u64::from(FINE);
    ((place + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_a_bucket_that_is_a_64th_wide_at_most() {
        for nanos in (0..100_000).chain([1 << 30, (1 << 40) + 12345, u64::from(u32::MAX)]) {
            let top = top_of(bucket_of(nanos));
            assert!(top >= nanos && top - nanos <= nanos / 64, "{nanos}: {top}");
            assert!(bucket_of(nanos + 1) >= bucket_of(nanos));
        }
    }

    #[test]
    fn percentiles_are_those_of_the_times() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|micros| histogram.add(Duration::from_micros(micros)));
        let near = |percent: f64, micros: f64| {
            let found = histogram.percentile(percent).as_secs_f64() * 1e6;
            assert!((micros..=micros * 1.02).contains(&found), "{found}");
        };
        near(50.0, 50.0);
        near(99.0, 99.0);
        assert_eq!(histogram.percentile(100.0), Duration::from_micros(100));
        assert_eq!(Histogram::default().percentile(50.0), Duration::ZERO);
    }

    #[test]
    fn merged_is_as_if_all_had_been_added_to_one() {
        let (mut one, mut other) = (Histogram::default(), Histogram::default());
        one.add(Duration::from_micros(1));
        (0..9).for_each(|_| other.add(Duration::from_micros(70)));
        one.merge(&other);
        assert_eq!((one.percentile(10.0).as_micros(), one.percentile(50.0).as_micros()), (1, 70));
        assert_eq!(one.max(), Duration::from_micros(70));
    }
}
