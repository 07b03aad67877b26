//! What is known about a stage after its end: the only ground for an outcome.

use std::time::Duration;

/// The two stages of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// The compiler.
    Compile,
    /// The program.
    Run,
}

/// The two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// Which bound the agent enforced by killing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillCause {
    /// The wall time.
    WallTime,
    /// The CPU time.
    CpuTime,
    /// Output past its limit.
    Output,
    /// What its files took.
    Disk,
    /// How many files it made.
    Inodes,
    /// The caller cancelled.
    Caller,
}

/// What a stage used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// From start to end.
    pub wall: Duration,
    /// Of all its processes; not known where the agent died with them.
    pub cpu: Option<Duration>,
    /// The container's peak so far.
    pub peak_memory_bytes: u64,
}

/// The most that a stage's files were seen to take at one time, over what was there when it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Bytes, in whole pages of each file.
    pub bytes: u64,
    /// Files, directories and links.
    pub inodes: u64,
}

/// How a stage ended and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageEvidence {
    /// How its first process ended.
    pub exit: Exit,
    /// Why it was killed, if Kiln killed it.
    pub killed: Option<KillCause>,
    /// Processes that the kernel killed for memory, from the cgroup's counter.
    pub memory_kills: u64,
    /// Bytes dropped from stdout and stderr.
    pub dropped: [u64; 2],
    /// What its files took.
    pub stored: Stored,
    /// What it used.
    pub usage: Usage,
}

impl StageEvidence {
    /// Whether its first process ended by itself with exit code 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.exit == Exit::Code(0) && self.killed.is_none()
    }
}

/// What a stage wrote, up to the limit. Empty where it was streamed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageOutput {
    /// Descriptor 1.
    pub stdout: Vec<u8>,
    /// Descriptor 2.
    pub stderr: Vec<u8>,
}

/// A stage that took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReport {
    /// How it ended.
    pub evidence: StageEvidence,
    /// What it wrote.
    pub output: StageOutput,
}
