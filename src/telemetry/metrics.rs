//! The names of all metrics in one place. Durations are in seconds.

use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

const EXECUTIONS: &str = "kiln_executions_total";
const REFUSALS: &str = "kiln_refusals_total";
const STAGE_SECONDS: &str = "kiln_execution_part_seconds";
const CONTAINERS: &str = "kiln_containers";
const CREATED: &str = "kiln_containers_created_total";
const CREATE_SECONDS: &str = "kiln_container_create_seconds";
const CREATE_FAILURES: &str = "kiln_container_create_failures_total";
const SPENT: &str = "kiln_containers_spent_total";
const RESET_SECONDS: &str = "kiln_container_reset_seconds";
const RETURN_SECONDS: &str = "kiln_container_return_seconds";
const RETRIES: &str = "kiln_sandbox_retries_total";
const BUILDS: &str = "kiln_builds_total";
const BUILDS_BYTES: &str = "kiln_builds_bytes";
const IN_FLIGHT: &str = "kiln_in_flight";
const QUEUED: &str = "kiln_queued";

/// From a tenth of a millisecond to the longest time limit.
const BUCKETS_SECONDS: [f64; 14] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0];

/// How often what was recorded is put into its buckets: at a thousand executions a second some 200 KiB each time.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Renders the metrics of this process; the first call installs the recorder.
///
/// # Errors
/// When the buckets are refused, or another recorder is there already.
pub fn handle() -> Result<PrometheusHandle, BuildError> {
    static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    Ok(installed.insert(install()?).clone())
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_SECONDS)?
        .install_recorder()?;
    describe_counter!(EXECUTIONS, "executions by language and outcome");
    describe_counter!(REFUSALS, "requests that were refused or failed, by whose fault it was");
    describe_histogram!(STAGE_SECONDS, "where the time of executions went, by language and part");
    describe_gauge!(CONTAINERS, "containers by language and state");
    describe_counter!(CREATED, "containers created, by language");
    describe_histogram!(CREATE_SECONDS, "time from create to warm, by language");
    describe_counter!(CREATE_FAILURES, "containers that could not be made, by language");
    describe_counter!(SPENT, "containers given up, by language and reason");
    describe_histogram!(RESET_SECONDS, "time to empty a used container and prove it clean, by language");
    describe_histogram!(
        RETURN_SECONDS,
        "time from a reply to when its container can serve again, by language"
    );
    describe_counter!(RETRIES, "executions moved to a fresh container because theirs broke before the start");
    describe_counter!(BUILDS, "builds that executions asked the cache for, by what came of it");
    describe_gauge!(BUILDS_BYTES, "bytes of all kept builds");
    describe_gauge!(IN_FLIGHT, "admitted executions");
    describe_gauge!(QUEUED, "executions that wait for admission");
    Ok(handle)
}

/// Puts what histograms have recorded into their buckets, again and again. The exporter does so by itself only where somebody reads
/// the metrics; until then it keeps each single figure, however many come.
///
/// # Errors
/// Never; it runs until stopped.
pub async fn upkeep(handle: PrometheusHandle) -> Result<Infallible, Infallible> {
    let mut ticks = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Begins at zero what may stay there for long: a counter that first appears with its first failure hides that failure
/// from whoever looks at its rate.
pub fn begin<'a>(
    languages: impl Iterator<Item = &'a str>,
    faults: &[&'static str],
    reasons: &[&'static str],
) {
    for language in languages {
        for name in [CREATED, CREATE_FAILURES, RETRIES] {
            counter!(name, "language" => language.to_owned()).absolute(0);
        }
        for reason in reasons {
            counter!(SPENT, "language" => language.to_owned(), "reason" => *reason).absolute(0);
        }
    }
    for fault in faults {
        counter!(REFUSALS, "fault" => *fault).absolute(0);
    }
}

/// An execution has its outcome.
pub fn executed(language: &str, outcome: &'static str) {
    counter!(EXECUTIONS, "language" => language.to_owned(), "outcome" => outcome).increment(1);
}

/// A request got no outcome.
pub fn refused(fault: &'static str) {
    counter!(REFUSALS, "fault" => fault).increment(1);
}

/// A part of an execution took this long.
pub fn part(language: &str, part: &'static str, time: Duration) {
    histogram!(STAGE_SECONDS, "language" => language.to_owned(), "part" => part).record(time.as_secs_f64());
}

/// How many containers of a language are in a state.
pub fn containers(language: &str, state: &'static str, count: u32) {
    gauge!(CONTAINERS, "language" => language.to_owned(), "state" => state).set(f64::from(count));
}

/// A container became warm.
pub fn created(language: &str, time: Duration) {
    counter!(CREATED, "language" => language.to_owned()).increment(1);
    histogram!(CREATE_SECONDS, "language" => language.to_owned()).record(time.as_secs_f64());
}

/// A container could not be made.
pub fn create_failed(language: &str) {
    counter!(CREATE_FAILURES, "language" => language.to_owned()).increment(1);
}

/// What came of asking for a build.
pub fn build(result: &'static str) {
    counter!(BUILDS, "result" => result).increment(1);
}

/// Bytes of all kept builds.
pub fn builds_bytes(bytes: u64) {
    gauge!(BUILDS_BYTES).set(bytes as f64);
}

/// A container is given up.
pub fn spent(language: &str, reason: &'static str) {
    counter!(SPENT, "language" => language.to_owned(), "reason" => reason).increment(1);
}

/// A used container was proven clean in `time`, and could serve again after `until_ready`.
pub fn reset(language: &str, time: Duration, until_ready: Duration) {
    histogram!(RESET_SECONDS, "language" => language.to_owned()).record(time.as_secs_f64());
    histogram!(RETURN_SECONDS, "language" => language.to_owned()).record(until_ready.as_secs_f64());
}

/// An execution is moved to a fresh container.
pub fn retried(language: &str) {
    counter!(RETRIES, "language" => language.to_owned()).increment(1);
}

/// Admission's two numbers.
pub fn admission(in_flight: usize, queued: usize) {
    gauge!(IN_FLIGHT).set(in_flight as f64);
    gauge!(QUEUED).set(queued as f64);
}
