//! Where jobs run and as whom, what waits there for the next one, and how it is made ready for it.

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, Uid};

use crate::build::{self, Unpacking};
use crate::files::Workspace;
use crate::forking::Parent;
use crate::kill;
use crate::program::Waiting;
use crate::reap;
use crate::reset::{Baseline, Unclean};
use crate::spawn::{self, Environment, Process};
use crate::standby::{self, Standby};
use crate::toolchain;
use crate::wire::{BuildSum, JobSpec, ProgramSpec, Setup, ShelvedBuild, StandbySpec};

/// How long a killed process may take to be gone.
const END_MAX: Duration = Duration::from_secs(10);
/// How often that is looked at, should nothing tell of it.
const END_INTERVAL_MS: u8 = 20;

/// The container as jobs find it.
pub(crate) struct Place {
    pub(crate) workspace: Workspace,
    /// Where compilers leave their result.
    pub(crate) build: PathBuf,
    /// A build that comes in pieces for the next job.
    unpacking: Option<Unpacking>,
    /// The build that is there for the program that waits.
    prepared: Option<ShelvedBuild>,
    /// Waits for a job that runs it again.
    program: Option<Waiting>,
    /// The next job's, or the running one's.
    pub(crate) uid: Uid,
    /// Processes that stay for the container's life, beside PID 1 and the agent.
    pub(crate) kept: Vec<Pid>,
    /// Waits for the next job's program.
    interpreter: Option<Standby>,
    /// Waits for the next job's sources.
    pub(crate) compiler: Option<Standby>,
    interpreter_spec: Option<StandbySpec>,
    compiler_spec: Option<StandbySpec>,
    /// When the compiler is to be started, unless a job comes first.
    pub(crate) compiler_due: Option<Instant>,
    /// The processes of what waited for the job, whether it took them or not.
    interpreter_pids: Vec<Pid>,
    compiler_pids: Vec<Pid>,
    /// What forks the interpreter instead of its being started, for the container's life.
    parent: Option<Parent>,
    /// What the container was like before its first job, or why it can serve only one.
    baseline: Result<Baseline, Unclean>,
}

/// What the daemon is told of a container that is set up.
pub(crate) struct Description {
    /// What the toolchain says of itself.
    pub(crate) toolchain: String,
    /// Whether all waits that should.
    pub(crate) standby: bool,
    /// Why the container can never be proven clean; empty where it can.
    pub(crate) unresettable: String,
}

impl Place {
    /// Looks at the container and starts what waits in it. Outside of one of Kiln's containers, as in tests, what is
    /// writable is not ours to empty.
    pub(crate) fn set_up(setup: Setup, contained: bool) -> io::Result<(Self, Description)> {
        let uid = Uid::from_raw(setup.uid);
        let workspace = Workspace::new(PathBuf::from(&setup.workspace), uid);
        let toolchain = match setup.version_argv.as_slice() {
            [] => String::new(),
            // An image without the command still runs programs.
            argv => toolchain::first_line(argv, &spawn::environment(&setup.env), &workspace, uid)
                .unwrap_or_default(),
        };
        let parent = bring_up_parent(setup.standby.as_ref(), &workspace, uid);
        let kept: Vec<Pid> = parent.iter().map(Parent::pid).collect();
        let ours =
            if contained { Ok(()) } else { Err(Unclean("it is not one of Kiln's containers".to_owned())) };
        let baseline = ours.and_then(|()| end(uid, &kept)).and_then(|()| Baseline::take(uid, &kept));
        let unresettable = baseline.as_ref().err().map(|Unclean(reason)| reason.clone()).unwrap_or_default();
        let mut place = Self {
            workspace,
            build: PathBuf::from(setup.build),
            unpacking: None,
            prepared: None,
            program: None,
            uid,
            kept,
            interpreter: None,
            compiler: None,
            interpreter_spec: setup.standby,
            compiler_spec: setup.compile_standby,
            compiler_due: None,
            interpreter_pids: Vec::new(),
            compiler_pids: Vec::new(),
            parent,
            baseline,
        };
        // Nobody has asked for anything yet: all of it is started at once.
        let _ = place.stand_by()?;
        if place.compiler_due.is_some() {
            place.start_compiler();
        }
        let standby = place.is_standing_by();
        Ok((place, Description { toolchain, standby, unresettable }))
    }

    /// Starts what waits for the next job, or says when; tells whether all waits that should.
    ///
    /// # Errors
    /// When what forks the interpreters is gone; the container is worthless then.
    pub(crate) fn stand_by(&mut self) -> io::Result<bool> {
        self.interpreter = match &mut self.parent {
            // A parent that has forked and does so no more has been killed for memory, or worse: a fault.
            Some(parent) => Some(parent.fork(self.uid)?),
            None => self.start(self.interpreter_spec.as_ref(), &[]),
        };
        self.interpreter_pids = self.interpreter.as_ref().map_or_else(Vec::new, Standby::pids);
        let rest = self.compiler_spec.as_ref().map(|spec| Duration::from_micros(spec.rest_micros));
        if rest.is_some_and(|rest| rest.is_zero()) {
            self.start_compiler();
        } else {
            self.compiler_due = rest.map(|rest| Instant::now() + rest);
        }
        Ok(self.is_standing_by())
    }

    /// Starts the compiler that waits.
    pub(crate) fn start_compiler(&mut self) {
        let program = self.program.as_ref().and_then(Waiting::pid);
        let known: Vec<Pid> = self.interpreter_pids.iter().copied().chain(program).collect();
        self.compiler = self.start(self.compiler_spec.as_ref(), &known);
        self.compiler_pids = self.compiler.as_ref().map_or_else(Vec::new, Standby::pids);
        self.compiler_due = None;
    }

    /// Starts what waits, when `known` are all processes of the uid.
    fn start(&self, spec: Option<&StandbySpec>, known: &[Pid]) -> Option<Standby> {
        let started = Standby::start(spec?, self.workspace.root(), self.uid).map(|standby| {
            let mut pids = kill::processes_of(self.uid).unwrap_or_default();
            pids.retain(|pid| !known.contains(pid) && !standby.pids().contains(pid));
            standby.held_by(pids)
        });
        // One that does not come up costs time per program, nothing else: the daemon is told and decides.
        started.map_err(|error| eprintln!("kiln-agent: a standby process did not start: {error}")).ok()
    }

    /// Processes whose end a stage need not wait for, its own first process aside. They are killed with it, as all of its uid is, and
    /// after that run none of their code and can fork no more; but they have much memory to give back. The reset waits. These
    /// are all that were started before the job: what holds the memory of interpreter and compiler, and those of the two that it
    /// has no use for.
    pub(crate) fn apart_from_job(&self) -> Vec<Pid> {
        [&self.kept, &self.interpreter_pids, &self.compiler_pids].into_iter().flatten().copied().collect()
    }

    /// Processes that have been killed with the compile stage, whether it took them or not.
    pub(crate) fn killed_with_compiler(&self) -> Vec<Pid> {
        self.compiler_pids.clone()
    }

    /// Processes that wait for the run while the compile stage is under way.
    pub(crate) fn spared_for_run(&self) -> Vec<Pid> {
        if self.interpreter.is_some() { self.interpreter_pids.clone() } else { Vec::new() }
    }

    /// Whether all waits that should, or will.
    fn is_standing_by(&self) -> bool {
        let wanted = [self.interpreter_spec.is_some(), self.compiler_spec.is_some()];
        let compiler = self.compiler.is_some() || self.compiler_due.is_some();
        wanted.contains(&true) && wanted == [self.interpreter.is_some(), compiler]
    }

    /// Takes a piece of a build for the next job.
    ///
    /// # Errors
    /// Where it is no build or there is no room for it; the container is worthless then.
    pub(crate) fn unpack(&mut self, piece: &[u8]) -> io::Result<()> {
        let unpacking = match self.unpacking.take() {
            Some(unpacking) => unpacking,
            None => {
                self.clear()?;
                Unpacking::into(&self.build)?
            }
        };
        self.unpacking.insert(unpacking).write(piece)
    }

    /// All pieces have come.
    ///
    /// # Errors
    /// Where they are not what was kept; the container is worthless then.
    pub(crate) fn finish_build(&mut self, sum: BuildSum) -> io::Result<()> {
        let unpacking = self.unpacking.take().ok_or_else(|| io::Error::other("a build without a piece"))?;
        unpacking.finish(sum.bytes, sum.crc32)
    }

    /// Takes a build of the shelf for the next job.
    ///
    /// # Errors
    /// Where it is not what was kept; the container is worthless then.
    pub(crate) fn take_from_shelf(&mut self, build: ShelvedBuild) -> io::Result<()> {
        if self.prepared.as_ref() == Some(&build) {
            return Ok(());
        }
        self.clear()?;
        build::unpack_file(Path::new(&build.path), &self.build, build.sum.bytes, build.sum.crc32)
    }

    /// Starts a program that was run before, when nothing else waits; tells whether it does.
    fn prepare(&mut self, spec: ProgramSpec) -> Result<bool, Unclean> {
        let build = self.prepared.insert(spec.build.clone());
        let unpacked =
            build::unpack_file(Path::new(&build.path), &self.build, build.sum.bytes, build.sum.crc32);
        let started = unpacked.and_then(|()| Waiting::start(spec, self.workspace.root(), self.uid));
        if let Err(error) = &started {
            // It is started when it is asked for, and whoever asks is told what is wrong.
            eprintln!("kiln-agent: a program does not wait: {error}");
            self.clear()?;
        }
        self.program = started.ok();
        // Should anything of it have run before its entry, it has left nothing.
        let waiting = self.program.as_ref().and_then(Waiting::pid);
        let known: Vec<Pid> = self.kept.iter().copied().chain(waiting).collect();
        let baseline = self.baseline.as_mut().map_err(|reason| reason.clone())?;
        baseline.confirm(&known, &self.build)?;
        Ok(self.program.is_some())
    }

    /// Ends the program that waits, if one does, and takes its build away: the next job is another's.
    ///
    /// # Errors
    /// Where that cannot be done; the container is worthless then.
    pub(crate) fn clear(&mut self) -> Result<(), Unclean> {
        self.program = None;
        match (self.prepared.take(), &self.baseline) {
            (Some(_), Ok(baseline)) => baseline.renew(&self.build, self.uid),
            (Some(_), Err(reason)) => Err(reason.clone()),
            (None, _) => Ok(()),
        }
    }

    /// Lets go what waits for the program of `job`, and forgets what waits for another.
    pub(crate) fn release(&mut self, job: &JobSpec, env: &Environment) -> Option<Process> {
        self.prepared = None;
        let program = self.program.take().and_then(|program| program.release(job));
        let interpreter = self.interpreter.take().filter(|_| job.use_standby);
        program.or_else(|| standby::release(interpreter, &job.run, env))
    }

    /// Ends what waits. It ends by itself when its control stream does, and has the uid of the job it waited for.
    pub(crate) fn stand_down(&mut self) -> Result<(), Unclean> {
        (self.interpreter, self.compiler, self.compiler_due) = (None, None, None);
        (self.interpreter_pids, self.compiler_pids) = (Vec::new(), Vec::new());
        self.clear()?;
        end(self.uid, &self.kept)
    }

    /// Makes the container as it was before its first job and proves it. Returns how long that took.
    ///
    /// # Errors
    /// Why the container must not serve again.
    pub(crate) fn reset(&mut self, next: Uid) -> Result<Duration, Unclean> {
        let begun = Instant::now();
        self.stand_down()?;
        match &mut self.baseline {
            Ok(baseline) => baseline.restore(self.uid, next, &self.kept)?,
            Err(Unclean(reason)) => return Err(Unclean(reason.clone())),
        }
        Ok(begun.elapsed())
    }

    /// Gets a container that is proven clean ready for a job of `next`. Starts the program, before anything else waits, and tells whether
    /// it does.
    ///
    /// # Errors
    /// Where the container is not as it was because of the program.
    pub(crate) fn pass_on(&mut self, next: Uid, program: Option<ProgramSpec>) -> Result<bool, Unclean> {
        self.uid = next;
        self.workspace.pass_on(next);
        match program {
            Some(program) => self.prepare(program),
            None => Ok(false),
        }
    }
}

/// Starts what forks the interpreters that wait, where there is such a thing. With its first child it has come up, and stays
/// as it is; that child is not used, so that the container can be looked at before anything waits in it.
fn bring_up_parent(spec: Option<&StandbySpec>, workspace: &Workspace, uid: Uid) -> Option<Parent> {
    let spec = spec.filter(|spec| spec.forks)?;
    let forked = Parent::start(spec, workspace.root()).and_then(|mut parent| {
        drop(parent.fork(uid)?);
        // What holds its memory does not end by itself.
        kill::kill_all(uid, &[])?;
        Ok(parent)
    });
    // One that cannot fork those that wait has them started instead.
    forked.map_err(|error| eprintln!("kiln-agent: {error}")).ok()
}

/// Kills all of a uid that no job has any more, and returns when it is gone.
fn end(uid: Uid, kept: &[Pid]) -> Result<(), Unclean> {
    let deadline = Instant::now() + END_MAX;
    let ends = SignalFd::with_flags(&reap::signal(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    while !kill::kill_all(uid, kept)? {
        let mut is_news = false;
        while reap::next()?.is_some() {
            is_news = true;
        }
        if is_news {
            continue;
        }
        if Instant::now() > deadline {
            return Err(Unclean("processes survive SIGKILL".to_owned()));
        }
        // All are the agent's children, or will be.
        poll(&mut [PollFd::new(ends.as_fd(), PollFlags::POLLIN)], END_INTERVAL_MS)?;
        while ends.read_signal()?.is_some() {}
    }
    Ok(())
}
