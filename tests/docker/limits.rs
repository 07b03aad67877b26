//! Every outcome from its evidence, and what was written before a limit tripped.

pub(crate) mod bounds;
mod outcomes;
mod programs;

use std::time::{Duration, Instant};

use kiln::proto::{ExecuteRequest, ExecuteResponse, Limits, Outcome};

use crate::support::daemon::{Daemon, program, stdout};
use crate::support::time_factor;

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

/// A limit that a program must reach first by what it does: more where the suite runs on a slow machine.
fn seconds_of_work(work: i64) -> Option<prost_types::Duration> {
    seconds(work * time_factor())
}

async fn limited(daemon: &Daemon, code: &str, limits: Limits) -> ExecuteResponse {
    let request = ExecuteRequest { limits: Some(limits), ..program("python", code) };
    daemon.execute(request).await.unwrap()
}

#[tokio::test]
async fn each_limit_has_its_outcome_and_keeps_what_was_written() {
    let daemon = Daemon::start(&["python"]).await;

    let begun = Instant::now();
    let limits = Limits { wall_time: seconds(1), ..Default::default() };
    let reply = limited(&daemon, "import time\nprint('before', flush=True)\ntime.sleep(1000)", limits).await;
    assert_eq!(reply.outcome(), Outcome::WallTimeExceeded);
    assert_eq!(reply.message, "the program was killed after 1s, the wall time limit");
    assert_eq!(stdout(&reply), "before\n");
    assert!(begun.elapsed() < Duration::from_secs(30));

    let limits = Limits { cpu_time: seconds(1), ..Default::default() };
    let reply = limited(&daemon, "print('before', flush=True)\nwhile True: pass", limits).await;
    assert_eq!(reply.outcome(), Outcome::CpuTimeExceeded, "{}", reply.message);
    assert_eq!(stdout(&reply), "before\n");

    let limits = Limits { memory_bytes: 64 << 20, ..Default::default() };
    let reply = limited(&daemon, "print('before', flush=True)\nx = b'x' * (500 << 20)", limits).await;
    assert_eq!(reply.outcome(), Outcome::MemoryExceeded, "{}", reply.message);
    assert_eq!(reply.message, "the program was killed after using 64 MiB, the memory limit");
    assert_eq!(stdout(&reply), "before\n");

    let limits = Limits { output_bytes: 10, ..Default::default() };
    let reply = limited(&daemon, "print('0123456789abc')", limits).await;
    assert_eq!(reply.outcome(), Outcome::OutputExceeded, "{}", reply.message);
    assert_eq!(stdout(&reply), "0123456789");
    assert!(reply.run.unwrap().stdout_truncated);
    daemon.stop();
}

#[tokio::test]
async fn what_a_program_does_to_itself_is_not_taken_for_a_limit() {
    let daemon = Daemon::start(&["python"]).await;
    for (code, outcome, exit_code, signal) in [
        ("import os; os.kill(os.getpid(), 9)", Outcome::Signaled, 0, 9),
        ("import os; os.abort()", Outcome::Signaled, 0, 6),
        ("raise SystemExit(137)", Outcome::NonzeroExit, 137, 0),
        ("raise SystemExit(0)", Outcome::Succeeded, 0, 0),
        ("x = [1] * (1 << 60)", Outcome::NonzeroExit, 1, 0),
    ] {
        let reply = daemon.run("python", code).await;
        let run = reply.run.as_ref().unwrap();
        assert_eq!(
            (reply.outcome(), run.exit_code, run.signal),
            (outcome, exit_code, signal),
            "{code}: {}",
            reply.message
        );
    }
    daemon.stop();
}

#[tokio::test]
async fn memory_beyond_the_default_can_be_asked_for() {
    let daemon = Daemon::start(&["python"]).await;
    let limits = Limits { memory_bytes: 1 << 30, ..Default::default() };
    let reply = limited(&daemon, "x = b'x' * (700 << 20); print(len(x))", limits).await;
    assert_eq!(stdout(&reply), format!("{}\n", 700 << 20), "{}", reply.message);
    daemon.stop();
}

#[tokio::test]
async fn bombs_end_at_their_limits_and_the_daemon_goes_on() {
    let daemon = Daemon::start(&["python", "cpp"]).await;
    let soon = Limits { wall_time: seconds(2), ..Default::default() };
    for code in [
        "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
        "import os\nos.setsid() if os.fork() else None\nwhile True: pass",
        "import signal\nfor s in range(1, 65):\n  try: signal.signal(s, signal.SIG_IGN)\n  except Exception: pass\nwhile True: pass",
        "import sys\nwhile True: sys.stdout.write('x' * 65536)",
        "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * 65536)",
    ] {
        let reply = limited(&daemon, code, soon).await;
        assert_ne!(reply.outcome(), Outcome::Succeeded, "{code}: {}", reply.message);
    }
    let request = ExecuteRequest {
        limits: Some(Limits { compile_time: seconds(2), ..Default::default() }),
        ..program("cpp", "#include </dev/random>\nint main() {}")
    };
    let reply = daemon.execute(request).await.unwrap();
    assert_ne!(reply.outcome(), Outcome::Succeeded, "{}", reply.message);
    assert_eq!(daemon.run("python", "print('still here')").await.outcome(), Outcome::Succeeded);
    daemon.stop();
}
