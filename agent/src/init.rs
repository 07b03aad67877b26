//! PID 1: reaps what is orphaned and ends the container when it has no agent to serve. It never talks to the daemon.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

/// How long the container waits for its agent, in milliseconds. A daemon that died between start and exec must not
/// leave a container behind; no healthy engine takes this long for an exec.
const AGENT_WAIT_MS: u16 = 60_000;

/// The agent sends this when it lives.
pub(crate) const ATTACHED: Signal = Signal::SIGUSR1;
/// The agent sends this when the daemon has gone.
pub(crate) const LEAVE: Signal = Signal::SIGTERM;

/// Reaps until told to leave, or until no agent came in time.
///
/// # Errors
/// When the kernel refuses signal descriptors.
pub(crate) fn run() -> io::Result<()> {
    // A blocked signal reaches even PID 1, which ignores unhandled ones.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.add(ATTACHED);
    signals.add(LEAVE);
    signals.thread_block()?;
    let events = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let mut timeout = PollTimeout::from(AGENT_WAIT_MS);
    loop {
        let mut fds = [PollFd::new(events.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        while let Some(event) = events.read_signal()? {
            if event.ssi_signo == LEAVE as u32 {
                return Ok(());
            }
            if event.ssi_signo == ATTACHED as u32 {
                timeout = PollTimeout::NONE;
            }
        }
        reap();
    }
}

fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}
