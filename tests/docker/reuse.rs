//! What a program leaves behind, and that the next one in its container sees nothing of it.

use std::collections::BTreeSet;
use std::path::Path;

use kiln::proto::pool_client::PoolClient;
use kiln::proto::{ExecuteRequest, ExecuteResponse, GetPoolRequest, Isolation, LanguagePool};

use crate::support::daemon::{Daemon, program};

/// Each program here leaves something; `probe.py` shows all that a program can see of another.
const LEAKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/leaks");

/// What is not undone is found by the proof, and costs the container: counters of the loopback interface cannot be set
/// back, and attributes of the workspace itself are not worth the trouble.
const NOT_UNDONE: [&str; 3] =
    ["a_datagram_to_itself", "a_loopback_connection", "attributes_of_the_workspace"];

/// What may take longer to remove than a reset may last, and then costs the container.
const MAY_TAKE_LONG: [&str; 2] = ["all_inodes", "six_thousand_levels"];

/// One container at a time, so that a program that leaves something is followed by its successor.
const ONE: [(&str, &str); 2] =
    [("KILN__LANGUAGES__POOLS__PYTHON__MIN", "1"), ("KILN__LANGUAGES__POOLS__PYTHON__MAX", "1")];

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(LEAKS).join(name)).unwrap()
}

async fn run(daemon: &Daemon, code: &str, isolation: Isolation) -> ExecuteResponse {
    let request = ExecuteRequest { isolation: isolation.into(), ..program("python", code) };
    daemon.execute(request).await.unwrap_or_else(|status| panic!("{status}\n{}", daemon.log()))
}

/// What the probe sees, and in which container.
async fn probe(daemon: &Daemon, isolation: Isolation) -> (String, String) {
    let reply = run(daemon, &read("probe.py"), isolation).await;
    let run = reply.run.unwrap();
    assert_eq!(run.exit_code, 0, "{}", String::from_utf8_lossy(&run.stderr));
    (String::from_utf8(run.stdout).unwrap(), reply.placement.unwrap().container_id)
}

async fn pool(daemon: &Daemon) -> LanguagePool {
    let mut pools = PoolClient::new(daemon.channel().await);
    pools.get_pool(GetPoolRequest::default()).await.unwrap().into_inner().pools.remove(0)
}

#[tokio::test]
async fn the_next_program_sees_nothing_of_what_another_left() {
    let daemon = Daemon::start_with(&["python"], &ONE).await;
    let (fresh, _) = probe(&daemon, Isolation::OneShot).await;
    let (mut reset, mut destroyed) = (0, BTreeSet::new());
    let mut names: Vec<String> = std::fs::read_dir(LEAKS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name != "probe.py");
    names.sort();
    for name in &names {
        let left = run(&daemon, &read(name), Isolation::Tenant).await;
        let told = left.run.as_ref().map(|run| String::from_utf8_lossy(&run.stderr).into_owned());
        assert!(!told.as_ref().is_some_and(|told| told.contains("Traceback")), "{name} fails: {told:?}");
        let (seen, container) = probe(&daemon, Isolation::Tenant).await;
        assert_eq!(seen, fresh, "{name} shows");
        if container == left.placement.unwrap().container_id {
            reset += 1;
            println!("{name:40} reset");
        } else {
            println!("{name:40} destroyed: {}", pool(&daemon).await.last_unclean);
            destroyed.insert(name.trim_end_matches(".py").to_owned());
        }
    }
    println!(
        "{} programs left something: {reset} containers reset, {} destroyed",
        names.len(),
        destroyed.len()
    );
    destroyed.retain(|name| !MAY_TAKE_LONG.contains(&name.as_str()));
    let expected = BTreeSet::from(NOT_UNDONE.map(str::to_owned));
    assert_eq!(destroyed, expected, "other containers than expected could not be proven clean");
    daemon.stop();
}
