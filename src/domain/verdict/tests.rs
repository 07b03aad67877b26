//! What follows from which evidence.

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
        inodes: 100,
        file_bytes: 1 << 20,
        processes: 64,
        open_files: 64,
        stack_bytes: 8 << 20,
        stack_bytes_max: u64::MAX,
    }
}

fn stage(exit: Exit, killed: Option<KillCause>, memory_kills: u64, dropped: u64) -> StageReport {
    let evidence = StageEvidence {
        exit,
        killed,
        memory_kills,
        dropped: [dropped, 0],
        stored: Stored::default(),
        usage: Usage::default(),
    };
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
    assert!(message.starts_with("a process was killed at 512 MiB, the memory limit; "), "{message}");
    assert_eq!(
        run(Exit::Signal(9), None, 1, 0).1,
        "the program was killed after using 512 MiB, the memory limit"
    );
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

#[test]
fn a_child_that_the_kernel_killed_is_told_apart_from_the_program_itself() {
    let (outcome, message) = run(Exit::Code(0), None, 1, 0);
    assert_eq!(outcome, Outcome::MemoryExceeded);
    assert_eq!(
        message,
        "a process was killed at 512 MiB, the memory limit; the program itself ended with exit code 0"
    );
    let (_, message) = run(Exit::Signal(9), Some(KillCause::WallTime), 3, 0);
    assert_eq!(
        message,
        "3 processes were killed at 512 MiB, the memory limit; the program was killed after 10s, the wall time limit"
    );
}

#[test]
fn files_over_a_limit_come_after_output_and_before_what_the_program_did() {
    let stored = |exit, killed, stored, dropped| {
        let mut report = stage(exit, killed, 0, dropped);
        report.evidence.stored = stored;
        let verdict = judge(None, Some(&report), &limits());
        (verdict.outcome, verdict.message)
    };
    let (much, many) = (Stored { bytes: (1 << 20) + 4096, inodes: 1 }, Stored { bytes: 1, inodes: 101 });
    assert_eq!(stored(Exit::Code(0), None, much, 1).0, Outcome::OutputExceeded);
    for (exit, killed, files, message) in [
        (
            Exit::Signal(9),
            Some(KillCause::Disk),
            much,
            "the program was killed with files of over 1 MiB, the disk limit",
        ),
        (
            Exit::Code(0),
            None,
            much,
            "the program ended with files of 1052672 bytes, over the disk limit of 1 MiB",
        ),
        (
            Exit::Signal(9),
            Some(KillCause::Inodes),
            many,
            "the program was killed with over 100 files and directories, the limit",
        ),
        (
            Exit::Code(1),
            None,
            many,
            "the program ended with 101 files and directories, over the limit of 100",
        ),
    ] {
        assert_eq!(stored(exit, killed, files, 0), (Outcome::DiskExceeded, message.to_owned()));
    }
    assert_eq!(
        stored(Exit::Code(0), None, Stored { bytes: 1 << 20, inodes: 100 }, 0).0,
        Outcome::Succeeded,
        "a limit may be reached"
    );
}

#[test]
fn a_program_that_was_compiled_and_not_started_has_not_failed() {
    let verdict = judge(Some(&stage(Exit::Code(0), None, 0, 0)), None, &limits());
    assert_eq!(verdict.outcome, Outcome::Cancelled);
}
