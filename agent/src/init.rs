//! PID 1: reaps what is orphaned and ends the container when it has no agent to serve. It never talks to the daemon.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// How often it looks whether there is an agent, in milliseconds. A daemon that died between start and exec must not leave a
/// container behind; no healthy engine takes this long for an exec.
const LOOK_EVERY_MS: u16 = 60_000;

/// How long PID 1 may take to become the agent's, and how often that is looked at, in milliseconds.
const OWN_MAX: Duration = Duration::from_secs(10);
const OWN_EVERY_MS: u8 = 1;

/// The agent sends this when the daemon has gone.
pub(crate) const LEAVE: Signal = Signal::SIGTERM;

/// Reaps until told to leave, or until it is alone when it looks.
///
/// It looks for itself: a signal by which an agent said that it is there could come before anybody here blocks it, and the
/// kernel drops what PID 1 does not handle.
///
/// # Errors
/// When the kernel refuses signal descriptors.
pub(crate) fn run() -> io::Result<()> {
    serve(&listen()?, LOOK_EVERY_MS)
}

/// A blocked signal reaches even PID 1, which ignores unhandled ones.
fn listen() -> io::Result<SignalFd> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.add(LEAVE);
    signals.thread_block()?;
    Ok(SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

fn serve(events: &SignalFd, look_every_ms: u16) -> io::Result<()> {
    loop {
        let mut fds = [PollFd::new(events.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::from(look_every_ms)) {
            Ok(0) if is_alone() => return Ok(()),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        while let Some(event) = events.read_signal()? {
            if event.ssi_signo == LEAVE as u32 {
                return Ok(());
            }
        }
        reap();
    }
}

/// Whether there is no process but this one: nothing runs in a container without its agent.
fn is_alone() -> bool {
    kill(Pid::from_raw(-1), None) == Err(Errno::ESRCH)
}

fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}

/// Returns when PID 1 is this binary's. The engine takes a container for started when that has not replaced the runtime's own
/// process yet, and on a busy machine that may come later than the agent.
///
/// # Errors
/// When it does not become so.
pub(crate) fn await_own() -> io::Result<()> {
    let own = std::env::args_os().next().unwrap_or_default();
    let init = [own.as_encoded_bytes(), b"\0init\0"].concat();
    await_command(|| std::fs::read("/proc/1/cmdline").unwrap_or_default(), &init, OWN_MAX)
}

fn await_command(mut now: impl FnMut() -> Vec<u8>, command: &[u8], most: Duration) -> io::Result<()> {
    let end = Instant::now() + most;
    // Nothing tells of it. In between a process has no command line at all.
    while now() != command {
        if Instant::now() > end {
            return Err(io::Error::other("PID 1 is not Kiln's"));
        }
        poll(&mut [], OWN_EVERY_MS)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use nix::sched::{CloneFlags, unshare};
    use nix::unistd::{ForkResult, fork};

    use super::*;

    const LOOK_EVERY_MS: u16 = 10;
    /// The other process lives through many looks.
    const COMPANY_MS: u16 = 300;

    /// Runs `body` in a process of its own, which nothing of this one's may outlive: it must not allocate.
    fn child(body: impl FnOnce() -> bool) -> Pid {
        // SAFETY: `body` makes system calls alone, and the child ends without returning.
        match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => child,
            ForkResult::Child => {
                let code = if body() { 0 } else { 1 };
                // SAFETY: it takes a number and does not return.
                unsafe { nix::libc::_exit(code) }
            }
        }
    }

    /// The end of PID 1 kills whoever is left in its namespace: how the other one ends tells who was first.
    #[test]
    fn it_ends_when_it_is_alone_and_not_before() {
        let (mut met, mut meet) = std::io::pipe().unwrap();
        let events = listen().unwrap();
        // Of this thread's children from now on, the first is PID 1.
        unshare(CloneFlags::CLONE_NEWPID).unwrap();
        let init =
            child(|| met.read_exact(&mut [0]).is_ok() && serve(&events, LOOK_EVERY_MS).is_ok() && is_alone());
        let company = child(|| poll(&mut [], PollTimeout::from(COMPANY_MS)) == Ok(0));
        meet.write_all(b".").unwrap();
        assert_eq!(waitpid(company, None), Ok(WaitStatus::Exited(company, 0)));
        assert_eq!(waitpid(init, None), Ok(WaitStatus::Exited(init, 0)));
    }

    #[test]
    fn the_runtimes_own_process_is_waited_for_and_another_one_is_refused() {
        let mut commands = ["runc\0init\0", "", "/kiln/agent\0init\0"].into_iter();
        let now = || commands.next().unwrap_or_default().into();
        assert!(await_command(now, b"/kiln/agent\0init\0", OWN_MAX).is_ok());
        assert_eq!(commands.next(), None);
        let refused = await_command(|| b"/sbin/init\0".to_vec(), b"/kiln/agent\0init\0", Duration::ZERO);
        assert_eq!(refused.unwrap_err().to_string(), "PID 1 is not Kiln's");
    }
}
