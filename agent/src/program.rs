//! A compiled program that was started before somebody asked for it again.
//!
//! It stands before its own first instruction, traced by the agent since its `exec`. Where everything that the loader runs is
//! the image's, the libraries are there as well. docs/standby.md lists what shows of that once it is let go.

use std::ffi::c_void;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, poll};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, Uid};

use crate::loading;
use crate::reap;
use crate::spawn::{self, Process};
use crate::wire::{JobSpec, ProgramSpec};

/// How long a program may take to its first instruction; with the C++ library it takes 2 ms.
const LOAD_MAX: Duration = Duration::from_secs(1);
/// How often that is looked at, should nothing tell of it.
const LOAD_INTERVAL_MS: u8 = 20;

/// One that waits. Dropping it ends it.
pub(crate) struct Waiting {
    spec: ProgramSpec,
    /// `None` once it was let go.
    process: Option<Process>,
}

impl Waiting {
    /// Starts the program, whose build is unpacked, and returns when it waits.
    ///
    /// # Errors
    /// Where it does not come that far. Nothing of it is left then.
    pub(crate) fn start(spec: ProgramSpec, directory: &Path, uid: Uid) -> io::Result<Self> {
        let program = spec.argv.first().cloned().unwrap_or_default();
        let env = spawn::environment(&spec.env);
        let process = spawn::spawn_traced(&spec.argv, &env, directory, uid, &spec.limits)?;
        let pid = process.pid;
        let waiting = Self { spec, process: Some(process) };
        let deadline = Instant::now() + LOAD_MAX;
        await_stop(pid, deadline)?;
        // Should the agent end, so does what it traces.
        ptrace::setoptions(pid, ptrace::Options::PTRACE_O_EXITKILL)?;
        if loading::is_the_images_alone(Path::new(&program)) {
            load(pid, deadline)?;
            // What is traced is the first: no other would wait.
            if std::fs::read_dir(format!("/proc/{pid}/task"))?.count() != 1 {
                return Err(io::Error::other("the program has threads before its entry"));
            }
        }
        Ok(waiting)
    }

    pub(crate) fn pid(&self) -> Option<Pid> {
        self.process.as_ref().map(|process| process.pid)
    }

    /// Lets it go as the program of this job; `None` where it is another's, or has gone. It has ended then.
    pub(crate) fn release(mut self, job: &JobSpec) -> Option<Process> {
        let ProgramSpec { argv, env, limits, .. } = &self.spec;
        let is_its_own = job.terminal.is_none()
            && (argv, env) == (&job.run.argv, &job.run.env)
            && limits.inherited() == job.limits.inherited();
        if !is_its_own || ptrace::detach(self.pid()?, None).is_err() {
            return None;
        }
        self.process.take()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            // Nothing else reaps it, and nothing that is traced outlives the signal.
            let _ = kill(pid, Signal::SIGKILL);
            while let Ok(WaitStatus::Stopped(..) | WaitStatus::PtraceEvent(..)) = waitpid(pid, None) {}
        }
    }
}

/// Waits until a traced process has stopped by itself.
fn await_stop(pid: Pid, deadline: Instant) -> io::Result<()> {
    let ends = SignalFd::with_flags(&reap::signal(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    loop {
        match waitpid(pid, Some(WaitPidFlag::WNOHANG))? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => return Ok(()),
            WaitStatus::StillAlive if Instant::now() < deadline => {}
            other => return Err(io::Error::other(format!("the program does not come to wait: {other:?}"))),
        }
        poll(&mut [PollFd::new(ends.as_fd(), nix::poll::PollFlags::POLLIN)], LOAD_INTERVAL_MS)?;
        while ends.read_signal()?.is_some() {}
    }
}

/// Lets a program that has stopped in its `exec` go on to its entry.
#[cfg(target_arch = "x86_64")]
fn load(pid: Pid, deadline: Instant) -> io::Result<()> {
    /// The instruction of one byte that stops a process.
    const BREAKPOINT: i64 = 0xcc;
    let mut registers = ptrace::getregs(pid)?;
    let entry = entry(pid, registers.rsp)?;
    if registers.rip == entry {
        return Ok(());
    }
    let place = entry as *mut c_void;
    let instructions = ptrace::read(pid, place)?;
    ptrace::write(pid, place, instructions & !0xff | BREAKPOINT)?;
    ptrace::cont(pid, None)?;
    await_stop(pid, deadline)?;
    ptrace::write(pid, place, instructions)?;
    registers = ptrace::getregs(pid)?;
    if registers.rip != entry + 1 {
        return Err(io::Error::other("the program stopped before its entry"));
    }
    registers.rip = entry;
    ptrace::setregs(pid, registers)?;
    Ok(())
}

/// Not written for this architecture: the program waits in its `exec`, without its libraries.
#[cfg(not(target_arch = "x86_64"))]
fn load(_: Pid, _: Instant) -> io::Result<()> {
    Ok(())
}

/// Where the program's own code begins, from what the kernel has put on its `stack`: the number of arguments, them, a zero,
/// the environment, a zero, and pairs of numbers. See getauxval(3).
#[cfg(target_arch = "x86_64")]
fn entry(pid: Pid, stack: u64) -> io::Result<u64> {
    /// More words than arguments, environment and pairs can be.
    const WORDS_MAX: u64 = 1 << 20;
    let word = |number: u64| ptrace::read(pid, (stack + number * size_of::<u64>() as u64) as *mut c_void);
    let mut at = 1 + word(0)? as u64 + 1;
    while at < WORDS_MAX && word(at)? != 0 {
        at += 1;
    }
    at += 1;
    while at < WORDS_MAX {
        match (word(at)? as u64, word(at + 1)? as u64) {
            (nix::libc::AT_ENTRY, entry) => return Ok(entry),
            (nix::libc::AT_NULL, _) => break,
            _ => at += 2,
        }
    }
    Err(io::Error::other("the kernel does not say where the program begins"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::path::PathBuf;
    use std::process::Command;

    use super::*;
    use crate::wire::{BuildSum, JobLimits, ShelvedBuild, StageSpec};

    /// Says what it was started with, and what it finds itself to be.
    const SOURCE: &str = r#"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
extern char **environ;
int main(int count, char **words) {
    char line[256];
    struct rlimit files;
    for (int i = 1; i < count; i++) printf("%s ", words[i]);
    for (char **pair = environ; *pair; pair++) if (!strncmp(*pair, "KILN_", 5)) printf("%s ", *pair);
    getrlimit(RLIMIT_NOFILE, &files);
    printf("%d %d %lu %d\n", getuid(), getsid(0) == getpid(), (unsigned long)files.rlim_cur, getppid() != 1);
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (!strncmp(line, "Tracer", 6) || !strncmp(line, "Sig", 3) || !strncmp(line, "Groups", 6)) fputs(line, stdout);
    while (fgets(line, sizeof line, stdin)) fputs(line, stdout);
}
"#;

    fn directory(name: &str, options: &[&str]) -> PathBuf {
        let directory =
            std::env::temp_dir().join(format!("kiln-agent-program-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("main.c");
        std::fs::write(&file, SOURCE).unwrap();
        let status =
            Command::new("cc").arg(&file).arg("-o").arg(directory.join("main")).args(options).status();
        assert!(status.unwrap().success());
        directory
    }

    fn spec(directory: &Path) -> ProgramSpec {
        let sum = BuildSum { bytes: 1, crc32: 1 };
        let limits = JobLimits { open_files: 77, ..spawn::tests::limits() };
        ProgramSpec {
            build: ShelvedBuild { path: "/builds/one".to_owned(), sum },
            argv: vec![directory.join("main").display().to_string(), "one".to_owned()],
            env: vec![("KILN_TEST".to_owned(), "two".to_owned())],
            limits,
        }
    }

    fn job(spec: &ProgramSpec) -> JobSpec {
        let ProgramSpec { argv, env, limits, .. } = spec.clone();
        JobSpec {
            compile: None,
            keep_build_bytes_max: 0,
            run: StageSpec { argv, user_args: 1, env, wall_micros: 0, cpu_micros: 0 },
            compile_only: false,
            terminal: None,
            artifacts: None,
            use_compile_standby: false,
            use_standby: false,
            limits,
        }
    }

    /// Gives a line to a process, and returns all that it says until its end.
    fn said(mut process: Process) -> String {
        process.stdin.take().unwrap().write_all(b"three\n").unwrap();
        assert_eq!(waitpid(process.pid, None), Ok(WaitStatus::Exited(process.pid, 0)));
        let mut said = String::new();
        process.stdout.read_to_string(&mut said).unwrap();
        said
    }

    #[test]
    fn what_waits_is_like_what_is_started() {
        for (name, options) in
            [("dynamic", &[][..]), ("static", &["-static"]), ("bare", &["-Wl,-rpath,/none"])]
        {
            let directory = directory(name, options);
            let (spec, uid) = (spec(&directory), Uid::from_raw(1_879_110_000));
            let waiting = Waiting::start(spec.clone(), &directory, uid).unwrap();
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", waiting.pid().unwrap())).unwrap();
            assert!(stat.contains(" t "), "it is stopped: {stat}");
            let maps = std::fs::read_to_string(format!("/proc/{}/maps", waiting.pid().unwrap())).unwrap();
            let is_loaded = name == "dynamic" && cfg!(target_arch = "x86_64");
            assert_eq!(maps.contains("libc.so"), is_loaded, "{maps}");
            let said_by_waiting = said(waiting.release(&job(&spec)).unwrap());
            let env = spawn::environment(&spec.env);
            let started =
                spawn::spawn(&spec.argv, &env, &directory, uid, spawn::Input::Pipe, Some(&spec.limits))
                    .unwrap();
            assert_eq!(said_by_waiting, said(started), "{name}");
            let first = format!("one KILN_TEST=two {uid} 1 77 1\nTracerPid:\t0\n");
            assert!(said_by_waiting.starts_with(&first), "{said_by_waiting}");
            assert!(said_by_waiting.ends_with("\nthree\n"), "{said_by_waiting}");
            std::fs::remove_dir_all(directory).unwrap();
        }
    }

    #[test]
    fn another_job_ends_it() {
        let directory = directory("another", &[]);
        let spec = spec(&directory);
        let other_words = |job: &mut JobSpec| job.run.argv.push("more".to_owned());
        let other_env = |job: &mut JobSpec| job.run.env.clear();
        let other_bounds = |job: &mut JobSpec| job.limits.open_files += 1;
        let on_a_terminal =
            |job: &mut JobSpec| job.terminal = Some(crate::wire::TerminalSize { rows: 1, columns: 1 });
        let changes: [fn(&mut JobSpec); 4] = [other_words, other_env, other_bounds, on_a_terminal];
        for change in changes {
            let waiting = Waiting::start(spec.clone(), &directory, Uid::from_raw(1_879_110_001)).unwrap();
            let pid = waiting.pid().unwrap();
            let mut job = job(&spec);
            change(&mut job);
            assert!(waiting.release(&job).is_none());
            assert_eq!(kill(pid, None), Err(nix::errno::Errno::ESRCH), "and nothing of it is left");
        }
        std::fs::remove_dir_all(directory).unwrap();
    }
}
