//! Package sets: installed once, in a container that may use the network and serves nobody else, and kept as a layer over the
//! language's image. Programs that want the set run in containers of that image.
//!
//! An installer is untrusted: it runs what packages bring. What it makes is checked file by file before the engine gets it.

mod error;
mod install;
mod layer;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use lru::LruCache;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::domain::{LanguageId, PackageSet};
use crate::engine::Engine;
use crate::pool::{LeaseError, PackageImage, Pools, Readiness};
use crate::sandbox::Blueprint;
use crate::tasks::Tasks;

pub use error::PackagesError;

/// What a set may hold, as `layer` has it; another text here makes every set anew.
const RULES: &str = "1";
/// Of a set's digest, in its image's tag.
const DIGEST_BYTES: usize = 12;

/// What installations obey beside their limits, which are those of the installers' pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagesConfig {
    /// Where languages have packages from, in the place of their installers' own.
    pub index: BTreeMap<LanguageId, String>,
    /// More certificate authorities that an index may be signed by, as PEM.
    pub authorities: Option<Bytes>,
    /// Sets that are kept.
    pub kept_max: NonZeroUsize,
    /// Where archives lie on their way, and nothing else; the system's place for such files where this is `None`.
    pub directory: Option<PathBuf>,
}

/// All package sets. Clones share them.
#[derive(Debug, Clone)]
pub struct Packages(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: PackagesConfig,
    pools: Arc<Pools>,
    engine: Arc<dyn Engine>,
    tasks: Tasks,
    sets: Mutex<LruCache<String, State>>,
}

type Installed = Result<Set, PackagesError>;

/// A set, by the name of its image.
#[derive(Debug, Clone)]
enum State {
    Coming(watch::Receiver<Option<Installed>>),
    Ready(Arc<PackageImage>),
}

/// A set that programs can run with.
#[derive(Debug, Clone)]
pub struct Set {
    /// The image that it is in.
    pub image: Arc<PackageImage>,
    /// Whether it had to be installed for those who have waited.
    pub is_new: bool,
}

impl Packages {
    /// None yet; those of earlier runs are found in the engine as they are asked for.
    #[must_use]
    pub fn new(config: PackagesConfig, pools: Arc<Pools>, engine: Arc<dyn Engine>, tasks: Tasks) -> Self {
        let sets = Mutex::new(LruCache::new(config.kept_max));
        if let Some(directory) = &config.directory {
            // What a daemon left that did not come to its end.
            let _ = std::fs::remove_dir_all(directory);
        }
        Self(Arc::new(Shared { config, pools, engine, tasks, sets }))
    }

    /// The language with these packages; waits where they are being installed, which goes on where nobody waits any more.
    ///
    /// # Errors
    /// Why they are not there.
    pub async fn set(&self, language: &LanguageId, packages: &PackageSet) -> Result<Set, PackagesError> {
        if !self.0.pools.installs(language) {
            return Err(LeaseError::NoPackages { language: language.to_string() }.into());
        }
        let blueprint = self.0.blueprint(language).await?;
        let reference = self.0.reference(&blueprint, packages);
        let mut coming = {
            let mut sets = self.0.lock();
            match sets.get(&reference).cloned() {
                Some(State::Ready(image)) => return Ok(Set { image, is_new: false }),
                Some(State::Coming(coming)) => coming,
                None => {
                    let (done, coming) = watch::channel(None);
                    sets.put(reference.clone(), State::Coming(coming.clone()));
                    let (shared, packages, reference) =
                        (Arc::clone(&self.0), packages.clone(), reference.clone());
                    drop(self.0.tasks.client(shared.bring(blueprint, packages, reference, done)));
                    coming
                }
            }
        };
        let installed = coming.wait_for(Option::is_some).await.ok().and_then(|installed| installed.clone());
        installed.unwrap_or_else(|| {
            // Whoever comes next begins anew.
            self.0.lock().pop(&reference);
            Err(PackagesError::Broken { reason: "the installation was given up".to_owned() })
        })
    }

    /// The engine has lost its image: it is installed anew when it is asked for again.
    pub fn forget(&self, set: &Set) {
        if let Some(image) = set.image.language.images.first() {
            self.0.lock().pop(&image.reference);
        }
    }
}

impl Shared {
    /// What the language's own containers are made of, as soon as that is known.
    async fn blueprint(&self, language: &LanguageId) -> Result<Arc<Blueprint>, LeaseError> {
        let language = language.to_string();
        let no_image = || LeaseError::NoImage { language: language.clone() };
        let mut condition = self.pools.watch(&LanguageId::new(&language)).ok_or_else(no_image)?;
        let known = condition.wait_for(|now| now.blueprint.is_some() || now.readiness != Readiness::Starting);
        let now = known.await.map_err(|_| LeaseError::Closed)?;
        match (&now.blueprint, &now.readiness) {
            (Some(blueprint), _) => Ok(Arc::clone(blueprint)),
            (None, Readiness::NoImage) => Err(no_image()),
            (None, _) => Err(LeaseError::Down { language, reason: now.last_error.clone() }),
        }
    }

    /// The name of the image that has these packages: of what they are installed into and from, and of what is kept of them.
    fn reference(&self, blueprint: &Blueprint, packages: &PackageSet) -> String {
        let language = &blueprint.language;
        let mut digest = Sha256::new();
        let index = self.config.index.get(&language.id).map_or("", String::as_str);
        let words = [RULES, self.pools.owner().instance.as_str(), blueprint.image_id.as_str(), index];
        let leave_out = language.installer.iter().flat_map(|installer| &installer.leave_out);
        let lists = leave_out.chain(packages.requirements()).map(String::as_str);
        for word in words.into_iter().chain(lists) {
            digest.update(word.len().to_le_bytes());
            digest.update(word);
        }
        let digest = digest.finalize();
        let digits: String = digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect();
        format!("kiln-packages-{}:{digits}", language.id)
    }

    /// Has a set in the engine, by whatever it takes, and tells all who wait.
    async fn bring(
        self: Arc<Self>,
        blueprint: Arc<Blueprint>,
        packages: PackageSet,
        reference: String,
        done: watch::Sender<Option<Installed>>,
    ) {
        let begun = Instant::now();
        let result = self.install(&blueprint, &packages, &reference).await;
        let language = blueprint.language.id.as_str();
        match &result {
            Ok(set) => {
                let (took, is_new) = (begun.elapsed(), set.is_new);
                tracing::info!(language, %packages, image = reference, ?took, is_new, "packages are installed");
            }
            Err(error) => tracing::warn!(language, %packages, %error, "packages are not installed"),
        }
        {
            let mut sets = self.lock();
            match &result {
                Ok(set) => drop(sets.put(reference.clone(), State::Ready(Arc::clone(&set.image)))),
                Err(_) => drop(sets.pop(&reference)),
            }
        }
        let is_new = result.as_ref().is_ok_and(|set| set.is_new);
        let _ = done.send_replace(Some(result));
        if is_new {
            self.tidy().await;
        }
    }

    /// Removes the sets that were used longest ago, beyond those that are kept.
    async fn tidy(&self) {
        let mut found = match self.engine.layers(self.pools.owner()).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "package sets that are used no more are not removed");
                return;
            }
        };
        let surplus = found.len().saturating_sub(self.config.kept_max.get());
        // Of those that this run has not used, the oldest first; then those used longest ago.
        let used: Vec<String> = self.lock().iter().map(|(reference, _)| reference.clone()).collect();
        found.sort_by_key(|reference| {
            std::cmp::Reverse(used.iter().position(|known| known == reference).unwrap_or(usize::MAX))
        });
        for reference in found.iter().take(surplus) {
            self.lock().pop(reference);
            match self.engine.remove_layer(reference).await {
                Ok(()) => tracing::info!(image = reference, "a package set is removed"),
                // It has containers still; the next installation tries again.
                Err(error) => tracing::info!(image = reference, %error, "a package set is not removed yet"),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<String, State>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
