//! Plain descriptions of what the engine is asked to make.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::EngineError;

/// The engine's id of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContainerId(pub String);

impl ContainerId {
    /// The twelve characters that people see in listings.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An image that the engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// Its content digest.
    pub id: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// Who owns what is created; becomes the labels `kiln.instance` and `kiln.epoch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The daemon's name; the same after a restart.
    pub instance: String,
    /// This run of the daemon.
    pub epoch: String,
}

impl Owner {
    /// The label of what outlives a run of the daemon.
    #[must_use]
    pub fn lasting_label(&self) -> (String, String) {
        (INSTANCE_LABEL.to_owned(), self.instance.clone())
    }

    /// The labels, with the language's where there is one.
    #[must_use]
    pub fn labels(&self, language: Option<&str>) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            (INSTANCE_LABEL.to_owned(), self.instance.clone()),
            (EPOCH_LABEL.to_owned(), self.epoch.clone()),
        ]);
        labels.extend(language.map(|language| (LANGUAGE_LABEL.to_owned(), language.to_owned())));
        labels
    }
}

/// Label with the daemon's name.
pub(super) const INSTANCE_LABEL: &str = "kiln.instance";
/// Label with the daemon's run.
pub(super) const EPOCH_LABEL: &str = "kiln.epoch";
/// Label of images that are another one and a layer over it; says what is in that.
pub const LAYER_LABEL: &str = "kiln.layer";
const LANGUAGE_LABEL: &str = "kiln.language";

/// The "version" of an engine that puts its containers into no cgroup, and so bounds nothing of them.
pub const NO_CGROUP: &str = "none";

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// Its version.
    pub version: String,
    /// Newest API version it speaks.
    pub api_version: String,
    /// Its architecture, as Rust names it: `x86_64`, `aarch64`.
    pub arch: String,
    /// CPUs it has.
    pub cpus: u32,
    /// Memory it has, in bytes.
    pub memory_bytes: u64,
    /// `1` or `2`, or [`NO_CGROUP`].
    pub cgroup_version: String,
    /// Its storage driver.
    pub storage_driver: String,
    /// Whether its containers are in a user namespace, which has 65,536 uids.
    pub user_namespace: bool,
}

/// A writable in-memory directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where.
    pub path: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Files and directories it may hold.
    pub inodes: u64,
    /// Its owner; `None` makes it root's, writable by all, with the sticky bit.
    pub owner: Option<u32>,
}

/// A named volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: Owner,
}

/// A file of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeFile {
    /// Path below the volume's root.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Who may do what with it.
    pub access: Access,
}

/// What containers may do with a file of a volume, which nobody can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody reads it.
    Read,
    /// Everybody reads and executes it.
    Execute,
    /// The agent alone reads it, and lists the folder it is in.
    Agent,
    /// Everybody follows it to the path that is its content.
    Link,
}

/// A bridge for programs that may use the network. Its names are the same for each run of a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The engine's name for it.
    pub name: String,
    /// The kernel's: 15 bytes at most.
    pub bridge: String,
    /// Whose it is.
    pub instance: String,
}

/// What the fence around a network is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fencing {
    /// Any image.
    pub image: String,
    /// The agent's volume.
    pub volume: String,
    /// Where the volume is mounted.
    pub volume_path: String,
    /// Who owns the container that makes it.
    pub owner: Owner,
}

/// An image to be made of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The other one's name.
    pub base: String,
    /// Name and tag of the result.
    pub reference: String,
    /// Its labels, [`LAYER_LABEL`] among them.
    pub labels: BTreeMap<String, String>,
    /// A tar archive, with paths from the root.
    pub archive: PathBuf,
}

/// A hardened container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Its name, which no other container of the engine has.
    pub name: String,
    /// The image's name.
    pub image: String,
    /// What PID 1 runs, as root.
    pub argv: Vec<String>,
    /// Who owns it.
    pub owner: Owner,
    /// For which language.
    pub language: String,
    /// The network that it is in, by name; in none where this is `None`.
    pub network: Option<String>,
    /// Memory limit, swap included, in bytes.
    pub memory_bytes: u64,
    /// CPU quota in thousandths of a CPU.
    pub cpu_millis: u32,
    /// Processes and threads, Kiln's own included.
    pub processes: u64,
    /// All there is to write to.
    pub tmpfs: Vec<Tmpfs>,
    /// Size of /dev/shm, in bytes.
    pub shm_bytes: u64,
    /// The agent's volume.
    pub volume: String,
    /// Where the volume is mounted, read-only.
    pub volume_path: String,
}

/// An image to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSpec {
    /// Name and tag of the result.
    pub reference: String,
    /// The build context, as a tar archive.
    pub context: Vec<u8>,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
}

/// Takes the lines a long call prints on its way.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// A piece of an attached process's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Frames.
    Stdout(Bytes),
    /// Words for the log.
    Stderr(Bytes),
}

/// The streams of an attached process. Dropping both halves ends its input.
pub struct AgentPipe {
    /// To the process.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// From the process; its end is the only sign of death.
    pub output: Pin<Box<dyn Stream<Item = Result<Piece, EngineError>> + Send>>,
    /// What the engine knows of its death; to be asked after the end of `output`.
    pub fate: Pin<Box<dyn Future<Output = Fate> + Send>>,
    /// Another way to the process, where there is one.
    pub reach: Reach,
}

/// How an attached process has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// For the log.
    pub words: String,
    /// Whether SIGKILL ended it in a container in which the kernel killed for memory: nobody else in there may send it one.
    pub is_for_memory: bool,
}

/// Takes a socket out of a process: a descriptor's number there, and what the socket holds, by which it is known. `None` where it cannot
/// be had; nothing has been taken from it then.
pub type Reach =
    Box<dyn FnOnce(i32, Vec<u8>) -> Pin<Box<dyn Future<Output = Option<DirectPipe>> + Send>> + Send>;

/// Such a socket.
pub struct DirectPipe {
    /// To the process.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// From the process.
    pub output: Pin<Box<dyn AsyncRead + Send>>,
}

impl fmt::Debug for AgentPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentPipe").finish_non_exhaustive()
    }
}
