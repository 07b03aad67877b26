//! The ways to an engine: over TCP, over TCP with TLS and certificates on both sides, and through a proxy that lets only
//! Kiln's calls pass. The attached stream must work the same.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kiln::proto::{ExecuteRequest, Isolation, Outcome};
use kiln::sandbox::UidSpace;
use tokio::net::{TcpListener, UnixStream};

use crate::support::daemon::{Daemon, docker, program, stdout};
use crate::support::process::image;

const SOCKET: &str = "/var/run/docker.sock";

/// On two threads: the daemon is stopped by a call that blocks, and the proxy must go on meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_over_tcp_serves_as_well() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut engine = UnixStream::connect(SOCKET).await.unwrap();
                // Either side may hang up whenever it likes.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
            });
        }
    });
    check(&[("KILN__ENGINE__HOST", &format!("tcp://{address}"))]).await;
}

#[tokio::test]
async fn an_engine_over_tls_serves_as_well() {
    let certificates = tempfile::TempDir::new().unwrap();
    make_certificates(certificates.path());
    let proxy = TlsProxy::start(certificates.path());
    let host = format!("tcp://127.0.0.1:{}", proxy.port);
    let folder = certificates.path().to_str().unwrap();
    check(&[("DOCKER_HOST", &host), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", folder)]).await;
}

#[tokio::test]
async fn a_proxy_that_lets_only_kilns_calls_pass_is_enough() {
    let folder = tempfile::TempDir::new().unwrap();
    let socket = folder.path().join("engine.sock");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/engine-proxy.sh");
    let proxy = Command::new(script).arg(format!("unix:{}", socket.display())).spawn().unwrap();
    let _proxy = Proxy(proxy);
    let host = format!("unix://{}", socket.display());
    // The daemon waits for its engine, and so for the proxy to be installed and up.
    check(&[("DOCKER_HOST", &host)]).await;
    check(&[("DOCKER_HOST", &host), NETWORK]).await;
    crate::packages::come_and_go(&[("DOCKER_HOST", &host)]).await;
    #[cfg(target_arch = "x86_64")]
    crate::limits::bounds::memory_costs_the_agent_its_life(&[("DOCKER_HOST", &host)]).await;

    // A command that is newer than the engine agrees on a version by a call that does not pass: it is told.
    let version = docker(&["version", "--format", "{{.Server.APIVersion}}"]);
    let allowed = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        command.args(["--host", &host]).args(arguments).env("DOCKER_API_VERSION", version.trim());
        command.output().unwrap().status.success()
    };
    assert!(allowed(&["ps"]) && allowed(&["volume", "ls"]));
    for refused in
        [&["history", "debian"][..], &["network", "ls"], &["events", "--until", "0s"], &["system", "df"]]
    {
        assert!(!allowed(refused), "{refused:?}");
    }
}

/// Its programs may use the network, which takes calls of its own.
const NETWORK: (&str, &str) = ("KILN__NETWORK__LANGUAGES", "python");

/// The engine is on this machine whatever the way to it, so that the daemon could do without its streams.
const THROUGH_THE_ENGINE: (&str, &str) = ("KILN__ENGINE__DIRECT", "false");

async fn check(settings: &[(&str, &str)]) {
    let daemon = Daemon::start_with(&["python"], &[settings, &[THROUGH_THE_ENGINE]].concat()).await;
    let network = settings.contains(&NETWORK);
    let request = ExecuteRequest { network, ..program("python", "print('x' * 100000)") };
    let reply = daemon.execute(request).await.unwrap();
    assert_eq!(reply.outcome(), Outcome::Succeeded, "{}", reply.message);
    assert_eq!(reply.run.unwrap().stdout.len(), 100_001);
    daemon.stop();
}

/// Twice in one container, so that its reset goes the same way.
#[tokio::test]
async fn a_daemon_speaks_directly_where_it_may_and_through_the_engine_where_it_is_told_to() {
    let one = [("KILN__LANGUAGES__POOLS__PYTHON__MIN", "1"), ("KILN__LANGUAGES__POOLS__PYTHON__MAX", "1")];
    for (settings, is_direct) in [(&[][..], may_look_into_processes()), (&[THROUGH_THE_ENGINE], false)] {
        let daemon = Daemon::start_with(&["python"], &[&one, settings].concat()).await;
        for uses in 1..=2 {
            let reply = daemon.execute(program("python", "print('x' * 1_000_000)")).await.unwrap();
            assert_eq!(reply.placement.as_ref().map(|placement| placement.container_uses), Some(uses));
            assert_eq!(reply.run.unwrap().stdout.len(), 1_000_001);
        }
        let log = daemon.log();
        assert!(log.contains(&format!("\"direct\":{is_direct}")), "not {is_direct}: {log}");
        daemon.stop();
    }
}

/// Two daemons share no uid: the engine gives a name once, and a container is named after the first of its uids.
#[tokio::test]
async fn a_container_whose_name_is_taken_gets_other_uids() {
    let one = [("KILN__LANGUAGES__POOLS__PYTHON__MIN", "1"), ("KILN__LANGUAGES__POOLS__PYTHON__MAX", "1")];
    let daemon = Daemon::start_with(&["python"], &one).await;
    let label = format!("kiln.instance={}", daemon.instance);
    let listed = docker(&["ps", "--filter", &format!("label={label}"), "--format", "{{.Names}} {{.Image}}"]);
    let (name, image) = listed.trim().split_once(' ').unwrap();
    let before: u32 = name.strip_prefix("kiln-").unwrap().parse().unwrap();
    let uid_of = async |isolation: Isolation| {
        let code = "import os; print(os.getuid())";
        let request = ExecuteRequest { isolation: isolation.into(), ..program("python", code) };
        stdout(&daemon.execute(request).await.unwrap()).trim().parse::<u32>().unwrap()
    };
    assert_eq!(uid_of(Isolation::Tenant).await, before);
    // The next ones, as another daemon's containers would have them.
    let space = if before < 1 << 16 { UidSpace::NARROW } else { UidSpace::WIDE };
    let taken = [1, 2].map(|step| format!("kiln-{}", before + step * space.per_container()));
    for name in &taken {
        docker(&["create", "--name", name, "--label", &label, image, "true"]);
    }
    // The only container is a tenant's now, and gives way.
    let after = uid_of(Isolation::OneShot).await;
    docker(&["rm", &taken[0], &taken[1]]);
    assert_eq!(after, before + 3 * space.per_container(), "{taken:?} are taken");
    daemon.stop();
}

/// Whether a daemon of this test has CAP_SYS_PTRACE, and is no container.
fn may_look_into_processes() -> bool {
    const CAP_SYS_PTRACE: u32 = 19;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let effective = u64::from_str_radix(effective.trim(), 16).unwrap();
    image().is_none() && effective >> CAP_SYS_PTRACE & 1 == 1
}

/// An authority, and a server's and a client's certificate by it, under the names that Docker's tools use.
fn make_certificates(folder: &Path) {
    let script = "set -e; cd \"$0\"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 2 -subj /CN=ca
        printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > extensions
        for name in server client; do
            openssl req -newkey rsa:2048 -nodes -keyout $name-key.pem -out $name.csr -subj /CN=$name
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out $name-cert.pem -days 2 -extfile extensions
        done
        cp client-key.pem key.pem; cp client-cert.pem cert.pem";
    let output = Command::new("sh").args(["-c", script]).arg(folder).output().unwrap();
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}

/// A process in front of the engine; ended with the test.
struct Proxy(Child);

impl Drop for Proxy {
    /// By SIGTERM, which a script passes on to what it started.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// TLS in front of the local socket.
struct TlsProxy {
    _proxy: Proxy,
    port: u16,
}

impl TlsProxy {
    fn start(certificates: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docker/tls_proxy.py");
        let mut child =
            Command::new("python3").arg(script).arg(certificates).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { port: line.trim().parse().unwrap(), _proxy: Proxy(child) }
    }
}
