//! The agent's one loop: what the daemon says, what the job does, what the clock says.
//!
//! Everything is non-blocking but the wait itself. When the daemon goes away, or anything is not as it should be, the
//! container ends: nothing here tries to be useful alone.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Pid, Uid};

use crate::accounts::{Accounts, Counters};
use crate::artifacts::{self, Before, Collection};
use crate::build::{self, Packing};
use crate::init;
use crate::input::InputQueue;
use crate::link::{Heard, Link};
use crate::outbox::Outbox;
use crate::place::Place;
use crate::reap;
use crate::reset::Unclean;
use crate::spawn::{self, Input};
use crate::stage::{Bounds, Running};
use crate::standby;
use crate::wire::{
    AgentMessage, ArtifactSpec, ArtifactsLeftOut, BuildSum, Decoder, DirectOffer, Ending, HostMessage,
    JobSpec, KillCause, MAGIC, ProgramSpec, Setup, Stage, StageReport, StageSpec, Stored, Usage, VERSION,
};

/// Bytes read at once: a pipe's default capacity.
const READ_BYTES: usize = 64 * 1024;

/// Serves the daemon on stdin and stdout until it goes away. Where this is not one of Kiln's containers, as in tests, it
/// is not `contained`: nothing but the job's own is touched then.
///
/// # Errors
/// When the session cannot go on; the daemon has been told then.
pub(crate) fn run(contained: bool) -> io::Result<()> {
    if contained {
        init::await_own()?;
    }
    // The job must not read the agent's memory or descriptors through /proc.
    prctl::set_dumpable(false)?;
    // What loses its parent becomes the agent's: an interpreter that a short-lived process forked, and a job's orphans.
    prctl::set_child_subreaper(true)?;
    let signals = reap::signal();
    signals.thread_block()?;
    let children = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let (link, offer) = Link::open(File::from(io::stdin().as_fd().try_clone_to_owned()?))?;
    let output = spawn::non_blocking(io::stdout().as_fd().try_clone_to_owned()?)?;
    let mut session = Session {
        link,
        outbox: Outbox::new(output),
        decoder: Decoder::default(),
        // Touched now: zeroes would come page by page when they are used, in the middle of a request.
        buffer: vec![u8::MAX; READ_BYTES],
        children,
        accounts: Accounts::open(contained),
        contained,
        place: None,
        job: None,
        packing: None,
        collection: None,
    };
    let result = session.serve(offer);
    if let Err(error) = &result {
        let _ = session.outbox.push(&AgentMessage::Fault(error.to_string()));
        let _ = session.outbox.flush();
    }
    if contained {
        let _ = nix::sys::signal::kill(Pid::from_raw(1), init::LEAVE);
    }
    result
}

/// A job between `Run` and `Finished`.
struct Job {
    running: Running,
    /// What comes after the compile stage.
    next: Option<JobSpec>,
    input: InputQueue,
    /// The daemon wants no further stage.
    cancelled: bool,
    /// What is to be sent up after the run, and what was there before it.
    artifacts: Option<(ArtifactSpec, Before)>,
}

struct Session {
    link: Link,
    outbox: Outbox<File>,
    decoder: Decoder,
    /// For whatever is read, from the daemon or the job.
    buffer: Vec<u8>,
    children: SignalFd,
    accounts: Accounts,
    contained: bool,
    /// Known after `Setup`.
    place: Option<Place>,
    job: Option<Job>,
    /// What the last compiler made, on its way to the daemon.
    packing: Option<Packing>,
    /// What the last program left for its caller, on its way to the daemon. `Finished` comes after it.
    collection: Option<Collection>,
}

/// What there is to do after a wait.
#[derive(Default)]
struct Woken {
    /// Of the link's sources, where the daemon has sent something or gone.
    spoke: [bool; Link::SOURCES_MAX],
    /// Whether a child has ended.
    children: bool,
}

impl Session {
    fn serve(&mut self, direct: DirectOffer) -> io::Result<()> {
        self.outbox.push(&AgentMessage::Hello { magic: MAGIC, version: VERSION, direct })?;
        loop {
            self.advance()?;
            self.outbox.flush()?;
            self.send_artifacts()?;
            self.send_build()?;
            let Woken { spoke, children } = self.wait()?;
            let daemon_spoke = spoke.contains(&true);
            if children {
                // However many have ended, there is one signal of a kind at most.
                self.children.read_signal()?;
            }
            if !daemon_spoke && self.compiler_due().is_some_and(|due| due <= Instant::now()) {
                self.place()?.start_compiler();
            }
            if daemon_spoke && !self.listen(&spoke)? {
                return Ok(());
            }
        }
    }

    /// Waits for the next event.
    fn wait(&self) -> io::Result<Woken> {
        let wait_in = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let wait_out = |fd| PollFd::new(fd, PollFlags::POLLOUT);
        let mut fds: Vec<_> = self.link.sources().map(wait_in).collect();
        let sources = fds.len();
        fds.push(wait_in(self.children.as_fd()));
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
        if (self.packing.is_some() || self.collection.is_some()) && self.outbox.is_empty() {
            timeout = PollTimeout::ZERO;
        }
        if let Some(due) = self.compiler_due() {
            timeout = until(due);
        }
        let mut woken = Woken::default();
        match poll(&mut fds, timeout) {
            Ok(_) => {
                for (spoke, source) in woken.spoke.iter_mut().zip(&fds[..sources]) {
                    *spoke = source.any().unwrap_or(true);
                }
                woken.children = fds[sources].any().unwrap_or(true);
            }
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(woken)
    }

    /// Reads and obeys the daemon; false when it has gone.
    fn listen(&mut self, spoke: &[bool]) -> io::Result<bool> {
        let bytes = match self.link.read(spoke, &mut self.buffer)? {
            Heard::End => return Ok(false),
            Heard::Bytes(bytes) => bytes,
            Heard::FirstDirectly(bytes, answers) => {
                self.outbox.redirect(answers)?;
                bytes
            }
        };
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
            HostMessage::BuildPiece(piece) if self.job.is_none() => self.place()?.unpack(&piece),
            HostMessage::BuildEnd(sum) if self.job.is_none() => self.place()?.finish_build(sum),
            HostMessage::BuildOnShelf(build) if self.job.is_none() => self.place()?.take_from_shelf(build),
            HostMessage::Run(spec) if self.job.is_none() && self.collection.is_none() => self.start(spec),
            HostMessage::Input(piece) => {
                if let Some(job) = &mut self.job {
                    job.input.push(&piece);
                }
                Ok(())
            }
            HostMessage::Signal(signal) => self.job.as_ref().map_or(Ok(()), |job| job.running.signal(signal)),
            HostMessage::Resize(size) => self.job.as_ref().map_or(Ok(()), |job| job.running.resize(size)),
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
                // Nobody waits for them any more.
                match self.collection.take() {
                    Some(_) => self.outbox.push(&AgentMessage::Finished),
                    None => Ok(()),
                }
            }
            HostMessage::StandDown if self.job.is_none() => self.stand_down(),
            HostMessage::Reset { uid, program } if self.is_idle() => self.reset(Uid::from_raw(uid), program),
            HostMessage::Setup(_)
            | HostMessage::Run(_)
            | HostMessage::BuildPiece(_)
            | HostMessage::BuildEnd(_)
            | HostMessage::BuildOnShelf(_)
            | HostMessage::StandDown
            | HostMessage::Reset { .. } => Err(io::Error::other("a message out of order")),
        }
    }

    /// Whether nothing of a job is under way any more.
    fn is_idle(&self) -> bool {
        self.job.is_none() && self.packing.is_none() && self.collection.is_none()
    }

    /// When a compiler is to be started, unless a job comes first.
    fn compiler_due(&self) -> Option<Instant> {
        self.place.as_ref().filter(|_| self.is_idle())?.compiler_due
    }

    fn place(&mut self) -> io::Result<&mut Place> {
        self.place.as_mut().ok_or_else(|| io::Error::other("the daemon has not sent its set-up"))
    }

    fn set_up(&mut self, setup: Setup) -> io::Result<()> {
        let (place, described) = Place::set_up(setup, self.contained)?;
        self.place = Some(place);
        self.outbox.push(&AgentMessage::Ready {
            cgroup: self.accounts.cgroup.version(),
            toolchain: described.toolchain,
            standby: described.standby,
            unresettable: described.unresettable,
        })
    }

    fn stand_down(&mut self) -> io::Result<()> {
        self.place()?.stand_down()?;
        self.outbox.push(&AgentMessage::StoodDown)
    }

    fn reset(&mut self, next: Uid, program: Option<ProgramSpec>) -> io::Result<()> {
        let place = self.place()?;
        let reset = place.reset(next).and_then(|time| {
            let program = place.pass_on(next, program)?;
            Ok((time.as_micros() as u64, program))
        });
        let answer = match reset {
            Ok((reset_micros, program)) => {
                AgentMessage::Clean { standby: place.stand_by()?, program, reset_micros }
            }
            Err(Unclean(reason)) => AgentMessage::Unclean(reason),
        };
        self.outbox.push(&answer)
    }

    fn start(&mut self, mut spec: JobSpec) -> io::Result<()> {
        self.place()?.compiler_due = None;
        let mut input = InputQueue::new(spec.terminal.is_some());
        let (stage, next) = match spec.compile.take() {
            Some(compile) => (compile, Some(spec)),
            None => return self.start_run(spec, input, Vec::new()),
        };
        let limits = next.as_ref().map(|next| &next.limits).cloned();
        let uses = |wanted: fn(&JobSpec) -> bool| next.as_ref().is_some_and(wanted);
        let before = Counters::take(&self.accounts);
        let place = self.place()?;
        place.clear()?;
        let standby = place.compiler.take().filter(|_| uses(|next| next.use_compile_standby));
        let spared = if uses(|next| next.use_standby) { place.spared_for_run() } else { Vec::new() };
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
                    Running::new(Stage::Compile, process, place.uid, place.apart_from_job(), bounds, before)
                        .sparing(spared);
                self.outbox.push(&AgentMessage::Started(Stage::Compile))?;
                self.job = Some(Job { running, next, input, cancelled: false, artifacts: None });
                Ok(())
            }
            (started, _) => {
                input.disconnect();
                self.not_started(Stage::Compile, started.err())
            }
        }
    }

    fn start_run(&mut self, spec: JobSpec, mut input: InputQueue, killed: Vec<Pid>) -> io::Result<()> {
        let before = Counters::take(&self.accounts);
        let place = self.place()?;
        let artifacts = match &spec.artifacts {
            Some(asked) => Some((asked.clone(), artifacts::before(place.workspace.root())?)),
            None => None,
        };
        let env = spawn::environment(&spec.run.env);
        let started = match place.release(&spec, &env) {
            Some(process) => Ok(process),
            None => {
                let root = place.workspace.root();
                let input = spec.terminal.map_or(Input::Pipe, Input::Terminal);
                spawn::spawn(&spec.run.argv, &env, root, place.uid, input, Some(&spec.limits))
            }
        };
        match started {
            Ok(mut process) => {
                input.connect(process.stdin.take());
                let (apart, bounds) = (place.apart_from_job(), bounds(&spec.run, &spec.limits));
                let running = Running::new(Stage::Run, process, place.uid, apart, bounds, before)
                    .after(killed)
                    .last(artifacts.is_none());
                self.outbox.push(&AgentMessage::Started(Stage::Run))?;
                self.job = Some(Job { running, next: None, input, cancelled: false, artifacts });
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
            stored: Stored::default(),
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
        let Some(report) = job.running.advance(&mut self.outbox, &self.accounts, &mut self.buffer)? else {
            return Ok(());
        };
        let compiled = report.stage == Stage::Compile
            && report.killed.is_none()
            && report.ending == Ending::Exited(crate::wire::Exit::Code(0));
        self.outbox.push(&AgentMessage::Ended(report))?;
        let Some(job) = self.job.take() else { return Ok(()) };
        match job.next {
            Some(spec) if compiled && !job.cancelled => {
                self.keep_build(spec.keep_build_bytes_max)?;
                if spec.compile_only {
                    return self.outbox.push(&AgentMessage::Finished);
                }
                let killed = self.place()?.killed_with_compiler();
                self.start_run(spec, job.input, killed)
            }
            _ => self.collect(job.artifacts.filter(|_| !job.cancelled)),
        }
    }
}

impl Session {
    /// Begins to send the files that were asked for; where there are none, the job is over.
    fn collect(&mut self, artifacts: Option<(ArtifactSpec, Before)>) -> io::Result<()> {
        let Some((asked, before)) = artifacts else { return self.outbox.push(&AgentMessage::Finished) };
        let root = self.place()?.workspace.root().to_owned();
        match Collection::find(&root, &asked, &before) {
            Ok(collection) => {
                self.collection = Some(collection);
                Ok(())
            }
            Err(_) => {
                let left_out = ArtifactsLeftOut { not_searched: true, ..ArtifactsLeftOut::default() };
                self.outbox.push(&AgentMessage::ArtifactsLeftOut(left_out))?;
                self.outbox.push(&AgentMessage::Finished)
            }
        }
    }

    /// Sends as many pieces of files as there is room for.
    fn send_artifacts(&mut self) -> io::Result<()> {
        while !self.outbox.is_full()
            && let Some(collection) = &mut self.collection
        {
            let message = match collection.next(&mut self.buffer)? {
                Some(message) => message,
                None => {
                    self.collection = None;
                    AgentMessage::Finished
                }
            };
            self.outbox.push(&message)?;
        }
        self.outbox.flush()
    }

    /// Seals what the compiler made, and begins to send it where the daemon wants it.
    fn keep_build(&mut self, bytes_max: u64) -> io::Result<()> {
        let root = self.place()?.build.clone();
        let packing = build::seal(&root).and_then(|sealed| {
            let wanted = (bytes_max > 0).then(|| sealed.pack(&root, bytes_max));
            wanted.transpose()
        });
        match packing {
            Ok(packing) => self.packing = packing,
            Err(error) if bytes_max > 0 => {
                self.outbox.push(&AgentMessage::BuildNotKept(error.to_string()))?
            }
            // It is the program's own business.
            Err(_) => {}
        }
        Ok(())
    }

    /// Sends the next piece of a build once everything else has been sent: the program's own words come first.
    fn send_build(&mut self) -> io::Result<()> {
        if !self.outbox.is_empty() {
            return Ok(());
        }
        let Some(packing) = &mut self.packing else { return Ok(()) };
        let message = match packing.read(&mut self.buffer) {
            Ok(0) => {
                let (bytes, crc32) = (packing.checksum.bytes, packing.checksum.crc32());
                AgentMessage::BuildKept(BuildSum { bytes, crc32 })
            }
            Ok(bytes) => AgentMessage::BuildPiece(self.buffer[..bytes].to_vec()),
            Err(error) => AgentMessage::BuildNotKept(error.to_string()),
        };
        if !matches!(message, AgentMessage::BuildPiece(_)) {
            self.packing = None;
        }
        self.outbox.push(&message)?;
        self.outbox.flush()
    }
}

fn bounds(stage: &StageSpec, limits: &crate::wire::JobLimits) -> Bounds {
    Bounds {
        wall: Duration::from_micros(stage.wall_micros),
        cpu_micros: stage.cpu_micros,
        cpu_millis: limits.cpu_millis,
        output_bytes: limits.output_bytes,
        stored: Stored { bytes: limits.disk_bytes, inodes: limits.inodes },
    }
}

/// Rounded up, so that the deadline has passed when the wait ends.
fn until(deadline: Instant) -> PollTimeout {
    let left = deadline.saturating_duration_since(Instant::now());
    let millis = left.as_micros().div_ceil(1000).min(i32::MAX as u128);
    PollTimeout::try_from(millis as i32).unwrap_or(PollTimeout::MAX)
}
