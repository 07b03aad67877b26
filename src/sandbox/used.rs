//! A container whose job is over: made as it was before, proven so, and warm again; or spent.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::domain::SpentReason;
use crate::wire::{AgentMessage, HostMessage, ProgramSpec};

use super::busy::Spent;
use super::capture::{self, Capture};
use super::error::SandboxError;
use super::handle::Handle;
use super::session::Session;
use super::warm::{Blueprint, READY_SECONDS_MAX, Warm, unexpected};

/// How long the rest of a build may take, in seconds: an engine passes on a hundred megabytes in one.
const COLLECT_SECONDS_MAX: u64 = 30;

/// A container that may serve again once it is proven clean. Dropping it destroys the container.
pub struct Used {
    handle: Handle,
    session: Session,
    blueprint: Arc<Blueprint>,
    /// A build that has not come to its end.
    capture: Option<Capture>,
    /// What ran, where it can wait for the same to come again.
    again: Option<Arc<ProgramSpec>>,
}

impl std::fmt::Debug for Used {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Used").field("container", &self.handle.container).finish_non_exhaustive()
    }
}

/// Why a used container does not serve again.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Something of the job was left, or it could not be proven that nothing was.
    #[error("it is not proven clean: {reason}")]
    Unclean {
        /// The agent's words.
        reason: String,
    },
    /// Its agent failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl Used {
    pub(super) fn new(
        handle: Handle,
        session: Session,
        blueprint: Arc<Blueprint>,
        capture: Option<Capture>,
        again: Option<Arc<ProgramSpec>>,
    ) -> Self {
        Self { handle, session, blueprint, capture, again }
    }

    /// Executions in it so far.
    #[must_use]
    pub fn uses(&self) -> u32 {
        self.handle.uses
    }

    /// Age of the container.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.handle.born.elapsed()
    }

    /// Whether it can ever be proven clean.
    #[must_use]
    pub fn is_resettable(&self) -> bool {
        self.handle.resettable
    }

    /// Whether it has a uid for another job.
    #[must_use]
    pub fn has_uids(&self) -> bool {
        self.handle.has_uids()
    }

    /// Whether a build is still on its way from it.
    #[must_use]
    pub fn is_capturing(&self) -> bool {
        self.capture.is_some()
    }

    /// Takes a build that is on its way to its end.
    ///
    /// # Errors
    /// Its agent failed.
    pub async fn collect(&mut self) -> Result<(), SandboxError> {
        let seconds = COLLECT_SECONDS_MAX;
        let collect = async {
            while self.capture.is_some() {
                capture::take(&mut self.capture, self.session.reader.receive().await?)?;
            }
            Ok(())
        };
        timeout(Duration::from_secs(seconds), collect)
            .await
            .map_err(|_| SandboxError::Silent { what: "send its build", seconds })?
    }

    /// Gives it up for a reason of the pool's.
    #[must_use]
    pub fn spend(self, reason: SpentReason) -> Spent {
        Spent::new(self.handle, reason)
    }

    /// Has the agent remove what the job left, prove it, and start what waits for the next. Tells how long the first two took.
    ///
    /// # Errors
    /// The spent container beside why.
    pub async fn reset(mut self) -> Result<(Warm, Duration), (Spent, ResetError)> {
        match self.ask().await {
            Ok((time, program)) => {
                Ok((Warm::again(self.handle, self.session, self.blueprint, program), time))
            }
            Err(error) => {
                let reason = match error {
                    ResetError::Unclean { .. } => SpentReason::Unclean,
                    ResetError::Sandbox(_) => SpentReason::Broken,
                };
                Err((Spent::new(self.handle, reason), error))
            }
        }
    }

    /// Tells too which program waits, by its build.
    async fn ask(&mut self) -> Result<(Duration, Option<String>), ResetError> {
        let Some(uid) = self.handle.next_uid() else {
            return Err(ResetError::Unclean { reason: "it has no uid left for another job".to_owned() });
        };
        self.collect().await?;
        let program = self.again.take().map(Arc::unwrap_or_clone);
        let build = program.as_ref().map(|program| program.build.path.clone());
        self.session.writer.send(&[HostMessage::Reset { uid, program }]).await?;
        let seconds = READY_SECONDS_MAX;
        let answer = timeout(Duration::from_secs(seconds), self.session.reader.receive()).await;
        match answer.map_err(|_| SandboxError::Silent { what: "reset its container", seconds })?? {
            AgentMessage::Clean { reset_micros, program, .. } => {
                Ok((Duration::from_micros(reset_micros), build.filter(|_| program)))
            }
            AgentMessage::Unclean(reason) => Err(ResetError::Unclean { reason }),
            other => Err(unexpected(&other).into()),
        }
    }
}
