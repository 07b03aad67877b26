//! The agent's one loop: what the daemon says, what the job does, what the clock says.
//!
//! Everything is non-blocking but the wait itself. When the daemon goes away, or anything is not as it should be, the
//! container ends: nothing here tries to be useful alone.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, Uid};

use crate::cgroup::Cgroup;
use crate::files::Workspace;
use crate::forking::Parent;
use crate::init;
use crate::input::InputQueue;
use crate::kill;
use crate::outbox::Outbox;
use crate::reset::{Baseline, Unclean};
use crate::spawn::{self, Input};
use crate::stage::{Bounds, Counters, Running};
use crate::standby::{self, Standby};
use crate::toolchain;
use crate::wire::{
    AgentMessage, Decoder, Ending, HostMessage, JobSpec, KillCause, MAGIC, Setup, Stage, StageReport,
    StageSpec, StandbySpec, Usage, VERSION,
};

/// Bytes read at once: a pipe's default capacity.
const READ_BYTES: usize = 64 * 1024;
/// How long a killed interpreter may take to be gone.
const END_MAX: Duration = Duration::from_secs(2);

/// Serves the daemon on stdin and stdout until it goes away.
///
/// # Errors
/// When the session cannot go on; the daemon has been told then.
pub(crate) fn run() -> io::Result<()> {
    // The job must not read the agent's memory or descriptors through /proc.
    prctl::set_dumpable(false)?;
    // What loses its parent becomes the agent's: an interpreter that a short-lived process forked, and a job's orphans.
    prctl::set_child_subreaper(true)?;
    tell_init(init::ATTACHED);
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.thread_block()?;
    let children = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = spawn::non_blocking(io::stdout().as_fd().try_clone_to_owned()?)?;
    let mut session = Session {
        input,
        outbox: Outbox::new(output),
        decoder: Decoder::default(),
        // Touched now: zeroes would come page by page when they are used, in the middle of a request.
        buffer: vec![u8::MAX; READ_BYTES],
        children,
        cgroup: Cgroup::open(),
        place: None,
        compile_standby: None,
        standby: None,
        job: None,
    };
    let result = session.serve();
    if let Err(error) = &result {
        let _ = session.outbox.push(&AgentMessage::Fault(error.to_string()));
        let _ = session.outbox.flush();
    }
    tell_init(init::LEAVE);
    result
}

/// Signals PID 1, if it is ours: the agent also runs outside of containers, in tests.
fn tell_init(signal: Signal) {
    if is_init_ours() {
        let _ = nix::sys::signal::kill(Pid::from_raw(1), signal);
    }
}

fn is_init_ours() -> bool {
    std::fs::read("/proc/1/cmdline").is_ok_and(|line| line.ends_with(b"\0init\0"))
}

fn not_set_up() -> io::Error {
    io::Error::other("the daemon has not sent its set-up")
}

/// Where jobs run and as whom; known after `Setup`.
struct Place {
    workspace: Workspace,
    uid: Uid,
    /// The interpreter that is started for each job before it comes, if the language has one that can wait.
    standby: Option<StandbySpec>,
    /// The same for its compiler.
    compile_standby: Option<StandbySpec>,
    /// What forks the interpreter instead, for the container's life.
    parent: Option<Parent>,
    /// Processes that stay for the container's life, beside PID 1 and the agent.
    kept: Vec<Pid>,
    /// What the container was like before its first job, or why it can serve only one.
    baseline: Result<Baseline, Unclean>,
}

/// A job between `Run` and `Finished`.
struct Job {
    running: Running,
    /// What comes after the compile stage.
    next: Option<JobSpec>,
    input: InputQueue,
    /// The daemon wants no further stage.
    cancelled: bool,
}

struct Session {
    input: File,
    outbox: Outbox<File>,
    decoder: Decoder,
    /// For whatever is read, from the daemon or the job.
    buffer: Vec<u8>,
    children: SignalFd,
    cgroup: Cgroup,
    place: Option<Place>,
    compile_standby: Option<Standby>,
    standby: Option<Standby>,
    job: Option<Job>,
}

impl Session {
    fn serve(&mut self) -> io::Result<()> {
        self.outbox.push(&AgentMessage::Hello { magic: MAGIC, version: VERSION })?;
        loop {
            self.advance()?;
            self.outbox.flush()?;
            let daemon_spoke = self.wait()?;
            while self.children.read_signal()?.is_some() {}
            if daemon_spoke && !self.listen()? {
                return Ok(());
            }
        }
    }

    /// Waits for the next event; true where the daemon has sent something or gone.
    fn wait(&self) -> io::Result<bool> {
        let wait_in = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let wait_out = |fd| PollFd::new(fd, PollFlags::POLLOUT);
        let mut fds = vec![wait_in(self.input.as_fd()), wait_in(self.children.as_fd())];
        if !self.outbox.is_empty() {
            fds.push(wait_out(self.outbox.target().as_fd()));
        }
        let mut timeout = PollTimeout::NONE;
        if let Some(job) = &self.job {
            if !self.outbox.is_full() {
                fds.extend(job.running.outputs().map(|pipe| wait_in(pipe.as_fd())));
            }
            fds.extend(job.input.blocked_on().map(|pipe: &File| -> PollFd<'_> {
                let fd: BorrowedFd<'_> = pipe.as_fd();
                wait_out(fd)
            }));
            timeout = until(job.running.wake_at());
        }
        match poll(&mut fds, timeout) {
            Ok(_) => Ok(fds[0].any().unwrap_or(true)),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads and obeys the daemon; false when it has gone.
    fn listen(&mut self) -> io::Result<bool> {
        let bytes = self.input.read(&mut self.buffer)?;
        if bytes == 0 {
            return Ok(false);
        }
        self.decoder.push(&self.buffer[..bytes]);
        while let Some(message) = self.decoder.decode::<HostMessage>().map_err(io::Error::other)? {
            self.obey(message)?;
        }
        Ok(true)
    }

    fn obey(&mut self, message: HostMessage) -> io::Result<()> {
        match message {
            HostMessage::Setup(setup) if self.place.is_none() => self.set_up(setup),
            HostMessage::File { path, executable, append, content } => {
                self.place()?.workspace.write(&path, executable, append, &content)
            }
            HostMessage::Run(spec) if self.job.is_none() => self.start(spec),
            HostMessage::Input(piece) => {
                if let Some(job) = &mut self.job {
                    job.input.push(&piece);
                }
                Ok(())
            }
            HostMessage::CloseInput => {
                if let Some(job) = &mut self.job {
                    job.input.complete();
                }
                Ok(())
            }
            HostMessage::Kill => {
                if let Some(job) = &mut self.job {
                    job.cancelled = true;
                    job.running.kill(KillCause::Host);
                }
                Ok(())
            }
            HostMessage::StandDown if self.job.is_none() => self.stand_down(),
            HostMessage::Reset { uid } if self.job.is_none() => self.reset(Uid::from_raw(uid)),
            HostMessage::Setup(_)
            | HostMessage::Run(_)
            | HostMessage::StandDown
            | HostMessage::Reset { .. } => Err(io::Error::other("a message out of order")),
        }
    }

    fn place(&self) -> io::Result<&Place> {
        self.place.as_ref().ok_or_else(not_set_up)
    }

    fn set_up(&mut self, setup: Setup) -> io::Result<()> {
        let uid = Uid::from_raw(setup.uid);
        let workspace = Workspace::new(PathBuf::from(&setup.workspace), uid);
        let toolchain = match setup.version_argv.as_slice() {
            [] => String::new(),
            // An image without the command still runs programs.
            argv => toolchain::first_line(argv, &spawn::environment(&setup.env), &workspace, uid)
                .unwrap_or_default(),
        };
        let parent = self.bring_up_parent(setup.standby.as_ref(), &workspace, uid);
        let kept: Vec<Pid> = parent.iter().map(Parent::pid).collect();
        // Outside of a container, as in tests, what is writable is not ours to empty.
        let ours = if is_init_ours() { Ok(()) } else { Err(Unclean("PID 1 is not Kiln's".to_owned())) };
        let baseline = ours.and_then(|()| end(uid, &kept)).and_then(|()| Baseline::take(uid, &kept));
        let unresettable = baseline.as_ref().err().map(|Unclean(reason)| reason.clone()).unwrap_or_default();
        let (compile_standby, standby) = (setup.compile_standby, setup.standby);
        self.place = Some(Place { workspace, uid, compile_standby, standby, parent, kept, baseline });
        let standby = self.stand_by()?;
        let cgroup = self.cgroup.version();
        self.outbox.push(&AgentMessage::Ready { cgroup, toolchain, standby, unresettable })
    }

    /// Starts what forks the interpreters that wait, where there is such a thing. With its first child it has come up, and stays
    /// as it is; that child is not used, so that the container can be looked at before anything waits in it.
    fn bring_up_parent(&self, spec: Option<&StandbySpec>, workspace: &Workspace, uid: Uid) -> Option<Parent> {
        let spec = spec.filter(|spec| spec.forks)?;
        let forked = Parent::start(spec, workspace.root()).and_then(|mut parent| {
            parent.fork(uid)?;
            Ok(parent)
        });
        // One that cannot fork those that wait has them started instead.
        forked.map_err(|error| eprintln!("kiln-agent: {error}")).ok()
    }

    /// Starts what waits for the next job; tells whether all does that should.
    fn stand_by(&mut self) -> io::Result<bool> {
        let place = self.place.as_mut().ok_or_else(not_set_up)?;
        let start = |spec: &Option<StandbySpec>| {
            let started = Standby::start(spec.as_ref()?, place.workspace.root(), place.uid);
            // One that does not come up costs time per program, nothing else: the daemon is told and decides.
            started.map_err(|error| eprintln!("kiln-agent: a standby process did not start: {error}")).ok()
        };
        let interpreter = match &mut place.parent {
            // A parent that has forked and does so no more has been killed for memory, or worse: a fault.
            Some(parent) => Some(parent.fork(place.uid)?),
            None => start(&place.standby),
        };
        let compiler = start(&place.compile_standby);
        let wanted = usize::from(place.standby.is_some()) + usize::from(place.compile_standby.is_some());
        let waiting = usize::from(interpreter.is_some()) + usize::from(compiler.is_some());
        (self.standby, self.compile_standby) = (interpreter, compiler);
        Ok(waiting > 0 && waiting == wanted)
    }

    /// Ends what waits.
    fn stand_down(&mut self) -> io::Result<()> {
        (self.standby, self.compile_standby) = (None, None);
        let place = self.place()?;
        end(place.uid, &place.kept).map_err(|Unclean(reason)| io::Error::other(reason))?;
        self.outbox.push(&AgentMessage::StoodDown)
    }

    /// Makes the container as it was before its first job, proves it, and gets ready for a job of `next`.
    fn reset(&mut self, next: Uid) -> io::Result<()> {
        let begun = Instant::now();
        // What the last job did not take ends when its control stream does; it has that job's uid.
        (self.standby, self.compile_standby) = (None, None);
        let place = self.place.as_mut().ok_or_else(not_set_up)?;
        let (old, kept) = (place.uid, &place.kept);
        let restored = match &mut place.baseline {
            Ok(baseline) => end(old, kept).and_then(|()| baseline.restore(old, next, kept)),
            Err(Unclean(reason)) => Err(Unclean(reason.clone())),
        };
        if let Err(Unclean(reason)) = restored {
            return self.outbox.push(&AgentMessage::Unclean(reason));
        }
        let reset_micros = begun.elapsed().as_micros() as u64;
        place.uid = next;
        place.workspace.pass_on(next);
        let standby = self.stand_by()?;
        self.outbox.push(&AgentMessage::Clean { standby, reset_micros })
    }

    fn start(&mut self, mut spec: JobSpec) -> io::Result<()> {
        let mut input = InputQueue::default();
        let (stage, next) = match spec.compile.take() {
            Some(compile) => (compile, Some(spec)),
            None => return self.start_run(spec, input, false),
        };
        let limits = next.as_ref().map(|next| &next.limits).cloned();
        let uses = |wanted: fn(&JobSpec) -> bool| next.as_ref().is_some_and(wanted);
        let standby = self.compile_standby.take().filter(|_| uses(|next| next.use_compile_standby));
        let spared = self.standby.as_ref().filter(|_| uses(|next| next.use_standby)).map(Standby::pid);
        let place = self.place()?;
        let before = Counters::take(&self.cgroup);
        let env = spawn::environment(&stage.env);
        let started = standby::release(standby, &stage, &env).map_or_else(
            || {
                let root = place.workspace.root();
                spawn::spawn(&stage.argv, &env, root, place.uid, Input::Null, limits.as_ref())
            },
            Ok,
        );
        match (started, limits) {
            (Ok(process), Some(limits)) => {
                let bounds = bounds(&stage, &limits);
                let running =
                    Running::new(Stage::Compile, process, place.uid, place.kept.clone(), bounds, before)
                        .sparing(spared);
                self.outbox.push(&AgentMessage::Started(Stage::Compile))?;
                self.job = Some(Job { running, next, input, cancelled: false });
                Ok(())
            }
            (started, _) => {
                input.disconnect();
                self.not_started(Stage::Compile, started.err())
            }
        }
    }

    fn start_run(&mut self, spec: JobSpec, mut input: InputQueue, cancelled: bool) -> io::Result<()> {
        let standby = self.standby.take().filter(|_| spec.use_standby);
        let place = self.place()?;
        let env = spawn::environment(&spec.run.env);
        let before = Counters::take(&self.cgroup);
        let started = match standby::release(standby, &spec.run, &env) {
            Some(process) => Ok(process),
            None => {
                let root = place.workspace.root();
                spawn::spawn(&spec.run.argv, &env, root, place.uid, Input::Pipe, Some(&spec.limits))
            }
        };
        match started {
            Ok(mut process) => {
                input.connect(process.stdin.take());
                let (kept, bounds) = (place.kept.clone(), bounds(&spec.run, &spec.limits));
                let running = Running::new(Stage::Run, process, place.uid, kept, bounds, before);
                self.outbox.push(&AgentMessage::Started(Stage::Run))?;
                self.job = Some(Job { running, next: None, input, cancelled });
                Ok(())
            }
            Err(error) => self.not_started(Stage::Run, Some(error)),
        }
    }

    fn not_started(&mut self, stage: Stage, error: Option<io::Error>) -> io::Result<()> {
        let reason = error.map_or_else(String::new, |error| error.to_string());
        self.outbox.push(&AgentMessage::Ended(StageReport {
            stage,
            ending: Ending::NotStarted(reason),
            killed: None,
            oom_kills: 0,
            dropped: [0, 0],
            usage: Usage::default(),
        }))?;
        self.outbox.push(&AgentMessage::Finished)
    }

    fn advance(&mut self) -> io::Result<()> {
        let Some(job) = &mut self.job else { return Ok(()) };
        let taken = job.input.pump()?;
        if taken > 0 {
            self.outbox.push(&AgentMessage::InputTaken(taken))?;
        }
        let Some(report) = job.running.advance(&mut self.outbox, &self.cgroup, &mut self.buffer)? else {
            return Ok(());
        };
        let compiled = report.stage == Stage::Compile
            && report.killed.is_none()
            && report.ending == Ending::Exited(crate::wire::Exit::Code(0));
        self.outbox.push(&AgentMessage::Ended(report))?;
        let Some(job) = self.job.take() else { return Ok(()) };
        match job.next {
            Some(spec) if compiled && !job.cancelled => self.start_run(spec, job.input, job.cancelled),
            _ => self.outbox.push(&AgentMessage::Finished),
        }
    }
}

/// Ends what is left of a job that is over: an interpreter that waited for it in vain.
fn end(uid: Uid, kept: &[Pid]) -> Result<(), Unclean> {
    let deadline = Instant::now() + END_MAX;
    while !kill::kill_all(uid, kept)? {
        while crate::reap::next()?.is_some() {}
        if Instant::now() > deadline {
            return Err(Unclean("processes survive SIGKILL".to_owned()));
        }
        std::thread::yield_now();
    }
    Ok(())
}

fn bounds(stage: &StageSpec, limits: &crate::wire::JobLimits) -> Bounds {
    Bounds {
        wall: Duration::from_micros(stage.wall_micros),
        cpu_micros: stage.cpu_micros,
        cpu_millis: limits.cpu_millis,
        output_bytes: limits.output_bytes,
    }
}

/// Rounded up, so that the deadline has passed when the wait ends.
fn until(deadline: Instant) -> PollTimeout {
    let left = deadline.saturating_duration_since(Instant::now());
    let millis = left.as_micros().div_ceil(1000).min(i32::MAX as u128);
    PollTimeout::try_from(millis as i32).unwrap_or(PollTimeout::MAX)
}
