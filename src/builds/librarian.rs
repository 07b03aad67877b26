//! What is done about builds when nobody waits: written to disk, put into the engine's volume, removed.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::engine::{Access, Engine, Volume, VolumeFile};
use crate::sandbox::Blueprint;
use crate::telemetry::metrics;

use super::Builds;
use super::key::BuildKey;
use super::store::{self, Dropped, Shelved};

/// Folder of the volume.
const FOLDER: &str = "builds";

/// One thing to do.
#[derive(Debug)]
pub(super) enum Chore {
    /// Write a build to disk.
    Write {
        /// Which.
        key: BuildKey,
    },
    /// Put a build into the volume of the containers that want it.
    Shelve {
        /// Which.
        key: BuildKey,
        /// What these containers are made of.
        blueprint: Arc<Blueprint>,
    },
    /// Say that everything before this is done.
    Say(oneshot::Sender<()>),
    /// Remove a build that is kept no longer.
    Remove(Dropped),
}

/// Nobody has any chores left: the daemon drops its builds while it runs.
#[derive(Debug, thiserror::Error)]
#[error("the queue of chores is closed")]
pub(super) struct QueueClosed;

/// A build's path in its volume.
pub(super) fn path(key: &BuildKey) -> String {
    format!("{FOLDER}/{key}")
}

/// Runs until stopped.
pub(super) async fn run(
    builds: Builds,
    engine: Arc<dyn Engine>,
    mut queue: mpsc::Receiver<Chore>,
) -> Result<Infallible, QueueClosed> {
    // Places on the shelf to be emptied with the next visit, by their volume.
    let mut stale: Vec<(String, BuildKey)> = Vec::new();
    loop {
        match queue.recv().await.ok_or(QueueClosed)? {
            Chore::Write { key } => write(&builds, key).await,
            Chore::Shelve { key, blueprint } => shelve(&builds, &*engine, key, &blueprint, &mut stale).await,
            Chore::Say(done) => {
                let _ = done.send(());
            }
            Chore::Remove(Dropped { key, file, shelved }) => {
                remove(file).await;
                if let Shelved::In { volume } = shelved {
                    stale.push((volume, key));
                }
            }
        }
    }
}

async fn write(builds: &Builds, key: BuildKey) {
    let Some((file, content)) = ({
        let mut state = builds.state();
        let found = state.store.get(&key).map(|entry| (entry.bytes, entry.crc32, entry.content.clone()));
        found.and_then(|(bytes, crc32, content)| Some((state.store.file(&key, bytes, crc32)?, content?)))
    }) else {
        return;
    };
    let to = file.clone();
    let written = tokio::task::spawn_blocking(move || store::write(&to, &content)).await;
    let failed = match written {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(error) => Some(error.to_string()),
    };
    let mut state = builds.state();
    match failed {
        None => state.store.get(&key).into_iter().for_each(|entry| entry.content = None),
        Some(error) => {
            let file = file.display();
            tracing::warn!(%file, error, "a build cannot be written; it is not kept");
            let _ = state.store.remove(&key);
        }
    }
    metrics::builds_bytes(state.store.bytes());
}

async fn shelve(
    builds: &Builds,
    engine: &dyn Engine,
    key: BuildKey,
    blueprint: &Blueprint,
    stale: &mut Vec<(String, BuildKey)>,
) {
    let Some(content) = content(builds, key).await else { return };
    let volume = Volume { name: blueprint.volume.clone(), owner: blueprint.owner.clone() };
    let file =
        |key: &BuildKey, content: Vec<u8>| VolumeFile { path: path(key), content, access: Access::Agent };
    // What is here again is not to be emptied, now or later.
    stale.retain(|(of, old)| *of != volume.name || *old != key);
    // What is kept no longer becomes empty: only a running container could remove it.
    let mut files: Vec<_> =
        stale.extract_if(.., |(of, _)| *of == volume.name).map(|(_, old)| file(&old, Vec::new())).collect();
    files.push(file(&key, content.into()));
    let filled = engine.fill_volume(&volume, &blueprint.image.reference, files).await;
    if let Some(entry) = builds.state().store.get(&key) {
        entry.shelved = match filled {
            Ok(()) => Shelved::In { volume: volume.name },
            Err(error) => {
                tracing::debug!(%key, %error, "a build cannot be put into the engine; it is sent along");
                Shelved::No
            }
        };
    }
}

async fn content(builds: &Builds, key: BuildKey) -> Option<Bytes> {
    let (bytes, crc32, content) = {
        let mut state = builds.state();
        let entry = state.store.get(&key)?;
        (entry.bytes, entry.crc32, entry.content.clone())
    };
    match content {
        Some(content) => Some(content),
        None => Some(builds.read(key, bytes, crc32).await?.content),
    }
}

async fn remove(file: PathBuf) {
    if file == Path::new("") {
        return;
    }
    // Gone already is as good; what stays is found by the next run.
    let _ = tokio::fs::remove_file(file).await;
}
