//! Percentiles of times, and of a histogram's buckets.

use std::time::Duration;

/// Times of one way, sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// In milliseconds, by the nearest rank; of less than a hundred times the 99th is the longest. There must be one.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0[at].as_secs_f64() * 1e3
    }

    pub(crate) fn p50(&self) -> f64 {
        self.percentile(50)
    }
}

/// In milliseconds, between the bounds of the bucket that it falls into as if that were evenly filled, which is how
/// Prometheus reckons it. `buckets` have their bounds in seconds and count all below.
pub(crate) fn bucket_percentile(buckets: &[(f64, u64)], percent: u64) -> Option<f64> {
    let all = buckets.last().map(|bucket| bucket.1).filter(|all| *all > 0)?;
    let rank = (all * percent) as f64 / 100.0;
    let (mut lower, mut below) = (0.0, 0);
    for &(bound, count) in buckets {
        if count as f64 >= rank && count > below {
            if bound.is_infinite() {
                return Some(lower * 1e3);
            }
            let share = (rank - below as f64) / (count - below) as f64;
            return Some((lower + (bound - lower) * share) * 1e3);
        }
        (lower, below) = (bound, count);
    }
    None
}
