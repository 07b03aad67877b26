//! Evidence from the container's own control group, version 1 and 2: kills for memory, CPU time, peak memory.
//!
//! The files are opened once and read at an offset, because they are read on the request path.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nix::sys::resource::{Usage, UsageWho, getrusage};

use crate::wire::CgroupVersion;

const ROOT: &str = "/sys/fs/cgroup";
/// All files read here are a few lines long.
const READ_BYTES: usize = 1024;

/// Open evidence files; a missing one reads as zero.
pub(crate) struct Cgroup {
    version: CgroupVersion,
    kills: Option<File>,
    cpu: Option<File>,
    peak: Option<File>,
}

impl Cgroup {
    /// Finds out which hierarchy is mounted.
    pub(crate) fn open() -> Self {
        let open = |name: &str| File::open(Path::new(ROOT).join(name)).ok();
        if Path::new(ROOT).join("cgroup.controllers").exists() {
            let peak = open("memory.peak").or_else(|| open("memory.current"));
            return Self {
                version: CgroupVersion::V2,
                kills: open("memory.events"),
                cpu: open("cpu.stat"),
                peak,
            };
        }
        let kills = open("memory/memory.oom_control");
        let version = if kills.is_some() { CgroupVersion::V1 } else { CgroupVersion::None };
        let cpu = open("cpuacct/cpuacct.usage").or_else(|| open("cpu,cpuacct/cpuacct.usage"));
        Self { version, kills, cpu, peak: open("memory/memory.max_usage_in_bytes") }
    }

    pub(crate) fn version(&self) -> CgroupVersion {
        self.version
    }

    /// Processes that the kernel killed for memory since the container's start.
    pub(crate) fn memory_kills(&self) -> u64 {
        // Both versions name it `oom_kill`, followed by the count.
        read(self.kills.as_ref(), |text| value_of(text, "oom_kill"))
    }

    /// CPU time of the program's processes since the container's start, in microseconds: all but the agent's own.
    pub(crate) fn cpu_micros(&self) -> u64 {
        let all = match self.version {
            CgroupVersion::V1 => read(self.cpu.as_ref(), |text| text.trim().parse().ok()) / 1000,
            CgroupVersion::V2 => read(self.cpu.as_ref(), |text| value_of(text, "usage_usec")),
            CgroupVersion::None => return rusage_micros(UsageWho::RUSAGE_CHILDREN),
        };
        all.saturating_sub(rusage_micros(UsageWho::RUSAGE_SELF))
    }

    /// Highest memory use of the container so far, in bytes.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        read(self.peak.as_ref(), |text| text.trim().parse().ok())
    }
}

fn read(file: Option<&File>, parse: impl Fn(&str) -> Option<u64>) -> u64 {
    let mut buffer = [0; READ_BYTES];
    let text =
        file.and_then(|file| file.read_at(&mut buffer, 0).ok()).map_or(&[][..], |bytes| &buffer[..bytes]);
    std::str::from_utf8(text).ok().and_then(parse).unwrap_or(0)
}

fn value_of(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

fn rusage_micros(who: UsageWho) -> u64 {
    let micros = |usage: Usage| {
        let sum = usage.user_time() + usage.system_time();
        sum.tv_sec() as u64 * 1_000_000 + sum.tv_usec() as u64
    };
    getrusage(who).map_or(0, micros)
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn the_kill_counter_is_not_taken_for_its_neighbours() {
        let v1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        let v2 = "low 0\nhigh 0\nmax 12\noom 5\noom_kill 4\noom_group_kill 1\n";
        assert_eq!(value_of(v1, "oom_kill"), Some(3));
        assert_eq!(value_of(v2, "oom_kill"), Some(4));
        assert_eq!(value_of("", "oom_kill"), None);
    }
}
