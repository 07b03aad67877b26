//! Counting: what a pool has done, for operators. Never decides anything.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many of the last waits the median is taken over.
const WAITS_KEPT: usize = 256;

/// One language's pool at a moment. Counts are of containers unless said otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolSnapshot {
    /// The language's id.
    pub language: String,
    /// Kept warm when idle.
    pub min: u32,
    /// In existence at most.
    pub max: u32,
    /// What the filler aims to have warm.
    pub target: u32,
    /// Ready.
    pub warm: u32,
    /// Running a program.
    pub leased: u32,
    /// On their way.
    pub creating: u32,
    /// Being destroyed.
    pub broken: u32,
    /// Requests that wait.
    pub waiting: u32,
    /// Leases so far.
    pub uses: u64,
    /// Leases that found a warm container.
    pub hits: u64,
    /// Median of the last waits.
    pub wait_p50: Duration,
    /// Containers made so far.
    pub created: u64,
    /// Mean time to make one.
    pub create_mean: Duration,
    /// Memory limits of all existing containers, in bytes.
    pub memory_bytes: u64,
    /// The image in use.
    pub image: String,
    /// The last failure.
    pub last_error: String,
}

/// Running totals.
#[derive(Debug, Default)]
pub(super) struct Census {
    pub(super) uses: AtomicU64,
    pub(super) hits: AtomicU64,
    pub(super) created: AtomicU64,
    create_micros: AtomicU64,
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
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.create_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn create_mean(&self) -> Duration {
        let created = self.created.load(Ordering::Relaxed).max(1);
        Duration::from_micros(self.create_micros.load(Ordering::Relaxed) / created)
    }

    pub(super) fn wait_p50(&self) -> Duration {
        let mut waits: Vec<_> =
            self.waits.lock().map(|waits| waits.iter().copied().collect()).unwrap_or_default();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied().unwrap_or_default()
    }
}
