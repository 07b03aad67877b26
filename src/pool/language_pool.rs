//! One language's warm containers: leased from the top, filled from below.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool::unmanaged::{Object, Pool};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::admission::until;
use crate::domain::{Affinity, SpentReason};
use crate::engine::Network;
use crate::language::LanguageSpec;
use crate::sandbox::{Burial, Fitness, Graves, Warm};
use crate::telemetry::metrics;

use super::census::{Census, PoolSnapshot, Purpose};
use super::condition::{Condition, Readiness};
use super::lease_error::LeaseError;
use super::stock::{Kind, Stock};

/// Containers that nothing has run in, kept ready even where nobody has asked for one lately: for `ONE_SHOT`, and for a
/// tenant's first execution.
const FRESH_MIN: u32 = 1;
/// Longest that a container beyond those wanted stays idle.
const SURPLUS_IDLE_MAX: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct LanguagePool {
    pub(super) spec: Arc<LanguageSpec>,
    purpose: Purpose,
    /// The network that its containers are in, if any.
    pub(super) network: Option<Network>,
    pub(super) stock: Stock,
    /// One permit per container that may exist; each container holds its own.
    pub(super) slots: Arc<Semaphore>,
    /// One permit per container that this pool and others may have together, where they share a bound.
    pub(super) shared_slots: Option<Arc<Semaphore>>,
    pub(super) graves: Graves,
    /// Wakes the filler.
    pub(super) demand: Arc<Notify>,
    pub(super) creating: AtomicU32,
    pub(super) census: Census,
    pub(super) condition: watch::Sender<Condition>,
    /// No container is created any more.
    pub(super) closed: CancellationToken,
    waiting: AtomicUsize,
    /// Leases that are not settled.
    in_use: AtomicUsize,
    /// Fresh containers leased lately; halved with each probe.
    fresh_demand: AtomicU32,
    /// Whether the newest container can be proven clean: a change for the worse is worth a line in the log.
    resettable: AtomicBool,
    lease_wait_max: Duration,
}

impl LanguagePool {
    pub(super) fn new(
        spec: Arc<LanguageSpec>,
        purpose: Purpose,
        network: Option<Network>,
        graves: &mpsc::Sender<Burial>,
        lease_wait_max: Duration,
        closed: CancellationToken,
        shared_slots: Option<Arc<Semaphore>>,
    ) -> Self {
        let max = spec.pool.max as usize;
        let demand = Arc::new(Notify::new());
        Self {
            stock: Stock::new(max),
            slots: Arc::new(Semaphore::new(max)),
            graves: Graves::new(graves.clone(), Arc::clone(&demand)),
            demand,
            creating: AtomicU32::new(0),
            census: Census::default(),
            condition: watch::Sender::new(Condition::starting()),
            closed,
            shared_slots,
            waiting: AtomicUsize::new(0),
            in_use: AtomicUsize::new(0),
            fresh_demand: AtomicU32::new(0),
            resettable: AtomicBool::new(true),
            lease_wait_max,
            network,
            purpose,
            spec,
        }
    }

    /// A warm container, at once or as soon as one is there: one of `affinity`'s own, rather one in which the program of the build
    /// `program` waits, or one that nothing has run in. Tells too whether it was there when it was asked for.
    pub(super) async fn lease(
        &self,
        affinity: Option<&Affinity>,
        program: Option<&str>,
        deadline: Option<Instant>,
    ) -> Result<(Warm, bool), LeaseError> {
        let asked = Instant::now();
        let own = affinity.and_then(|affinity| self.stock.find(affinity));
        if let Some(warm) =
            own.as_ref().and_then(|own| self.take_own(own, program)).or_else(|| self.take_fresh())
        {
            return Ok(self.leased(warm, asked, true));
        }
        let _waiting = Waiting::enter(&self.waiting);
        // A pool of its own even for those who never get one back: it stays empty.
        let own = affinity.map_or_else(|| Pool::new(1), |affinity| self.stock.of(affinity));
        let mut condition = self.condition.subscribe();
        let expired = tokio::time::sleep(self.lease_wait_max);
        tokio::pin!(expired);
        loop {
            if let Some(refusal) = self.refusal(&condition.borrow_and_update()) {
                return Err(refusal);
            }
            self.demand.notify_one();
            let object = tokio::select! {
                biased;
                object = own.get() => object,
                object = self.stock.fresh().get() => object,
                _ = condition.changed() => continue,
                () = until(deadline) => return Err(LeaseError::Deadline),
                () = &mut expired => {
                    let seconds = self.lease_wait_max.as_secs();
                    return Err(LeaseError::Exhausted { language: self.spec.id.to_string(), seconds });
                }
            };
            let object = object.map_err(|_| LeaseError::Closed)?;
            if let Some(warm) = self.alive(object) {
                return Ok(self.leased(warm, asked, false));
            }
        }
    }

    fn leased(&self, warm: Warm, asked: Instant, hit: bool) -> (Warm, bool) {
        if warm.is_fresh() {
            self.fresh_demand.fetch_add(1, Ordering::Relaxed);
            self.demand.notify_one();
        }
        self.census.leased(asked.elapsed(), hit);
        (warm, hit)
    }

    /// The one of `own` that serves best, the one on top where several do; or one that nothing has run in, where another program waits
    /// in each of a few. The others are held back for microseconds.
    fn take_own(&self, own: &Pool<Warm>, program: Option<&str>) -> Option<Warm> {
        if !self.spec.compiles() {
            return self.take(own);
        }
        loop {
            let mut idle: Vec<_> = std::iter::from_fn(|| own.try_get().ok()).collect();
            // The last of the best: what was on top is first.
            idle.reverse();
            let fitness = |warm: &Object<Warm>| warm.fitness(program);
            let (best, warm) = idle.iter().enumerate().max_by_key(|(_, warm)| fitness(warm))?;
            if fitness(warm) == Fitness::ForAnother
                && idle.len() < self.spec.pool.min as usize
                && let Some(fresh) = self.take_fresh()
            {
                return Some(fresh);
            }
            if let Some(warm) = self.alive(idle.remove(best)) {
                return Some(warm);
            }
        }
    }

    fn take(&self, pool: &Pool<Warm>) -> Option<Warm> {
        std::iter::from_fn(|| pool.try_get().ok()).find_map(|object| self.alive(object))
    }

    fn take_fresh(&self) -> Option<Warm> {
        self.take(self.stock.fresh())
    }

    /// Takes the container out for good; a dead one is buried instead.
    fn alive(&self, object: Object<Warm>) -> Option<Warm> {
        let mut warm = Object::take(object);
        if warm.is_alive() {
            return Some(warm);
        }
        metrics::spent(self.spec.id.as_str(), SpentReason::Unhealthy.label());
        tracing::warn!(language = %self.spec.id, container = warm.container().short(), "a warm container has died");
        self.demand.notify_one();
        None
    }

    /// Buries what has died or aged while idle, and what has been idle for long beyond those wanted.
    pub(super) fn probe(&self, age_max: Duration) {
        let (mut fresh, mut all) = (self.stock.fresh_count(), self.stock.count());
        let (fresh_wanted, wanted) = (self.fresh_wanted(), self.target());
        self.stock.sift(|kind, warm| {
            let is_surplus = all > wanted && (kind == Kind::Kept || fresh > fresh_wanted);
            let reason = if !warm.is_alive() {
                SpentReason::Unhealthy
            } else if warm.age() > age_max {
                SpentReason::Aged
            } else if is_surplus && warm.idle() > SURPLUS_IDLE_MAX {
                SpentReason::Surplus
            } else {
                return false;
            };
            all -= 1;
            fresh -= u32::from(kind == Kind::Fresh);
            metrics::spent(self.spec.id.as_str(), reason.label());
            tracing::info!(language = %self.spec.id, container = warm.container().short(), ?reason, "recycled");
            true
        });
        // Nothing is written between the two; a lease meanwhile is counted in the next round.
        self.fresh_demand.store(self.fresh_demand.load(Ordering::Relaxed) / 2, Ordering::Relaxed);
        if !self.is_awaited() {
            self.stock.tidy();
        }
    }

    /// Makes room for a container that a waiting request can use: gives up an idle one that is kept for somebody else.
    pub(super) fn evict(&self) {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if self.graves.burying() as usize >= waiting || self.stock.fresh_count() > 0 {
            return;
        }
        if let Some(warm) = self.stock.take_idlest() {
            metrics::spent(self.spec.id.as_str(), SpentReason::Evicted.label());
            tracing::debug!(language = %self.spec.id, container = warm.container().short(), "evicted");
        }
    }

    /// Gives up all that is idle, and what is on its way back or being made as soon as that is done.
    pub(super) fn close(&self) {
        self.closed.cancel();
        self.stock.close();
    }

    /// Whether nobody has leased a container or waits for one.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_awaited() && self.in_use.load(Ordering::Relaxed) == 0
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
        let creating = self.creating.load(Ordering::Relaxed);
        let all = self.target().saturating_sub(self.stock.count() + creating);
        let fresh = self.fresh_wanted().saturating_sub(self.stock.fresh_count() + creating);
        all.max(fresh)
    }

    /// Kept warm: the idle share and one for each request that waits.
    fn target(&self) -> u32 {
        self.spec.pool.min.saturating_add(self.waiting_count()).min(self.spec.pool.max)
    }

    /// Of those, how many must be ones that nothing has run in: as many as were wanted lately.
    fn fresh_wanted(&self) -> u32 {
        let bounds = self.spec.pool;
        let lately = self.fresh_demand.load(Ordering::Relaxed).max(FRESH_MIN).min(bounds.min);
        lately.max(self.waiting_count()).min(bounds.max)
    }

    fn waiting_count(&self) -> u32 {
        u32::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(u32::MAX)
    }

    /// Notes whether containers like the newest can ever be proven clean; tells whether that is news.
    pub(super) fn set_resettable(&self, resettable: bool) -> bool {
        self.resettable.swap(resettable, Ordering::Relaxed) != resettable
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
        let warm = self.stock.count();
        let creating = self.creating.load(Ordering::Relaxed);
        let broken = self.graves.burying();
        let existing = bounds.max.saturating_sub(self.slots.available_permits() as u32);
        let condition = self.condition.borrow();
        PoolSnapshot {
            language: self.spec.id.to_string(),
            purpose: self.purpose.clone(),
            has_network: self.network.is_some(),
            min: bounds.min,
            max: bounds.max,
            target: self.target(),
            warm,
            fresh: self.stock.fresh_count(),
            leased: existing.saturating_sub(warm + creating + broken),
            creating,
            broken,
            waiting: self.waiting_count(),
            memory_bytes: u64::from(existing) * self.spec.limits.memory_bytes,
            image: condition.blueprint.as_ref().map(|b| b.image.reference.clone()).unwrap_or_default(),
            last_error: condition.last_error.clone(),
            totals: self.census.totals(),
        }
    }
}

/// One lease, counted for as long as it is not settled.
#[derive(Debug)]
pub(super) struct InUse {
    pool: Arc<LanguagePool>,
    /// Who is told of its end.
    settled: Option<watch::Sender<()>>,
}

impl InUse {
    pub(super) fn begin(pool: &Arc<LanguagePool>, settled: Option<watch::Sender<()>>) -> Self {
        pool.in_use.fetch_add(1, Ordering::Relaxed);
        Self { pool: Arc::clone(pool), settled }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.pool.in_use.fetch_sub(1, Ordering::Relaxed);
        if let Some(settled) = &self.settled {
            settled.send_replace(());
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
