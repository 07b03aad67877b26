//! Kiln alone, with where its time went; writes nothing.

use std::error::Error;
use std::time::Duration;

use kiln::proto::{ExecuteResponse, Isolation};

use crate::daemon::Daemon;
use crate::programs::PROGRAMS;
use crate::statistics::Times;

/// Medians of each part, in milliseconds.
pub(crate) async fn show(daemon: &Daemon, rounds: Option<usize>) -> Result<(), Box<dyn Error>> {
    for program in &PROGRAMS {
        let mut taken = Vec::new();
        for round in 0..rounds.unwrap_or(program.rounds) {
            daemon.calm(program.language).await?;
            let number = u64::from(std::process::id()) * 1000 + round as u64;
            taken.push(daemon.execute(program.language, &program.text(number), Isolation::Tenant).await?);
        }
        let median = |part: fn(&(Duration, ExecuteResponse)) -> Duration| {
            Times::new(taken.iter().map(part).collect()).p50()
        };
        println!(
            "{:<38} client {:.2}, server {:.2}: prepare {:.2}, compile {:.2}, run {:.2} (CPU {:.2}), collect {:.2}",
            program.title,
            median(|round| round.0),
            median(|round| time(round.1.timings.and_then(|timings| timings.total))),
            median(|round| time(round.1.timings.and_then(|timings| timings.prepare))),
            median(|round| time(round.1.timings.and_then(|timings| timings.compile))),
            median(|round| time(round.1.timings.and_then(|timings| timings.run))),
            median(|round| time(round.1.run.as_ref().and_then(|run| run.usage?.cpu_time))),
            median(|round| time(round.1.timings.and_then(|timings| timings.collect))),
        );
    }
    Ok(())
}

fn time(given: Option<prost_types::Duration>) -> Duration {
    given.and_then(|given| given.try_into().ok()).unwrap_or_default()
}
