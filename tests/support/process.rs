//! What a daemon of the tests is: the bare binary, or, where `KILN_TEST_IMAGE` names an image of Kiln's own, a container of it,
//! confined as docker-compose.yml confines it. `make test-composed` runs the second.
//!
//! A test that by its nature needs the bare one is named in `tests/docker/bare_only.txt` with the reason.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::daemon::docker;

/// Where compose finds the engine's socket, and where it is in the daemon's container.
const SOCKET: &str = "/var/run/docker.sock";
/// Of the image's own settings; which ports of the host they become is the engine's choice.
const PORTS: [&str; 2] = ["50051", "8080"];
/// What docker-compose.yml sets for every daemon, but for what depends on the machine.
const CONFINEMENT: [&str; 10] = [
    "--user=10001:10001",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges:true",
    "--memory=2g",
    "--pids-limit=256",
    "--log-driver=json-file",
    "--log-opt=max-size=10m",
    "--log-opt=max-file=3",
    "--volume=/var/run/docker.sock:/var/run/docker.sock",
];

/// Settings by name.
pub(crate) type Variables<'a> = BTreeMap<&'a str, String>;

/// A daemon that has been started.
#[derive(Debug)]
pub(crate) struct Process {
    /// The daemon itself, or the engine's command attached to its container.
    child: Child,
    container: Option<String>,
}

/// The image that the daemons of this run are made of; `None` means the bare binary.
pub(crate) fn image() -> Option<String> {
    std::env::var("KILN_TEST_IMAGE").ok().filter(|name| !name.is_empty())
}

/// Everything of a container of the daemon's that is not particular to a test.
pub(crate) fn confinement() -> Vec<String> {
    let group = std::fs::metadata(SOCKET).expect("the engine's socket is there (make engine)").gid();
    let own = CONFINEMENT.iter().map(|&argument| argument.to_owned());
    own.chain([format!("--group-add={group}")]).collect()
}

/// The daemon's ports, on whichever of the loopback's are free.
pub(crate) fn published() -> [String; 2] {
    PORTS.map(|port| format!("--publish=127.0.0.1::{port}"))
}

/// Kiln's command with these settings, in a container under a name where that is how daemons run.
pub(crate) fn kiln(arguments: &[&str], variables: &Variables<'_>, name: &str) -> Command {
    let Some(image) = image() else {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiln"));
        command.args(arguments).envs(variables);
        return command;
    };
    let mut command = Command::new("docker");
    command
        .args(["run", "--rm", "--sig-proxy=false", "--label=kiln.test", "--name", name])
        .args(confinement());
    command.args(published());
    command.args(variables.iter().filter_map(|(variable, value)| mount(variable, value)));
    command.args(variables.iter().map(|(variable, value)| format!("--env={variable}={value}")));
    command.arg(image).args(arguments);
    command
}

/// What the container must share with the host for a setting that names a place there, at the same path.
fn mount(variable: &str, value: &str) -> Option<String> {
    let (path, access, mode) = match variable {
        "KILN__LANGUAGES__DIRECTORY" | "KILN__PACKAGES__CA_FILE" => (Path::new(value), "ro", 0o755),
        "KILN__CACHE__DIRECTORY" => (Path::new(value), "rw", 0o777),
        "DOCKER_HOST" | "KILN__ENGINE__HOST" => {
            let socket = value.strip_prefix("unix://").unwrap_or_else(|| {
                panic!(
                    "{variable}={value}: a daemon in a container does not reach the host's loopback; a test that needs this \
                     belongs into tests/docker/bare_only.txt, and is left out by `make test-composed`"
                )
            });
            // The folder: the socket may not be there yet.
            (Path::new(socket).parent()?, "ro", 0o755)
        }
        _ => return None,
    };
    if !path.exists() {
        return None;
    }
    if path.is_dir() {
        // A test's own directory is its own user's, who is not the container's.
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    Some(format!("--volume={0}:{0}:{access}", path.display()))
}

impl Process {
    /// Starts `kiln serve`; its log is the child's stderr.
    pub(crate) fn start(instance: &str, mut variables: Variables<'_>) -> Self {
        let container = image().map(|_| format!("{instance}-{}", uuid::Uuid::new_v4().simple()));
        if container.is_none() {
            // A container has addresses of its own, and these from its image.
            variables.insert("KILN__SERVER__GRPC", "127.0.0.1:0".to_owned());
            variables.insert("KILN__SERVER__HTTP", "127.0.0.1:0".to_owned());
        }
        let child = kiln(&["serve"], &variables, container.as_deref().unwrap_or_default())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the daemon, or the docker command for it, can be started");
        Self { child, container }
    }

    /// What the daemon writes to stderr.
    pub(crate) fn log(&mut self) -> std::process::ChildStderr {
        self.child.stderr.take().expect("the log is taken once")
    }

    /// How this machine reaches what the daemon calls `own`.
    pub(crate) fn reach(&self, own: SocketAddr) -> SocketAddr {
        let Some(container) = &self.container else { return own };
        let published = docker(&["port", container, &own.port().to_string()]);
        published.trim().parse().unwrap_or_else(|error| panic!("{published:?}: {error}"))
    }

    /// What the daemon's process has in memory.
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    /// The most that it had in memory since [`Process::forget_peak`].
    pub(crate) fn peak_bytes(&self) -> u64 {
        self.status_bytes("VmHWM:")
    }

    /// From now on the peak is what there is now.
    pub(crate) fn forget_peak(&self) {
        // See proc_pid_clear_refs(5).
        std::fs::write(format!("/proc/{}/clear_refs", self.pid()), "5").unwrap();
    }

    fn status_bytes(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn pid(&self) -> String {
        let pid = match &self.container {
            Some(container) => docker(&["inspect", "--format", "{{.State.Pid}}", container]),
            None => self.child.id().to_string(),
        };
        pid.trim().to_owned()
    }

    /// SIGKILL, and it is gone.
    pub(crate) fn kill(mut self) {
        match &self.container {
            Some(container) => drop(docker(&["kill", "--signal=KILL", container])),
            None => self.child.kill().unwrap(),
        }
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        match &self.container {
            Some(container) => drop(docker(&["kill", "--signal=TERM", container])),
            None => {
                let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
                assert!(sent.success());
            }
        }
        // The engine's command ends as the container's process did, and when it is removed.
        self.child.wait().unwrap()
    }
}
