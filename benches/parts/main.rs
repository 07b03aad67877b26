//! The parts of an execution that need no container, by Criterion: frames, a lease and its settlement, and the agent.
//!
//! `cargo bench --bench parts`. The agent is the real one as a child process, and changes uids: run it as root. The engine is the
//! tests' own, whose agents answer at once: what is left is Kiln's.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark may panic and spawn")]

#[path = "../../tests/support/agent.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod agent;
#[path = "../../tests/server/fake.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod fake;

use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Stdio;
use std::sync::Arc;

use agent::{Agent, shell};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fake::{FakeEngine, GOOD};
use kiln::domain::{
    Execution, ExecutionId, Isolation, LanguageId, Sink, SinkClosed, SourceFile, StageKind, StreamKind,
    Tenant,
};
use kiln::engine::Owner;
use kiln::language::Catalogue;
use kiln::pool::{AgentVolume, PackagePools, PoolConfig, Pools, Services, Settlement, Wanted, Wear};
use kiln::sandbox::{BuildSource, Extent, Plan};
use kiln::tasks::Tasks;
use kiln::wire::{AgentMessage, Decoder, Setup, Stage, Stream, encode};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// What a program usually writes, and a full read of a pipe.
const OUTPUT_BYTES: [usize; 2] = [64, 64 << 10];
/// The job's uid, far from any that a machine has.
const UID: u32 = 2_000_000_123;

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frames");
    for bytes in OUTPUT_BYTES {
        let content = vec![b'x'; bytes];
        let message = AgentMessage::Output { stage: Stage::Run, stream: Stream::Stdout, content };
        let frame = encode(&message).unwrap();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("encode {bytes} bytes of output"), |bencher| {
            bencher.iter(|| encode(&message).unwrap());
        });
        group.bench_function(format!("decode {bytes} bytes of output"), |bencher| {
            bencher.iter_batched_ref(
                Decoder::default,
                |decoder| {
                    decoder.push(&frame);
                    decoder.decode::<AgentMessage>().unwrap().unwrap()
                },
                BatchSize::SmallInput,
            );
        });
    }
}

/// Keeps nothing.
struct Nowhere;

#[async_trait::async_trait]
impl Sink for Nowhere {
    async fn started(&mut self, _: ExecutionId) -> Result<(), SinkClosed> {
        Ok(())
    }

    async fn output(&mut self, _: StageKind, _: StreamKind, _: Bytes) -> Result<(), SinkClosed> {
        Ok(())
    }
}

fn execution(catalogue: &Catalogue, python: &LanguageId) -> Execution {
    let spec = catalogue.find(python.as_str()).unwrap();
    let main = SourceFile {
        path: spec.main_file.clone(),
        content: Bytes::from_static(b"print(1)"),
        executable: false,
    };
    Execution {
        id: ExecutionId::random(),
        language: python.clone(),
        files: vec![main],
        main: spec.main_file.clone(),
        args: Vec::new(),
        env: Vec::new(),
        stdin: Bytes::new(),
        limits: spec.limits,
        estimate: None,
        artifacts: None,
        terminal: None,
        is_held: false,
        has_network: false,
        packages: None,
        isolation: Isolation::Tenant,
        tenant: Tenant::new(""),
        labels: Vec::new(),
        deadline: None,
    }
}

/// From an idle container to the same one idle again, its job and its reset answered at once.
fn lease(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut catalogue = Catalogue::load(None).unwrap();
    let python = LanguageId::new("python");
    catalogue.retain(&python);
    let owner = Owner { instance: "bench".to_owned(), epoch: "1".to_owned() };
    let volume = AgentVolume::new(kiln::app::AGENTS, &catalogue, &owner);
    let services = Services { engine: FakeEngine::new(GOOD), owner, volume };
    let config = PoolConfig {
        cpu_millis: 1000,
        lease_wait_max: std::time::Duration::from_secs(30),
        wear: Wear { uses_max: 500, age_max: std::time::Duration::from_secs(3600) },
        narrow_uids: false,
        networked: Vec::new(),
        packages: PackagePools {
            languages: Vec::new(),
            sets_max: 1,
            containers_max: 1,
            idle_max: std::time::Duration::from_secs(60),
            limits: catalogue.languages()[0].limits,
        },
    };
    let pools = Arc::new(Pools::new(config, services, &catalogue));
    let tasks = Tasks::default();
    runtime.block_on(async { pools.start(&tasks) });
    let execution = execution(&catalogue, &python);
    let source = BuildSource::Compiler { keep_bytes_max: 0 };
    let cancel = CancellationToken::new();
    criterion.bench_function("lease, run at an agent that answers at once, settle", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let wanted = Wanted {
                language: &python,
                set: None,
                has_network: false,
                affinity: execution.affinity(),
                program: None,
                deadline: None,
            };
            let lease = pools.lease(wanted).await.unwrap();
            let plan = Plan::new(&execution, lease.warm.blueprint(), &source, Extent::Whole).unwrap();
            let busy = lease.warm.begin();
            let mut sink = Nowhere;
            let running = busy.run(execution.id, &plan, pools.engine(), &mut sink, None, &cancel);
            let (_, result, disposition) = running.await;
            result.unwrap();
            drop(Settlement::new(lease.ticket, disposition));
        });
    });
    runtime.block_on(async {
        pools.close().await;
        tasks.stop_maintenance().await;
    });
}

fn start(directory: &TempDir) -> (Agent, Child, Setup) {
    let place = |name: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir(&path).unwrap();
        chown(&path, Some(UID), Some(UID)).expect("this changes uids: run it as root");
        path.display().to_string()
    };
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let binary = directory.path().join("agent");
    std::fs::write(&binary, kiln::app::AGENTS[0].content).unwrap();
    std::fs::set_permissions(&binary, PermissionsExt::from_mode(0o755)).unwrap();
    let (workspace, build) = (place("workspace"), place("build"));
    // As in a container: a pid namespace of its own, whose first process reaps.
    let script = "exec 3<&0; \"$0\" agent bare <&3 & wait $!";
    let mut child = Command::new("unshare")
        .args(["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script])
        .arg(&binary)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let agent = Agent::new(child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let setup = Setup {
        workspace,
        build,
        uid: UID,
        compile_standby: None,
        standby: None,
        version_argv: Vec::new(),
        env: Vec::new(),
    };
    (agent, child, setup)
}

/// A job that does nothing, from its first byte down to its last message up: two forks and two ends of a process.
fn agent_round_trip(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let directory = TempDir::new().unwrap();
    let (mut agent, _child) = runtime.block_on(async {
        let (mut agent, child, setup) = start(&directory);
        assert!(matches!(agent.set_up(setup).await, AgentMessage::Ready { .. }));
        (agent, child)
    });
    criterion.bench_function("agent, a job that does nothing", |bencher| {
        bencher.iter(|| runtime.block_on(agent.run(shell(":"), b"")));
    });
}

criterion_group!(parts, frames, lease, agent_round_trip);
criterion_main!(parts);
