//! One program and many cases, and what is said of each. Plain data.

use std::time::Duration;

use bytes::Bytes;

use super::comparison::Comparison;
use super::evidence::StageReport;
use super::execution::{Execution, ExecutionId, SourceFile};
use super::verdict::{Outcome, Verdict};

/// A program and its cases.
#[derive(Debug, Clone)]
pub struct Judging {
    /// What every case has in common; its input and arguments are the cases'.
    pub execution: Execution,
    /// At least one.
    pub cases: Vec<Case>,
    /// Whether cases after the first failure count.
    pub stop_on_failure: bool,
    /// Containers at the same time, at most.
    pub parallelism: usize,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Case {
    /// The caller's name for it.
    pub name: String,
    /// Its whole input.
    pub stdin: Bytes,
    /// Its arguments.
    pub args: Vec<String>,
    /// Files beside the program's.
    pub files: Vec<SourceFile>,
    /// What it should write.
    pub expected_stdout: Bytes,
    /// How that is compared.
    pub comparison: Comparison,
}

/// What is said of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseVerdict {
    /// It wrote what was expected and ended well.
    Accepted,
    /// It ended well and wrote something else.
    WrongAnswer,
    /// Wall or CPU time.
    TimeLimit,
    /// Memory.
    MemoryLimit,
    /// Output.
    OutputLimit,
    /// An exit code or a signal, or files over a limit.
    RuntimeError,
}

impl CaseVerdict {
    /// Of a run that ended with `verdict` and wrote `stdout`, with the sentence that explains it; `None` of one that says
    /// nothing about the program.
    #[must_use]
    pub fn of(case: &Case, verdict: &Verdict, stdout: &[u8]) -> Option<(Self, String)> {
        let of_limit = |judged| Some((judged, verdict.message.clone()));
        match verdict.outcome {
            Outcome::Succeeded => {
                let difference = case.comparison.difference(&case.expected_stdout, stdout);
                Some(difference.map_or_else(
                    || (Self::Accepted, "the output is as expected".to_owned()),
                    |difference| (Self::WrongAnswer, format!("the output is not as expected: {difference}")),
                ))
            }
            // Contests have no verdict for a full disk; the message names it.
            Outcome::NonzeroExit | Outcome::Signaled | Outcome::DiskExceeded => of_limit(Self::RuntimeError),
            // Only where a build cannot be kept: each case compiles then, and this one did not.
            Outcome::CompileFailed => of_limit(Self::RuntimeError),
            Outcome::WallTimeExceeded | Outcome::CpuTimeExceeded => of_limit(Self::TimeLimit),
            Outcome::MemoryExceeded => of_limit(Self::MemoryLimit),
            Outcome::OutputExceeded => of_limit(Self::OutputLimit),
            Outcome::Cancelled => None,
        }
    }
}

/// The one compilation.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// `Succeeded`, or why there is nothing to run.
    pub verdict: Verdict,
    /// Absent where it had been compiled before.
    pub stage: Option<StageReport>,
}

/// A case that was judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its position.
    pub index: usize,
    /// The caller's name for it.
    pub name: String,
    /// What is said of it.
    pub verdict: CaseVerdict,
    /// In one sentence.
    pub message: String,
    /// How its run ended.
    pub outcome: Outcome,
    /// The run.
    pub run: Option<StageReport>,
    /// Its execution.
    pub id: ExecutionId,
}

/// What becomes known on the way.
#[derive(Debug, Clone)]
pub enum Judgement {
    /// Once, in a language that compiles.
    Compiled(Compiled),
    /// Once for each case that is judged.
    Case(Judged),
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JudgeSummary {
    /// The first case, in their order, that was not accepted, and what is said of it.
    pub first_failure: Option<(usize, CaseVerdict)>,
    /// Cases that were accepted.
    pub accepted: usize,
    /// Cases that were not.
    pub failed: usize,
    /// Cases that nothing is said of.
    pub skipped: usize,
    /// Most CPU time of a judged case.
    pub cpu_max: Duration,
    /// Most wall time of a judged case.
    pub wall_max: Duration,
    /// Most memory of a judged case, in bytes.
    pub peak_memory_bytes_max: u64,
    /// From the request to its end.
    pub total: Duration,
}

impl JudgeSummary {
    /// Counts one more.
    pub fn add(&mut self, judged: &Judged) {
        if judged.verdict == CaseVerdict::Accepted {
            self.accepted += 1;
        } else {
            self.failed += 1;
            if self.first_failure.is_none_or(|(first, _)| judged.index < first) {
                self.first_failure = Some((judged.index, judged.verdict));
            }
        }
        if let Some(run) = &judged.run {
            let usage = run.evidence.usage;
            self.cpu_max = self.cpu_max.max(usage.cpu.unwrap_or_default());
            self.wall_max = self.wall_max.max(usage.wall);
            self.peak_memory_bytes_max = self.peak_memory_bytes_max.max(usage.peak_memory_bytes);
        }
    }
}
