//! `kiln load`: drives a server with programs, compares what it answers, and measures.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tonic::Status;
use tonic::transport::Channel;
use tonic_types::StatusExt;

use crate::proto::{ExecuteRequest, ExecuteResponse, Outcome};

use super::args::LoadArguments;
use super::client::{CliError, connect, executor};
use super::show::table;

/// Mismatches that are shown; the rest is counted.
const SHOWN_MAX: usize = 20;
/// Bytes of a program's output shown with a mismatch.
const EXCERPT_BYTES: usize = 400;

/// A line of the programs' file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    language: String,
    name: String,
    code: String,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    expect: Expect,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: Option<String>,
    exit_code: Option<i32>,
    stdout: Option<String>,
}

/// What one worker saw.
struct Seen {
    latency: Histogram<u64>,
    outcomes: BTreeMap<(String, String), u64>,
    refused: BTreeMap<String, u64>,
    mismatches: Vec<String>,
    executions: u64,
}

impl Seen {
    fn new() -> Self {
        // From a microsecond to a day, to three digits: these bounds are valid.
        #[expect(clippy::expect_used, reason = "constant bounds")]
        let latency = Histogram::new_with_bounds(1, 86_400_000_000, 3).expect("the bounds are valid");
        let (outcomes, refused, mismatches) = Default::default();
        Self { latency, outcomes, refused, mismatches, executions: 0 }
    }

    fn add(&mut self, other: Self) {
        self.latency += other.latency;
        for (key, count) in other.outcomes {
            *self.outcomes.entry(key).or_default() += count;
        }
        for (key, count) in other.refused {
            *self.refused.entry(key).or_default() += count;
        }
        self.mismatches.extend(other.mismatches);
        self.executions += other.executions;
    }
}

/// A row of the result.
#[derive(Debug, Serialize)]
struct Level {
    concurrency: u16,
    executions: u64,
    executions_per_second: f64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    refused: u64,
    mismatches: usize,
}

/// Runs the programs; returns whether every one did what it should.
///
/// # Errors
/// When the file cannot be read or no daemon answers.
pub async fn load(arguments: LoadArguments) -> Result<bool, CliError> {
    let programs = Arc::new(read_programs(&arguments.programs, arguments.language.as_deref())?);
    let channel = connect(&arguments.server).await?;
    let mut levels = Vec::new();
    let mut all = Seen::new();
    let steps: Vec<u16> = match arguments.duration {
        None => vec![arguments.concurrency],
        Some(_) => std::iter::successors(Some(1), |step: &u16| step.checked_mul(2))
            .take_while(|step| *step < arguments.concurrency)
            .chain([arguments.concurrency])
            .collect(),
    };
    for concurrency in steps {
        let begun = Instant::now();
        let end = arguments.duration.map(|duration| begun + duration);
        let next = AtomicUsize::new(0);
        let workers = (0..concurrency).map(|_| work(channel.clone(), &programs, &next, end));
        let mut seen = Seen::new();
        join_all(workers).await.into_iter().for_each(|part| seen.add(part));
        levels.push(level(concurrency, &seen, begun.elapsed()));
        all.add(seen);
    }
    if arguments.json {
        let json =
            serde_json::to_string_pretty(&levels).map_err(|error| CliError::Usage(error.to_string()))?;
        println!("{json}");
    } else {
        print(&all, &levels);
    }
    Ok(all.mismatches.is_empty() && all.refused.is_empty())
}

fn read_programs(path: &Path, language: Option<&str>) -> Result<Vec<Program>, CliError> {
    let shown = path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| CliError::Read { path: shown.clone(), source })?;
    let mut programs = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let program: Program = serde_json::from_str(line)
            .map_err(|error| CliError::Usage(format!("{shown}, line {}: {error}", index + 1)))?;
        if language.is_none_or(|language| program.language == language) {
            programs.push(program);
        }
    }
    if programs.is_empty() {
        return Err(CliError::Usage(format!("{shown} has no program to run")));
    }
    Ok(programs)
}

/// Takes program after program until there is none, or the time is over.
async fn work(channel: Channel, programs: &[Program], next: &AtomicUsize, end: Option<Instant>) -> Seen {
    let mut client = executor(channel);
    let mut seen = Seen::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let over = match end {
            None => index >= programs.len(),
            Some(end) => Instant::now() >= end,
        };
        if over {
            return seen;
        }
        let program = &programs[index % programs.len()];
        let request = ExecuteRequest {
            language: program.language.clone(),
            code: program.code.clone(),
            stdin: program.stdin.clone().into_bytes(),
            ..ExecuteRequest::default()
        };
        let begun = Instant::now();
        match client.execute(request).await {
            Ok(reply) => {
                let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                seen.latency.saturating_record(micros);
                let reply = reply.into_inner();
                let key = (program.language.clone(), outcome_name(&reply));
                *seen.outcomes.entry(key).or_default() += 1;
                seen.mismatches.extend(mismatch(program, &reply));
                seen.executions += 1;
            }
            Err(status) => {
                *seen.refused.entry(refusal(&status)).or_default() += 1;
            }
        }
    }
}

/// A status, and when it says to come back.
fn refusal(status: &Status) -> String {
    let after = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let after = after.map(|after| format!(" (come back in {after:?})")).unwrap_or_default();
    format!("{:?}: {}{after}", status.code(), status.message())
}

fn outcome_name(reply: &ExecuteResponse) -> String {
    let name = reply.outcome().as_str_name();
    name.strip_prefix("OUTCOME_").unwrap_or(name).to_owned()
}

/// What differs from the expectation.
fn mismatch(program: &Program, reply: &ExecuteResponse) -> Option<String> {
    let mut differences = Vec::new();
    let outcome = outcome_name(reply);
    if program.expect.outcome.as_ref().is_some_and(|expected| *expected != outcome) {
        differences.push(format!("outcome {outcome} instead of {:?}", program.expect.outcome));
    }
    let stage = reply.run.clone().unwrap_or_default();
    if program.expect.exit_code.is_some_and(|expected| expected != stage.exit_code) {
        differences.push(format!("exit code {} instead of {:?}", stage.exit_code, program.expect.exit_code));
    }
    let stdout = String::from_utf8_lossy(&stage.stdout);
    if program.expect.stdout.as_ref().is_some_and(|expected| *expected != stdout) {
        differences.push(format!(
            "stdout {:?} instead of {:?}",
            excerpt(&stdout),
            program.expect.stdout.as_deref().map(excerpt)
        ));
    }
    if differences.is_empty() {
        return None;
    }
    let words = match reply.outcome() {
        Outcome::CompileFailed => reply.compile.as_ref().map(|stage| stage.stderr.as_slice()),
        _ => reply.run.as_ref().map(|stage| stage.stderr.as_slice()),
    };
    let words = String::from_utf8_lossy(words.unwrap_or_default()).into_owned();
    let language = &program.language;
    Some(format!(
        "{language} {}: {}; {}; stderr {:?}",
        program.name,
        differences.join(", "),
        reply.message,
        excerpt(&words)
    ))
}

fn excerpt(text: &str) -> String {
    let mut end = text.len().min(EXCERPT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn level(concurrency: u16, seen: &Seen, elapsed: Duration) -> Level {
    let millis = |quantile: f64| seen.latency.value_at_quantile(quantile) as f64 / 1e3;
    Level {
        concurrency,
        executions: seen.executions,
        executions_per_second: seen.executions as f64 / elapsed.as_secs_f64(),
        p50_ms: millis(0.5),
        p90_ms: millis(0.9),
        p99_ms: millis(0.99),
        max_ms: seen.latency.max() as f64 / 1e3,
        refused: seen.refused.values().sum(),
        mismatches: seen.mismatches.len(),
    }
}

fn print(all: &Seen, levels: &[Level]) {
    let mut outcomes = table(&["LANGUAGE", "OUTCOME", "COUNT"]);
    for ((language, outcome), count) in &all.outcomes {
        outcomes.add_row([language, outcome, &count.to_string()]);
    }
    println!("{}\n", outcomes.trim_fmt());
    let heads = [
        "CONCURRENCY",
        "EXECUTIONS",
        "PER SECOND",
        "P50 MS",
        "P90 MS",
        "P99 MS",
        "MAX MS",
        "REFUSED",
        "WRONG",
    ];
    let mut times = table(&heads);
    for level in levels {
        times.add_row([
            level.concurrency.to_string(),
            level.executions.to_string(),
            format!("{:.1}", level.executions_per_second),
            format!("{:.1}", level.p50_ms),
            format!("{:.1}", level.p90_ms),
            format!("{:.1}", level.p99_ms),
            format!("{:.1}", level.max_ms),
            level.refused.to_string(),
            level.mismatches.to_string(),
        ]);
    }
    println!("{}", times.trim_fmt());
    for (reason, count) in &all.refused {
        println!("\nrefused {count} times: {reason}");
    }
    for mismatch in all.mismatches.iter().take(SHOWN_MAX) {
        println!("\nwrong: {mismatch}");
    }
}
