//! Killing everything of a job's uid at once, without forking and without looking anybody up.
//!
//! A fork bomb at the process limit wins every free slot for seconds, and a list of processes is stale before it is
//! read. `kill(-1)` is one system call over all the processes the caller may signal; taking the job's effective uid
//! for its duration narrows that to the job.

use nix::errno::Errno;
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
    let root = Uid::from_raw(0);
    setresuid(Uid::from_raw(KILLER_UID), uid, root)?;
    let killed = kill(Pid::from_raw(-1), Signal::SIGKILL);
    setresuid(root, root, root)?;
    match killed {
        Err(Errno::ESRCH) => Ok(true),
        // The kernel counts those it does not let us kill, so with company its answer proves nothing.
        Ok(()) | Err(Errno::EPERM) if !kept.is_empty() => {
            Ok(foreign_processes(kept).is_ok_and(|left| left.is_empty()))
        }
        Ok(()) | Err(Errno::EPERM) => Ok(false),
        Err(error) => Err(error),
    }
}
