//! Resets containers after their executions and keeps those that are proven clean.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::{Affinity, SpentReason};
use crate::sandbox::Used;
use crate::telemetry::metrics;

use super::language_pool::LanguagePool;
use super::reaper::QueueClosed;

/// A container on its way back.
#[derive(Debug)]
pub(super) struct Recycling {
    pub(super) pool: Arc<LanguagePool>,
    pub(super) used: Box<Used>,
    pub(super) next: Next,
}

/// What becomes of it once it has nothing more to say.
#[derive(Debug)]
pub(super) enum Next {
    /// It serves these again.
    Reset(Affinity),
    /// It is given up.
    End(SpentReason),
}

/// Runs until stopped.
pub(super) async fn run(
    mut queue: mpsc::Receiver<Recycling>,
    closed: CancellationToken,
) -> Result<Infallible, QueueClosed> {
    let mut resets = FuturesUnordered::new();
    loop {
        tokio::select! {
            recycling = queue.recv() => resets.push(reset(recycling.ok_or(QueueClosed)?, closed.clone())),
            Some(()) = resets.next() => {}
        }
    }
}

async fn reset(Recycling { pool, mut used, next }: Recycling, closed: CancellationToken) {
    let language = pool.spec.id.as_str();
    let affinity = match next {
        Next::Reset(affinity) => affinity,
        Next::End(reason) => {
            let _ = closed.run_until_cancelled(used.collect()).await;
            metrics::spent(language, used.spend(reason).reason.label());
            return;
        }
    };
    // The connection's task has been woken to write the reply: it goes first, unless another thread is to run it.
    tokio::task::yield_now().await;
    let begun = Instant::now();
    // Once the pools close, a container is buried whatever its reset would have shown.
    let Some(result) = closed.run_until_cancelled(used.reset()).await else { return };
    match result {
        Ok((warm, time)) => {
            metrics::reset(language, time, begun.elapsed());
            pool.census.reset(time);
            pool.stock.keep(&affinity, warm);
        }
        Err((spent, error)) => {
            metrics::spent(language, spent.reason.label());
            pool.census.not_reset(&error);
            tracing::warn!(language, container = spent.container().short(), %error, "a used container is destroyed");
        }
    }
}
