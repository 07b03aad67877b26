//! From evidence to outcome: one pure function, one stated order of precedence.
//!
//! Memory (the kernel's own counter moved), then cancellation, wall time, CPU time, output, then what the process
//! itself did. The compile stage is judged by the same rules, before the run stage.

use super::evidence::{Exit, KillCause, StageEvidence, StageKind, StageReport};
use super::limits::Limits;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

fn judge_stage(stage: StageKind, evidence: &StageEvidence, limits: &Limits) -> Verdict {
    let (who, wall, cpu) = match stage {
        StageKind::Compile => ("the compiler", limits.compile_time, limits.compile_time),
        StageKind::Run => ("the program", limits.wall_time, limits.cpu_time),
    };
    let wall_name = if stage == StageKind::Compile { "compile time" } else { "wall time" };
    let verdict = |outcome, message: String| Verdict { outcome, message };
    if evidence.memory_kills > 0 {
        let limit = bytes(limits.memory_bytes);
        return verdict(
            Outcome::MemoryExceeded,
            format!("{who} was killed after using {limit}, the memory limit"),
        );
    }
    match evidence.killed {
        Some(KillCause::Caller) => {
            return verdict(Outcome::Cancelled, format!("{who} was killed on request"));
        }
        Some(KillCause::WallTime) => {
            let message = format!("{who} was killed after {wall:?}, the {wall_name} limit");
            return verdict(Outcome::WallTimeExceeded, message);
        }
        Some(KillCause::CpuTime) => {
            let message = format!("{who} was killed after {cpu:?} of CPU time, the limit");
            return verdict(Outcome::CpuTimeExceeded, message);
        }
        Some(KillCause::Output) | None => {}
    }
    let dropped = evidence.dropped[0] + evidence.dropped[1];
    // A compiler that is talkative is not at fault for it, unless it had to be killed.
    if evidence.killed.is_some() || (stage == StageKind::Run && dropped > 0) {
        let limit = bytes(limits.output_bytes);
        let message = format!("{who} wrote {dropped} bytes more than the output limit of {limit} per stream");
        return verdict(Outcome::OutputExceeded, message);
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

/// Bytes as a person says them, exact where they are a whole number of a unit.
fn bytes(amount: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    UNITS
        .iter()
        .find(|(size, _)| amount >= *size && amount.is_multiple_of(*size))
        .map_or_else(|| format!("{amount} bytes"), |(size, unit)| format!("{} {unit}", amount / size))
}

/// The name of a Linux signal, as signal(7) has it.
fn signal_name(signal: i32) -> String {
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
    let name = usize::try_from(signal - 1).ok().and_then(|index| NAMES.get(index));
    name.map_or_else(|| format!("signal {signal}"), |name| format!("{name} (signal {signal})"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{StageOutput, Usage};

    fn limits() -> Limits {
        Limits {
            wall_time: Duration::from_secs(10),
            cpu_time: Duration::from_secs(5),
            compile_time: Duration::from_secs(30),
            memory_bytes: 512 << 20,
            output_bytes: 1 << 20,
            disk_bytes: 1 << 20,
            processes: 64,
        }
    }

    fn stage(exit: Exit, killed: Option<KillCause>, memory_kills: u64, dropped: u64) -> StageReport {
        let evidence =
            StageEvidence { exit, killed, memory_kills, dropped: [dropped, 0], usage: Usage::default() };
        StageReport { evidence, output: StageOutput::default() }
    }

    fn run(exit: Exit, killed: Option<KillCause>, memory_kills: u64, dropped: u64) -> (Outcome, String) {
        let verdict = judge(None, Some(&stage(exit, killed, memory_kills, dropped)), &limits());
        (verdict.outcome, verdict.message)
    }

    #[test]
    fn a_kill_that_the_program_sent_itself_is_not_taken_for_a_limit() {
        let (outcome, message) = run(Exit::Signal(9), None, 0, 0);
        assert_eq!(outcome, Outcome::Signaled);
        assert_eq!(message, "the program was ended by SIGKILL (signal 9)");
    }

    #[test]
    fn the_kernels_counter_comes_before_everything_else() {
        let (outcome, message) = run(Exit::Signal(9), Some(KillCause::WallTime), 1, 5);
        assert_eq!(outcome, Outcome::MemoryExceeded);
        assert_eq!(message, "the program was killed after using 512 MiB, the memory limit");
    }

    #[test]
    fn output_over_the_limit_is_told_even_where_the_program_ended_well() {
        assert_eq!(run(Exit::Code(0), None, 0, 7).0, Outcome::OutputExceeded);
        assert_eq!(run(Exit::Signal(9), Some(KillCause::Output), 0, 7).0, Outcome::OutputExceeded);
        assert_eq!(run(Exit::Signal(9), Some(KillCause::CpuTime), 0, 7).0, Outcome::CpuTimeExceeded);
    }

    #[test]
    fn a_compiler_that_breaks_a_limit_gets_the_limits_outcome() {
        let refused = judge(Some(&stage(Exit::Code(1), None, 0, 9)), None, &limits());
        assert_eq!(refused.outcome, Outcome::CompileFailed);
        let slow = judge(Some(&stage(Exit::Signal(9), Some(KillCause::WallTime), 0, 0)), None, &limits());
        assert_eq!(slow.outcome, Outcome::WallTimeExceeded);
        assert_eq!(slow.message, "the compiler was killed after 30s, the compile time limit");
    }
}
