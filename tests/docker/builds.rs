//! The same sources are compiled once: by one of many, for one tenant, across a restart, and never with what a program left.

use std::time::{Duration, Instant};

use kiln::language::Catalogue;
use kiln::proto::{ExecuteRequest, ExecuteResponse, Isolation, Outcome};
use tempfile::TempDir;

use crate::support::daemon::{Daemon, docker, program, stdout};

const CPP: &str = "#include <cstdio>\nint main() { std::puts(\"built\"); }\n";
/// Longer than a container rests before its compiler is started again; on a busy machine that takes longer still.
const REST: Duration = Duration::from_millis(200);
const WAITS_WITHIN: Duration = Duration::from_secs(60);
/// One container at a time.
pub(crate) const ONE: [(&str, &str); 2] =
    [("KILN__LANGUAGES__POOLS__CPP__MIN", "1"), ("KILN__LANGUAGES__POOLS__CPP__MAX", "1")];

pub(crate) fn is_cached(reply: &ExecuteResponse) -> bool {
    let cached = reply.placement.as_ref().unwrap().compile_cached;
    assert_eq!(cached, reply.compile.is_none(), "where nothing is compiled there is no such stage");
    cached
}

pub(crate) async fn execute(daemon: &Daemon, request: ExecuteRequest) -> ExecuteResponse {
    daemon.execute(request).await.unwrap_or_else(|status| panic!("{status}\n{}", daemon.log()))
}

/// Runs until the build comes out of the engine's volume, or to an end that a test can see.
pub(crate) async fn until_on_shelf(daemon: &Daemon, language: &str, code: &str) {
    for _ in 0..100 {
        let reply = daemon.run(language, code).await;
        assert!(is_cached(&reply));
        let prefix = "kiln-agent-";
        let volumes =
            docker(&["volume", "ls", "-q", "--filter", &format!("label=kiln.instance={}", daemon.instance)]);
        let volume =
            volumes.lines().find(|name| name.starts_with(prefix)).expect("the agent's volume is there");
        let place = docker(&["volume", "inspect", "--format", "{{.Mountpoint}}", volume]);
        let is_there = std::fs::read_dir(format!("{}/builds", place.trim()));
        if is_there.is_ok_and(|mut builds| builds.next().is_some()) {
            return;
        }
    }
    panic!("the build is not put into the engine:\n{}", daemon.log());
}

#[tokio::test]
async fn every_language_that_compiles_runs_what_it_has_compiled() {
    let catalogue = Catalogue::load(None).unwrap();
    for spec in catalogue.languages().iter().filter(|spec| spec.build_cache.is_some()) {
        let id = spec.id.as_str();
        let daemon = Daemon::start(&[id]).await;
        for smoke in &spec.smoke {
            let first = daemon.run(id, &smoke.code).await;
            assert!(!is_cached(&first), "{id} {}", smoke.name);
            let again = daemon.run(id, &smoke.code).await;
            assert!(is_cached(&again), "{id} {}: {}", smoke.name, daemon.log());
            let one_shot =
                ExecuteRequest { isolation: Isolation::OneShot.into(), ..program(id, &smoke.code) };
            let one_shot = execute(&daemon, one_shot).await;
            assert!(is_cached(&one_shot));
            for reply in [&first, &again, &one_shot] {
                let run = reply.run.as_ref().unwrap();
                assert_eq!(run.stdout, smoke.expected_stdout, "{id} {}: {run:?}", smoke.name);
            }
        }
        until_on_shelf(&daemon, id, &spec.smoke[0].code).await;
        assert_eq!(daemon.run(id, &spec.smoke[0].code).await.outcome, i32::from(Outcome::Succeeded));
        daemon.stop();
    }
}

#[tokio::test]
async fn a_build_is_of_one_tenant_and_of_all_that_its_compiler_sees() {
    let daemon = Daemon::start(&["cpp"]).await;
    assert!(!is_cached(&daemon.run("cpp", CPP).await));
    assert!(is_cached(&daemon.run("cpp", CPP).await));
    let mut other = tonic::Request::new(program("cpp", CPP));
    other.metadata_mut().insert("kiln-tenant", "another".parse().unwrap());
    let other = daemon.client().await.execute(other).await.unwrap().into_inner();
    assert!(!is_cached(&other), "what one tenant compiled is not another's");
    let shared = ExecuteRequest { isolation: Isolation::Shared.into(), ..program("cpp", CPP) };
    assert!(!is_cached(&execute(&daemon, shared.clone()).await), "nor everybody's");
    assert!(is_cached(&execute(&daemon, shared).await));
    let env = ExecuteRequest { env: [("A".into(), "1".into())].into(), ..program("cpp", CPP) };
    assert!(!is_cached(&execute(&daemon, env).await), "a compiler reads its environment");
    let args = ExecuteRequest { args: vec!["x".into()], stdin: b"y".to_vec(), ..program("cpp", CPP) };
    assert!(is_cached(&execute(&daemon, args).await), "arguments and input are the run's own");
    let header = |content: &'static str| kiln::proto::File {
        path: "a.h".into(),
        content: content.into(),
        executable: false,
    };
    let including = "#include <cstdio>\n#include \"a.h\"\nint main() { std::puts(A); }\n";
    for content in ["#define A \"one\"\n", "#define A \"two\"\n"] {
        let request = ExecuteRequest { files: vec![header(content)], ..program("cpp", including) };
        let reply = execute(&daemon, request).await;
        assert!(!is_cached(&reply));
        assert!(content.contains(stdout(&reply).trim()));
    }
    let dated = "#include <cstdio>\nint main() { std::puts(__TIME__); }\n";
    for _ in 0..2 {
        assert!(!is_cached(&daemon.run("cpp", dated).await), "it asks for the time of its compilation");
    }
    let wrong = "int main() { return 0 }\n";
    for _ in 0..2 {
        let reply = daemon.run("cpp", wrong).await;
        assert_eq!(reply.outcome, i32::from(Outcome::CompileFailed), "a failure is told anew");
        assert!(reply.compile.is_some());
    }
    daemon.stop();
}

#[tokio::test]
async fn identical_compilations_at_once_happen_once() {
    let daemon = Daemon::start(&["cpp"]).await;
    let requests = (0..6).map(|_| daemon.run("cpp", CPP));
    let replies = futures_util::future::join_all(requests).await;
    let compiled = replies.iter().filter(|reply| !is_cached(reply)).count();
    assert_eq!(compiled, 1);
    assert!(replies.iter().all(|reply| stdout(reply) == "built\n"));
    daemon.stop();
}

#[tokio::test]
async fn a_program_cannot_change_what_is_kept() {
    let daemon = Daemon::start_with(&["cpp"], &ONE).await;
    // It is its own build, and would like the next run to be something else.
    let code = "#include <cstdio>\n#include <fcntl.h>\n#include <sys/stat.h>\n#include <unistd.h>\n\
        int main() {\n\
            chmod(\"/build/main\", 0777);\n\
            int changed = open(\"/build/main\", O_WRONLY) >= 0 || unlink(\"/build/main\") == 0\n\
                || rename(\"/build/main\", \"/build/other\") == 0 || open(\"/build/new\", O_CREAT | O_WRONLY, 0755) >= 0;\n\
            int sees = open(\"/kiln/builds\", O_RDONLY) >= 0 || access(\"/kiln/builds\", X_OK) == 0;\n\
            std::printf(\"%d %d\\n\", changed, sees);\n\
        }\n";
    for _ in 0..3 {
        assert_eq!(stdout(&daemon.run("cpp", code).await), "0 0\n");
    }
    until_on_shelf(&daemon, "cpp", code).await;
    let reply = daemon.run("cpp", code).await;
    assert_eq!(stdout(&reply), "0 0\n", "nor look at what is kept");
    assert!(is_cached(&reply) && reply.placement.unwrap().container_uses > 3, "all in one container");
    daemon.stop();
}

#[tokio::test]
async fn builds_outlive_the_daemon_and_damaged_ones_are_made_again() {
    let cache = TempDir::new().unwrap();
    let place = cache.path().display().to_string();
    let settings = [("KILN__CACHE__DIRECTORY", place.as_str())];
    let instance = format!("kiln-test-{}", uuid::Uuid::new_v4().simple());
    let launch = async || {
        let daemon = Daemon::launch(&instance, &["cpp"], &settings);
        daemon.warm(&["cpp"]).await;
        daemon
    };
    let daemon = launch().await;
    assert!(!is_cached(&daemon.run("cpp", CPP).await));
    daemon.stop();
    let folder = cache.path().join(&instance).join("builds-1");
    let files =
        || -> Vec<_> { std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect() };
    let kept = files();
    assert_eq!(kept.len(), 1, "{kept:?}");

    let daemon = launch().await;
    assert!(is_cached(&daemon.run("cpp", CPP).await), "{}", daemon.log());
    daemon.stop();

    let mut content = std::fs::read(&kept[0]).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 0xff;
    std::fs::write(&kept[0], content).unwrap();
    let daemon = launch().await;
    let reply = daemon.run("cpp", CPP).await;
    assert!(!is_cached(&reply) && stdout(&reply) == "built\n");
    assert!(is_cached(&daemon.run("cpp", CPP).await));
    daemon.stop();
}

/// Counts the compilers that wait beside it.
const SEES_COMPILER: &str = "\
use std::fs;
fn main() {
    let names = fs::read_dir(\"/proc\").unwrap().flatten().filter_map(|entry| fs::read_to_string(entry.path().join(\"comm\")).ok());
    println!(\"{}\", names.filter(|name| name == \"rustc\\n\").count());
}";

#[tokio::test]
async fn a_compiler_waits_in_a_container_that_has_served_and_rested() {
    let one = [("KILN__LANGUAGES__POOLS__RUST__MIN", "1"), ("KILN__LANGUAGES__POOLS__RUST__MAX", "1")];
    let daemon = Daemon::start_with(&["rust"], &one).await;
    let first = daemon.run("rust", SEES_COMPILER).await;
    assert!(!is_cached(&first));
    assert_eq!(stdout(&first), "0\n", "it has compiled");
    let deadline = Instant::now() + WAITS_WITHIN;
    loop {
        tokio::time::sleep(REST).await;
        let reply = daemon.run("rust", SEES_COMPILER).await;
        assert!(is_cached(&reply) && reply.placement.as_ref().unwrap().container_uses > 1);
        if stdout(&reply) == "1\n" {
            break;
        }
        assert!(Instant::now() < deadline, "no compiler waits: {}", stdout(&reply));
    }
    daemon.stop();
}
