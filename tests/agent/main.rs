//! The real agent as a child process, without Docker: everything that needs no container.
//!
//! `KILN_TEST_AGENT` names another agent than this build's own, and `KILN_TEST_AGENT_RUNNER` what runs it where this machine
//! does not: `scripts/cross.sh` says how an agent of another architecture is tried.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, spawn and set its own clock"
)]

mod bounds;
mod builds;
#[path = "../support/mod.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kiln::wire::{
    AgentMessage, Exit, HostMessage, INPUT_WINDOW_BYTES, JobSpec, KillCause, Setup, StandbySpec,
};
use support::agent::{Agent, limits, shell, stage};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A uid for each agent, far from any that a machine uses.
static NEXT_UID: AtomicU32 = AtomicU32::new(1_879_000_000);

struct Place {
    agent: Agent,
    child: Child,
    directory: TempDir,
    uid: u32,
}

fn start() -> Place {
    let directory = TempDir::new().unwrap();
    let binary = directory.path().join("agent");
    match std::env::var("KILN_TEST_AGENT") {
        Ok(other) => drop(std::fs::copy(other, &binary).unwrap()),
        Err(_) => std::fs::write(&binary, kiln::app::AGENTS[0].content).unwrap(),
    }
    std::fs::set_permissions(&binary, PermissionsExt::from_mode(0o755)).unwrap();
    let workspace = directory.path().join("workspace");
    std::fs::create_dir(&workspace).unwrap();
    let build = directory.path().join("build");
    std::fs::create_dir(&build).unwrap();
    let uid = NEXT_UID.fetch_add(1, Ordering::Relaxed);
    for path in [directory.path(), &workspace, &build] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    for path in [&workspace, &build] {
        std::os::unix::fs::chown(path, Some(uid), Some(uid))
            .expect("these tests change uids: run them as root");
    }
    // As in a container: a pid namespace of its own, whose first process reaps.
    let script = "exec 3<&0; $KILN_TEST_AGENT_RUNNER \"$0\" agent bare <&3 & wait $!";
    let mut child = Command::new("unshare")
        .args(["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script])
        .arg(&binary)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let agent = Agent::new(child.stdin.take().unwrap(), child.stdout.take().unwrap());
    Place { agent, child, directory, uid }
}

impl Place {
    fn setup(&self) -> Setup {
        let workspace = self.workspace().display().to_string();
        Setup {
            workspace,
            build: self.build().display().to_string(),
            uid: self.uid,
            compile_standby: None,
            standby: None,
            version_argv: Vec::new(),
            env: Vec::new(),
        }
    }

    fn build(&self) -> std::path::PathBuf {
        self.directory.path().join("build")
    }

    fn workspace(&self) -> std::path::PathBuf {
        self.directory.path().join("workspace")
    }

    async fn ready() -> Self {
        let mut place = start();
        let setup = place.setup();
        let ready = place.agent.set_up(setup).await;
        assert!(matches!(ready, AgentMessage::Ready { .. }), "{ready:?}");
        place
    }

    /// Processes of the job's uid that live.
    fn living(&self) -> usize {
        let of_job = |entry: &std::fs::DirEntry| {
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let uid = format!("Uid:\t{}\t", self.uid);
            status.contains(&uid) && !status.contains("State:\tZ")
        };
        std::fs::read_dir("/proc").unwrap().flatten().filter(of_job).count()
    }
}

#[tokio::test]
async fn a_job_runs_as_another_user_with_bytes_in_and_out() {
    let mut place = Place::ready().await;
    let result = place.agent.run(shell("id -u; cat; echo over >&2; exit 7"), b"\xff\0\n").await;
    assert_eq!(result.output[&(1, 0)], [format!("{}\n", place.uid).as_bytes(), b"\xff\0\n"].concat());
    assert_eq!(result.stderr(), "over\n");
    assert_eq!(result.exit(), Exit::Code(7));
    assert_eq!(result.input_taken, 3);
}

#[tokio::test]
async fn a_program_may_open_its_streams_by_their_names() {
    let mut place = Place::ready().await;
    let result = place.agent.run(shell("cat /dev/stdin > /dev/stdout; echo no > /dev/stderr"), b"in\n").await;
    assert_eq!((result.stdout().as_str(), result.stderr().as_str()), ("in\n", "no\n"));
}

#[tokio::test]
async fn the_version_is_the_first_line_of_what_the_command_says() {
    let mut place = start();
    let argv = ["sh", "-c", "echo; echo tool 1.2 >&2; echo more"].map(str::to_owned).to_vec();
    let setup = Setup { version_argv: argv, ..place.setup() };
    let AgentMessage::Ready { toolchain, .. } = place.agent.set_up(setup).await else { panic!("not ready") };
    assert_eq!(toolchain, "more", "stdout comes first");
}

#[tokio::test]
async fn a_missing_version_command_is_no_failure() {
    let mut place = start();
    let setup = Setup { version_argv: vec!["no-such-program".to_owned()], ..place.setup() };
    let AgentMessage::Ready { toolchain, .. } = place.agent.set_up(setup).await else { panic!("not ready") };
    assert_eq!(toolchain, "");
}

#[tokio::test]
async fn a_signal_is_told_from_an_exit_code() {
    let mut place = Place::ready().await;
    let result = place.agent.run(shell("kill -9 $$"), b"").await;
    assert_eq!((result.exit(), result.killed()), (Exit::Signal(9), None));
    let result = place.agent.run(shell("exit 137"), b"").await;
    assert_eq!((result.exit(), result.killed()), (Exit::Code(137), None));
}

#[tokio::test]
async fn the_wall_clock_kills_everything_and_what_was_written_comes_back() {
    let mut place = Place::ready().await;
    let mut job = shell("trap '' TERM; echo before; setsid sleep 1000 & sleep 1000");
    job.run.wall_micros = 200_000;
    let begun = Instant::now();
    let result = place.agent.run(job, b"").await;
    assert_eq!(result.killed(), Some(KillCause::WallTime));
    assert_eq!(result.stdout(), "before\n");
    assert_eq!(place.living(), 0);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_a_job_leaves_behind_is_dead_when_its_end_is_told() {
    let mut place = Place::ready().await;
    let result = place
        .agent
        .run(shell("setsid sh -c 'sleep 1000 & sleep 1000' > /dev/null 2>&1 & echo done"), b"")
        .await;
    assert_eq!((result.stdout().as_str(), result.exit()), ("done\n", Exit::Code(0)));
    assert_eq!(place.living(), 0);
}

#[tokio::test]
async fn a_child_that_holds_the_output_open_does_not_hold_up_the_end() {
    let mut place = Place::ready().await;
    let begun = Instant::now();
    let result = place.agent.run(shell("sleep 1000 & echo done"), b"").await;
    assert_eq!(result.stdout(), "done\n");
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert_eq!(place.living(), 0);
}

#[tokio::test]
async fn a_daemon_that_does_not_read_holds_up_the_report_and_loses_nothing() {
    let mut place = Place::ready().await;
    // More than all the buffers on the way, so that some is still in the pipe when everything is dead.
    place.agent.send(&HostMessage::Run(shell("head -c 1000000 /dev/zero & exit 5"))).await;
    // Longer than dying may take.
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(place.living(), 0);
    let result = place.agent.finish().await;
    assert_eq!((result.exit(), result.killed()), (Exit::Code(5), None));
    let kept = result.output[&(1, 0)].len();
    assert!(kept > 256 * 1024, "{kept}");
}

#[tokio::test]
async fn output_is_cut_at_the_limit_and_counted_beyond_it() {
    let mut place = Place::ready().await;
    let mut job = shell("head -c 3000000 /dev/zero; echo end >&2");
    job.limits.output_bytes = 1000;
    let result = place.agent.run(job, b"").await;
    assert_eq!(result.output[&(1, 0)].len(), 1000);
    assert_eq!(result.run.as_ref().unwrap().dropped, [2_999_000, 0]);
    assert_eq!((result.stderr().as_str(), result.exit()), ("end\n", Exit::Code(0)));
}

#[tokio::test]
async fn output_without_end_is_killed() {
    let mut place = Place::ready().await;
    let mut job = shell("yes");
    job.limits.output_bytes = 1000;
    let result = place.agent.run(job, b"").await;
    assert_eq!(result.killed(), Some(KillCause::Output));
    assert_eq!(result.output[&(1, 0)].len(), 1000);
}

#[tokio::test]
async fn a_program_that_does_not_read_its_input_is_not_harmed_by_it() {
    let mut place = Place::ready().await;
    let input = vec![b'x'; INPUT_WINDOW_BYTES as usize];
    let result = place.agent.run(shell("exit 3"), &input).await;
    assert_eq!(result.exit(), Exit::Code(3));
}

#[tokio::test]
async fn the_daemon_can_kill() {
    let mut place = Place::ready().await;
    place.agent.send(&HostMessage::Run(shell("sleep 1000"))).await;
    place.agent.send(&HostMessage::Kill).await;
    let result = place.agent.finish().await;
    assert_eq!(result.killed(), Some(KillCause::Host));
    assert_eq!(place.living(), 0);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_as_such() {
    let mut place = Place::ready().await;
    let mut job = shell("");
    job.run.argv = vec!["/no/such/program".to_owned()];
    let result = place.agent.run(job, b"").await;
    let ending = &result.run.unwrap().ending;
    assert!(format!("{ending:?}").contains("NotStarted(\"No such file"), "{ending:?}");
}

#[tokio::test]
async fn files_stay_in_the_workspace_and_belong_to_the_job() {
    let mut place = Place::ready().await;
    place.agent.write_file("a/b.txt", b"text").await;
    let result = place.agent.run(shell("cat a/b.txt; touch a/c; ln -s /tmp out"), b"").await;
    assert_eq!((result.stdout().as_str(), result.exit()), ("text", Exit::Code(0)));
    // The job has made a link by now; the agent does not follow it out of the workspace.
    place.agent.write_file("out/kiln-escaped", b"text").await;
    let fault = place.agent.receive().await;
    assert!(matches!(fault, Some(AgentMessage::Fault(_))), "{fault:?}");
    assert!(!Path::new("/tmp/kiln-escaped").exists());
}

#[tokio::test]
async fn an_agent_whose_daemon_goes_away_ends_and_takes_the_job_along() {
    let mut place = Place::ready().await;
    place.agent.send(&HostMessage::Run(shell("echo up; sleep 1000"))).await;
    while !matches!(place.agent.receive().await, Some(AgentMessage::Output { .. })) {}
    place.agent.hang_up();
    assert_eq!(place.agent.receive().await, None);
    assert!(place.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn nonsense_on_the_stream_ends_the_agent() {
    let mut place = start();
    place.agent.send_bytes(&[0xff; 64]).await;
    assert!(matches!(place.agent.receive().await, Some(AgentMessage::Hello { .. })));
    assert!(matches!(place.agent.receive().await, Some(AgentMessage::Fault(_))));
    assert_eq!(place.agent.receive().await, None);
}

#[tokio::test]
async fn an_interpreter_that_waited_in_vain_is_gone_when_the_job_is() {
    let mut place = start();
    // What follows the standby protocol: says that it waits, and ends when nobody needs it.
    let script = "printf R >&\"$KILN_STANDBY_FD\"; read -r line <&\"$KILN_STANDBY_FD\"";
    let standby = StandbySpec {
        argv: ["bash", "-c", script].map(str::to_owned).to_vec(),
        env: Vec::new(),
        limits: limits(),
        forks: false,
        rest_micros: 0,
    };
    let setup = Setup { standby: Some(standby), ..place.setup() };
    let ready = place.agent.set_up(setup).await;
    assert!(matches!(ready, AgentMessage::Ready { standby: true, .. }), "{ready:?}");
    let result = place.agent.run(shell("echo plain"), b"").await;
    assert_eq!(result.stdout(), "plain\n");
    assert_eq!(place.living(), 0);
}

#[tokio::test]
async fn what_waits_for_the_run_outlives_the_compile_stage_and_nothing_else_does() {
    let mut place = start();
    // A child of what waits would count as a leftover of the compile stage, so it waits by a builtin.
    let waits = "printf R >&\"$KILN_STANDBY_FD\"; read -r -d '' _ <&\"$KILN_STANDBY_FD\"; ";
    let tells = "echo \"released, with $(pgrep -c -u \"$(id -u)\" sleep)\"";
    let waiting = |script: &str| StandbySpec {
        argv: ["bash", "-c", script].map(str::to_owned).to_vec(),
        env: Vec::new(),
        limits: limits(),
        forks: false,
        rest_micros: 0,
    };
    let setup = Setup {
        compile_standby: Some(waiting(&format!("{waits} setsid sleep 1000 & echo compiled"))),
        standby: Some(waiting(&format!("{waits} {tells}"))),
        ..place.setup()
    };
    let ready = place.agent.set_up(setup).await;
    assert!(matches!(ready, AgentMessage::Ready { standby: true, .. }), "{ready:?}");
    let job = JobSpec {
        compile: Some(stage(["false"].map(str::to_owned).to_vec())),
        use_compile_standby: true,
        use_standby: true,
        ..shell("echo plain")
    };
    let result = place.agent.run(job, b"").await;
    assert_eq!(result.stdout(), "released, with 0\n");
    assert_eq!(place.living(), 0);
}

#[tokio::test]
async fn what_waits_is_gone_when_it_was_told_to_stand_down() {
    let mut place = start();
    let script = "trap '' HUP TERM; printf R >&\"$KILN_STANDBY_FD\"; sleep 1000";
    let standby = StandbySpec {
        argv: ["bash", "-c", script].map(str::to_owned).to_vec(),
        env: Vec::new(),
        limits: limits(),
        forks: false,
        rest_micros: 0,
    };
    let setup = Setup { standby: Some(standby), ..place.setup() };
    assert!(matches!(place.agent.set_up(setup).await, AgentMessage::Ready { standby: true, .. }));
    assert!(place.living() > 0);
    place.agent.send(&HostMessage::StandDown).await;
    assert_eq!(place.agent.receive().await, Some(AgentMessage::StoodDown));
    assert_eq!(place.living(), 0);
    let result = place.agent.run(JobSpec { use_standby: true, ..shell("echo plain") }, b"").await;
    assert_eq!(result.stdout(), "plain\n");
}

#[tokio::test]
async fn a_job_has_no_privilege_to_lose() {
    let mut place = Place::ready().await;
    let result = place
        .agent
        .run(
            shell("grep -E '^(Cap(Prm|Eff|Amb)|Groups|SigBlk)' /proc/self/status; ulimit -c; ulimit -n"),
            b"",
        )
        .await;
    let lines: Vec<_> =
        result.stdout().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let none = "0000000000000000";
    let expected = [
        "Groups:".to_owned(),
        format!("SigBlk: {none}"),
        format!("CapPrm: {none}"),
        format!("CapEff: {none}"),
        format!("CapAmb: {none}"),
    ];
    assert_eq!(lines[..5], expected);
    assert_eq!(lines[5..], ["0", "1024"]);
}

/// What a program finds that a parent has forked, and what it can do to that parent.
const FORKED_PROBE: &str = r#"
import ctypes, os, sys
status = dict(line.split(':', 1) for line in open('/proc/self/status'))
print('ids', {os.getuid(), os.geteuid(), os.getgid(), os.getegid()} | set(map(int, (status['Uid'] + status['Gid']).split())))
print('groups', os.getgroups(), 'capabilities', {status[name].strip() for name in ('CapPrm', 'CapEff', 'CapAmb')})
print('session', os.getsid(0) == os.getpgid(0) == os.getpid(), 'mask', status['SigBlk'].strip())
print('agent is the parent', open(f'/proc/{os.getppid()}/cmdline', 'rb').read().endswith(b'agent\0agent\0bare\0'))
print('descriptors', sorted(map(int, os.listdir('/proc/self/fd'))), os.stat('/proc/self/fd').st_uid == os.getuid())
open('/dev/stdout', 'w').write('by name\n')
print('nice', os.getpriority(os.PRIO_PROCESS, 0), 'score', open('/proc/self/oom_score_adj').read().strip(), 'umask', oct(os.umask(0)))
print('arguments', sys.argv, 'variables', [name for name in os.environ if 'KILN' in name or name == 'PYTHONPATH'])
cmdline = open('/proc/self/cmdline', 'rb').read()
alike = [int(p) for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid() and open(f'/proc/{p}/cmdline', 'rb').read() == cmdline]
parents = [p for p in alike if os.stat(f'/proc/{p}').st_uid == 0]
print('holders', len(alike) - len(parents), 'parents', len(parents))
parent = parents[0]
def attempt(name, what):
    try: print(name, what())
    except OSError as error: print(name, type(error).__name__)
for signal in (0, 2, 9, 18, 19):
    attempt('signal', lambda: os.kill(parent, signal))
for name in ('mem', 'environ', 'maps', 'auxv', 'stack', 'syscall', 'oom_score_adj', 'clear_refs', 'task'):
    for mode in ('rb', 'r+b'):
        attempt(name, lambda: open(f'/proc/{parent}/{name}', mode).read(1) if name != 'task' else os.kill(-parent, 9))
attempt('fd', lambda: os.listdir(f'/proc/{parent}/fd'))
attempt('cwd', lambda: os.readlink(f'/proc/{parent}/cwd'))
attempt('priority', lambda: os.setpriority(os.PRIO_PROCESS, parent, 19))
attempt('affinity', lambda: os.sched_setaffinity(parent, {0}))
attempt('limits', lambda: __import__('resource').prlimit(parent, 7, (3, 3)))
libc = ctypes.CDLL(None, use_errno=True)
for request in (16, 0x4206):
    print('ptrace', libc.ptrace(request, parent, 0, 0), ctypes.get_errno())
"#;

/// Python's own standby, as in its container.
fn forking_standby() -> StandbySpec {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/languages/python/standby").to_owned();
    StandbySpec {
        argv: ["/usr/bin/python3", "main.py"].map(str::to_owned).to_vec(),
        env: vec![("PYTHONPATH".to_owned(), folder)],
        limits: limits(),
        forks: true,
        rest_micros: 0,
    }
}

fn python_job() -> kiln::wire::JobSpec {
    let argv = ["/usr/bin/python3", "main.py", "one", "two words"].map(str::to_owned).to_vec();
    let mut job = shell("");
    job.run = kiln::wire::StageSpec { user_args: 2, ..stage(argv) };
    job.use_standby = true;
    job
}

#[tokio::test]
async fn a_forked_interpreter_is_the_jobs_and_cannot_reach_its_parent() {
    let mut place = start();
    let setup = Setup { standby: Some(forking_standby()), ..place.setup() };
    let ready = place.agent.set_up(setup).await;
    assert!(matches!(ready, AgentMessage::Ready { standby: true, .. }), "{ready:?}");
    assert_eq!(
        place.living(),
        2,
        "the child that waits and its holder have the job's uid, its parent has not"
    );
    place.agent.write_file("main.py", FORKED_PROBE.as_bytes()).await;
    let result = place.agent.run(python_job(), b"").await;
    let told = result.stdout();
    let (found, attacks) =
        told.split_once("holders 1 parents 1\n").unwrap_or_else(|| panic!("{told}{}", result.stderr()));
    let expected = format!(
        "ids {{{}}}\ngroups [] capabilities {{'0000000000000000'}}\nsession True mask 0000000000000000\n\
         agent is the parent True\ndescriptors [0, 1, 2, 3] True\nby name\nnice 5 score 1000 umask 0o22\n\
         arguments ['main.py', 'one', 'two words'] variables []\n",
        place.uid
    );
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sorted(found), sorted(&expected));
    let refused = |line: &str| {
        line.ends_with("PermissionError") || line.ends_with("ProcessLookupError") || line == "ptrace -1 1"
    };
    let done: Vec<_> = attacks.lines().filter(|line| !refused(line)).collect();
    // Anybody may read the score.
    assert_eq!(done, ["oom_score_adj b'0'"], "{attacks}");
    assert!(attacks.lines().count() > 25, "{attacks}");
    assert_eq!((result.exit(), place.living()), (Exit::Code(0), 0));
}

#[tokio::test]
async fn a_job_that_kills_all_it_can_is_proven_dead_beside_the_parent() {
    let mut place = start();
    let setup = Setup { standby: Some(forking_standby()), ..place.setup() };
    place.agent.set_up(setup).await;
    let program = "import os, signal\nfor _ in range(20):\n    if os.fork() == 0:\n        os.setsid()\n        signal.pause()\n\
                   print('up', flush=True)\nos.kill(-1, 9)\n";
    place.agent.write_file("main.py", program.as_bytes()).await;
    let result = place.agent.run(python_job(), b"").await;
    assert_eq!((result.stdout().as_str(), result.exit()), ("up\n", Exit::Code(0)), "{}", result.stderr());
    assert_eq!(place.living(), 0);
    // The agent goes on, beside a parent that lives.
    let result = place.agent.run(shell("ls /proc | grep -c '^[0-9]'"), b"").await;
    // PID 1, the agent, the parent, and the pipeline's three.
    assert_eq!(result.stdout(), "6\n");
}

#[tokio::test]
async fn a_parent_that_does_not_come_up_is_replaced_by_plain_starts() {
    let mut place = start();
    let script = "test -n \"$KILN_STANDBY_FORKS\" && { echo broken >&2; exit 3; }; \
                  printf R >&\"$KILN_STANDBY_FD\"; read -r line <&\"$KILN_STANDBY_FD\"";
    let argv = ["bash", "-c", script].map(str::to_owned).to_vec();
    let standby = StandbySpec { argv, ..forking_standby() };
    let ready = place.agent.set_up(Setup { standby: Some(standby), ..place.setup() }).await;
    assert!(matches!(ready, AgentMessage::Ready { standby: true, .. }), "{ready:?}");
    let result = place.agent.run(shell("echo plain"), b"").await;
    assert_eq!((result.stdout().as_str(), place.living()), ("plain\n", 0));
}
