//! One language's warm containers: leased from the top, filled from below.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool::unmanaged::{Object, Pool};
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use crate::admission::until;
use crate::domain::{Fault, SpentReason};
use crate::language::LanguageSpec;
use crate::sandbox::{Burial, Graves, Warm};
use crate::telemetry::metrics;

use super::census::{Census, PoolSnapshot};
use super::condition::{Condition, Readiness};
use super::traffic::{Traffic, UnderWay};

/// Why there is no container for a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// No image of the language is in the engine.
    #[error("{language} has no image in the engine; run `kiln images build {language}` on the server")]
    NoImage {
        /// The language's id.
        language: String,
    },
    /// Containers cannot be made at present.
    #[error("no container for {language} can be made at present: {reason}")]
    Down {
        /// The language's id.
        language: String,
        /// The last failure.
        reason: String,
    },
    /// None became warm in time.
    #[error("no container for {language} became free within {seconds} s")]
    Exhausted {
        /// The language's id.
        language: String,
        /// The bound.
        seconds: u64,
    },
    /// The caller's deadline came first.
    #[error("the deadline passed while the execution waited for a container")]
    Deadline,
    /// The daemon is shutting down.
    #[error("the server is shutting down; try another or try again later")]
    Closed,
}

impl LeaseError {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoImage { .. } | Self::Down { .. } => Fault::Engine,
            Self::Exhausted { .. } | Self::Closed => Fault::Load,
            Self::Deadline => Fault::Caller,
        }
    }
}

/// A warm container for one request.
#[derive(Debug)]
pub struct Lease {
    /// The container.
    pub warm: Warm,
    /// Whether it was there when it was asked for.
    pub hit: bool,
    /// Counts the execution; goes into its settlement.
    pub under_way: UnderWay,
}

#[derive(Debug)]
pub(super) struct LanguagePool {
    pub(super) spec: Arc<LanguageSpec>,
    pub(super) warm: Pool<Warm>,
    /// One permit per container that may exist; each container holds its own.
    pub(super) slots: Arc<Semaphore>,
    pub(super) graves: Graves,
    /// Wakes the filler.
    pub(super) demand: Arc<Notify>,
    pub(super) creating: AtomicU32,
    pub(super) census: Census,
    pub(super) condition: watch::Sender<Condition>,
    waiting: AtomicUsize,
    traffic: Traffic,
    lease_wait_max: Duration,
}

impl LanguagePool {
    pub(super) fn new(
        spec: Arc<LanguageSpec>,
        graves: &mpsc::Sender<Burial>,
        traffic: Traffic,
        lease_wait_max: Duration,
    ) -> Self {
        let max = spec.pool.max as usize;
        let demand = Arc::new(Notify::new());
        Self {
            warm: Pool::new(max),
            slots: Arc::new(Semaphore::new(max)),
            graves: Graves::new(graves.clone(), Arc::clone(&demand)),
            demand,
            creating: AtomicU32::new(0),
            census: Census::default(),
            condition: watch::Sender::new(Condition::starting()),
            waiting: AtomicUsize::new(0),
            traffic,
            lease_wait_max,
            spec,
        }
    }

    /// A warm container, at once or as soon as one is there.
    pub(super) async fn lease(&self, deadline: Option<Instant>) -> Result<Lease, LeaseError> {
        let asked = Instant::now();
        while let Ok(object) = self.warm.try_get() {
            if let Some(warm) = self.take_alive(object) {
                return Ok(self.leased(warm, asked, true));
            }
        }
        let _waiting = Waiting::enter(&self.waiting);
        let mut condition = self.condition.subscribe();
        let expired = tokio::time::sleep(self.lease_wait_max);
        tokio::pin!(expired);
        loop {
            if let Some(refusal) = self.refusal(&condition.borrow_and_update()) {
                return Err(refusal);
            }
            self.demand.notify_one();
            tokio::select! {
                object = self.warm.get() => match object {
                    Ok(object) => {
                        if let Some(warm) = self.take_alive(object) {
                            return Ok(self.leased(warm, asked, false));
                        }
                    }
                    Err(_) => return Err(LeaseError::Closed),
                },
                _ = condition.changed() => {}
                () = until(deadline) => return Err(LeaseError::Deadline),
                () = &mut expired => {
                    let seconds = self.lease_wait_max.as_secs();
                    return Err(LeaseError::Exhausted { language: self.spec.id.to_string(), seconds });
                }
            }
        }
    }

    fn leased(&self, warm: Warm, asked: Instant, hit: bool) -> Lease {
        self.demand.notify_one();
        self.census.leased(asked.elapsed(), hit);
        Lease { warm, hit, under_way: self.traffic.enter() }
    }

    /// Takes the container out for good; a dead one is buried instead.
    fn take_alive(&self, object: Object<Warm>) -> Option<Warm> {
        let mut warm = Object::take(object);
        if warm.is_alive() {
            return Some(warm);
        }
        metrics::spent(self.spec.id.as_str(), SpentReason::Unhealthy.label());
        tracing::warn!(language = %self.spec.id, container = warm.container().short(), "a warm container has died");
        None
    }

    /// Buries what has died or aged while idle. Holds containers back for microseconds only: it awaits nothing.
    pub(super) fn probe(&self, age_max: Duration) {
        let idle: Vec<Object<Warm>> = std::iter::from_fn(|| self.warm.try_get().ok()).collect();
        for mut object in idle {
            let reason = if !object.is_alive() {
                SpentReason::Unhealthy
            } else if object.age() > age_max {
                SpentReason::Aged
            } else {
                continue;
            };
            metrics::spent(self.spec.id.as_str(), reason.label());
            tracing::info!(language = %self.spec.id, container = object.container().short(), ?reason, "recycled");
            drop(Object::take(object));
        }
    }

    /// Resolves when a request waits for a container.
    pub(super) async fn wanted(&self) {
        while !self.is_awaited() {
            self.demand.notified().await;
        }
    }

    /// Whether a request waits for a container.
    pub(super) fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// How many containers are to be created now, beyond those under way.
    pub(super) fn deficit(&self) -> u32 {
        let coming = self.warm.status().available as u32 + self.creating.load(Ordering::Relaxed);
        self.target().saturating_sub(coming)
    }

    /// Kept warm: the idle share and one for each request that waits.
    fn target(&self) -> u32 {
        let bounds = self.spec.pool;
        let waiting = u32::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        bounds.min.saturating_add(waiting).min(bounds.max)
    }

    /// Why a request should not even wait, if so.
    fn refusal(&self, condition: &Condition) -> Option<LeaseError> {
        let language = self.spec.id.to_string();
        match condition.readiness {
            Readiness::Starting | Readiness::Ready => None,
            Readiness::NoImage => Some(LeaseError::NoImage { language }),
            Readiness::Down => Some(LeaseError::Down { language, reason: condition.last_error.clone() }),
        }
    }

    pub(super) fn snapshot(&self) -> PoolSnapshot {
        let bounds = self.spec.pool;
        let warm = self.warm.status().available as u32;
        let creating = self.creating.load(Ordering::Relaxed);
        let broken = self.graves.burying();
        let existing = bounds.max.saturating_sub(self.slots.available_permits() as u32);
        let condition = self.condition.borrow();
        PoolSnapshot {
            language: self.spec.id.to_string(),
            min: bounds.min,
            max: bounds.max,
            target: self.target(),
            warm,
            leased: existing.saturating_sub(warm + creating + broken),
            creating,
            broken,
            waiting: u32::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(u32::MAX),
            uses: self.census.uses.load(Ordering::Relaxed),
            hits: self.census.hits.load(Ordering::Relaxed),
            wait_p50: self.census.wait_p50(),
            created: self.census.created.load(Ordering::Relaxed),
            create_mean: self.census.create_mean(),
            memory_bytes: u64::from(existing) * self.spec.limits.memory_bytes,
            image: condition.blueprint.as_ref().map(|b| b.image.reference.clone()).unwrap_or_default(),
            last_error: condition.last_error.clone(),
        }
    }
}

/// One waiting request, counted for as long as it waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
