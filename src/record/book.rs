//! One language's figures: counts, a histogram for each part of an execution, and the last executions. Bounded in memory.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;

use crate::domain::{ExecutionId, Fault, LanguageId, Outcome, Timings};

use super::{PARTS, parts};

/// Of how many of a language's last executions the slowest are told.
const RECENT_MAX: usize = 512;
/// Longest time that a histogram tells apart, in microseconds: a day, the highest ceiling of a time limit.
const TIME_MICROS_MAX: u64 = 24 * 60 * 60 * 1_000_000;
/// A percentile is told to one in a hundred; 17 KiB for each part.
const SIGNIFICANT_DIGITS: u8 = 2;

/// What is counted of an execution beside its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// It had a container.
    pub leased: bool,
    /// A warm one was ready.
    pub pool_hit: bool,
    /// Its compiler ran.
    pub built: bool,
    /// What it ran had been compiled before.
    pub compile_cached: bool,
}

/// Half, nine in ten, and 99 in a hundred took no more than this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// The median.
    pub p50: Duration,
    /// The 90th.
    pub p90: Duration,
    /// The 99th.
    pub p99: Duration,
}

/// One of the recent executions.
#[derive(Debug, Clone, PartialEq)]
pub struct SlowExecution {
    /// Its id.
    pub id: ExecutionId,
    /// When it had its report.
    pub ended: SystemTime,
    /// What happened.
    pub outcome: Outcome,
    /// Where the time went.
    pub timings: Timings,
    /// What would have made it faster.
    pub advice: Vec<String>,
}

/// What is known of a language since the start.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageRecord {
    /// The language.
    pub language: LanguageId,
    /// Executions that have an outcome.
    pub executions: u64,
    /// Of those, by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Requests that got no outcome, by whose fault that was.
    pub refusals: BTreeMap<&'static str, u64>,
    /// The share with exit code 0: 0 to 1.
    pub success_rate: f64,
    /// Of those that had a container, the share for which a warm one was ready: 0 to 1.
    pub pool_hit_rate: f64,
    /// Of those that needed a build, the share that had been compiled before: 0 to 1; `None` where none did.
    pub cached_builds_rate: Option<f64>,
    /// Of each of [`PARTS`]; cancelled executions are left out.
    pub times: Vec<Percentiles>,
    /// The slowest of the last ones first.
    pub slowest: Vec<SlowExecution>,
}

#[derive(Debug, Default)]
pub(super) struct Book {
    outcomes: BTreeMap<Outcome, u64>,
    refusals: BTreeMap<&'static str, u64>,
    leased: u64,
    pool_hits: u64,
    built: u64,
    cached: u64,
    /// Empty until there is something to put in.
    times: Vec<Histogram<u32>>,
    recent: VecDeque<SlowExecution>,
}

impl Book {
    pub(super) fn add(&mut self, tally: Tally, execution: SlowExecution) {
        *self.outcomes.entry(execution.outcome).or_default() += 1;
        self.leased += u64::from(tally.leased);
        self.pool_hits += u64::from(tally.pool_hit);
        self.built += u64::from(tally.built);
        self.cached += u64::from(tally.compile_cached);
        if execution.outcome == Outcome::Cancelled {
            return;
        }
        if self.times.is_empty() {
            let histogram = || Histogram::new_with_bounds(1, TIME_MICROS_MAX, SIGNIFICANT_DIGITS).ok();
            self.times = PARTS.iter().filter_map(|_| histogram()).collect();
        }
        for (histogram, time) in self.times.iter_mut().zip(parts(&execution.timings)) {
            histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(execution);
    }

    pub(super) fn refused(&mut self, fault: Fault) {
        *self.refusals.entry(fault.label()).or_default() += 1;
    }

    pub(super) fn read(&self, language: &LanguageId, slowest: usize) -> LanguageRecord {
        let (executions, builds) = (self.outcomes.values().sum(), self.cached + self.built);
        let succeeded = self.outcomes.get(&Outcome::Succeeded).copied().unwrap_or_default();
        let mut recent: Vec<&SlowExecution> = self.recent.iter().collect();
        recent.sort_by_key(|execution| std::cmp::Reverse(execution.timings.total));
        let times = match self.times.as_slice() {
            [] => vec![Percentiles::default(); PARTS.len()],
            times => times.iter().map(percentiles).collect(),
        };
        LanguageRecord {
            language: language.clone(),
            executions,
            outcomes: self.outcomes.clone(),
            refusals: self.refusals.clone(),
            success_rate: share(succeeded, executions),
            pool_hit_rate: share(self.pool_hits, self.leased),
            cached_builds_rate: Some(share(self.cached, builds)).filter(|_| builds > 0),
            times,
            slowest: recent.into_iter().take(slowest).cloned().collect(),
        }
    }
}

/// 0 of nothing.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn percentiles(times: &Histogram<u32>) -> Percentiles {
    // The histogram answers with the upper end of a range, which may be beyond all that was put in.
    let of = |quantile| Duration::from_micros(times.value_at_quantile(quantile).min(times.max()));
    Percentiles { p50: of(0.5), p90: of(0.9), p99: of(0.99) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(milliseconds: u64, outcome: Outcome) -> SlowExecution {
        let run = Duration::from_millis(milliseconds);
        SlowExecution {
            id: ExecutionId::random(),
            ended: SystemTime::UNIX_EPOCH,
            outcome,
            timings: Timings { run, total: run, ..Timings::default() },
            advice: Vec::new(),
        }
    }

    const HIT: Tally = Tally { leased: true, pool_hit: true, built: false, compile_cached: true };
    const MISS: Tally = Tally { leased: true, pool_hit: false, built: true, compile_cached: false };

    #[test]
    fn percentiles_shares_and_the_slowest_are_those_of_what_was_added() {
        let (mut book, language) = (Book::default(), LanguageId::new("any"));
        for milliseconds in 1..=100 {
            let tally = if milliseconds <= 75 { HIT } else { MISS };
            let outcome = if milliseconds <= 90 { Outcome::Succeeded } else { Outcome::NonzeroExit };
            book.add(tally, ran(milliseconds, outcome));
        }
        book.refused(Fault::Load);
        let read = book.read(&language, 3);
        assert_eq!((read.executions, read.success_rate), (100, 0.9));
        assert_eq!((read.pool_hit_rate, read.cached_builds_rate), (0.75, Some(0.75)));
        assert_eq!(read.outcomes, BTreeMap::from([(Outcome::Succeeded, 90), (Outcome::NonzeroExit, 10)]));
        assert_eq!(read.refusals, BTreeMap::from([("load", 1)]));
        for (part, times) in PARTS.iter().zip(&read.times) {
            let within = |time: Duration, milliseconds: f64| {
                (time.as_secs_f64() * 1e3 / milliseconds - 1.0).abs() < 0.02
            };
            let is_right = match *part {
                "run" | "total" => {
                    within(times.p50, 50.0) && within(times.p90, 90.0) && within(times.p99, 99.0)
                }
                _ => *times == Percentiles::default(),
            };
            assert!(is_right, "{part}: {times:?}");
        }
        let slowest: Vec<_> = read.slowest.iter().map(|slow| slow.timings.total.as_millis()).collect();
        assert_eq!(slowest, [100, 99, 98]);
    }

    #[test]
    fn a_cancelled_execution_counts_and_has_no_time() {
        let (mut book, language) = (Book::default(), LanguageId::new("any"));
        book.add(MISS, ran(5000, Outcome::Cancelled));
        let read = book.read(&language, 9);
        assert_eq!((read.executions, read.success_rate), (1, 0.0));
        assert!(read.slowest.is_empty() && read.times == vec![Percentiles::default(); PARTS.len()]);
    }

    #[test]
    fn only_the_last_are_remembered_and_no_time_is_too_long() {
        let (mut book, language) = (Book::default(), LanguageId::new("any"));
        book.add(HIT, ran(u64::MAX, Outcome::Succeeded));
        let day = Duration::from_micros(TIME_MICROS_MAX);
        let told = book.read(&language, 1).times[0..].iter().map(|times| times.p99).max().unwrap();
        assert!(told >= day && told < day * 2, "{told:?}");
        for _ in 0..RECENT_MAX {
            book.add(HIT, ran(1, Outcome::Succeeded));
        }
        let read = book.read(&language, usize::MAX);
        assert_eq!((read.slowest.len(), read.executions), (RECENT_MAX, RECENT_MAX as u64 + 1));
        assert!(read.slowest.iter().all(|slow| slow.timings.total.as_millis() == 1));
    }
}
