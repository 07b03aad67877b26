//! Whether Kiln can serve, put together from the engine, the pools and admission. Decides nothing for requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::admission::Admission;
use crate::domain::LanguageId;
use crate::engine::{EngineError, EngineInfo};
use crate::language::{Catalogue, ImageSource, LanguageSpec};
use crate::pool::{Condition, PoolSnapshot, Pools, Readiness};

/// The whole daemon's state in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every language is served, each from its preferred image.
    Healthy,
    /// Something is served, but not everything as it should be.
    Degraded,
    /// Nothing is served.
    Unhealthy,
}

impl Status {
    /// As shown.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One language's state.
#[derive(Debug, Clone)]
pub struct LanguageHealth {
    /// The language.
    pub spec: Arc<LanguageSpec>,
    /// What its pool can do.
    pub condition: Condition,
    /// Its pool's numbers.
    pub pool: PoolSnapshot,
}

impl LanguageHealth {
    /// Where its image comes from; `None` where it has none.
    #[must_use]
    pub fn source(&self) -> Option<ImageSource> {
        self.condition.blueprint.as_ref().map(|blueprint| blueprint.image.source)
    }

    /// Whether it is served as it should be.
    #[must_use]
    pub fn is_as_preferred(&self) -> bool {
        let preferred = self.spec.images.first();
        let image = self.condition.blueprint.as_ref().map(|blueprint| &blueprint.image);
        self.condition.readiness == Readiness::Ready
            && image == preferred
            && image.is_some_and(|image| !self.spec.stands_by(image) || self.condition.standby)
    }
}

/// All of it at a moment.
#[derive(Debug)]
pub struct Report {
    /// In a word.
    pub status: Status,
    /// Whether requests are welcome: not draining, and every pool has found out what it can do.
    pub ready: bool,
    /// Since the start.
    pub uptime: Duration,
    /// The engine as last seen.
    pub engine: Result<EngineInfo, EngineError>,
    /// By id.
    pub languages: Vec<LanguageHealth>,
}

/// Looks at everything.
#[derive(Debug, Clone)]
pub struct Health {
    catalogue: Catalogue,
    pools: Arc<Pools>,
    admission: Arc<Admission>,
    started: Instant,
}

impl Health {
    /// Counts the uptime from now.
    #[must_use]
    pub fn new(catalogue: Catalogue, pools: Arc<Pools>, admission: Arc<Admission>) -> Self {
        Self { catalogue, pools, admission, started: Instant::now() }
    }

    /// The languages' ids.
    pub fn languages(&self) -> impl Iterator<Item = &LanguageId> {
        self.catalogue.languages().iter().map(|spec| &spec.id)
    }

    /// Follows one language's condition.
    #[must_use]
    pub fn watch(&self, language: &LanguageId) -> Option<tokio::sync::watch::Receiver<Condition>> {
        self.pools.watch(language)
    }

    /// Tells the metrics how much is admitted at this moment.
    pub fn record_admission(&self) {
        self.admission.record();
    }

    /// Everything at this moment.
    #[must_use]
    pub fn report(&self) -> Report {
        let snapshots = self.pools.snapshots();
        let of = |spec: &Arc<LanguageSpec>| {
            let condition = self.pools.watch(&spec.id)?.borrow().clone();
            let pool = snapshots.iter().find(|pool| pool.language == spec.id.as_str())?.clone();
            Some(LanguageHealth { spec: Arc::clone(spec), condition, pool })
        };
        let languages: Vec<_> = self.catalogue.languages().iter().filter_map(of).collect();
        let engine = self.pools.watch_engine().borrow().clone();
        let served = |language: &LanguageHealth| language.condition.readiness == Readiness::Ready;
        let draining = self.admission.is_draining();
        let status = if draining || engine.is_err() || !languages.iter().any(served) {
            Status::Unhealthy
        } else if languages.iter().all(LanguageHealth::is_as_preferred) {
            Status::Healthy
        } else {
            Status::Degraded
        };
        let starting = languages.iter().any(|language| language.condition.readiness == Readiness::Starting);
        let ready = status != Status::Unhealthy && !starting;
        Report { status, ready, uptime: self.started.elapsed(), engine, languages }
    }
}
