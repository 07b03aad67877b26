//! What the container has used so far, by the kernel's own accounts, and what it had used when a stage began.
//!
//! Nothing here asks the job's processes or reads a file of theirs.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use nix::fcntl::OFlag;
use nix::sys::statfs::fstatfs;

use crate::cgroup::Cgroup;
use crate::reset::writable_mount;
use crate::wire::Stored;

/// The file systems whose figures are the container's alone: those in memory. What an image's volume holds is counted
/// together with all else on the host's disk, so its figures say nothing of a job.
const COUNTED: &str = "tmpfs";
/// Write permission for everybody.
const OTHERS_WRITE: u32 = 0o002;

/// All accounts of the container.
pub(crate) struct Accounts {
    pub(crate) cgroup: Cgroup,
    pub(crate) storage: Storage,
}

impl Accounts {
    /// Opens them. Outside of one of Kiln's containers, as in tests, the mounts are the machine's, and are not counted.
    pub(crate) fn open(contained: bool) -> Self {
        Self {
            cgroup: Cgroup::open(),
            storage: if contained { Storage::open() } else { Storage(Vec::new()) },
        }
    }
}

/// The counted mounts that a job can write to, by their roots: what is behind an open descriptor cannot be replaced.
pub(crate) struct Storage(Vec<File>);

impl Storage {
    fn open() -> Self {
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let roots = table.lines().filter_map(writable_mount).filter(|(_, kind)| *kind == COUNTED);
        let opened = roots.filter_map(|(path, _)| {
            let flags = (OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits();
            let root = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
            let metadata = root.metadata().ok()?;
            // The engine's own /dev is root's, and no job's.
            (metadata.uid() != 0 || metadata.mode() & OTHERS_WRITE != 0).then_some(root)
        });
        Self(opened.collect())
    }

    /// What all files together take now, those included that have no name any more but are open.
    pub(crate) fn used(&self) -> Stored {
        let mut used = Stored::default();
        for root in &self.0 {
            let Ok(figures) = fstatfs(root) else { continue };
            let block = u64::try_from(figures.block_size()).unwrap_or(0);
            used.bytes += figures.blocks().saturating_sub(figures.blocks_free()) * block;
            used.inodes += figures.files().saturating_sub(figures.files_free());
        }
        used
    }
}

/// Counters at a stage's start: what a waiting interpreter or an earlier job has used is not the program's.
pub(crate) struct Counters {
    pub(crate) cpu_micros: u64,
    pub(crate) memory_kills: u64,
    pub(crate) peak_memory_bytes: u64,
    stored: Stored,
}

impl Counters {
    pub(crate) fn take(accounts: &Accounts) -> Self {
        Self {
            cpu_micros: accounts.cgroup.cpu_micros(),
            memory_kills: accounts.cgroup.memory_kills(),
            peak_memory_bytes: accounts.cgroup.peak_memory_bytes(),
            stored: accounts.storage.used(),
        }
    }

    /// What files take now beyond what they took then.
    pub(crate) fn stored_since(&self, accounts: &Accounts) -> Stored {
        let now = accounts.storage.used();
        Stored {
            bytes: now.bytes.saturating_sub(self.stored.bytes),
            inodes: now.inodes.saturating_sub(self.stored.inodes),
        }
    }
}
