//! Kiln beside the bare toolchain, `docker exec` and `docker run`: the same program, side by side, round after round.
//!
//! Writes `docs/benchmarks.md` and its pictures. Each round runs every way once, so that whatever the machine does
//! besides hits all of them alike. Kiln is asked when its pool is full, as in a daemon that is not saturated; what it does
//! when it is saturated is measured by itself.
//!
//! `cargo bench --bench latency -- quick` goes through everything in a few rounds and writes to the target directory instead.
//! `cargo bench --bench latency -- kiln` measures Kiln alone, with where its time went, and writes nothing.
//! `cargo bench --bench latency -- budget` and a language (`python` without one) shows where the time and the machine's CPU time
//! of its first program go, and writes nothing.
//! `cargo bench --bench latency -- one-shot` measures ONE_SHOT beside the engine alone, and writes nothing.

mod alone;
mod budget;
mod daemon;
mod engine;
mod order;
mod picture;
mod programs;
mod report;
mod rest;
mod saturation;
mod statistics;
mod throughput;
mod ways;

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use bollard::Docker;
use kiln::proto::Isolation;

use daemon::Daemon;
use programs::PROGRAMS;
use report::Results;

/// How long each level of concurrency is measured.
const LEVEL: Duration = Duration::from_secs(5);
/// The same for a quick look.
const QUICK_LEVEL: Duration = Duration::from_secs(1);
const QUICK_ROUNDS: usize = 2;

// One thread: what it waits for does not have to wake another one up.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let is_asked = |word: &str| std::env::args().any(|argument| argument == word);
    let is_quick = is_asked("quick");
    let rounds = is_quick.then_some(QUICK_ROUNDS);
    let languages = languages();
    let only = languages.join(",");
    let settings = [("KILN__LANGUAGES__ONLY", only.as_str())];
    if is_asked("budget") {
        let language = languages.into_iter().find(|language| is_asked(language)).unwrap_or("python");
        let daemon = Daemon::start(&[("KILN__LANGUAGES__ONLY", language)]).await?;
        return budget::show(&daemon, &Docker::connect_with_defaults()?, language).await;
    }
    if is_asked("kiln") {
        return alone::show(&Daemon::start(&settings).await?, rounds).await;
    }
    if is_asked("one-shot") {
        let one_shot = throughput::one_shot(&Docker::connect_with_defaults()?, LEVEL).await?;
        let share = |engine: f64| format!("{engine:.2}/s ({:.1}%)", one_shot.kiln / engine * 100.0);
        let (with_true, with_program) = (share(one_shot.engine_true), share(one_shot.engine_program));
        println!(
            "Kiln {:.2}/s; the engine with `true` {with_true}, with the program {with_program}",
            one_shot.kiln
        );
        return Ok(());
    }
    let begun = Instant::now();
    let load_before = std::fs::read_to_string("/proc/loadavg")?;
    let docker = Docker::connect_with_defaults()?;

    let daemon = Daemon::start(&settings).await?;
    daemon.execute(PROGRAMS[0].language, PROGRAMS[0].source, Isolation::Tenant).await?;
    let first_reply = daemon.age();
    for language in &languages {
        daemon.calm(language).await?;
    }
    let mut rows = Vec::new();
    for program in &PROGRAMS {
        eprintln!("{}", program.title);
        rows.push(ways::measure(program, rounds.unwrap_or(program.rounds), &daemon, &docker).await?);
    }
    let (rest, daemon_bytes) = rest::look(&languages, &daemon, &docker).await?;
    drop(daemon);

    eprintln!("throughput");
    let duration = if is_quick { QUICK_LEVEL } else { LEVEL };
    let levels = throughput::reuse(duration).await?;
    let one_shot = throughput::one_shot(&docker, duration).await?;
    eprintln!("saturation");
    let loads = saturation::curve(duration).await?;
    let crowds = rest::crowds(&docker).await?;

    let engine = docker.version().await?.version.unwrap_or_default();
    let taken = begun.elapsed();
    let load_before = load_before.split(' ').next().unwrap_or_default().to_owned();
    let results = Results {
        rows,
        levels,
        one_shot,
        loads,
        crowds,
        rest,
        daemon_bytes,
        first_reply,
        engine,
        load_before,
        taken,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = if is_quick { Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned() } else { root.join("docs") };
    let text = report::markdown(&results);
    std::fs::write(folder.join("benchmarks.md"), &text)?;
    std::fs::write(folder.join("benchmarks.svg"), picture::svg(&results.rows))?;
    std::fs::write(folder.join("saturation.svg"), picture::saturation(&results.loads))?;
    println!("{text}\nWritten to {}", folder.join("benchmarks.md").display());
    Ok(())
}

/// Each language of the programs once.
fn languages() -> Vec<&'static str> {
    let mut languages: Vec<_> = PROGRAMS.iter().map(|program| program.language).collect();
    languages.dedup();
    languages
}
