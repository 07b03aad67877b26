//! What Kiln talks about: executions, limits, outcomes, faults. Plain data without I/O; it is never serialised from
//! here, each boundary translates.

mod artifact;
mod build;
mod comparison;
mod estimate;
mod evidence;
mod execution;
mod fault;
mod isolation;
mod judging;
mod limits;
mod live;
mod package;
mod verdict;

pub use artifact::{ARTIFACTS_MAX, Artifact, ArtifactHead, ArtifactRequest, ArtifactsLeftOut};
pub use build::{KeepBuild, PackedBuild, Uncached};
pub use comparison::Comparison;
pub use estimate::{Estimate, FiredRule};
pub use evidence::{
    Exit, KillCause, StageEvidence, StageKind, StageOutput, StageReport, Stored, StreamKind, Usage,
};
pub use execution::{
    Execution, ExecutionId, LanguageId, Placement, Report, Sink, SinkClosed, SourceFile, Timings,
};
pub use fault::{Fault, SpentReason};
pub use isolation::{Affinity, Isolation, Tenant};
pub use judging::{Case, CaseVerdict, Compiled, JudgeSummary, Judged, Judgement, Judging};
pub use limits::{LimitError, LimitRequest, Limits, MEMORY_BYTES_MIN, OPEN_FILES_MIN, STACK_BYTES_MIN};
pub use live::{LiveInput, LiveMessage, TerminalSize};
pub use package::{PackageSet, REQUIREMENTS_MAX};
pub use verdict::{Outcome, SIGKILL, Verdict, bytes_in_words, judge, name_of_signal};
