//! Making a container as it was before its job, and proving that it is: what architecture.md calls a verified reset.
//!
//! The job is dead when this begins. What it could write to is wiped, and then everything a job can leave behind is
//! compared with what was there before the first job: processes, descriptors, mounts, files, IPC objects, sockets and
//! memory. Any difference, or any doubt, and the container must not serve again; nothing here decides otherwise.

mod facts;
mod ipc;
mod mounts;
mod wipe;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::unistd::{Pid, Uid};

pub(crate) use facts::foreign_processes;
use facts::{Facts, Witness};
use mounts::Mount;
pub(crate) use mounts::writable_mount;

/// A reset that takes longer is given up. A job may leave as many files as its mounts hold inodes, which takes a
/// fraction of this.
const RESET_MAX: Duration = Duration::from_secs(2);

/// Why a container must not serve again.
#[derive(Debug, Clone)]
pub(crate) struct Unclean(pub(crate) String);

impl From<Unclean> for io::Error {
    fn from(Unclean(reason): Unclean) -> Self {
        Self::other(reason)
    }
}

impl From<io::Error> for Unclean {
    fn from(error: io::Error) -> Self {
        Self(format!("the reset failed: {error}"))
    }
}

impl From<nix::Error> for Unclean {
    fn from(error: nix::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}

/// What this container was like before its first job, and how to make it so again.
pub(crate) struct Baseline {
    mounts: Vec<Mount>,
    witness: Witness,
    facts: Facts,
}

impl Baseline {
    /// Looks at the container. No job may have run and no standby may have been started; `kept` are the processes
    /// that stay for the container's life, beside PID 1 and the agent.
    ///
    /// # Errors
    /// Why this container can never be proven clean.
    pub(crate) fn take(job: Uid, kept: &[Pid]) -> Result<Self, Unclean> {
        let mut witness = Witness::open()?;
        let mounts = mounts::writable(&witness.mount_table()?, job)?;
        let facts = witness.facts(&mounts, kept)?;
        Ok(Self { mounts, witness, facts })
    }

    /// Removes what the dead job `old` left, gives its directories to `next`, and proves that nothing else is left.
    ///
    /// # Errors
    /// What is left, or what could not be done in time.
    pub(crate) fn restore(&mut self, old: Uid, next: Uid, kept: &[Pid]) -> Result<(), Unclean> {
        let deadline = Instant::now() + RESET_MAX;
        for mount in &self.mounts {
            mount.wipe(old, deadline)?;
        }
        ipc::remove_all(&mut self.witness, old)?;
        let mut now = self.witness.facts(&self.mounts, kept)?;
        self.witness.settle(&mut now, &self.facts)?;
        self.facts.check(&now, &self.mounts)?;
        for mount in &self.mounts {
            mount.hand_over(next)?;
        }
        if Instant::now() > deadline {
            return Err(Unclean(format!("the reset took longer than {} s", RESET_MAX.as_secs())));
        }
        Ok(())
    }

    /// Proves that nothing has changed since but what is below `build`, where only the agent may write. `known` are the processes
    /// that are meant to be there.
    ///
    /// # Errors
    /// What has.
    pub(crate) fn confirm(&mut self, known: &[Pid], build: &Path) -> Result<(), Unclean> {
        let mut now = self.witness.facts(&self.mounts, known)?;
        // The streams of what waits, and its memory and its build's. Neither outlives it, and all else that has memory is compared.
        now.descriptors.clone_from(&self.facts.descriptors);
        now.memory_bytes = self.facts.memory_bytes;
        for ((mount, before), now) in self.mounts.iter().zip(&self.facts.holdings).zip(&mut now.holdings) {
            if mount.path == build {
                now.clone_from(before);
            }
        }
        self.facts.check(&now, &self.mounts)
    }

    /// Empties one directory in which only the agent has written, and gives it to `job` as it was.
    ///
    /// # Errors
    /// What could not be removed.
    pub(crate) fn renew(&self, directory: &Path, job: Uid) -> Result<(), Unclean> {
        for mount in self.mounts.iter().filter(|mount| mount.path == directory) {
            mount.wipe(job, Instant::now() + RESET_MAX)?;
            mount.hand_over(job)?;
        }
        Ok(())
    }
}
