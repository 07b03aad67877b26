//! All languages' pools and what they share.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::admission::until;
use crate::domain::{Affinity, LanguageId};
use crate::engine::{Engine, EngineError, EngineInfo, Network, Owner};
use crate::language::{Catalogue, LanguageSpec, PoolBounds};
use crate::sandbox::{Blueprint, Burial, Warm};
use crate::tasks::Tasks;
use crate::telemetry::metrics;

use super::census::{PoolSnapshot, Purpose};
use super::condition::Condition;
use super::language_pool::{InUse, LanguagePool};
use super::lease_error::LeaseError;
use super::recycler::Recycling;
use super::sets::{INSTALLERS, PackageImage, PackagePools, Sets};
use super::settlement::{Ticket, Wear};
use super::supplies::{Look, Supplies, network};
use super::volume::AgentVolume;
use super::{filler, reaper, recycler};

/// Between two looks at the engine and at idle containers.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// Every so many looks at an engine that answers, it is asked what it is: it may have been replaced in between.
const LOOKS_TO_A_THOROUGH_ONE: u32 = 12;

/// What all pools obey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolConfig {
    /// CPU quota of a container in thousandths; lowered to what the engine has.
    pub cpu_millis: u32,
    /// Longest a request waits for a container.
    pub lease_wait_max: Duration,
    /// How often and how long a container may serve.
    pub wear: Wear,
    /// Whether the engine's containers have no more than 65,536 uids, even where it does not say so.
    pub narrow_uids: bool,
    /// Languages whose programs may use the network.
    pub networked: Vec<LanguageId>,
    /// Package sets.
    pub packages: PackagePools,
}

/// A container that is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// For a program of this language.
    pub language: &'a LanguageId,
    /// With these packages.
    pub set: Option<&'a Arc<PackageImage>>,
    /// Whether it is to be in the network.
    pub has_network: bool,
    /// Who may have used it before.
    pub affinity: Option<Affinity>,
    /// Which build its program comes from, should it be a kept one.
    pub program: Option<&'a str>,
    /// When nobody waits for it any more.
    pub deadline: Option<Instant>,
}

/// What the pools are made with.
#[derive(Debug)]
pub struct Services {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// Whose containers these are.
    pub owner: Owner,
    /// The agent's volume.
    pub volume: AgentVolume,
}

/// A warm container for one request.
#[derive(Debug)]
pub struct Lease {
    /// The container.
    pub warm: Warm,
    /// Whether it was there when it was asked for.
    pub hit: bool,
    /// What it has to be settled with.
    pub ticket: Ticket,
}

/// Every language's pool.
#[derive(Debug)]
pub struct Pools {
    by_language: BTreeMap<LanguageId, Arc<LanguagePool>>,
    /// For programs that may use the network.
    networked: BTreeMap<LanguageId, Arc<LanguagePool>>,
    /// In which packages are installed.
    installers: BTreeMap<LanguageId, Arc<LanguagePool>>,
    sets: Sets,
    supplies: Arc<Supplies>,
    wear: Wear,
    graves: mpsc::Sender<Burial>,
    config: PoolConfig,
    /// Where the fillers of sets that are opened later run.
    tasks: OnceLock<Tasks>,
    /// Taken by the reaper.
    burials: Mutex<Option<mpsc::Receiver<Burial>>>,
    recycler: mpsc::Sender<Recycling>,
    /// Taken by the recycler.
    recycling: Mutex<Option<mpsc::Receiver<Recycling>>>,
}

impl Pools {
    /// Empty pools; [`Pools::start`] fills them.
    #[must_use]
    pub fn new(config: PoolConfig, services: Services, catalogue: &Catalogue) -> Self {
        let is_networked = |spec: &&Arc<LanguageSpec>| config.networked.contains(&spec.id);
        let all = catalogue.languages().iter().chain(catalogue.languages().iter().filter(is_networked));
        let places: usize = all.map(|spec| spec.pool.max as usize).sum();
        let places = places + config.packages.containers() as usize;
        let (graves, burials) = mpsc::channel(places.max(1));
        let (recycler, recycling) = mpsc::channel(places.max(1));
        let supplies = Supplies::new(&config, services);
        let network = network(&supplies.owner);
        let pool = |spec: &Arc<LanguageSpec>, purpose, has_network: bool| {
            let network = has_network.then(|| network.clone());
            let (spec, wait_max) = (Arc::clone(spec), config.lease_wait_max);
            let closed = supplies.closed.child_token();
            Arc::new(LanguagePool::new(spec, purpose, network, &graves, wait_max, closed, None))
        };
        let languages = || catalogue.languages().iter();
        let by_language =
            languages().map(|spec| (spec.id.clone(), pool(spec, Purpose::Programs, false))).collect();
        let networked = languages()
            .filter(is_networked)
            .map(|spec| (spec.id.clone(), pool(spec, Purpose::Programs, true)))
            .collect();
        let packages = &config.packages;
        let installers =
            languages().filter(|spec| packages.languages.contains(&spec.id)).filter_map(|spec| {
                let installing = Arc::new(spec.installing(packages.limits, INSTALLERS)?);
                Some((spec.id.clone(), pool(&installing, Purpose::Installing, true)))
            });
        let installers = installers.collect();
        Self {
            by_language,
            networked,
            installers,
            sets: Sets::new(&config.packages),
            supplies: Arc::new(supplies),
            wear: config.wear,
            graves,
            config,
            tasks: OnceLock::new(),
            burials: Mutex::new(Some(burials)),
            recycler,
            recycling: Mutex::new(Some(recycling)),
        }
    }

    /// Starts the fillers, the reaper, the recycler and the probe.
    pub fn start(self: &Arc<Self>, tasks: &Tasks) {
        let burials = self.burials.lock().ok().and_then(|mut burials| burials.take());
        if let Some(burials) = burials {
            tasks.maintain("reaper", reaper::run(Arc::clone(&self.supplies.engine), burials));
        }
        let recycling = self.recycling.lock().ok().and_then(|mut recycling| recycling.take());
        if let Some(recycling) = recycling {
            tasks.maintain("recycler", recycler::run(recycling, self.supplies.closed.clone()));
        }
        tasks.maintain("probe", Arc::clone(self).probe());
        for pool in self.all() {
            tasks.worker(filler::run(pool, Arc::clone(&self.supplies)));
        }
        let _ = self.tasks.set(tasks.clone());
    }

    async fn probe(self: Arc<Self>) -> Result<Infallible, Infallible> {
        let mut ticks = tokio::time::interval(PROBE_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut looks = 0_u32;
        loop {
            ticks.tick().await;
            let look =
                if looks.is_multiple_of(LOOKS_TO_A_THOROUGH_ONE) { Look::Thorough } else { Look::Brief };
            looks = looks.wrapping_add(1);
            // The fillers tell callers about an outage; this tells /health.
            let _ = self.supplies.look_at_engine(look).await;
            self.sets.close_idle();
            for pool in self.all() {
                pool.probe(self.wear.age_max);
            }
            for pool in self.by_language.values() {
                let now = pool.snapshot();
                metrics::containers(&now.language, "warm", now.warm);
                metrics::containers(&now.language, "leased", now.leased);
                metrics::containers(&now.language, "creating", now.creating);
                metrics::containers(&now.language, "broken", now.broken);
            }
        }
    }

    /// Every pool there is.
    fn all(&self) -> impl Iterator<Item = Arc<LanguagePool>> {
        let fixed = self.by_language.values().chain(self.networked.values()).chain(self.installers.values());
        fixed.cloned().chain(self.sets.pools())
    }

    fn of(&self, language: &LanguageId) -> Result<&Arc<LanguagePool>, LeaseError> {
        self.by_language.get(language).ok_or_else(|| LeaseError::NoImage { language: language.to_string() })
    }

    /// A warm container, at once or as soon as one is there: one that nothing has run in, or one of `affinity`'s own.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn lease(&self, wanted: Wanted<'_>) -> Result<Lease, LeaseError> {
        let language = wanted.language;
        let no_network = || LeaseError::NoNetwork { language: language.to_string() };
        let own = match wanted.has_network {
            true => self.networked.get(language).ok_or_else(no_network)?,
            false => self.of(language)?,
        };
        let Some(set) = wanted.set else { return self.lease_from(own, None, &wanted).await };
        let mut settled = self.sets.settled.subscribe();
        let expired = tokio::time::sleep(self.config.lease_wait_max);
        tokio::pin!(expired);
        loop {
            let error = match self.open_set(set, own.network.clone()) {
                Ok(pool) => {
                    let settled = Some(self.sets.settled.clone());
                    match self.lease_from(&pool, settled, &wanted).await {
                        // Closed for another set's sake, between the two.
                        Err(LeaseError::Closed) if !self.supplies.closed.is_cancelled() => continue,
                        leased => return leased,
                    }
                }
                Err(error @ LeaseError::SetsInUse { .. }) => error,
                Err(error) => return Err(error),
            };
            tokio::select! {
                changed = settled.changed() => changed.map_err(|_| LeaseError::Closed)?,
                () = until(wanted.deadline) => return Err(LeaseError::Deadline),
                () = &mut expired => return Err(error),
            }
        }
    }

    /// A container to install packages in.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn lease_installer(&self, language: &LanguageId) -> Result<Lease, LeaseError> {
        let no_packages = || LeaseError::NoPackages { language: language.to_string() };
        let pool = self.installers.get(language).ok_or_else(no_packages)?;
        let nobodys =
            Wanted { language, set: None, has_network: true, affinity: None, program: None, deadline: None };
        self.lease_from(pool, None, &nobodys).await
    }

    async fn lease_from(
        &self,
        pool: &Arc<LanguagePool>,
        settled: Option<watch::Sender<()>>,
        wanted: &Wanted<'_>,
    ) -> Result<Lease, LeaseError> {
        let in_use = InUse::begin(pool, settled);
        let affinity = wanted.affinity.clone();
        let (warm, hit) = pool.lease(affinity.as_ref(), wanted.program, wanted.deadline).await?;
        let ticket = Ticket {
            pool: Arc::clone(pool),
            affinity,
            wear: self.wear,
            recycler: self.recycler.clone(),
            _under_way: self.supplies.traffic.enter(),
            _in_use: in_use,
        };
        Ok(Lease { warm, hit, ticket })
    }

    fn open_set(
        &self,
        set: &PackageImage,
        network: Option<Network>,
    ) -> Result<Arc<LanguagePool>, LeaseError> {
        let image = set.language.images.first().map_or("", |image| image.reference.as_str());
        let is_open = !self.supplies.closed.is_cancelled();
        let tasks = self.tasks.get().filter(|_| is_open).ok_or(LeaseError::Closed)?;
        self.sets.open(image, network.is_some(), || {
            let closed = self.supplies.closed.child_token();
            let (spec, wait_max) = (Arc::clone(&set.language), self.config.lease_wait_max);
            let purpose = Purpose::Packages(set.packages.clone());
            let slots = Some(Arc::clone(&self.sets.slots));
            let pool = LanguagePool::new(spec, purpose, network, &self.graves, wait_max, closed, slots);
            let pool = Arc::new(pool);
            tasks.worker(filler::run(Arc::clone(&pool), Arc::clone(&self.supplies)));
            pool
        })
    }

    /// Whether programs of this language may have packages.
    #[must_use]
    pub fn installs(&self, language: &LanguageId) -> bool {
        self.installers.contains_key(language)
    }

    /// How many containers a package set may have.
    #[must_use]
    pub fn set_bounds(&self) -> PoolBounds {
        PoolBounds { min: 1, max: self.config.packages.containers_max }
    }

    /// Whose containers these are.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.supplies.owner
    }

    /// The language's entry; `None` where it is not in the catalogue.
    #[must_use]
    pub fn spec(&self, language: &LanguageId) -> Option<&Arc<LanguageSpec>> {
        self.by_language.get(language).map(|pool| &pool.spec)
    }

    /// What a language's next containers are made of; `None` until its image was found.
    #[must_use]
    pub fn blueprint(&self, language: &LanguageId) -> Option<Arc<Blueprint>> {
        self.by_language.get(language)?.condition.borrow().blueprint.clone()
    }

    /// The engine that the containers live in.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        &*self.supplies.engine
    }

    /// Each language's numbers.
    #[must_use]
    pub fn snapshots(&self) -> Vec<PoolSnapshot> {
        self.by_language.values().map(|pool| pool.snapshot()).collect()
    }

    /// The numbers of the pools for programs that may use the network, of those in which packages are installed, and of the
    /// package sets that are open.
    #[must_use]
    pub fn other_snapshots(&self) -> Vec<PoolSnapshot> {
        self.all().skip(self.by_language.len()).map(|pool| pool.snapshot()).collect()
    }

    /// Follows a language's condition; `None` for a language that is not in the catalogue.
    #[must_use]
    pub fn watch(&self, language: &LanguageId) -> Option<watch::Receiver<Condition>> {
        self.by_language.get(language).map(|pool| pool.condition.subscribe())
    }

    /// Follows the engine's state.
    #[must_use]
    pub fn watch_engine(&self) -> watch::Receiver<Result<EngineInfo, EngineError>> {
        self.supplies.watch_engine()
    }

    /// Buries every container, waits until all are gone, and removes the volume.
    pub async fn close(&self) {
        self.supplies.closed.cancel();
        let all: Vec<_> = self.all().collect();
        for pool in &all {
            pool.close();
        }
        for pool in &all {
            // Each container holds one slot until it is gone.
            let _ = pool.slots.acquire_many(pool.spec.pool.max).await;
        }
        // Those of sets that were closed before are in none of the pools above.
        let _ = self.sets.slots.acquire_many(self.config.packages.set_containers()).await;
        self.supplies.take_down_fence().await;
        if let Err(error) = self.supplies.engine.remove_volumes(&self.supplies.owner, false).await {
            tracing::warn!(%error, "the agent's volume is not removed");
        }
    }
}
