//! Destroys what was given up, a few at a time, until the engine agrees that it is gone.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use crate::engine::{Engine, EngineError, Owner};
use crate::sandbox::Burial;

use super::traffic::REPLY_HEADSTART;

/// Removals at the same time: more does not make an engine faster.
const PARALLEL: usize = 4;
/// How long a container that ends by itself may take until the engine has removed it. It spares the engine a process that kills it.
const OWN_END_MAX: Duration = Duration::from_secs(2);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(10);

/// The queue's other end is gone, which only a defect can cause.
#[derive(Debug, thiserror::Error)]
#[error("nobody can hand over containers any more")]
pub(super) struct QueueClosed;

/// Runs until stopped.
pub(super) async fn run(
    engine: Arc<dyn Engine>,
    mut queue: mpsc::Receiver<Burial>,
) -> Result<Infallible, QueueClosed> {
    let mut burials = FuturesUnordered::new();
    loop {
        tokio::select! {
            burial = queue.recv(), if burials.len() < PARALLEL => {
                burials.push(bury(&engine, burial.ok_or(QueueClosed)?));
            }
            Some(()) = burials.next() => {}
        }
    }
}

async fn bury(engine: &Arc<dyn Engine>, burial: Burial) {
    tokio::time::sleep(REPLY_HEADSTART).await;
    if burial.ends_itself && matches!(engine.gone_within(&burial.container, OWN_END_MAX).await, Ok(true)) {
        return;
    }
    let mut pause = RETRY_FIRST;
    while let Err(error) = engine.destroy(&burial.container).await {
        tracing::warn!(container = burial.container.short(), %error, "a container is not removed; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_LAST);
    }
}

/// Removes everything of this instance that another run of the daemon left.
pub(super) async fn reap_dead_runs(engine: &Arc<dyn Engine>, owner: &Owner) -> Result<(), EngineError> {
    let left = engine.owned(owner, true).await?;
    for container in &left {
        engine.destroy(container).await?;
    }
    let volumes = engine.remove_volumes(owner, true).await?;
    if !left.is_empty() || volumes > 0 {
        tracing::info!(containers = left.len(), volumes, "removed what an earlier run left");
    }
    Ok(())
}
