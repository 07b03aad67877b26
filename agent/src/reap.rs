//! Reaping the agent's children, with what the kernel knows of each.

use std::io;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

use crate::wire::Exit;

/// A child that has ended.
pub(crate) struct Dead {
    pub(crate) pid: Pid,
    pub(crate) exit: Exit,
    /// Largest resident set of it and of the children it waited for.
    pub(crate) resident_bytes_max: u64,
    /// CPU time of the same.
    pub(crate) cpu_micros: u64,
}

/// The signal of a child's end, which the agent blocks.
pub(crate) fn signal() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals
}

/// The next child that has ended, if there is one.
pub(crate) fn next() -> io::Result<Option<Dead>> {
    loop {
        let mut status = 0;
        // SAFETY: all-zero bytes are a valid `rusage`, which is plain numbers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to live, writable values of the types that the kernel expects. nix has no wait4.
        let pid = unsafe { libc::wait4(-1, &raw mut status, libc::WNOHANG, &raw mut usage) };
        match pid {
            0 => return Ok(None),
            1.. => {}
            _ => match Errno::last() {
                Errno::ECHILD => return Ok(None),
                Errno::EINTR => continue,
                error => return Err(error.into()),
            },
        }
        let exit = if libc::WIFEXITED(status) {
            Exit::Code(libc::WEXITSTATUS(status))
        } else if libc::WIFSIGNALED(status) {
            Exit::Signal(libc::WTERMSIG(status))
        } else {
            continue;
        };
        // The kernel counts in KiB.
        let resident_bytes_max = u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024;
        let cpu_micros = micros(usage.ru_utime) + micros(usage.ru_stime);
        return Ok(Some(Dead { pid: Pid::from_raw(pid), exit, resident_bytes_max, cpu_micros }));
    }
}

fn micros(time: libc::timeval) -> u64 {
    u64::try_from(time.tv_sec * 1_000_000 + time.tv_usec).unwrap_or(0)
}
