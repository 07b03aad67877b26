//! An interpreter, or a compiler, that was started before its program was known.
//!
//! It runs with the plain command line, paused in its own start-up code by a file of the language's `standby` folder.
//! That file says when it is ready and is then told arguments and environment; what runs afterwards is the plain
//! interpreter. The agent knows nothing of any language here.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::{Pid, Uid};

use crate::spawn::{self, Environment, Input, Process};
use crate::wire::{StageSpec, StandbySpec};

/// Names the descriptor of the control stream to the waiting interpreter.
pub(crate) const CONTROL_VARIABLE: &str = "KILN_STANDBY_FD";
/// The control stream's number in the interpreter: above what a runtime opens at its start, and within the first 64, for which
/// the kernel needs no larger table: its size shows in /proc.
pub(crate) const CONTROL_FD_MIN: i32 = 60;
/// What the interpreter writes when it waits.
const WAITING: u8 = b'R';
/// How long an interpreter may take to start, in seconds; on a busy machine Node has taken two.
pub(crate) const START_SECONDS_MAX: u64 = 20;

/// A waiting interpreter.
pub(crate) struct Standby {
    process: Process,
    control: UnixStream,
    /// All its other processes: such as hold its memory, for whose end nobody has to wait.
    holders: Vec<Pid>,
}

impl Standby {
    /// Starts the interpreter and returns when it waits.
    pub(crate) fn start(spec: &StandbySpec, directory: &Path, uid: Uid) -> io::Result<Self> {
        let (control, theirs) = UnixStream::pair()?;
        // Without close-on-exec, and only until the fork below: the agent has one thread.
        let number = fcntl(&theirs, FcntlArg::F_DUPFD(CONTROL_FD_MIN))?;
        // SAFETY: `fcntl` has just made this descriptor and nobody else owns it.
        let inherited = unsafe { OwnedFd::from_raw_fd(number) };
        let mut env = spawn::environment(&spec.env);
        env.insert(CONTROL_VARIABLE.to_owned(), inherited.as_raw_fd().to_string());
        let process = spawn::spawn(&spec.argv, &env, directory, uid, Input::Pipe, Some(&spec.limits))?;
        drop((inherited, theirs));

        Self::adopt(process, control)
    }

    /// Takes an interpreter that is about to wait, and returns when it does.
    pub(crate) fn adopt(process: Process, mut control: UnixStream) -> io::Result<Self> {
        control.set_read_timeout(Some(Duration::from_secs(START_SECONDS_MAX)))?;
        let mut byte = [0];
        control.read_exact(&mut byte)?;
        if byte[0] != WAITING {
            return Err(io::Error::other("the standby program does not follow the protocol"));
        }
        Ok(Self { process, control, holders: Vec::new() })
    }

    pub(crate) fn held_by(mut self, holders: Vec<Pid>) -> Self {
        self.holders = holders;
        self
    }

    /// Its processes, the one that waits first.
    pub(crate) fn pids(&self) -> Vec<Pid> {
        [self.process.pid].into_iter().chain(self.holders.iter().copied()).collect()
    }

    /// Lets the interpreter go on to its program; its streams are the program's.
    ///
    /// # Errors
    /// When the interpreter is gone; nothing of the program has run then.
    pub(crate) fn release(mut self, arguments: &[String], env: &Environment) -> io::Result<Process> {
        let mut body = format!("{}\0", arguments.len()).into_bytes();
        for argument in arguments {
            body.extend_from_slice(argument.as_bytes());
            body.push(0);
        }
        for (name, value) in env {
            body.extend_from_slice(format!("{name}={value}\0").as_bytes());
        }
        let mut message = (body.len() as u32).to_le_bytes().to_vec();
        message.append(&mut body);
        self.control.write_all(&message)?;
        Ok(self.process)
    }
}

/// Lets what waits go on to `stage`; `None` where nothing waits, or it has gone: nothing of the stage has run then.
pub(crate) fn release(standby: Option<Standby>, stage: &StageSpec, env: &Environment) -> Option<Process> {
    let arguments = &stage.argv[stage.argv.len().saturating_sub(stage.user_args as usize)..];
    standby.and_then(|standby| standby.release(arguments, env).ok())
}
