//! What users of other systems of this kind complain about, where no other test shows it: see docs/complaints.md.

use std::collections::BTreeSet;
use std::time::SystemTime;

use futures_util::future::join_all;
use kiln::proto::pool_client::PoolClient;
use kiln::proto::{ExecuteRequest, GetPoolRequest, Isolation, Outcome};

use crate::support::daemon::{Daemon, docker, program};

/// One container, so that each program comes after the last one where it may.
const ONE: [(&str, &str); 2] =
    [("KILN__LANGUAGES__POOLS__PYTHON__MIN", "1"), ("KILN__LANGUAGES__POOLS__PYTHON__MAX", "1")];

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

async fn said(daemon: &Daemon, language: &str, code: &str) -> String {
    let reply = daemon.run(language, code).await;
    assert_eq!(reply.outcome(), Outcome::Succeeded, "{language}: {}", reply.message);
    String::from_utf8(reply.run.unwrap().stdout).unwrap()
}

#[tokio::test]
async fn a_container_that_served_programs_with_zombies_has_none() {
    let daemon = Daemon::start_with(&["python"], &ONE).await;
    // Some are left to PID 1 as zombies, and some are the program's own when it ends.
    let leave = "import os, time\nfor _ in range(50):\n    if os.fork() == 0:\n        if os.fork() == 0: os._exit(0)\n        \
                 os._exit(0)\ntime.sleep(0.1)\n\
                 states = [open(f'/proc/{p}/stat').read().rsplit(')', 1)[1].split()[0] for p in os.listdir('/proc') if p.isdigit()]\n\
                 print(states.count('Z') >= 50)";
    let count = "import os\nstates = [open(f'/proc/{p}/stat').read().rsplit(')', 1)[1].split()[0] for p in os.listdir('/proc') if p.isdigit()]\n\
                 print(states.count('Z'))";
    let mut places = BTreeSet::new();
    for _ in 0..3 {
        assert_eq!(said(&daemon, "python", leave).await, "True\n", "the program left no zombies");
        let reply = daemon.run("python", count).await;
        assert_eq!(reply.run.unwrap().stdout, b"0\n");
        places.insert(reply.placement.unwrap().container_id);
    }
    assert_eq!(places.len(), 1, "another container would have none in any case");
    daemon.stop();
}

#[tokio::test]
async fn a_container_that_died_while_it_waited_is_not_handed_out() {
    let daemon = Daemon::start_with(&["python"], &ONE).await;
    let mut pools = PoolClient::new(daemon.channel().await);
    for _ in 0..3 {
        // It has served, was proven clean, and waits again.
        assert_eq!(said(&daemon, "python", "print(1)").await, "1\n");
        while pools.get_pool(GetPoolRequest::default()).await.unwrap().into_inner().pools[0].warm == 0 {
            tokio::task::yield_now().await;
        }
        let label = format!("label=kiln.instance={}", daemon.instance);
        let dead = docker(&["ps", "-q", "--no-trunc", "--filter", &label]).trim().to_owned();
        // Behind the daemon's back, and the next program at once: no probe has had the time to look at the container.
        docker(&["kill", &dead]);
        let reply = daemon.run("python", "print(2)").await;
        assert_eq!(
            (reply.outcome(), reply.run.unwrap().stdout.as_slice()),
            (Outcome::Succeeded, &b"2\n"[..])
        );
        assert_ne!(reply.placement.unwrap().container_id, dead);
    }
    daemon.stop();
}

#[tokio::test]
async fn every_byte_comes_back_as_it_was_written() {
    let daemon = Daemon::start(&["python"]).await;
    let code =
        "import sys\nfor stream in (sys.stdout, sys.stderr): stream.buffer.write(bytes(range(256)) * 3)";
    let run = daemon.run("python", code).await.run.unwrap();
    let all: Vec<u8> = (0..=255).collect::<Vec<u8>>().repeat(3);
    assert_eq!(run.stdout, all);
    assert_eq!(run.stderr, all);
    daemon.stop();
}

#[tokio::test]
async fn memory_is_bounded_by_what_is_used_and_not_by_addresses() {
    let daemon = Daemon::start(&["python", "javascript", "java"]).await;
    // Sixteen times the memory limit, reserved and not touched, as Node's and Java's heaps are.
    let reserve = "import mmap, resource\nm = mmap.mmap(-1, 8 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)\n\
                   print(len(m) >> 30, resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY)";
    assert_eq!(said(&daemon, "python", reserve).await, "8 True\n");
    let script = "console.log(new WebAssembly.Memory({ initial: 1, maximum: 65536 }).buffer.byteLength)";
    assert_eq!(said(&daemon, "javascript", script).await, "65536\n");
    let class = "public class Main { public static void main(String[] a) { System.out.println(2); } }";
    assert_eq!(said(&daemon, "java", class).await, "2\n");
    daemon.stop();
}

#[tokio::test]
async fn many_executions_at_once_all_end_well_over_one_exec_for_each_container() {
    const AT_ONCE: usize = 64;
    let begun = seconds_since_1970() - 1;
    let daemon = Daemon::start(&["python"]).await;
    let codes: Vec<_> = (0..AT_ONCE).map(|number| format!("print({number})")).collect();
    for _ in 0..3 {
        let replies = join_all(codes.iter().map(|code| daemon.run("python", code))).await;
        for (number, reply) in replies.into_iter().enumerate() {
            assert_eq!(reply.outcome(), Outcome::Succeeded, "{}", reply.message);
            assert_eq!(String::from_utf8_lossy(&reply.run.unwrap().stdout), format!("{number}\n"));
        }
    }
    // What the engine remembers of its own doing, executions that have ended included.
    let until = seconds_since_1970() + 1;
    let label = format!("label=kiln.instance={}", daemon.instance);
    let count = |event: &str| {
        let (since, until, event) = (begun.to_string(), until.to_string(), format!("event={event}"));
        let seen =
            docker(&["events", "--since", &since, "--until", &until, "--filter", &label, "--filter", &event]);
        seen.lines().count()
    };
    let (created, execs) = (count("create"), count("exec_create"));
    assert!(
        created > 0 && execs > 0 && execs <= created,
        "{execs} execs in {created} containers for {} executions",
        3 * AT_ONCE
    );
    assert!(created < AT_ONCE, "{created} containers: the bound of the pool");
    daemon.stop();
}

#[tokio::test]
async fn the_first_go_program_does_not_pay_for_the_standard_library() {
    let settings = [("KILN__CACHE__MIB", "0")];
    let daemon = Daemon::start_with(&["go"], &settings).await;
    let mut times = Vec::new();
    for number in 0..4 {
        let code = format!(
            "package main\nimport (\"encoding/json\"; \"fmt\"; \"net/http\")\nfunc main() {{\n    \
             b, _ := json.Marshal([]int{{{number}}})\n    fmt.Println(string(b), http.StatusOK)\n}}\n"
        );
        let isolation = Isolation::OneShot.into();
        let reply = daemon.execute(ExecuteRequest { isolation, ..program("go", &code) }).await.unwrap();
        assert_eq!(reply.run.unwrap().stdout, format!("[{number}] 200\n").as_bytes(), "{}", reply.message);
        let time = reply.compile.unwrap().usage.unwrap().cpu_time.unwrap();
        times.push(time.seconds as f64 + f64::from(time.nanos) / 1e9);
    }
    // CPU time, so that a busy machine does not count: a wide margin over one compile and one link, and far below the many packages under
    // net/http as well.
    assert!(times.iter().all(|seconds| *seconds < 4.0), "{times:?}");
    daemon.stop();
}
