//! What a container is like, as far as a job could have changed it; compared before it may serve again.
//!
//! Each fact comes from the kernel. The files that tell them are opened once: a job cannot replace what is behind an
//! open descriptor, and it is quicker.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::poll;
use nix::unistd::{Pid, getpid};

use super::Unclean;
use super::ipc;
use super::mounts::{Holding, Mount};

/// What resident memory may differ by: the kernel counts it in batches for each CPU, and a process that stays may touch
/// pages of its own. What a job leaves on purpose is in files, IPC objects or processes, each with a fact of its own.
const MEMORY_SLACK_BYTES: u64 = 4 << 20;
/// How long the kernel may take to free a socket whose last process is gone, and how often that is looked at.
const SOCKETS_MAX: Duration = Duration::from_millis(200);
const SOCKETS_INTERVAL_MS: u8 = 2;
/// The kernel's reading unit for the tables in /proc.
const PAGE_BYTES: usize = 4096;

/// The kernel's accounts of this container, open.
pub(super) struct Witness {
    mount_table: File,
    ipc: Vec<File>,
    sockets: Vec<File>,
    interfaces: File,
    memory: Option<File>,
    buffer: Vec<u8>,
}

/// All that is compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    processes: Vec<i32>,
    pub(super) descriptors: Vec<i32>,
    mount_table: String,
    pub(super) holdings: Vec<Holding>,
    ipc: Vec<String>,
    sockets: Vec<String>,
    interfaces: String,
    pub(super) memory_bytes: u64,
}

impl Witness {
    pub(super) fn open() -> io::Result<Self> {
        let open = |path: &str| {
            File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))
        };
        let memory = ["/sys/fs/cgroup/memory/memory.stat", "/sys/fs/cgroup/memory.stat"];
        Ok(Self {
            mount_table: open("/proc/self/mountinfo")?,
            ipc: ipc::KINDS
                .iter()
                .map(|kind| open(&format!("/proc/sysvipc/{kind}")))
                .collect::<io::Result<_>>()?,
            // A kernel without IPv6 has no second table.
            sockets: ["/proc/self/net/sockstat", "/proc/self/net/sockstat6"]
                .iter()
                .filter_map(|path| File::open(path).ok())
                .collect(),
            interfaces: open("/proc/self/net/dev")?,
            memory: memory.iter().find_map(|path| File::open(Path::new(path)).ok()),
            buffer: vec![0; PAGE_BYTES],
        })
    }

    pub(super) fn mount_table(&mut self) -> io::Result<String> {
        read(&self.mount_table, &mut self.buffer)
    }

    pub(super) fn ipc_table(&mut self, kind: usize) -> io::Result<String> {
        read(&self.ipc[kind], &mut self.buffer)
    }

    /// Waits until the kernel has taken back the sockets of processes that are gone, but not for long: `facts` then say again what
    /// there is.
    pub(super) fn settle(&mut self, facts: &mut Facts, before: &Facts) -> io::Result<()> {
        let end = Instant::now() + SOCKETS_MAX;
        while facts.sockets != before.sockets && Instant::now() < end {
            // Nothing tells of it: netlink sockets are freed after one of the kernel's own grace periods.
            poll(&mut [], SOCKETS_INTERVAL_MS)?;
            facts.sockets = self.sockets()?;
        }
        Ok(())
    }

    fn sockets(&mut self) -> io::Result<Vec<String>> {
        let buffer = &mut self.buffer;
        self.sockets.iter().map(|table| Ok(own_sockets(&read(table, buffer)?))).collect()
    }

    /// Everything as it is now. Processes that are meant to be there, `kept` among them, are left out.
    pub(super) fn facts(&mut self, mounts: &[Mount], kept: &[Pid]) -> io::Result<Facts> {
        let sockets = self.sockets()?;
        let buffer = &mut self.buffer;
        let ipc = self.ipc.iter().map(|table| read(table, buffer)).collect::<io::Result<_>>()?;
        Ok(Facts {
            processes: foreign_processes(kept)?,
            descriptors: numbers_in("/proc/self/fd")?,
            mount_table: read(&self.mount_table, buffer)?,
            holdings: mounts.iter().map(Mount::holding).collect::<io::Result<_>>()?,
            ipc,
            sockets,
            interfaces: read(&self.interfaces, buffer)?,
            memory_bytes: match &self.memory {
                Some(file) => resident_bytes(&read(file, buffer)?),
                None => 0,
            },
        })
    }
}

impl Facts {
    /// Compares what is `now` with what was before the first job.
    ///
    /// # Errors
    /// The first difference, in words.
    pub(super) fn check(&self, now: &Self, mounts: &[Mount]) -> Result<(), Unclean> {
        let unclean = |what: String| Err(Unclean(what));
        if now.processes != self.processes {
            return unclean(format!("processes {:?} are left", now.processes));
        }
        if now.descriptors != self.descriptors {
            return unclean(format!(
                "the agent has descriptors {:?}, not {:?}",
                now.descriptors, self.descriptors
            ));
        }
        if now.mount_table != self.mount_table {
            return unclean("the mount table has changed".to_owned());
        }
        for ((mount, before), after) in mounts.iter().zip(&self.holdings).zip(&now.holdings) {
            if before != after {
                return unclean(format!("{} holds {after:?}, not {before:?}", mount.path.display()));
            }
        }
        if now.ipc != self.ipc {
            return unclean("System V objects are left".to_owned());
        }
        if now.sockets != self.sockets {
            return unclean(format!("sockets are left: {:?}, not {:?}", now.sockets, self.sockets));
        }
        if now.interfaces != self.interfaces {
            return unclean("the loopback interface has been used, and its counters show it".to_owned());
        }
        if now.memory_bytes > self.memory_bytes + MEMORY_SLACK_BYTES {
            let (before, after) = (self.memory_bytes, now.memory_bytes);
            return unclean(format!("{after} bytes of memory are in use, not {before}"));
        }
        Ok(())
    }
}

/// Ids of all processes but PID 1, the agent and `kept`, zombies included.
pub(crate) fn foreign_processes(kept: &[Pid]) -> io::Result<Vec<i32>> {
    let own = [1, getpid().as_raw()];
    let mut pids = numbers_in("/proc")?;
    pids.retain(|pid| !own.contains(pid) && !kept.iter().any(|kept| kept.as_raw() == *pid));
    Ok(pids)
}

/// The entries of a directory that are numbers, in order.
fn numbers_in(directory: &str) -> io::Result<Vec<i32>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// What the table of socket counts says of this network namespace; some of its figures are the whole machine's.
fn own_sockets(table: &str) -> String {
    let mut own = String::new();
    for line in table.lines() {
        let mut words = line.split(' ');
        let protocol = words.next().unwrap_or_default();
        while let (Some(name), Some(count)) = (words.next(), words.next()) {
            if matches!(name, "used" | "inuse" | "tw") {
                own.push_str(&format!("{protocol}{name} {count} "));
            }
        }
    }
    own
}

/// Memory of processes and of files in memory; what is cached of the image's own files is nobody's.
fn resident_bytes(table: &str) -> u64 {
    let value = |keys: [&str; 2]| {
        table.lines().find_map(|line| {
            let (key, value) = line.split_once(' ')?;
            if keys.contains(&key) { value.trim().parse::<u64>().ok() } else { None }
        })
    };
    // Version 1 says rss where version 2 says anon.
    value(["rss", "anon"]).unwrap_or(0) + value(["shmem", "shmem"]).unwrap_or(0)
}

/// All of a file, from its beginning. The kernel makes the text anew for each reading from the start.
fn read(file: &File, buffer: &mut Vec<u8>) -> io::Result<String> {
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
        match file.read_at(&mut buffer[filled..], filled as u64)? {
            0 => return Ok(String::from_utf8_lossy(&buffer[..filled]).into_owned()),
            bytes => filled += bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_namespaces_sockets_count() {
        let table = "sockets: used 3\nTCP: inuse 1 orphan 0 tw 2 alloc 8 mem 5\nUDP: inuse 0 mem 9\n";
        assert_eq!(own_sockets(table), "sockets:used 3 TCP:inuse 1 TCP:tw 2 UDP:inuse 0 ");
    }

    #[test]
    fn memory_is_told_alike_by_both_versions() {
        assert_eq!(resident_bytes("cache 8192\nrss 331776\nrss_huge 0\nshmem 4096\n"), 335_872);
        assert_eq!(resident_bytes("anon 331776\nfile 8192\nshmem 4096\n"), 335_872);
    }
}
