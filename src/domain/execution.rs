//! One request to run a program, as the rest of Kiln sees it: validated, its limits settled.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::artifact::{Artifact, ArtifactHead, ArtifactRequest};
use super::estimate::Estimate;
use super::evidence::{StageKind, StageOutput, StageReport, StreamKind};
use super::isolation::{Affinity, Isolation, Tenant};
use super::limits::Limits;
use super::live::{LiveInput, TerminalSize};
use super::package::PackageSet;
use super::verdict::Verdict;

/// A language's id, such as `python`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LanguageId(Arc<str>);

impl LanguageId {
    /// Takes the id as the catalogue spells it.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Names one execution in replies, logs and traces: a random UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExecutionId(uuid::Uuid);

impl ExecutionId {
    /// A new id.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4())
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A file for the workspace. Its path was validated: relative, no `..`, no empty part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path below the workspace.
    pub path: String,
    /// Its bytes.
    pub content: Bytes,
    /// Whether the program may execute it.
    pub executable: bool,
}

/// A program to run.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// In which language's container it runs.
    pub language: LanguageId,
    /// All files, the main one included.
    pub files: Vec<SourceFile>,
    /// Path of the main file among `files`.
    pub main: String,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Variables beside the language's own.
    pub env: Vec<(String, String)>,
    /// Its whole input.
    pub stdin: Bytes,
    /// Settled limits.
    pub limits: Limits,
    /// Where the wall time came from; absent where the request set it.
    pub estimate: Option<Estimate>,
    /// Files to return after the run.
    pub artifacts: Option<ArtifactRequest>,
    /// Its streams are a terminal of this size.
    pub terminal: Option<TerminalSize>,
    /// Whether more files come before it starts.
    pub is_held: bool,
    /// Whether it may use the network.
    pub has_network: bool,
    /// What it wants installed.
    pub packages: Option<PackageSet>,
    /// How far its container may be shared.
    pub isolation: Isolation,
    /// Whose it is.
    pub tenant: Tenant,
    /// The caller's own marks, for the log.
    pub labels: Vec<(String, String)>,
    /// When the caller stops waiting: bounds queue, compile and run together.
    pub deadline: Option<Instant>,
}

impl Execution {
    /// Who may use its container afterwards, and whose it may have been before; nobody's where this is `None`.
    #[must_use]
    pub fn affinity(&self) -> Option<Affinity> {
        // What a connection leaves in the kernel cannot be set back.
        self.isolation.affinity(&self.tenant).filter(|_| !self.has_network)
    }
}

/// Where output goes while a program runs. Slow to accept means the program is slowed.
#[async_trait::async_trait]
pub trait Sink: Send {
    /// A container has the program.
    async fn started(&mut self, id: ExecutionId) -> Result<(), SinkClosed>;
    /// A stage has written.
    async fn output(
        &mut self,
        stage: StageKind,
        stream: StreamKind,
        content: Bytes,
    ) -> Result<(), SinkClosed>;
    /// A file that was asked for; its bytes follow.
    async fn artifact(&mut self, head: ArtifactHead) -> Result<(), SinkClosed> {
        let _ = head;
        Ok(())
    }
    /// The next bytes of the last file.
    async fn artifact_piece(&mut self, content: Bytes) -> Result<(), SinkClosed> {
        let _ = content;
        Ok(())
    }
    /// What the caller says while the program waits and runs; given once. `None` of one that has said everything.
    fn live_input(&mut self) -> Option<LiveInput> {
        None
    }
    /// The files that it has kept, for the report; none where they were passed on.
    fn kept_artifacts(&mut self) -> Vec<Artifact> {
        Vec::new()
    }
    /// What it has kept of a stage's output, for the report; nothing where it was passed on.
    fn kept(&mut self, stage: StageKind) -> StageOutput {
        let _ = stage;
        StageOutput::default()
    }
}

/// Nobody takes the output any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkClosed;

/// Where the latency went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Waiting for admission.
    pub queue: Duration,
    /// Waiting for packages to be installed.
    pub packages: Duration,
    /// Waiting for a warm container.
    pub lease: Duration,
    /// Limits set and files sent.
    pub prepare: Duration,
    /// The compile stage.
    pub compile: Duration,
    /// The run stage.
    pub run: Duration,
    /// From the program's end to the report.
    pub collect: Duration,
    /// All of it.
    pub total: Duration,
}

/// Where a program ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The engine's id of the container.
    pub container: String,
    /// The image as the catalogue names it.
    pub image: String,
    /// Whether a warm container was ready.
    pub pool_hit: bool,
    /// Executions in that container, this one included.
    pub uses: u32,
    /// Whether what ran had been compiled before.
    pub compile_cached: bool,
}

/// All there is to say about an execution that took place.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its id.
    pub id: ExecutionId,
    /// The outcome and its sentence.
    pub verdict: Verdict,
    /// The compile stage, where there was one.
    pub compile: Option<StageReport>,
    /// The run stage, where it came to that.
    pub run: Option<StageReport>,
    /// Files that were asked for and not passed on already.
    pub artifacts: Vec<Artifact>,
    /// Where the latency went.
    pub timings: Timings,
    /// Where it ran; absent where it was cancelled before it had a container.
    pub placement: Option<Placement>,
    /// Advice about what the program did.
    pub hints: Vec<String>,
    /// Advice about how long it took and how near a limit it came. It tells nothing of what the program holds.
    pub advice: Vec<String>,
    /// Where the wall time came from; absent where the request set it.
    pub estimate: Option<Estimate>,
}
