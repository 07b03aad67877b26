//! Executions per second: with reuse at rising concurrency, and ONE_SHOT beside the engine's own rate of containers.

use std::error::Error;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bollard::Docker;
use futures_util::future::try_join_all;
use kiln::proto::Isolation;
use tokio::process::Command;

use crate::daemon::Daemon;
use crate::engine;
use crate::programs::{OUTPUT, PROGRAMS, SOURCE};
use crate::statistics::Times;
use crate::ways;

/// Concurrency of the levels with reuse. The daemon's pool is made as large as the last one needs.
const LEVELS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// For the level of 32, with room for those being made.
const POOL_MAX: &str = "36";
const POOL_MIN: &str = "32";
/// Concurrency of `ONE_SHOT` and of the engine.
pub(crate) const ONE_SHOT_CONCURRENCY: usize = 4;
/// ONE_SHOT and the engine take turns, this often each.
const TURNS: usize = 6;

/// What one level of concurrency gave.
pub(crate) struct Level {
    pub(crate) concurrency: usize,
    pub(crate) per_second: f64,
    /// CPU time that the whole machine spent for one, in milliseconds.
    pub(crate) cpu_ms: f64,
    pub(crate) times: Times,
    /// The bare toolchain at the same concurrency; `None` where the host lacks it.
    pub(crate) bare_per_second: Option<f64>,
}

/// What Kiln and the engine alone gave, in executions per second.
pub(crate) struct OneShot {
    pub(crate) kiln: f64,
    /// Create, start, exec `true`, remove.
    pub(crate) engine_true: f64,
    /// Create, start, exec the program, remove.
    pub(crate) engine_program: f64,
}

/// Python hello with reuse; each level for `duration`, after a fifth of it that is not measured, and then the same program bare.
pub(crate) async fn reuse(duration: Duration) -> Result<Vec<Level>, Box<dyn Error>> {
    let settings = [
        ("KILN__LANGUAGES__ONLY", PROGRAMS[0].language),
        ("KILN__LANGUAGES__POOLS__PYTHON__MIN", POOL_MIN),
        ("KILN__LANGUAGES__POOLS__PYTHON__MAX", POOL_MAX),
    ];
    let daemon = Daemon::start(&settings).await?;
    daemon.calm(PROGRAMS[0].language).await?;
    let argv = with_source(PROGRAMS[0].host[0]);
    let bare: Option<PathBuf> = ways::find(&argv[0]).ok();
    let mut levels = Vec::new();
    for concurrency in LEVELS {
        // So that as many containers have served before as the level needs.
        repeat(concurrency, duration / 5, || execute(&daemon, Isolation::Tenant)).await?;
        daemon.settled(PROGRAMS[0].language).await?;
        let mut level = repeat(concurrency, duration, || execute(&daemon, Isolation::Tenant)).await?;
        if let Some(tool) = &bare {
            daemon.settled(PROGRAMS[0].language).await?;
            let bare = repeat(concurrency, duration, || on_host(tool, &argv[1..])).await?;
            level.bare_per_second = Some(bare.per_second);
        }
        levels.push(level);
    }
    Ok(levels)
}

/// Python hello in containers that serve once, in turns with the engine's own containers.
pub(crate) async fn one_shot(docker: &Docker, duration: Duration) -> Result<OneShot, Box<dyn Error>> {
    let program = &PROGRAMS[0];
    let image = program.image();
    let daemon = Daemon::start(&[("KILN__LANGUAGES__ONLY", program.language)]).await?;
    let hello = with_source(program.container);
    let true_ = vec!["true".to_owned()];
    let mut rates = [0.0; 3];
    for _ in 0..TURNS {
        daemon.calm(program.language).await?;
        // What is in stock comes first, and is no part of the rate.
        repeat(ONE_SHOT_CONCURRENCY, duration / 2, || execute(&daemon, Isolation::OneShot)).await?;
        let kiln = repeat(ONE_SHOT_CONCURRENCY, duration, || execute(&daemon, Isolation::OneShot)).await?;
        rates[0] += kiln.per_second / TURNS as f64;
        daemon.calm(program.language).await?;
        for (rate, argv) in rates[1..].iter_mut().zip([&true_, &hello]) {
            let life = || engine::whole_life(docker, &image, argv);
            *rate += repeat(ONE_SHOT_CONCURRENCY, duration, life).await?.per_second / TURNS as f64;
        }
    }
    Ok(OneShot { kiln: rates[0], engine_true: rates[1], engine_program: rates[2] })
}

async fn execute(daemon: &Daemon, isolation: Isolation) -> Result<(), Box<dyn Error>> {
    daemon.execute(PROGRAMS[0].language, PROGRAMS[0].source, isolation).await.map(|_| ())
}

/// A command of Python hello's.
fn with_source(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|word| word.replace(SOURCE, PROGRAMS[0].source)).collect()
}

async fn on_host(tool: &Path, arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let output = Command::new(tool).args(arguments).output().await?;
    if output.stdout == OUTPUT { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
}

/// Does it again and again, `concurrency` at once, until `duration` is over; what is under way then is finished and counted.
async fn repeat<F>(
    concurrency: usize,
    duration: Duration,
    work: impl Fn() -> F,
) -> Result<Level, Box<dyn Error>>
where
    F: Future<Output = Result<(), Box<dyn Error>>>,
{
    let (begun, cpu) = (Instant::now(), cpu_busy()?);
    let work = &work;
    let workers = (0..concurrency).map(|_| async move {
        let mut times = Vec::new();
        while begun.elapsed() < duration {
            let asked = Instant::now();
            work().await?;
            times.push(asked.elapsed());
        }
        Ok::<_, Box<dyn Error>>(times)
    });
    let times: Vec<Duration> = try_join_all(workers).await?.into_iter().flatten().collect();
    let taken = begun.elapsed().as_secs_f64();
    let cpu = (cpu_busy()? - cpu).as_secs_f64() * 1e3 / times.len() as f64;
    let per_second = times.len() as f64 / taken;
    Ok(Level { concurrency, per_second, cpu_ms: cpu, times: Times::new(times), bare_per_second: None })
}

/// Time that all CPUs of the machine have worked, in the kernel's ticks of 10 ms.
pub(crate) fn cpu_busy() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let numbers: Result<Vec<u64>, _> =
        stat.lines().next().unwrap_or_default().split_whitespace().skip(1).map(str::parse).collect();
    // user, nice, system, idle, iowait, irq, softirq; the rest is other machines' or counted already.
    let busy = numbers?
        .iter()
        .enumerate()
        .filter(|(at, _)| matches!(at, 0..=2 | 5 | 6))
        .map(|(_, ticks)| ticks)
        .sum::<u64>();
    Ok(Duration::from_millis(busy * 10))
}
