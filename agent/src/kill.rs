//! Killing everything of a job's uid at once, without forking and without looking anybody up.
//!
//! A fork bomb at the process limit wins every free slot for seconds, and a list of processes is stale before it is
//! read. `kill(-1)` is one system call over all the processes the caller may signal; taking the job's effective uid
//! for its duration narrows that to the job.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, setresuid};

use crate::reset::foreign_processes;

/// Real uid of the agent while it kills: neither root's nor any job's, so the job cannot signal the agent.
const KILLER_UID: u32 = 65_533;

/// Sends SIGKILL to every process of `uid`.
///
/// Returns true where nothing is left in the container but PID 1, the agent and `kept`, zombies included: the proof
/// that the job is over.
///
/// # Errors
/// When the kernel refuses to change uids; the container is then worthless.
pub(crate) fn kill_all(uid: Uid, kept: &[Pid]) -> nix::Result<bool> {
    match signal_all(uid, Signal::SIGKILL)? {
        Err(Errno::ESRCH) => Ok(true),
        // The kernel counts those it does not let us kill, so with company its answer proves nothing.
        Ok(()) | Err(Errno::EPERM) if !kept.is_empty() => {
            Ok(foreign_processes(kept).is_ok_and(|left| left.is_empty()))
        }
        Ok(()) | Err(Errno::EPERM) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sends SIGKILL to every process of `uid`, and does not look whether they are gone: [`kill_all`] tells. None of them can fork any
/// more; one that runs on another CPU goes on until the kernel interrupts it there.
///
/// # Errors
/// When the kernel refuses to change uids; the container is then worthless.
pub(crate) fn send_kill(uid: Uid) -> nix::Result<()> {
    match signal_all(uid, Signal::SIGKILL)? {
        // It counts those that it does not let us kill, too.
        Ok(()) | Err(Errno::ESRCH | Errno::EPERM) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Sends SIGKILL to every process of `uid` but `spared`, which wait for the next stage of the same job.
///
/// Returns true where nothing else was there but `apart`, zombies included. All of them are stopped while they are listed: what
/// is stopped cannot fork, so the list is complete.
///
/// # Errors
/// When the kernel refuses to change uids or to list processes; the container is then worthless.
pub(crate) fn kill_all_but(uid: Uid, spared: &[Pid], apart: &[Pid]) -> io::Result<bool> {
    if signal_all(uid, Signal::SIGSTOP)? == Err(Errno::ESRCH) {
        return Ok(true);
    }
    let mut others = processes_of(uid)?;
    others.retain(|pid| !spared.contains(pid));
    for pid in &others {
        // One that has gone meanwhile is one less.
        let _ = kill(*pid, Signal::SIGKILL);
    }
    for pid in spared {
        let _ = kill(*pid, Signal::SIGCONT);
    }
    Ok(others.iter().all(|pid| apart.contains(pid)))
}

/// What the kernel says to a signal for all processes of `uid`.
fn signal_all(uid: Uid, signal: Signal) -> nix::Result<nix::Result<()>> {
    let root = Uid::from_raw(0);
    setresuid(Uid::from_raw(KILLER_UID), uid, root)?;
    let sent = kill(Pid::from_raw(-1), signal);
    setresuid(root, root, root)?;
    Ok(sent)
}

/// Sends a signal to the process group that `leader` began, as far as it is `uid`'s. Whoever is gone does not get it.
///
/// # Errors
/// When the kernel refuses to change uids; the container is then worthless.
pub(crate) fn signal_group(uid: Uid, leader: Pid, signal: i32) -> nix::Result<()> {
    let root = Uid::from_raw(0);
    setresuid(Uid::from_raw(KILLER_UID), uid, root)?;
    // SAFETY: two numbers are passed and no memory. nix knows no real-time signals.
    let _ = unsafe { libc::kill(-leader.as_raw(), signal) };
    setresuid(root, root, root)
}

/// All processes that have a uid, zombies included.
///
/// # Errors
/// When the kernel refuses to list processes.
pub(crate) fn processes_of(uid: Uid) -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // The files of one that cannot be dumped are root's, so the owner does not tell.
        let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { continue };
        let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        if line.is_some_and(|uids| uids.split_whitespace().any(|word| word.parse() == Ok(uid.as_raw()))) {
            found.push(Pid::from_raw(pid));
        }
    }
    Ok(found)
}
