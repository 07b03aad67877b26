//! The two directed sets of messages.
//!
//! One agent session is: `Hello` up, `Setup` down, `Ready` up, then per job any number of `File` and one `Run`
//! down, the job's output and reports up, ended by `Finished`. A job that compiles may have its build sent up, and another job be
//! given that build. Before a further job, when a build has been sent to its end, `Reset` goes down and `Clean` comes up, or
//! `Unclean`, after which nothing may run. Times are in microseconds, sizes in bytes.

use serde::{Deserialize, Serialize};

/// First word of the agent's first message; tells the agent from an engine's error text on the same stream.
pub const MAGIC: u64 = 0x4b49_4c4e_5741_524d;

/// Raised with every change of this file.
pub const VERSION: u32 = 11;

/// Length of what tells a direct socket from any other.
pub const DIRECT_TOKEN_BYTES: usize = 16;

/// Input that may be under way to a program which does not read, in bytes: bounds the agent's buffer, so that `Kill`
/// is never stuck behind input.
pub const INPUT_WINDOW_BYTES: u64 = 256 * 1024;

/// From the daemon to the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostMessage {
    /// Once, before anything else.
    Setup(Setup),
    /// A piece of a file of the next job: the first piece creates it, later ones append.
    File {
        /// Relative to the workspace; the host has validated it, the agent refuses to leave the workspace anyway.
        path: String,
        /// Whether the job may execute it.
        executable: bool,
        /// True for the second and later pieces.
        append: bool,
        /// This piece's content.
        #[serde(with = "serde_bytes")]
        content: Vec<u8>,
    },
    /// A piece of a packed build for the next job, as an agent sent it.
    BuildPiece(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The last piece has been sent: the agent checks what it has.
    BuildEnd(BuildSum),
    /// A packed build for the next job, which is in the agent's volume.
    BuildOnShelf(ShelvedBuild),
    /// The files are there: run.
    Run(JobSpec),
    /// A piece of the job's input. The host never has more than [`INPUT_WINDOW_BYTES`] that the agent has not
    /// reported by `InputTaken`.
    Input(#[serde(with = "serde_bytes")] Vec<u8>),
    /// A signal for the program's process group; nothing of another uid gets it.
    Signal(i32),
    /// Another size for the program's terminal, if it has one.
    Resize(TerminalSize),
    /// No more input: the program's stdin is to be closed after what was sent.
    CloseInput,
    /// Kill the job now; `Finished` follows.
    Kill,
    /// After `Finished`: remove what the job left, prove it, and get ready for a job with this uid.
    Reset {
        /// The next job's uid and gid; no job of this container had it before.
        uid: u32,
        /// A program that was run before, to be started so that it waits for a job that runs it again.
        program: Option<ProgramSpec>,
    },
    /// Before a job: end what waits, because it was started with more memory than the job gets. `StoodDown` follows.
    StandDown,
}

/// A packed build in the agent's volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShelvedBuild {
    /// Absolute path; no job can reach it.
    pub path: String,
    /// What it has to be.
    pub sum: BuildSum,
}

/// A compiled program that waits to be run again. A job is its own where all of this is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSpec {
    /// Where it comes from.
    pub build: ShelvedBuild,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Environment, over the image's own.
    pub env: Vec<(String, String)>,
    /// Bounds; of these a process has some from its start.
    pub limits: JobLimits,
}

/// How the container is laid out and what to start in advance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Absolute path of the workspace, which is every job's working directory.
    pub workspace: String,
    /// Absolute path of the directory that compilers leave their result in.
    pub build: String,
    /// The job's uid and gid.
    pub uid: u32,
    /// The compiler to start now, if the language has one that can wait.
    pub compile_standby: Option<StandbySpec>,
    /// The interpreter to start now, if the language has one that can wait.
    pub standby: Option<StandbySpec>,
    /// Run once as the job's uid to learn the toolchain's version; empty for none.
    pub version_argv: Vec<String>,
    /// Environment of the version command, over the image's own.
    pub env: Vec<(String, String)>,
}

/// A compiler or an interpreter that waits for its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandbySpec {
    /// The plain command line without the arguments that come with a job.
    pub argv: Vec<String>,
    /// Environment while it waits, over the image's own.
    pub env: Vec<(String, String)>,
    /// Bounds it is started with; a job with other ones cannot use it.
    pub limits: JobLimits,
    /// Whether it is started once, as root, and forks the ones that wait.
    pub forks: bool,
    /// In a container that has served, it is started only after this much rest, in microseconds: 0 where it is started at once.
    pub rest_micros: u64,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The compile stage, if there is something to compile.
    pub compile: Option<StageSpec>,
    /// Largest build that is sent up once compiled, in bytes; 0 where it is not wanted.
    pub keep_build_bytes_max: u64,
    /// The run stage.
    pub run: StageSpec,
    /// Whether the job is over once it is compiled.
    pub compile_only: bool,
    /// The run stage's streams are a terminal of this size rather than three pipes; what comes out of it is stdout.
    pub terminal: Option<TerminalSize>,
    /// Files of the workspace that are sent up after the run.
    pub artifacts: Option<ArtifactSpec>,
    /// Whether the waiting compiler is to be used for the compile stage.
    pub use_compile_standby: bool,
    /// Whether the waiting interpreter is to be used for the run stage.
    pub use_standby: bool,
    /// Bounds that hold for both stages.
    pub limits: JobLimits,
}

/// One stage's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageSpec {
    /// Program and arguments; the program is looked up in the stage's PATH.
    pub argv: Vec<String>,
    /// How many of `argv`'s last elements come with the job: the sources of a compiler, the caller's own arguments.
    pub user_args: u32,
    /// Environment, over the image's own.
    pub env: Vec<(String, String)>,
    /// Wall time bound, microseconds.
    pub wall_micros: u64,
    /// CPU time bound over all processes, microseconds.
    pub cpu_micros: u64,
}

/// Characters of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters of a line.
    pub columns: u16,
}

/// Which files are sent up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactSpec {
    /// Over paths relative to the workspace; a file that any of them matches.
    pub globs: Vec<String>,
    /// Most files.
    pub count_max: u32,
    /// Most bytes of all together.
    pub bytes_max: u64,
}

/// A file of the workspace that is sent up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactHead {
    /// Relative to the workspace, in whatever bytes the program chose.
    #[serde(with = "serde_bytes")]
    pub path: Vec<u8>,
    /// Its length.
    pub size: u64,
    /// Whether anybody may execute it.
    pub executable: bool,
    /// How much of it comes.
    pub sent: u64,
}

/// What was asked for and does not come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactsLeftOut {
    /// Links, pipes, sockets and the like.
    pub special: u64,
    /// Files beyond the most.
    pub over_count: u64,
    /// Whether there was more than could be looked at.
    pub not_searched: bool,
}

/// What a packed build is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildSum {
    /// Its length.
    pub bytes: u64,
    /// Its CRC-32.
    pub crc32: u32,
}

/// Bounds of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLimits {
    /// Kept output per stream and stage.
    pub output_bytes: u64,
    /// Largest single file.
    pub file_bytes: u64,
    /// What the files that a stage writes may take at one time, over all writable mounts of the container.
    pub disk_bytes: u64,
    /// Files and directories that a stage may have made at one time, over all writable mounts of the container.
    pub inodes: u64,
    /// Processes and threads of the uid.
    pub processes: u64,
    /// Descriptors of one process.
    pub open_files: u64,
    /// Stack of a process's first thread.
    pub stack_bytes: u64,
    /// How far the job may raise its own stack; above what the container allows means as far as that.
    pub stack_bytes_max: u64,
    /// CPUs the container may use at once, in thousandths: bounds how soon a CPU limit can be reached.
    pub cpu_millis: u32,
}

impl JobLimits {
    /// Those that a process has from its start and passes on.
    #[must_use]
    pub fn inherited(&self) -> [u64; 5] {
        [self.file_bytes, self.processes, self.open_files, self.stack_bytes, self.stack_bytes_max]
    }
}

/// One end of a socket, for whoever may take it out of the agent's process. It holds the token, to be read first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectOffer {
    /// Its number in the agent.
    pub descriptor: i32,
    /// Random.
    pub token: [u8; DIRECT_TOKEN_BYTES],
}

/// From the agent to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentMessage {
    /// The first frame.
    Hello {
        /// [`MAGIC`].
        magic: u64,
        /// [`VERSION`].
        version: u32,
        /// Another way to the agent.
        direct: DirectOffer,
    },
    /// Nothing waits any more, and its memory is free.
    StoodDown,
    /// Set up, the standby interpreter waits.
    Ready {
        /// Which cgroup hierarchy evidence comes from.
        cgroup: CgroupVersion,
        /// First line that the version command printed.
        toolchain: String,
        /// Whether all that was to wait does.
        standby: bool,
        /// Why the container can never be proven clean; empty where it can.
        unresettable: String,
    },
    /// The container is as it was before its first job, and ready for the next.
    Clean {
        /// Whether an interpreter waits.
        standby: bool,
        /// Whether the program does. Where it does not, it is started when it is asked for.
        program: bool,
        /// What killing, wiping and the proof took, in microseconds; what starts to wait comes on top.
        reset_micros: u64,
    },
    /// The container is not as it was, or that could not be proven: it must not serve again.
    Unclean(String),
    /// The process of a stage runs.
    Started(Stage),
    /// Output of a stage.
    Output {
        /// Which stage.
        stage: Stage,
        /// Which stream.
        stream: Stream,
        /// What was written.
        #[serde(with = "serde_bytes")]
        content: Vec<u8>,
    },
    /// A piece of what the job's compiler made. Comes beside the run stage's messages, and after `Finished` where the program was faster.
    BuildPiece(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The build has been sent.
    BuildKept(BuildSum),
    /// The build is not sent, or not to its end.
    BuildNotKept(String),
    /// The program has taken this many more bytes of input.
    InputTaken(u64),
    /// A stage is over and nothing of it lives.
    Ended(StageReport),
    /// After the run stage's end: a file that was asked for. Its pieces follow.
    Artifact(ArtifactHead),
    /// The next piece of the last file.
    ArtifactPiece(#[serde(with = "serde_bytes")] Vec<u8>),
    /// After all files, where there is something to tell.
    ArtifactsLeftOut(ArtifactsLeftOut),
    /// The job is over. Nothing of its uid lives.
    Finished,
    /// The agent cannot do its work; the container is worthless.
    Fault(String),
}

/// Which hierarchy the container sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CgroupVersion {
    /// Controllers in directories of their own.
    V1,
    /// One unified hierarchy.
    V2,
    /// None is visible: there is no evidence of memory kills.
    None,
}

/// The two stages of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The compiler.
    Compile,
    /// The program.
    Run,
}

/// The two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

/// What a stage did and used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageReport {
    /// Which stage.
    pub stage: Stage,
    /// How its first process ended.
    pub ending: Ending,
    /// Why the agent killed it, if it did.
    pub killed: Option<KillCause>,
    /// Processes of the container that the kernel killed for memory during the stage.
    pub oom_kills: u64,
    /// Bytes beyond the limit that were dropped, per stream: stdout, stderr.
    pub dropped: [u64; 2],
    /// The most that its files were seen to take, over what was there when it started.
    pub stored: Stored,
    /// What it used.
    pub usage: Usage,
}

/// What files take on the container's writable mounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Bytes of their blocks.
    pub bytes: u64,
    /// Files, directories and links.
    pub inodes: u64,
}

/// Whether the first process ran at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// It ran and ended.
    Exited(Exit),
    /// It could not be started: the program is missing or not executable.
    NotStarted(String),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Which bound made the agent kill a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KillCause {
    /// The wall time.
    WallTime,
    /// The CPU time.
    CpuTime,
    /// Output went on past its limit for longer than the grace.
    Output,
    /// Its files took more than they may.
    Disk,
    /// It made more files than it may.
    Inodes,
    /// The host asked for it.
    Host,
}

/// Resources of a stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// From start to end.
    pub wall_micros: u64,
    /// Of all processes.
    pub cpu_micros: u64,
    /// Peak of the container while the stage ran, or of its largest process where an earlier job's peak was higher.
    pub peak_memory_bytes: u64,
}
