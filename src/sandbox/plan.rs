//! What the agent is to do for one execution, made before a container is asked for.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::domain::{ARTIFACTS_MAX, ArtifactRequest, Execution, Limits, PackedBuild};
use crate::language::{LanguageSpec, MOUNT_DIR, Standby};
use crate::wire::{
    self, ArtifactSpec, BuildSum, HostMessage, INPUT_WINDOW_BYTES, JobLimits, JobSpec, ProgramSpec,
    ShelvedBuild, StageSpec,
};

use super::error::SandboxError;
use super::warm::Blueprint;

/// Content bytes per `File` frame: under the frame's bound with room for the path.
pub(super) const FILE_PIECE_BYTES: usize = 512 * 1024;
/// Bytes of input per frame: several fit in the window.
pub(super) const INPUT_PIECE_BYTES: usize = (INPUT_WINDOW_BYTES / 4) as usize;
/// How long a caller may take to send the files that it held a job back for, in seconds.
pub(super) const HOLD_SECONDS_MAX: u64 = 60;
/// Time beyond a job's own limits after which a silent agent is given up.
const GUARD: Duration = Duration::from_secs(15);

/// Variables by which the caller tells the dynamic loader what to load: it has to see what is there when the program runs.
const LOADER_PREFIX: &str = "LD_";
/// What programs take a terminal for that sets none: what most terminals understand.
const TERMINAL_TYPE: &str = "xterm-256color";

/// One execution, ready to be sent.
#[derive(Debug)]
pub struct Plan {
    /// Files and the job, encoded.
    pub(super) opening: Vec<u8>,
    /// Where in `opening` the job comes after its files.
    pub(super) job_at: usize,
    /// Whether more files come before the job.
    pub(super) is_held: bool,
    pub(super) stdin: Bytes,
    /// The container's memory limit for this job.
    pub(super) memory_bytes: u64,
    /// Whether what waits has to go first.
    pub(super) stand_down: bool,
    /// Whether what waits has sized itself by the memory limit, and has to go before that changes.
    pub(super) stand_down_to_resize: bool,
    /// Whether something waits that cannot serve this execution faithfully.
    pub starts_anew: bool,
    /// After this long the agent is not waited for.
    pub(super) guard: Duration,
    pub(super) compile_program: String,
    pub(super) run_program: String,
    /// What can wait in the container afterwards, should the same come again.
    pub(super) again: Option<Arc<ProgramSpec>>,
}

/// Where what runs comes from, in a language that compiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildSource {
    /// It is compiled.
    Compiler {
        /// Largest build that is sent up, in bytes; 0 where it is not wanted.
        keep_bytes_max: u64,
    },
    /// It lies in the agent's volume.
    Shelf {
        /// Path below the volume's root.
        path: String,
        /// Its length.
        bytes: u64,
        /// Its CRC-32.
        crc32: u32,
    },
    /// It is sent along.
    Packed(PackedBuild),
}

/// How far an execution goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Compiles where there is something to compile, and runs.
    Whole,
    /// Compiles, no more.
    CompileOnly,
}

impl BuildSource {
    /// Where it lies as containers see it, if it lies in the agent's volume.
    #[must_use]
    pub fn on_shelf(&self) -> Option<String> {
        match self {
            Self::Shelf { path, .. } => Some(format!("{MOUNT_DIR}/{path}")),
            Self::Compiler { .. } | Self::Packed(_) => None,
        }
    }
}

impl Plan {
    /// Lays out `execution` for containers of `blueprint`.
    ///
    /// # Errors
    /// When a message is too long to be framed.
    pub fn new(
        execution: &Execution,
        blueprint: &Blueprint,
        source: &BuildSource,
        extent: Extent,
    ) -> Result<Self, SandboxError> {
        let language = &blueprint.language;
        let image = &blueprint.image;
        let limits = &execution.limits;
        let paths: Vec<String> = execution.files.iter().map(|file| file.path.clone()).collect();
        let mut env = language.environment(image);
        if execution.artifacts.is_some() {
            env.extend(language.artifacts_env.iter().cloned());
        }
        if execution.terminal.is_some() {
            env.push(("TERM".to_owned(), TERMINAL_TYPE.to_owned()));
        }
        env.extend(execution.env.iter().cloned());
        let stage = |argv: Vec<String>, user_args: usize, wall: Duration, cpu: Duration| StageSpec {
            argv,
            user_args: user_args as u32,
            env: env.clone(),
            wall_micros: micros(wall),
            cpu_micros: micros(cpu),
        };
        let waiting_compiler = language.compile_standby(image);
        let keep_build_bytes_max = match source {
            BuildSource::Compiler { keep_bytes_max } => Some(*keep_bytes_max),
            BuildSource::Shelf { .. } | BuildSource::Packed(_) => None,
        };
        let argv = keep_build_bytes_max.and(language.compile_argv(image, &execution.main, &paths));
        let compile = argv.map(|argv| {
            let waiting = waiting_compiler.as_ref().map_or(argv.len(), |(_, command)| command.len());
            let sources = argv.len().saturating_sub(waiting);
            stage(argv, sources, limits.compile_time, limits.compile_time)
        });
        let mut argv = language.run_argv(&execution.main);
        argv.extend(execution.args.iter().cloned());
        let run = stage(argv, execution.args.len(), limits.wall_time, limits.cpu_time);
        let job_limits = job_limits(limits, blueprint.cpu_millis);

        let mut opening = Vec::new();
        for file in &execution.files {
            // A file without content still has one piece.
            let pieces =
                file.content.chunks(FILE_PIECE_BYTES).chain(file.content.is_empty().then_some(&[][..]));
            for (index, piece) in pieces.enumerate() {
                let message = HostMessage::File {
                    path: file.path.clone(),
                    executable: file.executable,
                    append: index > 0,
                    content: piece.to_vec(),
                };
                wire::encode_into(&message, &mut opening)?;
            }
        }
        encode_build(source, &mut opening)?;
        let program =
            |stage: Option<&StageSpec>| stage.and_then(|s| s.argv.first().cloned()).unwrap_or_default();
        let (compile_program, run_program) = (program(compile.as_ref()), program(Some(&run)));
        let held = if execution.is_held { Duration::from_secs(HOLD_SECONDS_MAX) } else { Duration::ZERO };
        let guard = limits.wall_time
            + GUARD
            + held
            + compile.as_ref().map_or(Duration::ZERO, |_| limits.compile_time);
        let waiting_interpreter = language.standby(image);
        let serves = |standby: &Standby| serves(standby, execution, language);
        let use_compile_standby = waiting_compiler.as_ref().is_some_and(|(standby, command)| {
            serves(standby) && compile.as_ref().is_some_and(|stage| stage.argv.starts_with(command))
        });
        let as_started = language.run_argv(&execution.main) == language.run_argv(&language.main_file);
        // What waits has pipes.
        let use_standby =
            as_started && execution.terminal.is_none() && waiting_interpreter.is_some_and(serves);
        let waiting = waiting_compiler.iter().map(|(standby, _)| *standby).chain(waiting_interpreter);
        let (mut stand_down, mut stand_down_to_resize) = (false, false);
        for standby in waiting {
            // They would count as the program's, and they cannot be used anyway.
            stand_down |= limits.processes != language.limits.processes;
            stand_down_to_resize |= standby.plain_when_memory_differs;
        }
        let starts_anew = (waiting_interpreter.is_some() && !use_standby)
            || (compile.is_some() && waiting_compiler.is_some() && !use_compile_standby);
        let again = shelved(source)
            .filter(|_| waiting_interpreter.is_none() && execution.terminal.is_none() && !stand_down)
            .filter(|_| !run.env.iter().any(|(name, _)| name.starts_with(LOADER_PREFIX)))
            .map(|build| {
                let (argv, env, limits) = (run.argv.clone(), run.env.clone(), job_limits.clone());
                Arc::new(ProgramSpec { build, argv, env, limits })
            });
        let job = JobSpec {
            compile,
            keep_build_bytes_max: keep_build_bytes_max.unwrap_or(0),
            run,
            compile_only: extent == Extent::CompileOnly,
            terminal: execution
                .terminal
                .map(|size| wire::TerminalSize { rows: size.rows, columns: size.columns }),
            artifacts: execution.artifacts.as_ref().map(artifacts),
            use_compile_standby,
            use_standby,
            limits: job_limits,
        };
        let job_at = opening.len();
        wire::encode_into(&HostMessage::Run(job), &mut opening)?;
        let stdin = execution.stdin.clone();
        let memory_bytes = limits.memory_bytes;
        let is_held = execution.is_held;
        Ok(Self {
            opening,
            job_at,
            is_held,
            stdin,
            memory_bytes,
            stand_down,
            stand_down_to_resize,
            starts_anew,
            guard,
            compile_program,
            run_program,
            again,
        })
    }
}

fn artifacts(asked: &ArtifactRequest) -> ArtifactSpec {
    let ArtifactRequest { globs, bytes_max } = asked;
    ArtifactSpec { globs: globs.clone(), count_max: ARTIFACTS_MAX, bytes_max: *bytes_max }
}

/// What the agent is told of a build in its volume.
fn shelved(source: &BuildSource) -> Option<ShelvedBuild> {
    let BuildSource::Shelf { bytes, crc32, .. } = source else { return None };
    let sum = BuildSum { bytes: *bytes, crc32: *crc32 };
    source.on_shelf().map(|path| ShelvedBuild { path, sum })
}

/// What brings a build that exists into the container.
fn encode_build(source: &BuildSource, opening: &mut Vec<u8>) -> Result<(), SandboxError> {
    if let Some(build) = shelved(source) {
        wire::encode_into(&HostMessage::BuildOnShelf(build), opening)?;
    }
    if let BuildSource::Packed(PackedBuild { content, crc32 }) = source {
        for piece in content.chunks(FILE_PIECE_BYTES) {
            wire::encode_into(&HostMessage::BuildPiece(piece.to_vec()), opening)?;
        }
        let sum = BuildSum { bytes: content.len() as u64, crc32: *crc32 };
        wire::encode_into(&HostMessage::BuildEnd(sum), opening)?;
    }
    Ok(())
}

/// What waits was started with the default environment and bounds, as far as a process has them from its start.
fn serves(standby: &Standby, execution: &Execution, language: &LanguageSpec) -> bool {
    let (limits, default) = (&execution.limits, &language.limits);
    let inherited = |limits: &Limits| {
        let stack = (limits.stack_bytes, limits.stack_bytes_max);
        (limits.file_bytes, limits.processes, limits.open_files, stack)
    };
    inherited(limits) == inherited(default)
        && (!standby.plain_when_memory_differs || limits.memory_bytes == default.memory_bytes)
        && standby.serves(&execution.env)
}

pub(super) fn job_limits(limits: &Limits, cpu_millis: u32) -> JobLimits {
    JobLimits {
        output_bytes: limits.output_bytes,
        file_bytes: limits.file_bytes,
        disk_bytes: limits.disk_bytes,
        inodes: limits.inodes,
        processes: limits.processes,
        open_files: limits.open_files,
        stack_bytes: limits.stack_bytes,
        stack_bytes_max: limits.stack_bytes_max,
        cpu_millis,
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
