//! Starting a process as the job: another uid, no capabilities, a session of its own, its bounds in place.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::ptrace;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::SigSet;
use nix::sys::stat::{Mode, SFlag, fstat, umask};
use nix::unistd::{Gid, Pid, Uid, fchown, setgroups, setresgid, setresuid, setsid};

use crate::terminal::{self, Terminal};
use crate::wire::{JobLimits, TerminalSize};

/// Open files of a process that is no job's: the version command. The usual default of a login.
const OPEN_FILES_MAX: u64 = 1024;
/// Added to the job's nice value, so that the agent wakes in time to kill a job that keeps every CPU busy.
pub(crate) const JOB_NICE: i32 = 5;
/// The kernel's highest: the job dies for memory before the agent does.
pub(crate) const JOB_OOM_SCORE: &str = "1000";

/// The environment of a process, sorted by name: the same order however the process was started.
pub(crate) type Environment = BTreeMap<String, String>;

/// The image's own environment with `overlay` over it.
pub(crate) fn environment(overlay: &[(String, String)]) -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .chain(overlay.iter().cloned())
        .collect()
}

/// Where a process's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// There is none.
    Null,
    /// The agent's end of a pipe.
    Pipe,
    /// A terminal, which output goes to as well.
    Terminal(TerminalSize),
}

/// A started process and the agent's ends of its streams, which are non-blocking.
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) stdin: Option<File>,
    pub(crate) stdout: File,
    /// `None` where it goes to a terminal as well, whose output is all in `stdout`.
    pub(crate) stderr: Option<File>,
    /// Another descriptor of the terminal's master.
    pub(crate) terminal: Option<File>,
}

/// Starts `argv` in `directory` as `uid`.
///
/// # Errors
/// The kernel's reason where the program is missing or cannot be executed.
pub(crate) fn spawn(
    argv: &[String],
    env: &Environment,
    directory: &Path,
    uid: Uid,
    input: Input,
    limits: Option<&JobLimits>,
) -> io::Result<Process> {
    let bounds = limits.cloned();
    let Input::Terminal(size) = input else {
        return start(argv, env, directory, input, move || become_job(uid, bounds.as_ref()));
    };
    let Terminal { master, slave } = Terminal::open(size, uid)?;
    let mut command = command(argv, env, directory)?;
    command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
    let child = launch(&mut command, move || {
        become_job(uid, bounds.as_ref())?;
        terminal::take_control()
    })?;
    let pid = Pid::from_raw(child.id() as i32);
    // The master's end comes when nothing has the other end open any more; the command still has.
    drop(command);
    let (stdin, terminal) = (Some(master.try_clone()?), Some(master.try_clone()?));
    Ok(Process { pid, stdin, stdout: master, stderr: None, terminal })
}

/// Starts `argv` in `directory` as `uid`, traced by the agent: it stops before it runs anything of its own.
///
/// # Errors
/// The kernel's reason where the program is missing, or may not be traced.
pub(crate) fn spawn_traced(
    argv: &[String],
    env: &Environment,
    directory: &Path,
    uid: Uid,
    limits: &JobLimits,
) -> io::Result<Process> {
    let bounds = limits.clone();
    start(argv, env, directory, Input::Pipe, move || {
        become_job(uid, Some(&bounds))?;
        Ok(ptrace::traceme()?)
    })
}

/// Starts `argv` in `directory` as the agent's own user, within a job's bounds, which its children inherit. It yields to
/// nobody and is no rather killed than the agent: it outlives jobs.
///
/// # Errors
/// The kernel's reason where the program is missing or cannot be executed.
pub(crate) fn spawn_parent(
    argv: &[String],
    env: &Environment,
    directory: &Path,
    limits: &JobLimits,
) -> io::Result<Process> {
    let bounds = limits.clone();
    start(argv, env, directory, Input::Pipe, move || {
        setsid()?;
        take_bounds(Some(&bounds))
    })
}

fn start(
    argv: &[String],
    env: &Environment,
    directory: &Path,
    input: Input,
    prepare: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<Process> {
    let mut command = command(argv, env, directory)?;
    command
        .stdin(if input == Input::Pipe { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = launch(&mut command, prepare)?;
    let pid = Pid::from_raw(child.id() as i32);
    let stdin = child.stdin.map(|pipe| non_blocking(pipe.into())).transpose()?;
    let (Some(stdout), Some(stderr)) = (child.stdout, child.stderr) else {
        return Err(io::Error::other("the process has no output pipes"));
    };
    let (stdout, stderr) = (non_blocking(stdout.into())?, Some(non_blocking(stderr.into())?));
    Ok(Process { pid, stdin, stdout, stderr, terminal: None })
}

/// Starts it, with `prepare` in the forked child. std's `Child` neither kills nor reaps on drop; the session reaps by pid.
fn launch(
    command: &mut Command,
    prepare: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<Child> {
    // SAFETY: the agent has one thread, so the forked child may call anything; the closure only makes system calls
    // and one small write.
    unsafe {
        command.pre_exec(prepare);
    }
    command.spawn()
}

fn command(argv: &[String], env: &Environment, directory: &Path) -> io::Result<Command> {
    let (program, arguments) = argv.split_first().ok_or_else(|| io::Error::other("an empty command line"))?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(env).current_dir(directory);
    Ok(command)
}

/// Runs in the forked child: gives everything up, in the order the kernel demands.
fn become_job(uid: Uid, limits: Option<&JobLimits>) -> io::Result<()> {
    setsid()?;
    umask(Mode::from_bits_truncate(0o022));
    // Raising one's own score needs no privilege; a kernel without the file is no reason not to run.
    let _ = std::fs::write("/proc/self/oom_score_adj", JOB_OOM_SCORE);
    // SAFETY: a plain system call on this process; no memory is passed.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, JOB_NICE) };
    take_bounds(limits)?;
    let gid = Gid::from_raw(uid.as_raw());
    give_pipes(uid, gid)?;
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    Ok(())
}

/// Also in the forked child: the streams become the job's. A pipe can be opened again by its name, as /dev/stdin, by its
/// owner alone.
fn give_pipes(uid: Uid, gid: Gid) -> io::Result<()> {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    for stream in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
        let kind = SFlag::from_bits_truncate(fstat(stream)?.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFIFO {
            fchown(stream, Some(uid), Some(gid))?;
        }
    }
    Ok(())
}

/// Also in the forked child: what needs no other user.
fn take_bounds(limits: Option<&JobLimits>) -> io::Result<()> {
    // The agent blocks the signal of its children's ends for itself.
    SigSet::empty().thread_set_mask()?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let open_files = hard.min(limits.map_or(OPEN_FILES_MAX, |limits| limits.open_files));
    setrlimit(Resource::RLIMIT_NOFILE, open_files, open_files)?;
    if let Some(limits) = limits {
        setrlimit(Resource::RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes)?;
        setrlimit(Resource::RLIMIT_NPROC, limits.processes, limits.processes)?;
        let (_, hard) = getrlimit(Resource::RLIMIT_STACK)?;
        let hard = hard.min(limits.stack_bytes_max);
        setrlimit(Resource::RLIMIT_STACK, hard.min(limits.stack_bytes), hard)?;
    }
    Ok(())
}

/// Sets O_NONBLOCK on the agent's end; the program's end is another description.
pub(crate) fn non_blocking(pipe: OwnedFd) -> io::Result<File> {
    let flags = OFlag::from_bits_truncate(fcntl(&pipe, FcntlArg::F_GETFL)?);
    fcntl(&pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(File::from(pipe))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::JobLimits;

    /// Bounds of an ordinary job.
    pub(crate) fn limits() -> JobLimits {
        JobLimits {
            output_bytes: 1 << 20,
            file_bytes: 1 << 20,
            disk_bytes: 1 << 20,
            inodes: 1_000,
            processes: 64,
            open_files: 1_024,
            stack_bytes: 8 << 20,
            stack_bytes_max: u64::MAX,
            cpu_millis: 1000,
        }
    }
}
