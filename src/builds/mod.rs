//! What was compiled before: kept by content, on disk and in the engine, so that the same sources are compiled once.
//!
//! A build is taken from the container before its program can touch it, and is given to the same tenant's executions alone.
//! Whoever wants a build that is being made waits for it. All disk and engine work is the librarian's, off the request path,
//! but for reading a build that is not in the engine yet.

mod key;
mod librarian;
mod store;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::{KeepBuild, PackedBuild};
use crate::engine::Engine;
use crate::sandbox::{Blueprint, BuildSource};
use crate::tasks::Tasks;
use crate::telemetry::metrics;

pub use key::BuildKey;
use librarian::Chore;
use store::{Entry, Shelved, Store};

/// Chores that may wait. Beyond them a build is not kept, or not put into the engine yet: both can be done another time.
const CHORES_MAX: usize = 256;

/// How much is kept and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildsConfig {
    /// `None` means in memory.
    pub directory: Option<PathBuf>,
    /// All builds together, in bytes; 0 keeps none.
    pub bytes_max: u64,
    /// One build, in bytes.
    pub build_bytes_max: u64,
}

impl BuildsConfig {
    /// Keeps nothing: for programs that run once.
    pub const NONE: Self = Self { directory: None, bytes_max: 0, build_bytes_max: 0 };
}

/// The builds of a daemon. Clones share them.
#[derive(Debug, Clone)]
pub struct Builds(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: BuildsConfig,
    state: Mutex<State>,
    chores: mpsc::Sender<Chore>,
    /// Taken by the librarian.
    queue: Mutex<Option<mpsc::Receiver<Chore>>>,
}

#[derive(Debug)]
struct State {
    store: Store,
    /// What is being compiled, and how whoever waits for it learns of its end.
    under_way: HashMap<BuildKey, watch::Sender<Progress>>,
}

/// How far a build is that others wait for. Whose sender is dropped has been given up: another may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Compiling,
    Kept,
    /// There is nothing to keep: each compiles for itself.
    NothingToKeep,
}

enum LookUp {
    Kept(Entry),
    UnderWay(watch::Receiver<Progress>),
    Nowhere(Lead),
}

/// What an execution is to do about its build.
#[derive(Debug)]
pub enum Obtained {
    /// It is there.
    Found(BuildSource),
    /// Compile, and let this have the result: others wait for it.
    Lead(Lead),
    /// Compile for yourself.
    Alone,
}

/// The promise to make a build that others may wait for. Dropped unused, another gets it.
pub struct Lead {
    builds: Builds,
    key: BuildKey,
    /// Others may still wait for it.
    is_open: bool,
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lead").field(&self.key).finish()
    }
}

impl Builds {
    /// Opens what an earlier run has kept.
    #[must_use]
    pub fn open(config: BuildsConfig) -> Self {
        let directory = config.directory.as_deref().filter(|_| config.bytes_max > 0);
        let (store, dropped) = Store::open(directory, config.bytes_max);
        let (chores, queue) = mpsc::channel(CHORES_MAX);
        metrics::builds_bytes(store.bytes());
        let state = State { store, under_way: HashMap::new() };
        let queue = Mutex::new(Some(queue));
        let builds = Self(Arc::new(Shared { config, state: Mutex::new(state), chores, queue }));
        builds.drop_all(dropped);
        builds
    }

    /// Starts the librarian, who writes builds to disk and puts them into volumes of `engine`.
    pub fn start(&self, engine: Arc<dyn Engine>, tasks: &Tasks) {
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(queue) = queue {
            tasks.maintain("librarian", librarian::run(self.clone(), engine, queue));
        }
    }

    /// Returns when everything that was to be written has been, to be called when nobody compiles any more.
    pub async fn finish(&self) {
        self.arrived().await;
        let (done, told) = oneshot::channel();
        if self.0.chores.send(Chore::Say(done)).await.is_ok() {
            // A librarian that is gone has nothing to write either.
            let _ = told.await;
        }
    }

    /// Returns when nothing that a compiler has made is on its way from its container.
    async fn arrived(&self) {
        loop {
            let on_its_way = self.state().under_way.values().next().map(watch::Sender::subscribe);
            let Some(mut progress) = on_its_way else { return };
            while progress.changed().await.is_ok() {}
        }
    }

    /// Whether any build is kept.
    #[must_use]
    pub fn keeps_any(&self) -> bool {
        self.0.config.bytes_max > 0
    }

    /// Largest build that is kept, in bytes.
    #[must_use]
    pub fn build_bytes_max(&self) -> u64 {
        self.0.config.build_bytes_max
    }

    /// The build of `key` for a container of `blueprint`, now or when whoever compiles it has; or the order to compile.
    pub async fn obtain(&self, key: BuildKey, blueprint: &Arc<Blueprint>) -> Obtained {
        if !self.keeps_any() {
            return Obtained::Alone;
        }
        loop {
            match self.look_up(key) {
                LookUp::Kept(entry) => {
                    if let Some(source) = self.fetch(key, entry, blueprint).await {
                        metrics::build("found");
                        return Obtained::Found(source);
                    }
                }
                LookUp::UnderWay(mut progress) => {
                    let end = progress.wait_for(|progress| *progress != Progress::Compiling).await;
                    if end.is_ok_and(|end| *end == Progress::NothingToKeep) {
                        metrics::build("alone");
                        return Obtained::Alone;
                    }
                }
                LookUp::Nowhere(lead) => {
                    metrics::build("compiled");
                    return Obtained::Lead(lead);
                }
            }
        }
    }

    /// The build of `key` where it is kept; nobody is asked to compile.
    pub async fn find(&self, key: BuildKey, blueprint: &Arc<Blueprint>) -> Option<BuildSource> {
        let entry = self.state().store.get(&key).cloned()?;
        self.fetch(key, entry, blueprint).await
    }

    fn look_up(&self, key: BuildKey) -> LookUp {
        let mut state = self.state();
        if let Some(entry) = state.store.get(&key) {
            return LookUp::Kept(entry.clone());
        }
        match state.under_way.get(&key) {
            Some(progress) => LookUp::UnderWay(progress.subscribe()),
            None => {
                let _ = state.under_way.insert(key, watch::Sender::new(Progress::Compiling));
                LookUp::Nowhere(Lead { builds: self.clone(), key, is_open: true })
            }
        }
    }

    /// Where an entry's build can be had from; `None` where it is damaged, and forgotten.
    async fn fetch(&self, key: BuildKey, entry: Entry, blueprint: &Arc<Blueprint>) -> Option<BuildSource> {
        let Entry { bytes, crc32, content, shelved } = entry;
        match shelved {
            Shelved::In { volume } if volume == blueprint.volume => {
                return Some(BuildSource::Shelf { path: librarian::path(&key), bytes, crc32 });
            }
            Shelved::Coming => {}
            Shelved::In { .. } | Shelved::No => {
                self.want_on_shelf(key, Arc::clone(blueprint));
            }
        }
        if let Some(content) = content {
            return Some(BuildSource::Packed(PackedBuild { content, crc32 }));
        }
        let build = self.read(key, bytes, crc32).await;
        if build.is_none() {
            tracing::warn!(%key, "a kept build is damaged or gone, and is dropped");
            metrics::build("damaged");
            let dropped = self.state().store.remove(&key);
            self.drop_all(dropped);
        }
        build.map(BuildSource::Packed)
    }

    async fn read(&self, key: BuildKey, bytes: u64, crc32: u32) -> Option<PackedBuild> {
        let file = self.state().store.file(&key, bytes, crc32)?;
        tokio::task::spawn_blocking(move || store::read(&file, bytes, crc32)).await.ok()?
    }

    /// A container could not use a build of the shelf: it is sent along from now on, until it is there again.
    pub fn is_not_on_shelf(&self, key: &BuildKey) {
        if let Some(entry) = self.state().store.get(key) {
            entry.shelved = Shelved::No;
        }
    }

    fn want_on_shelf(&self, key: BuildKey, blueprint: Arc<Blueprint>) {
        if let Some(entry) = self.state().store.get(&key)
            && self.0.chores.try_send(Chore::Shelve { key, blueprint }).is_ok()
        {
            entry.shelved = Shelved::Coming;
        }
    }

    fn keep(&self, key: BuildKey, build: PackedBuild) {
        let (bytes, crc32) = (build.content.len() as u64, build.crc32);
        let entry = Entry { bytes, crc32, content: Some(build.content), shelved: Shelved::No };
        let mut state = self.state();
        let mut dropped = state.store.insert(key, entry);
        // What cannot be written would stay in memory.
        if state.store.is_on_disk() && self.0.chores.try_send(Chore::Write { key }).is_err() {
            dropped.extend(state.store.remove(&key));
        }
        metrics::builds_bytes(state.store.bytes());
        drop(state);
        self.drop_all(dropped);
    }

    /// Has the files and the places on the shelf of what was dropped removed.
    fn drop_all(&self, dropped: impl IntoIterator<Item = store::Dropped>) {
        for dropped in dropped {
            // A file that stays is found, and removed, by the next run.
            let _ = self.0.chores.try_send(Chore::Remove(dropped));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// What takes the result.
    #[must_use]
    pub fn into_keep(mut self) -> KeepBuild {
        Box::new(move |build| {
            let progress = match build {
                Some(build) => {
                    self.builds.keep(self.key, build);
                    Progress::Kept
                }
                None => Progress::NothingToKeep,
            };
            self.is_open = false;
            if let Some(waiting) = self.builds.state().under_way.remove(&self.key) {
                let _ = waiting.send_replace(progress);
            }
        })
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if self.is_open {
            let _ = self.builds.state().under_way.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
