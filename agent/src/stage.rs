//! One running stage: its process, its output, its clock, and the evidence of what happened to it.
//!
//! A stage is over when its first process has ended, everything else of the uid has been killed, and its pipes are empty. Where something
//! of the same job follows, nothing of the uid lives by then.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use nix::libc;
use nix::unistd::{Pid, Uid};

use crate::accounts::{Accounts, Counters};
use crate::cgroup::Cgroup;
use crate::kill;
use crate::outbox::Outbox;
use crate::reap;
use crate::spawn::Process;
use crate::terminal;
use crate::wire::{
    AgentMessage, Ending, Exit, KillCause, Stage, StageReport, Stored, Stream, TerminalSize, Usage,
};

/// A program that ends within this time is left alone until then: to be told of each line of so short a one, and of the end of each of
/// its pipes, would take its CPU from it (docs/performance.md, "Woken for nothing"). What it writes stays in its pipes so long, which hold 64 KiB each.
const QUIET: Duration = Duration::from_millis(3);
/// After the first process has ended, what it left behind may go on this long while it holds the output open.
const DRAIN: Duration = Duration::from_millis(100);
/// A program that went past its output limit may end by itself within this time; then it is killed.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);
/// How often the kill is repeated and checked while processes die.
const KILL_INTERVAL: Duration = Duration::from_millis(1);
/// How long dying may take before the container is declared worthless.
const KILL_MAX: Duration = Duration::from_secs(10);
/// How often a dead job's output is looked at while the daemon does not take it.
const DEAD_INTERVAL: Duration = Duration::from_millis(100);
/// Shortest time between two looks at an account: the CPU clock, or what files take.
const CHECK_MIN: Duration = Duration::from_millis(2);
/// Faster than one CPU can fill files in memory, in bytes a microsecond, or make them, in microseconds each: an account that
/// has this much left cannot be used up before the next look.
const FILL_BYTES_PER_MICRO: u64 = 4 << 10;
const MAKE_MICROS_PER_INODE: u64 = 1;

/// The bounds of one stage.
pub(crate) struct Bounds {
    pub(crate) wall: Duration,
    pub(crate) cpu_micros: u64,
    /// CPUs the container may use at once, in thousandths.
    pub(crate) cpu_millis: u32,
    pub(crate) output_bytes: u64,
    pub(crate) stored: Stored,
}

/// One output stream: kept up to the limit, counted beyond it, read to its end either way.
struct Capture {
    stream: Stream,
    /// `None` after its end.
    pipe: Option<File>,
    kept: u64,
    dropped: u64,
}

#[derive(Clone, Copy)]
enum Phase {
    Running,
    /// The first process has ended; what it left may finish writing.
    Draining {
        until: Instant,
    },
    /// Everything is being killed.
    Dying {
        since: Instant,
    },
    /// Nothing of the job goes on. What it wrote may still wait for a daemon that reads slowly.
    Dead,
}

/// A stage between its start and its report.
pub(crate) struct Running {
    stage: Stage,
    uid: Uid,
    pid: Pid,
    /// Processes that stay, or whose end is not waited for.
    apart: Vec<Pid>,
    /// Of the same uid, but for the next stage.
    spared: Vec<Pid>,
    /// Killed before this stage began, so that what their end takes is none of its usage. Nothing that lived when it began is
    /// among them: a program may have such do its work.
    killed_before: Vec<Pid>,
    bounds: Bounds,
    before: Counters,
    started: Instant,
    ended: Option<Instant>,
    exit: Option<Exit>,
    /// Largest resident set of its processes, as far as they were waited for.
    resident_bytes_max: u64,
    /// CPU time of `killed_before`, as far as they were waited for.
    before_cpu_micros: u64,
    captures: [Capture; 2],
    /// The master of its terminal, if it has one.
    terminal: Option<File>,
    /// Nothing of the same job follows that what is left could disturb, so the reset waits for its end.
    is_last: bool,
    killed: Option<KillCause>,
    output_over_since: Option<Instant>,
    next_cpu_check: Instant,
    next_storage_check: Instant,
    /// The most that was seen.
    stored_max: Stored,
    /// Since when the daemon has not taken what there is.
    stalled_since: Option<Instant>,
    /// How long it did not, altogether: no fault of the program's, and no part of its wall time.
    stalled: Duration,
    phase: Phase,
}

impl Running {
    /// Takes a process that has just been started or released.
    pub(crate) fn new(
        stage: Stage,
        process: Process,
        uid: Uid,
        apart: Vec<Pid>,
        bounds: Bounds,
        before: Counters,
    ) -> Self {
        let started = Instant::now();
        let capture = |stream, pipe| Capture { stream, pipe, kept: 0, dropped: 0 };
        let mut running = Self {
            stage,
            uid,
            pid: process.pid,
            apart,
            spared: Vec::new(),
            killed_before: Vec::new(),
            bounds,
            before,
            started,
            ended: None,
            exit: None,
            resident_bytes_max: 0,
            before_cpu_micros: 0,
            captures: [
                capture(Stream::Stdout, Some(process.stdout)),
                capture(Stream::Stderr, process.stderr),
            ],
            terminal: process.terminal,
            is_last: false,
            killed: None,
            output_over_since: None,
            next_cpu_check: started,
            next_storage_check: started,
            stored_max: Stored::default(),
            stalled_since: None,
            stalled: Duration::ZERO,
            phase: Phase::Running,
        };
        running.schedule_cpu_check(0);
        running.schedule_storage_check(Stored::default());
        running
    }

    /// Leaves the processes alive that wait for the next stage.
    pub(crate) fn sparing(mut self, spared: Vec<Pid>) -> Self {
        self.spared = spared;
        self
    }

    /// Does not wait, where it ends by itself, for the end of what it has left: that is killed, and the reset sees it gone.
    pub(crate) fn last(mut self, is_last: bool) -> Self {
        self.is_last = is_last;
        self
    }

    /// Leaves out of its usage what takes to end until now.
    pub(crate) fn after(mut self, killed: Vec<Pid>) -> Self {
        self.killed_before = killed;
        self
    }

    /// Kills the stage, unless it has ended by itself already.
    pub(crate) fn kill(&mut self, cause: KillCause) {
        if matches!(self.phase, Phase::Running) {
            self.killed = Some(cause);
        }
        if !matches!(self.phase, Phase::Dying { .. } | Phase::Dead) {
            self.phase = Phase::Dying { since: Instant::now() };
        }
    }

    /// Passes on a caller's signal; one that comes too late is lost.
    pub(crate) fn signal(&self, signal: i32) -> io::Result<()> {
        if matches!(self.phase, Phase::Running) && self.exit.is_none() {
            kill::signal_group(self.uid, self.pid, signal)?;
        }
        Ok(())
    }

    /// Changes the size of its terminal, if it has one.
    pub(crate) fn resize(&self, size: TerminalSize) -> io::Result<()> {
        self.terminal.as_ref().map_or(Ok(()), |master| terminal::resize(master, size))
    }

    /// Moves everything on as far as it goes without waiting; returns the report when the stage is over. `buffer` is room for
    /// what is read.
    pub(crate) fn advance<W: Write>(
        &mut self,
        outbox: &mut Outbox<W>,
        accounts: &Accounts,
        buffer: &mut [u8],
    ) -> io::Result<Option<StageReport>> {
        self.note_stall(outbox.is_full());
        if matches!(self.phase, Phase::Dying { .. }) {
            self.kill_all()?;
        }
        self.reap()?;
        self.pump(outbox, buffer)?;
        let now = Instant::now();
        match self.phase {
            Phase::Running if self.exit.is_some() => self.phase = Phase::Draining { until: now + DRAIN },
            Phase::Running => self.check_bounds(now, accounts),
            Phase::Draining { .. } | Phase::Dying { .. } | Phase::Dead => {}
        }
        if let Phase::Draining { until } = self.phase {
            if self.is_drained() && self.is_last {
                kill::send_kill(self.uid)?;
                self.phase = Phase::Dead;
            } else if self.is_drained() || now >= until {
                self.phase = Phase::Dying { since: now };
            }
        }
        if let Phase::Dying { since } = self.phase {
            if self.kill_all()? && self.exit.is_some() {
                self.phase = Phase::Dead;
                self.pump(outbox, buffer)?;
            } else if now - since > KILL_MAX {
                return Err(io::Error::other("processes of the job survive SIGKILL"));
            }
        }
        let over = matches!(self.phase, Phase::Dead) && self.is_drained();
        Ok(over.then(|| self.report(accounts)))
    }

    /// The pipes to wait on.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = &File> {
        let pipes = self.captures.iter().filter_map(|capture| capture.pipe.as_ref());
        pipes.filter(|_| self.quiet_until().is_none())
    }

    /// Until when nothing but its end matters.
    fn quiet_until(&self) -> Option<Instant> {
        let until = self.started + QUIET;
        (matches!(self.phase, Phase::Running) && Instant::now() < until).then_some(until)
    }

    /// When [`Running::advance`] must be called although nothing happened.
    pub(crate) fn wake_at(&self) -> Instant {
        match self.phase {
            Phase::Running => {
                let over = self.output_over_since.map(|since| since + OUTPUT_GRACE);
                let first = self.next_cpu_check.min(self.next_storage_check);
                [over, self.wall_end(), self.quiet_until()].into_iter().flatten().fold(first, Instant::min)
            }
            Phase::Draining { until } => until,
            Phase::Dying { .. } => Instant::now() + KILL_INTERVAL,
            Phase::Dead => Instant::now() + DEAD_INTERVAL,
        }
    }

    /// Nobody takes what the program writes for as long as the outbox is full, so it may wait on a full pipe.
    fn note_stall(&mut self, is_full: bool) {
        if is_full {
            self.stalled_since.get_or_insert_with(Instant::now);
        } else if let Some(since) = self.stalled_since.take() {
            self.stalled += since.elapsed();
        }
    }

    /// When the wall time is over; not as long as the daemon does not read, which has a bound of its own for that.
    fn wall_end(&self) -> Option<Instant> {
        self.stalled_since.is_none().then(|| self.started + self.bounds.wall + self.stalled)
    }

    /// Whether nothing of the stage lives.
    fn kill_all(&self) -> io::Result<bool> {
        match self.spared.as_slice() {
            [] => Ok(kill::kill_all(self.uid, &self.apart)?),
            spared => kill::kill_all_but(self.uid, spared, &self.apart),
        }
    }

    fn is_drained(&self) -> bool {
        self.captures.iter().all(|capture| capture.pipe.is_none())
    }

    /// Reaps every child that has ended: the stage's first process, an interpreter that waited in vain, what held a compiler's memory.
    fn reap(&mut self) -> io::Result<()> {
        loop {
            let Some(dead) = reap::next()? else { return Ok(()) };
            if dead.pid == self.pid {
                self.exit = Some(dead.exit);
                self.ended = Some(Instant::now());
            } else if let Some(place) = self.killed_before.iter().position(|pid| *pid == dead.pid) {
                // Its number may be another's from now on.
                self.killed_before.swap_remove(place);
                self.before_cpu_micros += dead.cpu_micros;
                continue;
            }
            self.resident_bytes_max = self.resident_bytes_max.max(dead.resident_bytes_max);
        }
    }

    fn pump<W: Write>(&mut self, outbox: &mut Outbox<W>, buffer: &mut [u8]) -> io::Result<()> {
        let writers_live = !matches!(self.phase, Phase::Dead);
        for capture in &mut self.captures {
            capture.pump(self.stage, self.bounds.output_bytes, writers_live, outbox, buffer)?;
            if capture.dropped > 0 && self.output_over_since.is_none() {
                self.output_over_since = Some(Instant::now());
            }
        }
        Ok(())
    }

    fn check_bounds(&mut self, now: Instant, accounts: &Accounts) {
        if self.wall_end().is_some_and(|end| now >= end) {
            return self.kill(KillCause::WallTime);
        }
        if now >= self.next_cpu_check {
            let used = accounts.cgroup.cpu_micros().saturating_sub(self.before.cpu_micros);
            if used >= self.bounds.cpu_micros {
                return self.kill(KillCause::CpuTime);
            }
            self.schedule_cpu_check(used);
        }
        if now >= self.next_storage_check {
            let stored = self.before.stored_since(accounts);
            self.note_stored(stored);
            if stored.bytes > self.bounds.stored.bytes {
                return self.kill(KillCause::Disk);
            }
            if stored.inodes > self.bounds.stored.inodes {
                return self.kill(KillCause::Inodes);
            }
            self.schedule_storage_check(stored);
        }
        if self.output_over_since.is_some_and(|since| now - since >= OUTPUT_GRACE) {
            self.kill(KillCause::Output);
        }
    }

    fn note_stored(&mut self, stored: Stored) {
        self.stored_max.bytes = self.stored_max.bytes.max(stored.bytes);
        self.stored_max.inodes = self.stored_max.inodes.max(stored.inodes);
    }

    /// The limit cannot be reached sooner than with every CPU busy: look again then.
    fn schedule_cpu_check(&mut self, used_micros: u64) {
        let left = self.bounds.cpu_micros.saturating_sub(used_micros);
        let soonest =
            Duration::from_micros(left.saturating_mul(1000) / u64::from(self.bounds.cpu_millis.max(1)));
        self.next_cpu_check = Instant::now() + soonest.max(CHECK_MIN);
    }

    /// The limit cannot be reached sooner than a CPU writes to memory, or makes files: look again then.
    fn schedule_storage_check(&mut self, stored: Stored) {
        let bytes_left = self.bounds.stored.bytes.saturating_sub(stored.bytes);
        let inodes_left = self.bounds.stored.inodes.saturating_sub(stored.inodes);
        let one_cpu =
            (bytes_left / FILL_BYTES_PER_MICRO).min(inodes_left.saturating_mul(MAKE_MICROS_PER_INODE));
        let soonest =
            Duration::from_micros(one_cpu.saturating_mul(1000) / u64::from(self.bounds.cpu_millis.max(1)));
        self.next_storage_check = Instant::now() + soonest.max(CHECK_MIN);
    }

    fn report(&mut self, accounts: &Accounts) -> StageReport {
        // What it leaves counts as well: one that ended between two looks is no better than one that was seen.
        self.note_stored(self.before.stored_since(accounts));
        let cgroup = &accounts.cgroup;
        let ended = self.ended.unwrap_or_else(Instant::now);
        StageReport {
            stage: self.stage,
            ending: self.exit.map_or_else(|| Ending::NotStarted("it has no end".to_owned()), Ending::Exited),
            killed: self.killed,
            oom_kills: cgroup.memory_kills().saturating_sub(self.before.memory_kills),
            dropped: [self.captures[0].dropped, self.captures[1].dropped],
            stored: self.stored_max,
            usage: Usage {
                wall_micros: (ended - self.started).as_micros() as u64,
                cpu_micros: cgroup
                    .cpu_micros()
                    .saturating_sub(self.before.cpu_micros)
                    .saturating_sub(self.before_cpu_micros),
                peak_memory_bytes: self.peak_memory_bytes(cgroup),
            },
        }
    }

    /// The container's peak cannot be set back. Where it did not move it is an earlier job's, and the largest process of
    /// this one is the best that is known.
    fn peak_memory_bytes(&self, cgroup: &Cgroup) -> u64 {
        let peak = cgroup.peak_memory_bytes();
        if peak > self.before.peak_memory_bytes { peak } else { self.resident_bytes_max.min(peak) }
    }
}

impl Capture {
    /// Passes on what is in the pipe. Where nobody lives who could write, an empty pipe is at its end, whatever holds it open.
    fn pump<W: Write>(
        &mut self,
        stage: Stage,
        limit: u64,
        writers_live: bool,
        outbox: &mut Outbox<W>,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        while let Some(pipe) = &mut self.pipe {
            if outbox.is_full() {
                return Ok(());
            }
            match pipe.read(buffer) {
                Ok(0) => self.pipe = None,
                Ok(bytes) => {
                    let kept = (limit - self.kept).min(bytes as u64);
                    self.kept += kept;
                    self.dropped += bytes as u64 - kept;
                    if kept > 0 {
                        let content = buffer[..kept as usize].to_vec();
                        outbox.push(&AgentMessage::Output { stage, stream: self.stream, content })?;
                    } else {
                        // Nothing was queued, so nothing bounds this loop: let the caller look at the clock.
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !writers_live {
                        self.pipe = None;
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The end of a terminal that nobody has open any more.
                Err(error) if error.raw_os_error() == Some(libc::EIO) => self.pipe = None,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
