//! The agent's volume: made once per run of the daemon, named by the content's hash and the run. Which agent goes into it is
//! decided by the engine's architecture.
//!
//! A run owns its volume, so that an upgrade never touches a running agent and a dead run's volume can be removed.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::engine::{Access, Engine, EngineError, Owner, Volume, VolumeFile};
use crate::language::Catalogue;

/// An agent that `build.rs` made.
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
    owner: Owner,
    agents: &'static [AgentBinary],
    /// What the languages bring.
    assets: Vec<VolumeFile>,
    /// The name of the volume that was filled last.
    filled: Mutex<Option<String>>,
}

impl AgentVolume {
    /// Puts together what goes into the volume beside one of `agents`.
    #[must_use]
    pub fn new(agents: &'static [AgentBinary], catalogue: &Catalogue, owner: &Owner) -> Self {
        let assets = catalogue.assets().iter().map(|asset| VolumeFile {
            path: asset.path.clone(),
            content: asset.content.clone(),
            access: if asset.is_link { Access::Link } else { Access::Read },
        });
        Self { owner: owner.clone(), agents, assets: assets.collect(), filled: Mutex::new(None) }
    }

    /// The agent for an engine of this architecture.
    pub(super) fn agent(&self, arch: &str) -> Result<&'static AgentBinary, EngineError> {
        self.agents.iter().find(|agent| agent.arch == arch).ok_or_else(|| EngineError::NoAgent {
            arch: arch.to_owned(),
            agents: self.agents.iter().map(|agent| agent.arch).collect::<Vec<_>>().join(", "),
        })
    }

    fn files(&self, agent: &AgentBinary) -> Vec<VolumeFile> {
        let own =
            VolumeFile { path: "agent".to_owned(), content: agent.content.to_vec(), access: Access::Execute };
        std::iter::once(own).chain(self.assets.iter().cloned()).collect()
    }

    fn name(&self, files: &[VolumeFile]) -> String {
        let mut hash = Sha256::new();
        for file in files {
            hash.update(&file.path);
            hash.update(file.content.len().to_le_bytes());
            hash.update(&file.content);
        }
        let digest: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("kiln-agent-{digest}-{}", self.owner.epoch)
    }

    /// The volume's name, after it has been filled through a container of `image` with the agent for `arch`.
    pub(super) async fn ensure(
        &self,
        engine: &Arc<dyn Engine>,
        arch: &str,
        image: &str,
    ) -> Result<String, EngineError> {
        let mut filled = self.filled.lock().await;
        if let Some(name) = &*filled {
            return Ok(name.clone());
        }
        let files = self.files(self.agent(arch)?);
        let name = self.name(&files);
        let volume = Volume { name: name.clone(), owner: self.owner.clone() };
        engine.fill_volume(&volume, image, files).await?;
        Ok(filled.insert(name).clone())
    }

    /// The engine may have lost it: fill it again before the next container.
    pub(super) async fn forget(&self) {
        *self.filled.lock().await = None;
    }
}
