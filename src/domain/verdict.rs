//! From evidence to outcome: one pure function, one stated order of precedence.
//!
//! Memory (the kernel's own counter moved), then cancellation, wall time, CPU time, output, disk, then what the process
//! itself did. The compile stage is judged by the same rules, before the run stage. Nothing that a program writes is looked at.

use std::time::Duration;

use super::evidence::{Exit, KillCause, StageEvidence, StageKind, StageReport, Stored};
use super::limits::Limits;

/// Its number on Linux.
pub const SIGKILL: i32 = 9;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Exit code 0.
    Succeeded,
    /// Another exit code.
    NonzeroExit,
    /// A signal that Kiln did not send.
    Signaled,
    /// The compiler refused the program.
    CompileFailed,
    /// Killed at the wall time limit.
    WallTimeExceeded,
    /// Killed at the CPU time limit.
    CpuTimeExceeded,
    /// The kernel killed for memory.
    MemoryExceeded,
    /// More output than the limit.
    OutputExceeded,
    /// Files took more than the limit, or were more.
    DiskExceeded,
    /// The caller cancelled.
    Cancelled,
}

impl Outcome {
    /// As a metric label and in tables; the API's name without its prefix.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::NonzeroExit => "NONZERO_EXIT",
            Self::Signaled => "SIGNALED",
            Self::CompileFailed => "COMPILE_FAILED",
            Self::WallTimeExceeded => "WALL_TIME_EXCEEDED",
            Self::CpuTimeExceeded => "CPU_TIME_EXCEEDED",
            Self::MemoryExceeded => "MEMORY_EXCEEDED",
            Self::OutputExceeded => "OUTPUT_EXCEEDED",
            Self::DiskExceeded => "DISK_EXCEEDED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// An outcome and the sentence that explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// One sentence a person can act on.
    pub message: String,
}

/// Decides from the stages that took place. `run` is absent where compilation ended the execution.
#[must_use]
pub fn judge(compile: Option<&StageReport>, run: Option<&StageReport>, limits: &Limits) -> Verdict {
    match (compile, run) {
        (_, Some(run)) => judge_stage(StageKind::Run, &run.evidence, limits),
        // Its end is known; that it did not run can only be the caller's wish.
        (Some(compile), None) if compile.evidence.is_success() => {
            Verdict { outcome: Outcome::Cancelled, message: "cancelled before it ran".to_owned() }
        }
        (Some(compile), None) => judge_stage(StageKind::Compile, &compile.evidence, limits),
        // Cancelled between lease and start: there is no stage to speak of.
        (None, None) => {
            Verdict { outcome: Outcome::Cancelled, message: "cancelled before it started".to_owned() }
        }
    }
}

/// Whose stage it is, and how the limits of its time are called.
struct Words {
    who: &'static str,
    wall: Duration,
    wall_name: &'static str,
    cpu: Duration,
}

impl Words {
    fn of(stage: StageKind, limits: &Limits) -> Self {
        let compile = limits.compile_time;
        match stage {
            StageKind::Compile => {
                Self { who: "the compiler", wall: compile, wall_name: "compile time", cpu: compile }
            }
            StageKind::Run => Self {
                who: "the program",
                wall: limits.wall_time,
                wall_name: "wall time",
                cpu: limits.cpu_time,
            },
        }
    }

    /// What was done at a limit, as far as a kill is concerned.
    fn killed(&self, cause: KillCause, limits: &Limits) -> String {
        let Self { who, wall, wall_name, cpu } = self;
        match cause {
            KillCause::Caller => format!("{who} was killed on request"),
            KillCause::WallTime => format!("{who} was killed after {wall:?}, the {wall_name} limit"),
            KillCause::CpuTime => format!("{who} was killed after {cpu:?} of CPU time, the limit"),
            KillCause::Output => {
                format!(
                    "{who} went on after the output limit of {} and was killed",
                    bytes_in_words(limits.output_bytes)
                )
            }
            KillCause::Disk => {
                format!(
                    "{who} was killed with files of over {}, the disk limit",
                    bytes_in_words(limits.disk_bytes)
                )
            }
            KillCause::Inodes => {
                format!("{who} was killed with over {} files and directories, the limit", limits.inodes)
            }
        }
    }
}

fn judge_stage(stage: StageKind, evidence: &StageEvidence, limits: &Limits) -> Verdict {
    let words = Words::of(stage, limits);
    let who = words.who;
    let verdict = |outcome, message: String| Verdict { outcome, message };
    if evidence.memory_kills > 0 {
        return verdict(Outcome::MemoryExceeded, out_of_memory(&words, evidence, limits));
    }
    let killed = |cause| words.killed(cause, limits);
    match evidence.killed {
        Some(cause @ KillCause::Caller) => return verdict(Outcome::Cancelled, killed(cause)),
        Some(cause @ KillCause::WallTime) => return verdict(Outcome::WallTimeExceeded, killed(cause)),
        Some(cause @ KillCause::CpuTime) => return verdict(Outcome::CpuTimeExceeded, killed(cause)),
        Some(KillCause::Output | KillCause::Disk | KillCause::Inodes) | None => {}
    }
    let dropped = evidence.dropped[0] + evidence.dropped[1];
    // A compiler that is talkative is not at fault for it, unless it had to be killed.
    if evidence.killed == Some(KillCause::Output) || (stage == StageKind::Run && dropped > 0) {
        let limit = bytes_in_words(limits.output_bytes);
        let message = format!("{who} wrote {dropped} bytes more than the output limit of {limit} per stream");
        return verdict(Outcome::OutputExceeded, message);
    }
    // What was left over the limit counts also where it was not seen in time for a kill.
    let Stored { bytes: stored, inodes } = evidence.stored;
    match evidence.killed {
        Some(cause @ (KillCause::Disk | KillCause::Inodes)) => {
            return verdict(Outcome::DiskExceeded, killed(cause));
        }
        _ if stored > limits.disk_bytes => {
            let limit = bytes_in_words(limits.disk_bytes);
            let message = format!("{who} ended with files of {stored} bytes, over the disk limit of {limit}");
            return verdict(Outcome::DiskExceeded, message);
        }
        _ if inodes > limits.inodes => {
            let limit = limits.inodes;
            let message =
                format!("{who} ended with {inodes} files and directories, over the limit of {limit}");
            return verdict(Outcome::DiskExceeded, message);
        }
        _ => {}
    }
    match (stage, evidence.exit) {
        (StageKind::Compile, Exit::Code(code)) => {
            verdict(Outcome::CompileFailed, format!("the compiler refused the program with exit code {code}"))
        }
        (StageKind::Compile, Exit::Signal(signal)) => {
            verdict(Outcome::CompileFailed, format!("the compiler was ended by {}", signal_name(signal)))
        }
        (StageKind::Run, Exit::Code(0)) => {
            verdict(Outcome::Succeeded, "the program ended with exit code 0".into())
        }
        (StageKind::Run, Exit::Code(code)) => {
            verdict(Outcome::NonzeroExit, format!("the program ended with exit code {code}"))
        }
        (StageKind::Run, Exit::Signal(signal)) => {
            verdict(Outcome::Signaled, format!("the program was ended by {}", signal_name(signal)))
        }
    }
}

/// The kernel chooses whom it kills; what became of the first process is told apart.
fn out_of_memory(words: &Words, evidence: &StageEvidence, limits: &Limits) -> String {
    let (who, limit) = (words.who, bytes_in_words(limits.memory_bytes));
    let first = match (evidence.killed, evidence.exit) {
        (None, Exit::Signal(SIGKILL)) => {
            return format!("{who} was killed after using {limit}, the memory limit");
        }
        (Some(cause), _) => words.killed(cause, limits),
        (None, Exit::Code(code)) => format!("{who} itself ended with exit code {code}"),
        (None, Exit::Signal(signal)) => format!("{who} itself was ended by {}", signal_name(signal)),
    };
    let killed = match evidence.memory_kills {
        1 => "a process was".to_owned(),
        several => format!("{several} processes were"),
    };
    format!("{killed} killed at {limit}, the memory limit; {first}")
}

/// Bytes as a person says them, exact where they are a whole number of a unit.
#[must_use]
pub fn bytes_in_words(amount: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    UNITS
        .iter()
        .find(|(size, _)| amount >= *size && amount.is_multiple_of(*size))
        .map_or_else(|| format!("{amount} bytes"), |(size, unit)| format!("{} {unit}", amount / size))
}

/// The name of a Linux signal, as signal(7) has it, and its number.
fn signal_name(signal: i32) -> String {
    name_of_signal(signal)
        .map_or_else(|| format!("signal {signal}"), |name| format!("{name} (signal {signal})"))
}

/// The name of a Linux signal, as signal(7) has it.
#[must_use]
pub fn name_of_signal(signal: i32) -> Option<&'static str> {
    const NAMES: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    usize::try_from(signal - 1).ok().and_then(|index| NAMES.get(index)).copied()
}

#[cfg(test)]
mod tests;
