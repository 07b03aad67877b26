//! What a daemon does about more than it can do: programs arrive at a fixed rate, whether or not earlier ones are done.

use std::error::Error;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tonic::Code;

use crate::daemon::Daemon;
use crate::programs::PROGRAMS;
use crate::statistics::Times;

/// Offered load as parts of what the daemon served per second when it was asked as fast as it replies.
const PARTS: [f64; 8] = [0.25, 0.5, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0];
/// Bounds small enough that they are reached: the defaults are four and eight times as large.
pub(crate) const IN_FLIGHT: usize = 16;
pub(crate) const QUEUED: usize = 32;
const POOL: &str = "16";
const POOL_MAX: &str = "20";
/// How many ask at once when the daemon's own rate is measured.
const RATE_CONCURRENCY: usize = 8;

/// What came of one rate of arrivals.
pub(crate) struct Load {
    /// Programs that arrived per second.
    pub(crate) offered: f64,
    /// Programs that were served per second.
    pub(crate) served: f64,
    /// Of those that arrived, how many were refused.
    pub(crate) refused: f64,
    pub(crate) times: Times,
    /// How long a refusal took.
    pub(crate) refusals: Times,
}

/// Each rate for `duration`, after the daemon has come to rest.
pub(crate) async fn curve(duration: Duration) -> Result<Vec<Load>, Box<dyn Error>> {
    let (in_flight, queued) = (IN_FLIGHT.to_string(), QUEUED.to_string());
    let settings = [
        ("KILN__LANGUAGES__ONLY", PROGRAMS[0].language),
        ("KILN__LANGUAGES__POOLS__PYTHON__MIN", POOL),
        ("KILN__LANGUAGES__POOLS__PYTHON__MAX", POOL_MAX),
        ("KILN__ADMISSION__IN_FLIGHT", in_flight.as_str()),
        ("KILN__ADMISSION__QUEUED", queued.as_str()),
    ];
    let daemon = Daemon::start(&settings).await?;
    daemon.calm(PROGRAMS[0].language).await?;
    // Twice: first so that containers have served.
    closed(&daemon, duration / 2).await?;
    let capacity = closed(&daemon, duration).await?;
    let mut loads = Vec::new();
    for part in PARTS {
        daemon.settled(PROGRAMS[0].language).await?;
        loads.push(offer(&daemon, capacity * part, duration).await?);
    }
    Ok(loads)
}

/// Served per second when asked as fast as the replies come.
async fn closed(daemon: &Daemon, duration: Duration) -> Result<f64, Box<dyn Error>> {
    let begun = Instant::now();
    let workers = (0..RATE_CONCURRENCY).map(|_| async {
        let mut served = 0_u32;
        while begun.elapsed() < duration {
            ask(daemon).await?;
            served += 1;
        }
        Ok::<_, Box<dyn Error>>(served)
    });
    let served: Result<Vec<u32>, _> = join_all(workers).await.into_iter().collect();
    Ok(f64::from(served?.iter().sum::<u32>()) / begun.elapsed().as_secs_f64())
}

async fn offer(daemon: &Daemon, rate: f64, duration: Duration) -> Result<Load, Box<dyn Error>> {
    let count = (rate * duration.as_secs_f64()) as u32;
    let begun = tokio::time::Instant::now();
    let arrivals = (0..count).map(|number| async move {
        tokio::time::sleep_until(begun + Duration::from_secs_f64(f64::from(number) / rate)).await;
        let asked = Instant::now();
        let is_served = ask(daemon).await?;
        Ok::<_, Box<dyn Error>>((is_served, asked.elapsed()))
    });
    let ended: Result<Vec<_>, _> = join_all(arrivals).await.into_iter().collect();
    let (served, refused): (Vec<_>, Vec<_>) = ended?.into_iter().partition(|(is_served, _)| *is_served);
    let times = |ended: Vec<(bool, Duration)>| Times::new(ended.into_iter().map(|(_, time)| time).collect());
    Ok(Load {
        offered: rate,
        served: served.len() as f64 / begun.elapsed().as_secs_f64(),
        refused: refused.len() as f64 / f64::from(count.max(1)),
        times: times(served),
        refusals: times(refused),
    })
}

/// Whether the program was served; a refusal for load is no error.
async fn ask(daemon: &Daemon) -> Result<bool, Box<dyn Error>> {
    match daemon.try_execute(PROGRAMS[0].language, PROGRAMS[0].source).await {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::ResourceExhausted => Ok(false),
        Err(status) => Err(status.into()),
    }
}
