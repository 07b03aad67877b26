//! What breaks in the middle of its work: a daemon leaves nothing that its successor does not remove, a container is told of.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kiln::proto::Outcome;
use tonic::Code;

use crate::streams::Call;
use crate::support::daemon::{Daemon, docker, left, program};

const EXECUTIONS: u32 = 500;
const CONCURRENCY: u32 = 16;
/// A loaded engine takes a second or two for each container.
const REAPED_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

/// Programs of several kinds, each with what it prints for a number that no other execution has.
fn mixed(number: u32) -> (&'static str, String, String) {
    match number % 5 {
        0 | 1 => ("python", format!("print({number} * 2)"), format!("{}\n", number * 2)),
        2 | 3 => ("javascript", format!("console.log({number} * 2)"), format!("{}\n", number * 2)),
        _ => (
            "python",
            format!(
                "import subprocess\nprint(subprocess.run(['echo', '{number}'], capture_output=True).stdout)"
            ),
            format!("b'{number}\\n'\n"),
        ),
    }
}

#[tokio::test]
async fn five_hundred_executions_and_a_sigkill_in_the_middle() {
    let languages = ["python", "javascript"];
    let instance = format!("kiln-test-{}", uuid::Uuid::new_v4().simple());
    let first = Daemon::launch(&instance, &languages, &[]);
    first.warm(&languages).await;
    let (next, right, lost) =
        (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let work = |client: kiln::proto::executor_client::ExecutorClient<tonic::transport::Channel>,
                until: u32| {
        let (next, right, lost) = (Arc::clone(&next), Arc::clone(&right), Arc::clone(&lost));
        async move {
            let mut client = client;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= until {
                    return;
                }
                let (language, code, expected) = mixed(number);
                match client.execute(program(language, &code)).await {
                    Ok(reply) => {
                        let reply = reply.into_inner();
                        assert_eq!(reply.outcome(), Outcome::Succeeded, "{}", reply.message);
                        let said = String::from_utf8(reply.run.unwrap().stdout).unwrap();
                        assert_eq!(said, expected, "a wrong reply to {code}");
                        right.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(_) => {
                        lost.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    };

    let client = first.client().await;
    let workers: Vec<_> = (0..CONCURRENCY).map(|_| tokio::spawn(work(client.clone(), EXECUTIONS))).collect();
    while right.load(Ordering::Relaxed) < EXECUTIONS / 2 {
        tokio::time::sleep(POLL).await;
    }
    let before: BTreeSet<String> = left(&instance).into_iter().collect();
    assert!(!before.is_empty());
    first.kill();
    // Whoever waited for a reply is told that there is none.
    for worker in workers {
        worker.await.unwrap();
    }
    let (answered, unanswered) = (right.load(Ordering::Relaxed), lost.load(Ordering::Relaxed));
    assert_eq!(answered + unanswered, EXECUTIONS, "an execution was neither answered nor refused");

    let second = Daemon::launch(&instance, &languages, &[]);
    second.warm(&languages).await;
    next.store(0, Ordering::Relaxed);
    right.store(0, Ordering::Relaxed);
    let client = second.client().await;
    join_all((0..CONCURRENCY).map(|_| work(client.clone(), EXECUTIONS / 2))).await;
    assert_eq!(right.load(Ordering::Relaxed), EXECUTIONS / 2);
    // It removes what the first left beside its work, and must be through without being asked.
    let deadline = Instant::now() + REAPED_WITHIN;
    let kept = || -> Vec<String> { left(&instance).into_iter().filter(|id| before.contains(id)).collect() };
    while !kept().is_empty() {
        assert!(Instant::now() < deadline, "of the killed daemon: {:?}", kept());
        tokio::time::sleep(POLL).await;
    }
    second.stop();
    assert_eq!(agents_of(&before), Vec::<String>::new(), "processes of the killed daemon live on");
}

#[tokio::test]
async fn how_a_container_was_lost_is_told() {
    let daemon = Daemon::start(&["python"]).await;
    let request = program("python", "print('runs', flush=True)\nimport time\ntime.sleep(60)");
    let mut call = Call::start(&daemon, request).await;
    call.until("runs").await;
    let all = docker(&["ps", "-q", "--filter", &format!("label=kiln.instance={}", daemon.instance)]);
    let kill: Vec<_> = ["kill", "--signal", "TERM"].into_iter().chain(all.split_whitespace()).collect();
    docker(&kill);
    let status = call.end().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    // The kernel ends the agent with PID 1, which does as it is told.
    assert!(
        status.message().ends_with("its exit code was 137, its container has ended with 0"),
        "{}",
        status.message()
    );
    let reply = daemon.run("python", "print('on it goes')").await;
    assert_eq!(reply.run.unwrap().stdout, b"on it goes\n");
    daemon.stop();
}

/// Processes on this machine whose cgroup is one of these containers'.
fn agents_of(containers: &BTreeSet<String>) -> Vec<String> {
    let of_container = |text: &str| containers.iter().any(|id| text.contains(id.as_str()));
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| entry.path().join("cgroup"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .filter(|text| of_container(text))
        .collect()
}
