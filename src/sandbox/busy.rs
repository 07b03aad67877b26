//! A container that runs its program: sends, listens, kills, and ends used or spent.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use crate::domain::{
    ArtifactHead, ArtifactsLeftOut, ExecutionId, Exit, KeepBuild, KillCause, LiveInput, SIGKILL, Sink,
    SinkClosed, SpentReason, StageEvidence, StageKind, Stored, StreamKind, Usage,
};
use crate::engine::{ContainerId, Engine};
use crate::wire::{self, AgentMessage, Ending, Stage, StageReport, Stream};

use super::capture::{self, Capture};
use super::error::SandboxError;
use super::handle::Handle;
use super::plan::Plan;
use super::session::{Reader, Session};
use super::speak::{Heard, speak};
use super::used::Used;
use super::warm::{Blueprint, unexpected};

/// How long a killed job's report is waited for; afterwards the container's end kills it.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// A container in use.
pub struct Busy {
    handle: Handle,
    session: Session,
    blueprint: Arc<Blueprint>,
    /// What its compiler makes, where that is wanted.
    capture: Option<Capture>,
}

/// A container that never serves again. Dropping it destroys the container.
#[derive(Debug)]
pub struct Spent {
    handle: Handle,
    /// Why.
    pub reason: SpentReason,
}

impl Spent {
    pub(super) fn new(mut handle: Handle, reason: SpentReason) -> Self {
        // Where its agent is gone or in the middle of something.
        handle.has_agent &=
            !matches!(reason, SpentReason::Broken | SpentReason::OutOfMemory | SpentReason::Abandoned);
        Self { handle, reason }
    }

    /// The engine's id.
    #[must_use]
    pub fn container(&self) -> &ContainerId {
        &self.handle.container
    }
}

/// What a container is after its job.
#[derive(Debug)]
pub enum Disposition {
    /// It may serve again once it is proven clean.
    Used(Box<Used>),
    /// It never serves again.
    Spent(Spent),
}

/// What took place in the container.
#[derive(Debug, Default)]
pub struct Ran {
    /// The compile stage.
    pub compile: Option<StageEvidence>,
    /// The run stage.
    pub run: Option<StageEvidence>,
    /// Files that were asked for and did not come.
    pub left_out: ArtifactsLeftOut,
    /// When the first stage's process had been started.
    pub first_start: Option<Instant>,
    /// The stage whose end has not been told, and since when it runs.
    under_way: Option<(StageKind, Instant)>,
    /// Whether the kernel killed the agent for memory: what was on its way from it has not come.
    pub is_cut_off: bool,
}

impl Ran {
    /// Takes down that the kernel killed the agent for memory, with or instead of what ran. False where nothing ran that could have
    /// used it up.
    fn cut_off(&mut self, when: Instant, memory_bytes: u64) -> bool {
        let memory_kills = 1;
        let stage = match self.under_way.take() {
            Some((kind, since)) => {
                let wall = when.saturating_duration_since(since);
                let usage = Usage { wall, cpu: None, peak_memory_bytes: memory_bytes };
                let evidence = StageEvidence {
                    // The end of its container is.
                    exit: Exit::Signal(SIGKILL),
                    killed: None,
                    memory_kills,
                    dropped: [0; 2],
                    stored: Stored::default(),
                    usage,
                };
                match kind {
                    StageKind::Compile => &mut self.compile,
                    StageKind::Run => &mut self.run,
                }
                .insert(evidence)
            }
            None => match &mut self.run {
                Some(run) => run,
                None => return false,
            },
        };
        stage.memory_kills = stage.memory_kills.max(memory_kills);
        self.is_cut_off = true;
        true
    }
}

impl Busy {
    pub(super) fn new(handle: Handle, session: Session, blueprint: Arc<Blueprint>) -> Self {
        Self { handle, session, blueprint, capture: None }
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

    /// Executions in it, this one included.
    #[must_use]
    pub fn uses(&self) -> u32 {
        self.handle.uses
    }

    /// Has what its compiler makes given to `keep`. The plan says how large that may be, with the same bound.
    #[must_use]
    pub fn keeping(mut self, bytes_max: u64, keep: KeepBuild) -> Self {
        self.capture = Some(Capture::new(bytes_max, keep));
        self
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
        live: Option<&mut LiveInput>,
        cancel: &CancellationToken,
    ) -> (Ran, Result<(), SandboxError>, Disposition) {
        let mut ran = Ran::default();
        let result = self.drive(id, plan, engine, sink, live, cancel, &mut ran).await;
        let reason = match &result {
            Err(SandboxError::Lost { when, fate: Some(fate), .. })
                if fate.is_for_memory && ran.cut_off(*when, plan.memory_bytes) =>
            {
                return (ran, Ok(()), Disposition::Spent(Spent::new(self.handle, SpentReason::OutOfMemory)));
            }
            // Half a message may be under way to the agent, or its answer to the kill may be.
            Ok(()) if cancel.is_cancelled() || self.session.writer.is_amid_message() => {
                SpentReason::Abandoned
            }
            Ok(()) => {
                let used =
                    Used::new(self.handle, self.session, self.blueprint, self.capture, plan.again.clone());
                return (ran, result, Disposition::Used(Box::new(used)));
            }
            Err(_) => SpentReason::Broken,
        };
        (ran, result, Disposition::Spent(Spent::new(self.handle, reason)))
    }

    #[expect(clippy::too_many_arguments, reason = "each is another end of the conversation")]
    async fn drive(
        &mut self,
        id: ExecutionId,
        plan: &Plan,
        engine: &dyn Engine,
        sink: &mut dyn Sink,
        live: Option<&mut LiveInput>,
        cancel: &CancellationToken,
        ran: &mut Ran,
    ) -> Result<(), SandboxError> {
        let resizes = plan.memory_bytes != self.handle.memory_bytes;
        if plan.stand_down || (resizes && plan.stand_down_to_resize) {
            self.session.stand_down().await?;
        }
        if resizes {
            engine.resize(&self.handle.container, plan.memory_bytes).await?;
            self.handle.memory_bytes = plan.memory_bytes;
        }
        let (tell, heard) = watch::channel(Heard::default());
        let Session { reader, writer, .. } = &mut self.session;
        let killed = async {
            cancel.cancelled().await;
            tokio::time::sleep(KILL_WAIT).await;
        };
        let result = tokio::select! {
            result = listen(reader, id, plan, &self.blueprint.image.reference, sink, &tell, &mut self.capture, ran) => result,
            result = speak(writer, plan, live, heard, cancel) => result,
            () = killed => Ok(()),
        };
        match result {
            // Who speaks learns of the end alone.
            Err(SandboxError::Lost { fate: None, .. }) => Err(self.session.reader.lost().await),
            result => result,
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "each is another end of the conversation")]
async fn listen(
    reader: &mut Reader,
    id: ExecutionId,
    plan: &Plan,
    image: &str,
    sink: &mut dyn Sink,
    tell: &watch::Sender<Heard>,
    capture: &mut Option<Capture>,
    ran: &mut Ran,
) -> Result<(), SandboxError> {
    // One bound on the whole; where it strikes tells a silent agent from a caller that does not read.
    let over = tokio::time::sleep(plan.guard);
    tokio::pin!(over);
    loop {
        let message = tokio::select! {
            message = reader.receive() => message?,
            () = &mut over => {
                return Err(SandboxError::Silent { what: "finish", seconds: plan.guard.as_secs() });
            }
        };
        match message {
            AgentMessage::Started(stage) => {
                tell.send_modify(|heard| heard.is_started = true);
                let now = Instant::now();
                ran.under_way = Some((stage_kind(stage), now));
                if ran.first_start.is_none() {
                    ran.first_start = Some(now);
                    handed_over(sink.started(id), over.as_mut()).await?;
                }
            }
            AgentMessage::Output { stage, stream, content } => {
                let content = Bytes::from(content);
                let (stage, stream) = (stage_kind(stage), stream_kind(stream));
                handed_over(sink.output(stage, stream, content), over.as_mut()).await?;
            }
            AgentMessage::InputTaken(bytes) => tell.send_modify(|heard| heard.taken += bytes),
            AgentMessage::Ended(report) => {
                ran.under_way = None;
                let evidence = evidence(&report, plan, image)?;
                match report.stage {
                    Stage::Compile => {
                        if !evidence.is_success() {
                            capture.take().into_iter().for_each(Capture::give_up);
                        } else if evidence.memory_kills > 0 {
                            capture.iter_mut().for_each(Capture::spoil);
                        }
                        ran.compile = Some(evidence);
                    }
                    Stage::Run => ran.run = Some(evidence),
                }
            }
            AgentMessage::Artifact(head) => {
                let wire::ArtifactHead { path, size, executable, sent } = head;
                let head = ArtifactHead { path, size, executable, sent };
                handed_over(sink.artifact(head), over.as_mut()).await?;
            }
            AgentMessage::ArtifactPiece(content) => {
                handed_over(sink.artifact_piece(content.into()), over.as_mut()).await?;
            }
            AgentMessage::ArtifactsLeftOut(left_out) => {
                let wire::ArtifactsLeftOut { special, over_count, not_searched } = left_out;
                ran.left_out = ArtifactsLeftOut { special, over_count, not_searched };
            }
            AgentMessage::Finished => return Ok(()),
            message @ (AgentMessage::BuildPiece(_)
            | AgentMessage::BuildKept(_)
            | AgentMessage::BuildNotKept(_)) => capture::take(capture, message)?,
            other @ (AgentMessage::Hello { .. }
            | AgentMessage::Ready { .. }
            | AgentMessage::Clean { .. }
            | AgentMessage::Unclean(_)
            | AgentMessage::StoodDown
            | AgentMessage::Fault(_)) => {
                return Err(unexpected(&other));
            }
        }
    }
}

/// A caller that has not taken its output when all is `over` counts as gone.
async fn handed_over(
    work: impl Future<Output = Result<(), SinkClosed>>,
    over: Pin<&mut Sleep>,
) -> Result<(), SandboxError> {
    tokio::select! {
        biased;
        result = work => result.map_err(|_| SandboxError::CallerGone),
        () = over => Err(SandboxError::CallerGone),
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
        wire::KillCause::Disk => KillCause::Disk,
        wire::KillCause::Inodes => KillCause::Inodes,
        wire::KillCause::Host => KillCause::Caller,
    });
    let usage = Usage {
        wall: Duration::from_micros(report.usage.wall_micros),
        cpu: Some(Duration::from_micros(report.usage.cpu_micros)),
        peak_memory_bytes: report.usage.peak_memory_bytes,
    };
    let stored = Stored { bytes: report.stored.bytes, inodes: report.stored.inodes };
    let (memory_kills, dropped) = (report.oom_kills, report.dropped);
    Ok(StageEvidence { exit, killed, memory_kills, dropped, stored, usage })
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

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use futures_util::{StreamExt, stream};

    use super::*;
    use crate::domain::StageOutput;
    use crate::engine::{AgentPipe, Piece};

    /// Never takes anything.
    struct Stalled;

    #[async_trait]
    impl Sink for Stalled {
        async fn started(&mut self, _: ExecutionId) -> Result<(), SinkClosed> {
            Ok(())
        }

        async fn output(&mut self, _: StageKind, _: StreamKind, _: Bytes) -> Result<(), SinkClosed> {
            std::future::pending().await
        }

        fn kept(&mut self, _: StageKind) -> StageOutput {
            StageOutput::default()
        }
    }

    /// What comes of an agent that says `messages` and then nothing more.
    async fn outcome(messages: &[AgentMessage]) -> Result<(), SandboxError> {
        let said: Vec<_> =
            messages.iter().map(|m| Ok(Piece::Stdout(wire::encode(m).unwrap().into()))).collect();
        let output = Box::pin(stream::iter(said).chain(stream::pending()));
        let fate = Box::pin(std::future::pending());
        let mut session = Session::new(AgentPipe {
            input: Box::pin(tokio::io::sink()),
            output,
            fate,
            reach: Box::new(|_, _| Box::pin(async { None })),
        });
        let plan = Plan {
            opening: Vec::new(),
            job_at: 0,
            is_held: false,
            stdin: Bytes::new(),
            memory_bytes: 0,
            stand_down: false,
            stand_down_to_resize: false,
            starts_anew: false,
            guard: Duration::from_millis(20),
            compile_program: String::new(),
            run_program: String::new(),
            again: None,
        };
        let (tell, _heard) = watch::channel(Heard::default());
        let (id, mut ran) = (ExecutionId::random(), Ran::default());
        listen(&mut session.reader, id, &plan, "image", &mut Stalled, &tell, &mut None, &mut ran).await
    }

    #[test]
    fn memory_is_to_blame_for_what_ran_when_the_agent_was_killed_for_it() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        assert!(!Ran::default().cut_off(later, 64), "nothing ran");

        let mut ran = Ran { under_way: Some((StageKind::Compile, now)), ..Ran::default() };
        assert!(ran.cut_off(later, 64) && ran.is_cut_off);
        let compile = ran.compile.unwrap();
        assert_eq!((compile.exit, compile.memory_kills, compile.killed), (Exit::Signal(SIGKILL), 1, None));
        let usage = Usage { wall: Duration::from_secs(1), cpu: None, peak_memory_bytes: 64 };
        assert_eq!((compile.usage, ran.run), (usage, None));
        assert!(!ran.cut_off(later, 64), "what may have run next did not");

        // Its end is known, and what it left was on its way.
        let ended = StageEvidence { exit: Exit::Code(3), memory_kills: 0, ..compile };
        let mut ran = Ran { run: Some(ended), ..Ran::default() };
        assert!(ran.cut_off(later, 64));
        assert_eq!(ran.run, Some(StageEvidence { memory_kills: 1, ..ended }));
    }

    #[tokio::test]
    async fn a_silent_agent_is_told_from_a_caller_that_does_not_read() {
        let started = AgentMessage::Started(Stage::Run);
        let silent = outcome(std::slice::from_ref(&started)).await.unwrap_err();
        assert!(matches!(silent, SandboxError::Silent { .. }), "{silent}");

        let output =
            AgentMessage::Output { stage: Stage::Run, stream: Stream::Stdout, content: b"x".to_vec() };
        let stalled = outcome(&[started, output]).await.unwrap_err();
        assert!(matches!(stalled, SandboxError::CallerGone), "{stalled}");
    }
}
