//! Limits under attack, their time, and what they cost the daemon.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kiln::proto::{ExecuteRequest, ExecuteResponse, Limits, ListLanguagesRequest, Outcome};
use tonic::Code;

use super::{limited, seconds, seconds_of_work, stdout};
use crate::support::daemon::{Daemon, program};

/// Of a limit of a second, over eight programs at once on two CPUs. What is promised is 50 ms and 250 ms on an idle machine; this
/// one does much else.
const OVERRUN_MEDIAN_MAX: Duration = Duration::from_millis(250);
const OVERRUN_MAX: Duration = Duration::from_millis(1_500);
/// How much the daemon may grow by a program that writes a GiB.
const GROWTH_BYTES_MAX: u64 = 8 << 20;

fn time(time: Option<prost_types::Duration>) -> Duration {
    time.and_then(|time| time.try_into().ok()).unwrap_or_default()
}

#[tokio::test]
async fn bounds_of_a_process_are_those_of_its_request() {
    let daemon = Daemon::start(&["python"]).await;
    let code = "import resource\n\
        for name in ('NOFILE', 'NPROC', 'FSIZE', 'STACK', 'CORE'): print(*resource.getrlimit(getattr(resource, 'RLIMIT_' + name)))\n";
    let reply = daemon.run("python", code).await;
    assert_eq!(
        stdout(&reply),
        "1024 1024\n256 256\n268435456 268435456\n8388608 -1\n0 0\n",
        "{}",
        reply.message
    );
    let limits = Limits {
        open_files: 100,
        processes: 50,
        file_bytes: 1 << 20,
        stack_bytes: 1 << 20,
        ..Default::default()
    };
    let reply = limited(&daemon, code, limits).await;
    assert_eq!(stdout(&reply), "100 100\n50 50\n1048576 1048576\n1048576 1048576\n0 0\n");
    for (field, limits) in [
        ("limits.inodes", Limits { inodes: 1 << 20, ..Default::default() }),
        ("limits.open_files", Limits { open_files: 2_000, ..Default::default() }),
        ("limits.open_files", Limits { open_files: 3, ..Default::default() }),
        ("limits.file_bytes", Limits { file_bytes: 1 << 40, ..Default::default() }),
        ("limits.stack_bytes", Limits { stack_bytes: 1 << 40, ..Default::default() }),
        ("limits.stack_bytes", Limits { stack_bytes: 1, ..Default::default() }),
    ] {
        let request = ExecuteRequest { limits: Some(limits), ..program("python", "pass") };
        let status = daemon.execute(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(field), "{field}: {}", status.message());
    }
    daemon.stop();
}

/// Tries to start twenty threads, and says how many there are.
const TWENTY_THREADS: &str = "\
use std::{thread, time::Duration};
fn main() {
    let threads: Vec<_> = (0..20).map(|_| thread::Builder::new().spawn(|| thread::sleep(Duration::from_millis(50)))).collect();
    println!(\"{}\", threads.iter().filter(|thread| thread.is_ok()).count());
}";

#[tokio::test]
async fn what_waits_does_not_count_as_a_programs_processes() {
    let one = [("KILN__LANGUAGES__POOLS__RUST__MIN", "1"), ("KILN__LANGUAGES__POOLS__RUST__MAX", "1")];
    let daemon = Daemon::start_with(&["rust"], &one).await;
    // Compiled once and then kept: a compiler waits beside it when the container has rested.
    for _ in 0..3 {
        let limits = Some(Limits { processes: 8, ..Default::default() });
        let request = ExecuteRequest { limits, ..program("rust", TWENTY_THREADS) };
        let reply = daemon.execute(request).await.unwrap();
        assert_eq!(stdout(&reply), "7\n", "{}", reply.message);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    daemon.stop();
}

#[tokio::test]
async fn memory_that_the_waiting_interpreter_needs_cannot_be_taken_from_it() {
    let daemon = Daemon::start(&["python-data"]).await;
    let list = daemon.client().await.list_languages(ListLanguagesRequest {}).await.unwrap().into_inner();
    let least = list.languages[0].min_memory_bytes;
    let request = |memory_bytes| ExecuteRequest {
        limits: Some(Limits { memory_bytes, ..Default::default() }),
        ..program("python-data", "print('ran')")
    };
    let reply = daemon.execute(request(least)).await.unwrap();
    assert_eq!(stdout(&reply), "ran\n", "{}", reply.message);
    let status = daemon.execute(request(least - 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    daemon.stop();
}

#[tokio::test]
async fn memory_is_told_whatever_a_program_does_about_being_killed_for_it() {
    let daemon = Daemon::start(&["python"]).await;
    let lowered = "import os, time\nopen('/proc/self/oom_score_adj', 'w').write('0')\n";
    let children = "for _ in range(200):\n    if os.fork() == 0:\n        x = b'x' * (3 << 20)\n        time.sleep(20)\n        os._exit(0)\ntime.sleep(20)";
    let files = "os.execv('/bin/sh', ['sh', '-c', 'for i in 1 2 3 4 5; do head -c 30000000 /dev/zero > /tmp/x$i & done; wait; sleep 20'])";
    let limits = Limits { memory_bytes: 64 << 20, wall_time: seconds_of_work(5), ..Default::default() };
    for attack in [children, files] {
        let reply = limited(&daemon, &format!("{lowered}{attack}"), limits).await;
        assert_eq!(reply.outcome(), Outcome::MemoryExceeded, "{attack}: {}", reply.message);
        assert!(reply.message.contains("64 MiB, the memory limit"), "{}", reply.message);
    }
    // Nothing of that is told of those who come after, wherever they run.
    for _ in 0..8 {
        let reply = limited(&daemon, "import os; os.kill(os.getpid(), 9)", limits).await;
        assert_eq!(reply.outcome(), Outcome::Signaled, "{}", reply.message);
    }
    daemon.stop();
}

/// On x86-64, becomes a program of two pages, which fills what it may write to: whatever the kernel kills for memory, it is not this one.
const SMALLEST: &str = r"
import os, struct
# The agent's, which it may not go below; with some runtimes it is one that this process may not have.
wanted = open(f'/proc/{os.getppid()}/oom_score_adj').read()
try:
    with open('/proc/self/oom_score_adj', 'w') as score:
        score.write(wanted)
    print('level', flush=True)
except PermissionError:
    print('above', flush=True)
# fd = open('/tmp/x', O_CREAT | O_WRONLY, 0644); while (write(fd, code, 128) > 0); for (;;) pause();
code = bytes.fromhex(
    '488d3d30000000be41000000baa40100006a02580f0589c389df488d3500000000ba80000000'
    '6a01580f054885c07fe86a22580f05ebf92f746d702f7800')
base, size = 0x400000, 120 + len(code)
header = struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, base + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
load = struct.pack('<IIQQQQQQ', 1, 5, 0, base, base, size, size, 4096)
with open('smallest', 'wb') as file:
    file.write(b'\x7fELF\2\1\1' + bytes(9) + header + load + code)
os.chmod('smallest', 0o755)
os.execv('smallest', ['smallest'])
";

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn memory_is_told_where_it_cost_the_agent_its_life() {
    memory_costs_the_agent_its_life(&[]).await;
}

/// With a daemon of such settings.
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "its program is x86-64 code"))]
pub(crate) async fn memory_costs_the_agent_its_life(settings: &[(&str, &str)]) {
    let daemon = Daemon::start_with(&["python"], settings).await;
    let limits = Limits { memory_bytes: 64 << 20, wall_time: seconds_of_work(20), ..Default::default() };
    let reply = limited(&daemon, SMALLEST, limits).await;
    assert_eq!(reply.outcome(), Outcome::MemoryExceeded, "{}", reply.message);
    let is_cut_off = reply.hints.iter().any(|hint| hint.contains("what watches over the program"));
    assert_eq!(stdout(&reply), if is_cut_off { "level\n" } else { "above\n" }, "{:?}", reply.hints);
    let usage = reply.run.and_then(|run| run.usage).unwrap();
    assert!(time(usage.wall_time) > Duration::ZERO, "{usage:?}");
    assert_eq!(usage.cpu_time.is_none(), is_cut_off, "{usage:?}");
    assert!(!is_cut_off || usage.peak_memory_bytes == limits.memory_bytes, "{usage:?}");
    assert_eq!(stdout(&daemon.run("python", "print('on it goes')").await), "on it goes\n");
    daemon.stop();
}

#[tokio::test]
async fn what_an_earlier_program_was_killed_for_is_not_counted_again() {
    let settings = [("KILN__LANGUAGES__POOLS__CPP__MIN", "1"), ("KILN__LANGUAGES__POOLS__CPP__MAX", "1")];
    let daemon = Daemon::start_with(&["cpp"], &settings).await;
    let run = async |code: &str| {
        let limits = Limits { memory_bytes: 256 << 20, ..Default::default() };
        daemon.execute(ExecuteRequest { limits: Some(limits), ..program("cpp", code) }).await.unwrap()
    };
    let fill = "#include <cstdlib>\n#include <cstring>\nint main() { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }";
    let before = run(fill).await;
    assert_eq!(before.outcome(), Outcome::MemoryExceeded, "{}", before.message);
    let after = run("#include <csignal>\nint main() { raise(SIGKILL); }").await;
    let container = |reply: &ExecuteResponse| reply.placement.clone().unwrap().container_id;
    assert_eq!(container(&after), container(&before), "it was proven clean and serves again");
    assert_eq!(after.outcome(), Outcome::Signaled, "{}", after.message);
    assert_eq!(after.run.unwrap().evidence.unwrap().memory_kills, 0);
    daemon.stop();
}

#[tokio::test]
async fn files_that_are_there_at_the_end_count_as_much_as_those_that_were_seen() {
    let daemon = Daemon::start(&["python"]).await;
    let limits = Limits { disk_bytes: 4 << 20, ..Default::default() };
    for directory in ["/workspace", "/build", "/tmp", "/dev/shm"] {
        let code = format!("open('{directory}/a', 'wb').write(b'x' * (5 << 20))");
        let reply = limited(&daemon, &code, limits).await;
        assert_eq!(reply.outcome(), Outcome::DiskExceeded, "{directory}: {}", reply.message);
        // What went before does not count, nor does what is gone again.
        let code = format!(
            "import os\nfor _ in range(9):\n    open('{directory}/a', 'wb').write(b'x' * (3 << 20))\n    os.unlink('{directory}/a')"
        );
        let reply = limited(&daemon, &code, limits).await;
        assert_eq!(reply.outcome(), Outcome::Succeeded, "{directory}: {}", reply.message);
    }
    daemon.stop();
}

#[tokio::test]
async fn eight_at_once_are_dead_soon_after_their_wall_time() {
    const PROGRAMS: usize = 8;
    let daemon = Daemon::start(&["python"]).await;
    let limits = Limits { wall_time: seconds(1), cpu_time: seconds(30), ..Default::default() };
    let mut overruns = Vec::new();
    for code in ["while True: pass", "import time; time.sleep(100)", "import os; os.fork()\nwhile True: pass"]
    {
        let replies = join_all((0..PROGRAMS).map(|_| limited(&daemon, code, limits))).await;
        for reply in replies {
            assert_eq!(reply.outcome(), Outcome::WallTimeExceeded, "{}", reply.message);
            let wall = time(reply.run.and_then(|run| run.usage).and_then(|usage| usage.wall_time));
            overruns.push(wall.saturating_sub(Duration::from_secs(1)));
        }
    }
    daemon.stop();
    overruns.sort_unstable();
    let (median, worst) = (overruns[overruns.len() / 2], overruns[overruns.len() - 1]);
    println!("from the limit to the program's death: median {median:?}, worst {worst:?}");
    assert!(median < OVERRUN_MEDIAN_MAX, "{overruns:?}");
    assert!(worst < OVERRUN_MAX, "{overruns:?}");
}

#[tokio::test]
async fn a_gibibyte_of_output_costs_the_daemon_neither_time_nor_memory() {
    let daemon = Daemon::start(&["python"]).await;
    let code = "import os\npiece = b'x' * (1 << 20)\nfor _ in range(1024):\n    left = memoryview(piece)\n    while left: left = left[os.write(1, left):]\n";
    let limits = Limits { output_bytes: 1 << 20, ..Default::default() };
    // Once before, so that what the first large reply leaves behind is not taken for growth.
    limited(&daemon, code, limits).await;
    let before = daemon.resident_bytes();
    let begun = Instant::now();
    let reply = limited(&daemon, code, limits).await;
    let took = begun.elapsed();
    let grown = daemon.resident_bytes().saturating_sub(before);
    assert_eq!(reply.outcome(), Outcome::OutputExceeded, "{}", reply.message);
    assert_eq!(stdout(&reply).len(), 1 << 20);
    let run = reply.run.unwrap();
    let late = took.saturating_sub(time(run.usage.and_then(|usage| usage.wall_time)));
    println!(
        "{} bytes read and dropped, the reply {late:?} after start and end of the program, {grown} bytes more of memory",
        run.evidence.unwrap().stdout_dropped_bytes
    );
    assert!(late < Duration::from_secs(1), "{late:?}");
    assert!(grown < GROWTH_BYTES_MAX, "{grown}");
    daemon.stop();
}

#[tokio::test]
async fn a_wall_time_that_is_not_set_is_estimated_and_the_reply_says_why() {
    const RUNS: usize = 20;
    let daemon = Daemon::start_with(&["python"], &[("KILN__LIMITS__WALL_TIME_SECONDS", "100")]).await;
    let estimate = async |code: &str, limits: Limits| {
        let reply = limited(&daemon, code, limits).await;
        (reply.estimate.map(|given| (time(given.wall_time).as_secs(), given.rules)), reply.hints)
    };
    let none = Limits::default();
    assert_eq!(estimate("print(1)", none).await.0, Some((60, vec![])));
    let plot = "try: import seaborn\nexcept ImportError: pass";
    assert_eq!(estimate(plot, none).await.0, Some((75, vec!["plotting: 15 s".to_owned()])));
    let (learn, _) = estimate("# sklearn", none).await;
    assert_eq!(learn, Some((100, vec!["machine learning: 45 s".to_owned()])), "the ceiling holds");
    assert_eq!(estimate(plot, Limits { wall_time: seconds(9), ..none }).await.0, None);

    let told = |hints: &[String]| hints.iter().any(|hint| hint.contains("programs like this one"));
    for run in 2..RUNS {
        let (_, hints) = estimate(plot, none).await;
        assert!(!told(&hints), "{run}: {hints:?}");
    }
    let (_, hints) = estimate(plot, none).await;
    assert!(told(&hints), "{hints:?}");
    daemon.stop();
}
