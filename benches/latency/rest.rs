//! What the daemon takes when nobody asks for anything: the resets after executions, and memory.

use std::collections::BTreeMap;
use std::error::Error;

use bollard::Docker;

use crate::daemon::Daemon;
use crate::engine;
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
