//! What the daemon takes when nobody asks for anything: the resets after executions, and memory.

use std::collections::BTreeMap;
use std::error::Error;

use bollard::Docker;

use crate::daemon::Daemon;
use crate::engine;
use crate::programs::PROGRAMS;
use crate::statistics::bucket_percentile;

/// One language's resets and idle containers.
pub(crate) struct Rest {
    pub(crate) language: String,
    pub(crate) resets: u64,
    /// Containers that could not be proven clean.
    pub(crate) unclean: u64,
    /// Median and 95th percentile in milliseconds; `None` where there was no reset.
    pub(crate) reset: [Option<f64>; 2],
    /// The same until the container could serve again.
    pub(crate) ready: [Option<f64>; 2],
    pub(crate) reset_mean: f64,
    /// For each idle container: what its cgroup accounts for, and of that what is no page cache, in bytes.
    pub(crate) memory: Vec<(u64, u64)>,
}

/// How many containers a daemon has whose memory is looked at beside the usual one's.
const CROWDS: [u32; 2] = [10, 50];

/// A daemon with so many warm containers.
pub(crate) struct Crowd {
    pub(crate) containers: u32,
    /// Resident memory of the daemon, in bytes.
    pub(crate) daemon_bytes: u64,
    /// Mean of the containers, as their cgroups account for them, in bytes.
    pub(crate) container_bytes: f64,
}

/// Daemons with more and more containers, of Python.
pub(crate) async fn crowds(docker: &Docker) -> Result<Vec<Crowd>, Box<dyn Error>> {
    let language = PROGRAMS[0].language;
    let mut crowds = Vec::new();
    for containers in CROWDS {
        let count = containers.to_string();
        let settings = [
            ("KILN__LANGUAGES__ONLY", language),
            ("KILN__LANGUAGES__POOLS__PYTHON__MIN", &count),
            ("KILN__LANGUAGES__POOLS__PYTHON__MAX", &count),
        ];
        let daemon = Daemon::start(&settings).await?;
        daemon.calm(language).await?;
        let memory = engine::idle_memory(docker, language).await?;
        let container_bytes =
            memory.iter().map(|(all, _)| *all as f64).sum::<f64>() / memory.len().max(1) as f64;
        crowds.push(Crowd { containers, daemon_bytes: daemon.resident_bytes()?, container_bytes });
    }
    Ok(crowds)
}

/// Asks the daemon after its executions, when its pools are full.
pub(crate) async fn look(
    languages: &[&str],
    daemon: &Daemon,
    docker: &Docker,
) -> Result<(Vec<Rest>, u64), Box<dyn Error>> {
    for language in languages {
        daemon.calm(language).await?;
    }
    let resets = daemon.buckets("kiln_container_reset_seconds").await?;
    let returns = daemon.buckets("kiln_container_return_seconds").await?;
    let mut found = Vec::new();
    for &language in languages {
        let pool = daemon.pool(language).await?;
        let both = |all: &BTreeMap<String, Vec<(f64, u64)>>| {
            let buckets = all.get(language).map(Vec::as_slice).unwrap_or_default();
            [50, 95].map(|percent| bucket_percentile(buckets, percent))
        };
        let mean = pool.reset_time_mean.and_then(|mean| std::time::Duration::try_from(mean).ok());
        found.push(Rest {
            language: language.to_owned(),
            resets: pool.resets,
            unclean: pool.unclean,
            reset: both(&resets),
            ready: both(&returns),
            reset_mean: mean.unwrap_or_default().as_secs_f64() * 1e3,
            memory: engine::idle_memory(docker, language).await?,
        });
    }
    Ok((found, daemon.resident_bytes()?))
}
