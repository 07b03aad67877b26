//! Where an execution's time and the machine's CPU time go, part by part and process by process; writes nothing.
//!
//! Latencies are the reply's own timings and the client's clock; CPU time is what the kernel accounted to each process, so it
//! holds what comes after the reply too: the reset and the next interpreter.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::query_parameters::ListContainersOptionsBuilder;
use kiln::proto::{ExecuteResponse, Isolation, Timings};

use crate::daemon::{Daemon, INSTANCE};
use crate::programs::PROGRAMS;
use crate::statistics::Times;

/// Each alone, when nothing else is going on.
const CALM_ROUNDS: usize = 100;
/// One after the other, as fast as the replies come.
const ROW_ROUNDS: usize = 400;
/// Clock ticks of `/proc/PID/stat`, per second.
const TICKS_PER_SECOND: u64 = 100;

/// Shows both for the first program of `language`.
pub(crate) async fn show(daemon: &Daemon, docker: &Docker, language: &str) -> Result<(), Box<dyn Error>> {
    let program = PROGRAMS.iter().find(|program| program.language == language).ok_or("no such program")?;
    for _ in 0..10 {
        daemon.calm(language).await?;
        daemon.execute(language, program.source, Isolation::Tenant).await?;
    }
    let mut calm = Vec::new();
    for _ in 0..CALM_ROUNDS {
        daemon.calm(language).await?;
        calm.push(daemon.execute(language, program.source, Isolation::Tenant).await?);
    }
    let mut asked = Vec::new();
    for _ in 0..CALM_ROUNDS {
        let begun = Instant::now();
        daemon.pool(language).await?;
        asked.push(begun.elapsed());
    }
    println!("{}, p50 in microseconds", program.title);
    println!("  a call that runs nothing, one after the other: {:.0}", Times::new(asked).p50() * 1e3);
    show_parts("calm", &calm);

    daemon.calm(language).await?;
    let before = cpu_by_process(daemon, docker).await?;
    let mut row = Vec::new();
    for _ in 0..ROW_ROUNDS {
        row.push(daemon.execute(language, program.source, Isolation::Tenant).await?);
    }
    daemon.settled(language).await?;
    let after = cpu_by_process(daemon, docker).await?;
    show_parts("in a row", &row);
    let each = |name| {
        let of = |all: &HashMap<&'static str, u64>| all.get(name).copied().unwrap_or(0);
        of(&after).saturating_sub(of(&before)) as f64 / ROW_ROUNDS as f64
    };
    println!(
        "CPU time in microseconds for each of those in a row, its reset and the next interpreter's start included"
    );
    let names = ["client", "daemon", "dockerd", "containerd", "shims", "agents", "parents", "programs"];
    for name in names {
        println!("  {name:<12}{:7.0}", each(name));
    }
    println!("  {:<12}{:7.0}", "together", names.map(each).iter().sum::<f64>());
    Ok(())
}

fn show_parts(how: &str, taken: &[(Duration, ExecuteResponse)]) {
    let median = |part: &dyn Fn(Duration, Timings) -> Duration| {
        let times = taken.iter().map(|(client, reply)| part(*client, reply.timings.unwrap_or_default()));
        Times::new(times.collect()).p50() * 1e3
    };
    let time = |part: Option<prost_types::Duration>| -> Duration {
        part.and_then(|part| part.try_into().ok()).unwrap_or_default()
    };
    println!(
        "  {how}: client {:.0} = gRPC {:.0} + queue {:.0} + lease {:.0} + prepare {:.0} + compile {:.0} + run {:.0} + collect {:.0}",
        median(&|client, _| client),
        median(&|client, parts| client.saturating_sub(time(parts.total))),
        median(&|_, parts| time(parts.queue)),
        median(&|_, parts| time(parts.lease)),
        median(&|_, parts| time(parts.prepare)),
        median(&|_, parts| time(parts.compile)),
        median(&|_, parts| time(parts.run)),
        median(&|_, parts| time(parts.collect)),
    );
}

/// Microseconds of CPU time so far, by whose they are.
async fn cpu_by_process(
    daemon: &Daemon,
    docker: &Docker,
) -> Result<HashMap<&'static str, u64>, Box<dyn Error>> {
    let mut found =
        HashMap::from([("client", of_process(std::process::id())?), ("daemon", of_process(daemon.pid())?)]);
    for pid in processes(&fs::read_dir("/proc")?.flatten().map(|entry| entry.path()).collect::<Vec<_>>()) {
        match fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim() {
            "dockerd" => *found.entry("dockerd").or_default() += of_process(pid)?,
            "containerd" => *found.entry("containerd").or_default() += of_process(pid)?,
            _ => {}
        }
    }
    let filters = HashMap::from([("label", vec![format!("kiln.instance={INSTANCE}")])]);
    let options = ListContainersOptionsBuilder::default().filters(&filters).build();
    for container in docker.list_containers(Some(options)).await? {
        let state = docker.inspect_container(&container.id.unwrap_or_default(), None).await?.state;
        let init = state.and_then(|state| state.pid).ok_or("a container without a process")? as u32;
        *found.entry("shims").or_default() += of_process(parent(init)?)?;
        let (group, all) = control_group(init)?;
        let mut others = 0;
        for pid in
            fs::read_to_string(group.join("cgroup.procs"))?.lines().filter_map(|line| line.parse().ok())
        {
            // One of the job's may be gone.
            let (Ok(line), Ok(time)) = (fs::read(format!("/proc/{pid}/cmdline")), of_process(pid)) else {
                continue;
            };
            let name = if line.starts_with(b"/kiln/agent\0") {
                "agents"
            } else if is_root(pid) {
                "parents"
            } else {
                continue;
            };
            *found.entry(name).or_default() += time;
            others += time;
        }
        *found.entry("programs").or_default() += all.saturating_sub(others);
    }
    Ok(found)
}

fn processes(paths: &[std::path::PathBuf]) -> impl Iterator<Item = u32> {
    paths.iter().filter_map(|path| path.file_name()?.to_str()?.parse().ok())
}

/// The fields of `/proc/PID/stat` after the command's name, which may hold anything.
fn stat(pid: u32) -> Result<Vec<String>, Box<dyn Error>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = text.rsplit_once(')').ok_or("a process without a name")?;
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

fn of_process(pid: u32) -> Result<u64, Box<dyn Error>> {
    let fields = stat(pid)?;
    Ok((fields[11].parse::<u64>()? + fields[12].parse::<u64>()?) * (1_000_000 / TICKS_PER_SECOND))
}

fn parent(pid: u32) -> Result<u32, Box<dyn Error>> {
    Ok(stat(pid)?[1].parse()?)
}

fn is_root(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t0\t"))
}

/// The directory of a container's control group that accounts for CPU time, and what that says.
fn control_group(init: u32) -> Result<(std::path::PathBuf, u64), Box<dyn Error>> {
    let groups = fs::read_to_string(format!("/proc/{init}/cgroup"))?;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let root = Path::new("/sys/fs/cgroup");
        let path = path.trim_start_matches('/');
        if controllers.split(',').any(|controller| controller == "cpuacct") {
            let folder = root.join(controllers).join(path);
            let text = fs::read_to_string(folder.join("cpuacct.usage"))?;
            return Ok((folder, text.trim().parse::<u64>()? / 1000));
        }
        if controllers.is_empty() && root.join("cgroup.controllers").exists() {
            let folder = root.join(path);
            let text = fs::read_to_string(folder.join("cpu.stat"))?;
            let used =
                text.lines().find_map(|line| line.strip_prefix("usage_usec ")).ok_or("no usage_usec")?;
            return Ok((folder, used.trim().parse()?));
        }
    }
    Err("no control group accounts for CPU time".into())
}
