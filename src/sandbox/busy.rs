//! A container that runs its program: sends, listens, kills, and ends spent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::domain::{
    ExecutionId, Exit, KillCause, Sink, SpentReason, StageEvidence, StageKind, StreamKind, Usage,
};
use crate::engine::{ContainerId, Engine};
use crate::wire::{self, AgentMessage, Ending, HostMessage, INPUT_WINDOW_BYTES, Stage, StageReport, Stream};

use super::error::SandboxError;
use super::handle::Handle;
use super::plan::{INPUT_PIECE_BYTES, Plan};
use super::session::{Reader, Session, Writer};
use super::warm::{Blueprint, unexpected};

/// How long a killed job's report is waited for; afterwards the container's end kills it.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// A container in its only use.
pub struct Busy {
    handle: Handle,
    session: Session,
    blueprint: Arc<Blueprint>,
}

/// A container that never serves again. Dropping it destroys the container.
#[derive(Debug)]
pub struct Spent {
    _handle: Handle,
    /// Why.
    pub reason: SpentReason,
}

/// What took place in the container.
#[derive(Debug, Default)]
pub struct Ran {
    /// The compile stage.
    pub compile: Option<StageEvidence>,
    /// The run stage.
    pub run: Option<StageEvidence>,
    /// When the first stage's process had been started.
    pub first_start: Option<Instant>,
}

impl Busy {
    pub(super) fn new(handle: Handle, session: Session, blueprint: Arc<Blueprint>) -> Self {
        Self { handle, session, blueprint }
    }

    /// The engine's id.
    #[must_use]
    pub fn container(&self) -> &ContainerId {
        &self.handle.container
    }

    /// What it was made of.
    #[must_use]
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// Runs the plan to its end, or kills it when `cancel` says so. Output goes to `sink`.
    ///
    /// Returns what took place as far as it is known, beside the error if there was one: a caller may try again elsewhere
    /// where `first_start` is `None`.
    pub async fn run(
        mut self,
        id: ExecutionId,
        plan: &Plan,
        engine: &dyn Engine,
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
    ) -> (Ran, Result<(), SandboxError>, Spent) {
        let mut ran = Ran::default();
        let result = self.drive(id, plan, engine, sink, cancel, &mut ran).await;
        let reason = match &result {
            Ok(()) if cancel.is_cancelled() => SpentReason::Abandoned,
            Ok(()) => SpentReason::OneShot,
            Err(_) => SpentReason::Broken,
        };
        (ran, result, Spent { _handle: self.handle, reason })
    }

    async fn drive(
        &mut self,
        id: ExecutionId,
        plan: &Plan,
        engine: &dyn Engine,
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
        ran: &mut Ran,
    ) -> Result<(), SandboxError> {
        if plan.memory_bytes != self.blueprint.language.limits.memory_bytes {
            engine.resize(&self.handle.container, plan.memory_bytes).await?;
        }
        let (taken, window) = watch::channel(0);
        let Session { reader, writer } = &mut self.session;
        let listen = async {
            let result = listen(reader, id, plan, &self.blueprint.image.reference, sink, &taken, ran).await;
            result.map_err(Some)
        };
        let speak = async {
            speak(writer, plan, window, cancel).await.map_err(Some)?;
            // Nothing is left to say; only the listener can end this.
            std::future::pending::<Result<(), Option<SandboxError>>>().await
        };
        let conversation = async {
            tokio::select! {
                result = listen => result,
                result = speak => result,
            }
        };
        let killed = async {
            cancel.cancelled().await;
            tokio::time::sleep(KILL_WAIT).await;
            Err(None)
        };
        let seconds = plan.guard.as_secs();
        let bounded = timeout(plan.guard, async {
            tokio::select! {
                result = conversation => result,
                result = killed => result,
            }
        });
        match bounded.await {
            Ok(Ok(()) | Err(None)) => Ok(()),
            Ok(Err(Some(error))) => Err(error),
            Err(_) => Err(SandboxError::Silent { what: "finish", seconds }),
        }
    }
}

/// Sends the job and its input, never more of that than the agent has room for; then waits to kill.
async fn speak(
    writer: &mut Writer,
    plan: &Plan,
    mut taken: watch::Receiver<u64>,
    cancel: &CancellationToken,
) -> Result<(), SandboxError> {
    // Without input the whole job is one write.
    if plan.stdin.is_empty() {
        let close = wire::encode(&HostMessage::CloseInput)?;
        writer.send_bytes(&[plan.opening.as_slice(), &close].concat()).await?;
    } else {
        writer.send_bytes(&plan.opening).await?;
        let input = async {
            let mut sent = 0_u64;
            for piece in plan.stdin.chunks(INPUT_PIECE_BYTES) {
                let room = |taken: &u64| sent + piece.len() as u64 - *taken <= INPUT_WINDOW_BYTES;
                // The listener holds the other end for as long as this runs.
                let _ = taken.wait_for(room).await;
                writer.send(&[HostMessage::Input(piece.to_vec())]).await?;
                sent += piece.len() as u64;
            }
            writer.send(&[HostMessage::CloseInput]).await
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            result = input => result?,
        }
    }
    cancel.cancelled().await;
    writer.send(&[HostMessage::Kill]).await
}

async fn listen(
    reader: &mut Reader,
    id: ExecutionId,
    plan: &Plan,
    image: &str,
    sink: &mut dyn Sink,
    taken: &watch::Sender<u64>,
    ran: &mut Ran,
) -> Result<(), SandboxError> {
    loop {
        match reader.receive().await? {
            AgentMessage::Started(_) => {
                if ran.first_start.is_none() {
                    ran.first_start = Some(Instant::now());
                    sink.started(id).await.map_err(|_| SandboxError::CallerGone)?;
                }
            }
            AgentMessage::Output { stage, stream, content } => {
                let content = Bytes::from(content);
                let accepted = sink.output(stage_kind(stage), stream_kind(stream), content).await;
                accepted.map_err(|_| SandboxError::CallerGone)?;
            }
            AgentMessage::InputTaken(bytes) => taken.send_modify(|taken| *taken += bytes),
            AgentMessage::Ended(report) => {
                let evidence = evidence(&report, plan, image)?;
                match report.stage {
                    Stage::Compile => ran.compile = Some(evidence),
                    Stage::Run => ran.run = Some(evidence),
                }
            }
            AgentMessage::Finished => return Ok(()),
            other @ (AgentMessage::Hello { .. } | AgentMessage::Ready { .. } | AgentMessage::Fault(_)) => {
                return Err(unexpected(&other));
            }
        }
    }
}

fn evidence(report: &StageReport, plan: &Plan, image: &str) -> Result<StageEvidence, SandboxError> {
    let exit = match &report.ending {
        Ending::Exited(wire::Exit::Code(code)) => Exit::Code(*code),
        Ending::Exited(wire::Exit::Signal(signal)) => Exit::Signal(*signal),
        Ending::NotStarted(reason) => {
            let program =
                if report.stage == Stage::Compile { &plan.compile_program } else { &plan.run_program };
            let (program, image) = (program.clone(), image.to_owned());
            return Err(SandboxError::ProgramMissing { program, image, reason: reason.clone() });
        }
    };
    let killed = report.killed.map(|cause| match cause {
        wire::KillCause::WallTime => KillCause::WallTime,
        wire::KillCause::CpuTime => KillCause::CpuTime,
        wire::KillCause::Output => KillCause::Output,
        wire::KillCause::Host => KillCause::Caller,
    });
    let usage = Usage {
        wall: Duration::from_micros(report.usage.wall_micros),
        cpu: Duration::from_micros(report.usage.cpu_micros),
        peak_memory_bytes: report.usage.peak_memory_bytes,
    };
    Ok(StageEvidence { exit, killed, memory_kills: report.oom_kills, dropped: report.dropped, usage })
}

fn stage_kind(stage: Stage) -> StageKind {
    match stage {
        Stage::Compile => StageKind::Compile,
        Stage::Run => StageKind::Run,
    }
}

fn stream_kind(stream: Stream) -> StreamKind {
    match stream {
        Stream::Stdout => StreamKind::Stdout,
        Stream::Stderr => StreamKind::Stderr,
    }
}
