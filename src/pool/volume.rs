//! The agent's volume: made once per run of the daemon, named by the content's hash and the run.
//!
//! A run owns its volume, so that an upgrade never touches a running agent and a dead run's volume can be removed.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::engine::{Engine, EngineError, Owner, Volume, VolumeFile};
use crate::language::Catalogue;

/// The agent that `build.rs` made.
#[derive(Debug, Clone, Copy)]
pub struct AgentBinary {
    /// A static executable.
    pub content: &'static [u8],
    /// The architecture it runs on, as Rust names it.
    pub arch: &'static str,
}

/// Makes the volume when it is first needed, and again when it was lost.
#[derive(Debug)]
pub struct AgentVolume {
    volume: Volume,
    files: Vec<VolumeFile>,
    filled: Mutex<bool>,
}

impl AgentVolume {
    /// Puts together what goes into the volume.
    #[must_use]
    pub fn new(agent: AgentBinary, catalogue: &Catalogue, owner: &Owner) -> Self {
        let own = VolumeFile { path: "agent".to_owned(), content: agent.content.to_vec(), executable: true };
        let assets = catalogue.assets().iter().map(|asset| VolumeFile {
            path: asset.path.clone(),
            content: asset.content.clone(),
            executable: false,
        });
        let files: Vec<_> = std::iter::once(own).chain(assets).collect();
        let mut hash = Sha256::new();
        for file in &files {
            hash.update(&file.path);
            hash.update(file.content.len().to_le_bytes());
            hash.update(&file.content);
        }
        let digest: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("kiln-agent-{digest}-{}", owner.epoch);
        Self { volume: Volume { name, owner: owner.clone() }, files, filled: Mutex::new(false) }
    }

    /// The volume's name, after it has been filled through a container of `image`.
    pub(super) async fn ensure(&self, engine: &Arc<dyn Engine>, image: &str) -> Result<String, EngineError> {
        let mut filled = self.filled.lock().await;
        if !*filled {
            engine.fill_volume(&self.volume, image, self.files.clone()).await?;
            *filled = true;
        }
        Ok(self.volume.name.clone())
    }

    /// The engine may have lost it: fill it again before the next container.
    pub(super) async fn forget(&self) {
        *self.filled.lock().await = false;
    }
}
