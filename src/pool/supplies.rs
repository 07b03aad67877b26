//! What the fillers share: the engine as last seen, the agent's volume, the fenced network, uids.

use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, EngineError, EngineInfo, Fencing, Network, Owner};
use crate::language::MOUNT_DIR;
use crate::sandbox::{UidSpace, Uids};

use super::pools::{PoolConfig, Services};
use super::reaper;
use super::traffic::Traffic;
use super::volume::AgentVolume;

/// Of a bridge's name, after "kiln": the kernel takes 15 bytes in all.
const BRIDGE_DIGEST_BYTES: usize = 5;

/// How an engine that answered before is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Whether it answers.
    Brief,
    /// What it is: it starts four processes to tell.
    Thorough,
}

/// What the fillers share.
#[derive(Debug)]
pub(super) struct Supplies {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) owner: Owner,
    pub(super) volume: AgentVolume,
    pub(super) cpu_millis_max: u32,
    /// No container is created any more.
    pub(super) closed: CancellationToken,
    pub(super) traffic: Traffic,
    pub(super) uids: Arc<Uids>,
    /// Whether the engine is in a user namespace, whatever it says.
    narrow_uids: bool,
    /// The last answer, or the last failure.
    info: watch::Sender<Result<EngineInfo, EngineError>>,
    /// What is to be taken down at the end. One language at a time puts it up.
    fence: tokio::sync::Mutex<Option<(Network, Fencing)>>,
    /// Whether dead runs' containers are still to be removed.
    reaped: Mutex<bool>,
}

impl Supplies {
    /// Of an engine that has not been asked yet.
    pub(super) fn new(config: &PoolConfig, services: Services) -> Self {
        let not_yet = EngineError::Unavailable { reason: "it has not been asked yet".to_owned() };
        // Another daemon on the same engine most likely starts elsewhere.
        let start = uuid::Uuid::new_v4().as_u64_pair().0 as u32;
        Self {
            engine: services.engine,
            owner: services.owner,
            volume: services.volume,
            cpu_millis_max: config.cpu_millis,
            closed: CancellationToken::new(),
            traffic: Traffic::new(),
            uids: Uids::new(start),
            narrow_uids: config.narrow_uids,
            info: watch::Sender::new(Err(not_yet)),
            fence: tokio::sync::Mutex::default(),
            reaped: Mutex::new(false),
        }
    }

    /// Makes a network and the fence around it, to be taken down at the end; false once that has come.
    ///
    /// # Errors
    /// Nothing is to be started in it.
    pub(super) async fn open_network(
        &self,
        network: &Network,
        image: &str,
        volume: &str,
    ) -> Result<bool, EngineError> {
        let mut fence = self.fence.lock().await;
        if self.closed.is_cancelled() {
            return Ok(false);
        }
        let fencing = Fencing {
            image: image.to_owned(),
            volume: volume.to_owned(),
            volume_path: MOUNT_DIR.to_owned(),
            owner: self.owner.clone(),
        };
        // Half of it may be there where it fails.
        let (network, fencing) = fence.insert((network.clone(), fencing));
        self.engine.open_network(network, fencing).await?;
        Ok(true)
    }

    pub(super) async fn take_down_fence(&self) {
        let mut fence = self.fence.lock().await;
        if let Some((network, fencing)) = fence.take()
            && let Err(error) = self.engine.close_network(&network, &fencing).await
        {
            tracing::warn!(%error, network = network.name, "the network is not removed");
        }
    }

    /// The engine as last seen; a failure is returned as such.
    pub(super) async fn engine_info(&self) -> Result<EngineInfo, EngineError> {
        if let Ok(info) = &*self.info.borrow() {
            return Ok(info.clone());
        }
        self.look_at_engine(Look::Thorough).await
    }

    /// Where uids are to be taken from.
    ///
    /// # Errors
    /// The engine's, which is asked where it has not been yet.
    pub(super) async fn uid_space(&self) -> Result<UidSpace, EngineError> {
        let narrow = self.narrow_uids || self.engine_info().await?.user_namespace;
        Ok(if narrow { UidSpace::NARROW } else { UidSpace::WIDE })
    }

    /// Looks at the engine, and the first time it answers removes what dead runs left.
    pub(super) async fn look_at_engine(&self, look: Look) -> Result<EngineInfo, EngineError> {
        let known = self.info.borrow().clone();
        let answer = match known {
            Ok(info) if look == Look::Brief => self.engine.ping().await.map(|()| info),
            _ => self.ask_engine().await,
        };
        if answer.is_ok() {
            self.reap_once().await;
        }
        let _ = self.info.send_replace(answer.clone());
        answer
    }

    async fn ask_engine(&self) -> Result<EngineInfo, EngineError> {
        let info = self.engine.info().await?;
        self.volume.agent(&info.arch)?;
        Ok(info)
    }

    async fn reap_once(&self) {
        let first = self.reaped.lock().is_ok_and(|mut reaped| !std::mem::replace(&mut *reaped, true));
        if first && let Err(error) = reaper::reap_dead_runs(&self.engine, &self.owner).await {
            tracing::warn!(%error, "what an earlier run left is not removed yet");
            if let Ok(mut reaped) = self.reaped.lock() {
                *reaped = false;
            }
        }
    }

    /// Follows the engine's state.
    pub(super) fn watch_engine(&self) -> watch::Receiver<Result<EngineInfo, EngineError>> {
        self.info.subscribe()
    }
}

/// The same names for each run of a daemon: what a killed one left is taken over, and taken down at the end.
pub(super) fn network(owner: &Owner) -> Network {
    let digest = Sha256::digest(owner.instance.as_bytes());
    let digits: String = digest.iter().take(BRIDGE_DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect();
    Network {
        name: format!("kiln-{}", owner.instance),
        bridge: format!("kiln{digits}"),
        instance: owner.instance.clone(),
    }
}
