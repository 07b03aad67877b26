//! Counting: what a pool has done, for operators. Never decides anything.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::PackageSet;
use crate::sandbox::ResetError;

/// How many of the last waits the median is taken over.
const WAITS_KEPT: usize = 256;

/// What a pool's containers are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Programs of the language.
    Programs,
    /// Programs that want these packages.
    Packages(PackageSet),
    /// Packages are installed in them.
    Installing,
}

/// One language's pool at a moment. Counts are of containers unless said otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolSnapshot {
    /// The language's id.
    pub language: String,
    /// What its containers are for.
    pub purpose: Purpose,
    /// Whether its containers are in a network.
    pub has_network: bool,
    /// Kept warm when idle.
    pub min: u32,
    /// In existence at most.
    pub max: u32,
    /// What the filler aims to have warm.
    pub target: u32,
    /// Ready.
    pub warm: u32,
    /// Of those, how many nothing has run in.
    pub fresh: u32,
    /// Running a program.
    pub leased: u32,
    /// On their way.
    pub creating: u32,
    /// Being destroyed.
    pub broken: u32,
    /// Requests that wait.
    pub waiting: u32,
    /// Memory limits of all existing containers, in bytes.
    pub memory_bytes: u64,
    /// The image in use.
    pub image: String,
    /// The last failure.
    pub last_error: String,
    /// Counted since the start.
    pub totals: Totals,
}

/// What a pool has done since the daemon's start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Totals {
    /// Leases.
    pub uses: u64,
    /// Leases that found a warm container.
    pub hits: u64,
    /// Median of the last waits.
    pub wait_p50: Duration,
    /// Containers made.
    pub created: u64,
    /// Mean time to make one.
    pub create_mean: Duration,
    /// Containers proven clean after an execution.
    pub resets: u64,
    /// Mean time of that; what starts to wait comes on top.
    pub reset_mean: Duration,
    /// Containers that could not be proven clean, and were destroyed.
    pub unclean: u64,
    /// Why the last of them could not.
    pub last_unclean: String,
}

/// Running totals.
#[derive(Debug, Default)]
pub(super) struct Census {
    uses: AtomicU64,
    hits: AtomicU64,
    created: AtomicU64,
    create_micros: AtomicU64,
    resets: AtomicU64,
    reset_micros: AtomicU64,
    unclean: AtomicU64,
    last_unclean: Mutex<String>,
    waits: Mutex<VecDeque<Duration>>,
}

impl Census {
    pub(super) fn leased(&self, wait: Duration, hit: bool) {
        self.uses.fetch_add(1, Ordering::Relaxed);
        self.hits.fetch_add(u64::from(hit), Ordering::Relaxed);
        if let Ok(mut waits) = self.waits.lock() {
            if waits.len() == WAITS_KEPT {
                waits.pop_front();
            }
            waits.push_back(wait);
        }
    }

    pub(super) fn created(&self, time: Duration) {
        self.created.fetch_add(1, Ordering::Relaxed);
        self.create_micros.fetch_add(micros(time), Ordering::Relaxed);
    }

    pub(super) fn reset(&self, time: Duration) {
        self.resets.fetch_add(1, Ordering::Relaxed);
        self.reset_micros.fetch_add(micros(time), Ordering::Relaxed);
    }

    pub(super) fn not_reset(&self, error: &ResetError) {
        self.unclean.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut last) = self.last_unclean.lock() {
            *last = error.to_string();
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let mean = |micros: &AtomicU64, count: &AtomicU64| {
            Duration::from_micros(micros.load(Ordering::Relaxed) / count.load(Ordering::Relaxed).max(1))
        };
        Totals {
            uses: self.uses.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
            wait_p50: self.wait_p50(),
            created: self.created.load(Ordering::Relaxed),
            create_mean: mean(&self.create_micros, &self.created),
            resets: self.resets.load(Ordering::Relaxed),
            reset_mean: mean(&self.reset_micros, &self.resets),
            unclean: self.unclean.load(Ordering::Relaxed),
            last_unclean: self.last_unclean.lock().map(|last| last.clone()).unwrap_or_default(),
        }
    }

    fn wait_p50(&self) -> Duration {
        let mut waits: Vec<_> =
            self.waits.lock().map(|waits| waits.iter().copied().collect()).unwrap_or_default();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied().unwrap_or_default()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
