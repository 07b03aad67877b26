//! The pools of package sets: opened when a request needs one, closed when none has for a while or another one needs its place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};

use crate::domain::{LanguageId, Limits, PackageSet};
use crate::language::{LanguageSpec, PoolBounds};

use super::language_pool::LanguagePool;
use super::lease_error::LeaseError;

/// Containers in which packages are installed at the same time, per language.
pub(super) const INSTALLERS: PoolBounds = PoolBounds { min: 0, max: 2 };

/// What the pools of package sets obey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePools {
    /// Languages whose programs may have packages.
    pub languages: Vec<LanguageId>,
    /// Sets that have containers at the same time.
    pub sets_max: u32,
    /// Containers of one set.
    pub containers_max: u32,
    /// How long a set that nobody uses keeps its containers.
    pub idle_max: Duration,
    /// Of an installation.
    pub limits: Limits,
}

impl PackagePools {
    /// Containers that may exist beside the languages' own.
    #[must_use]
    pub fn containers(&self) -> u32 {
        if self.languages.is_empty() {
            return 0;
        }
        self.languages.len() as u32 * INSTALLERS.max + self.set_containers()
    }

    /// Those of all sets: twice as many as those that are open may have, because others' may be on their way out.
    pub(super) fn set_containers(&self) -> u32 {
        2 * self.sets_max * self.containers_max
    }
}

/// A language's image with packages in it.
#[derive(Debug)]
pub struct PackageImage {
    /// The language, with this image alone.
    pub language: Arc<LanguageSpec>,
    /// What is in it.
    pub packages: PackageSet,
}

/// The image of a set, and whether its programs may use the network.
type Key = (String, bool);

#[derive(Debug)]
struct Open {
    pool: Arc<LanguagePool>,
    used: Instant,
}

#[derive(Debug)]
pub(super) struct Sets {
    open: Mutex<BTreeMap<Key, Open>>,
    /// So many are open at the same time.
    most: usize,
    idle_max: Duration,
    /// One permit for each container that all sets may have together, those included that are on their way out.
    pub(super) slots: Arc<Semaphore>,
    /// Said when a lease is settled: a set may be idle since.
    pub(super) settled: watch::Sender<()>,
}

impl Sets {
    pub(super) fn new(config: &PackagePools) -> Self {
        Self {
            open: Mutex::default(),
            most: config.sets_max as usize,
            idle_max: config.idle_max,
            slots: Arc::new(Semaphore::new(config.set_containers() as usize)),
            settled: watch::Sender::new(()),
        }
    }

    /// The pool of a set; `make` makes and starts it where it is not open.
    ///
    /// # Errors
    /// Where as many as there may be are all in use.
    pub(super) fn open(
        &self,
        image: &str,
        has_network: bool,
        make: impl FnOnce() -> Arc<LanguagePool>,
    ) -> Result<Arc<LanguagePool>, LeaseError> {
        let mut open = self.lock();
        let key = (image.to_owned(), has_network);
        if let Some(known) = open.get_mut(&key) {
            known.used = Instant::now();
            return Ok(Arc::clone(&known.pool));
        }
        if open.len() >= self.most {
            let idle = open.iter().filter(|(_, set)| set.pool.is_idle());
            let oldest = idle.min_by_key(|(_, set)| set.used).map(|(key, _)| key.clone());
            let oldest = oldest.ok_or(LeaseError::SetsInUse { most: self.most })?;
            close(&oldest, open.remove(&oldest));
        }
        let pool = make();
        open.insert(key, Open { pool: Arc::clone(&pool), used: Instant::now() });
        Ok(pool)
    }

    /// Closes those that nobody has used for long.
    pub(super) fn close_idle(&self) {
        let is_over = |_: &Key, set: &mut Open| set.used.elapsed() > self.idle_max && set.pool.is_idle();
        for (key, set) in self.lock().extract_if(.., is_over) {
            close(&key, Some(set));
        }
    }

    pub(super) fn pools(&self) -> Vec<Arc<LanguagePool>> {
        self.lock().values().map(|set| Arc::clone(&set.pool)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn close((image, _): &Key, set: Option<Open>) {
    if let Some(set) = set {
        tracing::info!(image, "the pool of a package set is closed");
        set.pool.close();
    }
}
