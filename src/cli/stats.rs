//! `kiln stats`: what executions took, as tables or JSON.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use comfy_table::CellAlignment;

use crate::proto::pool_client::PoolClient;
use crate::proto::{
    GetStatsRequest, GetStatsResponse, LanguageStats, Outcome, PartTimes, SlowExecution, Timings,
};

use super::args::StatsArguments;
use super::client::{CliError, connect, to_json};
use super::show::table;

/// Shows the record.
///
/// # Errors
/// When the daemon does not answer, or refuses.
pub async fn stats(arguments: StatsArguments) -> Result<(), CliError> {
    let mut client = PoolClient::new(connect(&arguments.query.server).await?);
    let language = arguments.language.unwrap_or_default();
    let request = GetStatsRequest { language, slowest: Some(arguments.slowest.into()) };
    let reply = client.get_stats(request).await?.into_inner();
    let text = if arguments.query.json {
        to_json("kiln.v1.GetStatsResponse", &reply)?
    } else {
        tables(&reply, SystemTime::now())
    };
    println!("{text}");
    Ok(())
}

fn tables(reply: &GetStatsResponse, now: SystemTime) -> String {
    let since = reply.since.map_or(0, |since| ago(since, now));
    let ran: Vec<_> = reply.languages.iter().filter(|language| language.executions > 0).collect();
    let mut text = format!("since the daemon's start {since} s ago\n\n");
    if ran.is_empty() {
        text += "nothing was executed\n";
    }
    let is_told = |language: &&LanguageStats| language.executions > 0 || !language.refusals.is_empty();
    let told: Vec<_> = reply.languages.iter().filter(is_told).collect();
    for block in [counts(&told), times(&ran), slowest(&ran, now)] {
        if !block.is_empty() {
            text += &block;
            text += "\n";
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn counts(languages: &[&LanguageStats]) -> String {
    let heads = ["LANGUAGE", "EXECUTIONS", "SUCCESS", "POOL HITS", "CACHED BUILDS", "OUTCOMES", "NO OUTCOME"];
    rows(
        &heads,
        1..5,
        languages.iter().map(|language| {
            let outcomes = language.outcomes.iter().map(|counted| {
                let name = counted.outcome().as_str_name().trim_start_matches("OUTCOME_");
                format!("{name} {}", counted.count)
            });
            let mut refusals: Vec<_> = language.refusals.iter().collect();
            refusals.sort_unstable();
            vec![
                language.language.clone(),
                language.executions.to_string(),
                percent(language.success_rate),
                percent(language.pool_hit_rate),
                language.cached_builds_rate.map_or_else(|| "-".to_owned(), percent),
                outcomes.collect::<Vec<_>>().join(", "),
                refusals
                    .iter()
                    .map(|(fault, count)| format!("{fault} {count}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            ]
        }),
    )
}

fn times(languages: &[&LanguageStats]) -> String {
    let Some(first) = languages.first() else { return String::new() };
    let parts: Vec<_> = first.times.iter().map(|times| format!("{} MS", times.part.to_uppercase())).collect();
    let heads: Vec<&str> = ["LANGUAGE", ""].into_iter().chain(parts.iter().map(String::as_str)).collect();
    let of = |name: &'static str, of: fn(&PartTimes) -> Option<prost_types::Duration>| {
        move |language: &&LanguageStats| {
            let times = language.times.iter().map(|times| millis(of(times)));
            [language.language.clone(), name.to_owned()].into_iter().chain(times).collect::<Vec<_>>()
        }
    };
    let lines = languages.iter().flat_map(|language| {
        [
            of("p50", |times| times.p50)(language),
            of("p90", |times| times.p90)(language),
            of("p99", |times| times.p99)(language),
        ]
    });
    rows(&heads, 2..heads.len(), lines)
}

fn slowest(languages: &[&LanguageStats], now: SystemTime) -> String {
    let heads = ["SLOWEST", "EXECUTION", "OUTCOME", "ENDED", "TOTAL MS", "WHERE"];
    let all =
        languages.iter().flat_map(|language| language.slowest.iter().map(|slow| (&language.language, slow)));
    let all: Vec<_> = all.collect();
    if all.is_empty() {
        return String::new();
    }
    let mut text = rows(&heads, 3..5, all.iter().map(|(language, slow)| line(language, slow, now)));
    let hints = all.iter().flat_map(|(_, slow)| slow.hints.iter().map(|hint| (&slow.execution_id, hint)));
    for (id, hint) in hints {
        let _ = writeln!(text, " {id}: {hint}");
    }
    text
}

fn line(language: &str, slow: &SlowExecution, now: SystemTime) -> Vec<String> {
    let timings = slow.timings.unwrap_or_default();
    let ended = slow.ended_at.map_or(0, |ended| ago(ended, now));
    vec![
        language.to_owned(),
        slow.execution_id.clone(),
        Outcome::try_from(slow.outcome)
            .unwrap_or_default()
            .as_str_name()
            .trim_start_matches("OUTCOME_")
            .to_owned(),
        format!("{ended} s ago"),
        millis(timings.total),
        where_it_went(&timings),
    ]
}

/// The parts that took a tenth of it or more.
fn where_it_went(timings: &Timings) -> String {
    let Timings { queue, packages, lease, prepare, compile, run, collect, total } = *timings;
    let parts = [
        ("queue", queue),
        ("packages", packages),
        ("lease", lease),
        ("prepare", prepare),
        ("compile", compile),
        ("run", run),
        ("collect", collect),
    ];
    let total = seconds(total);
    let large = parts.iter().filter(|(_, time)| total > 0.0 && seconds(*time) >= total / 10.0);
    large
        .map(|(part, time)| format!("{part} {}", percent(seconds(*time) / total)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn rows(heads: &[&str], right: std::ops::Range<usize>, lines: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = table(heads);
    for column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut count = 0;
    for line in lines {
        table.add_row(line);
        count += 1;
    }
    if count == 0 { String::new() } else { format!("{}\n", table.trim_fmt()) }
}

fn seconds(time: Option<prost_types::Duration>) -> f64 {
    let time = time.unwrap_or_default();
    time.seconds as f64 + f64::from(time.nanos) / 1e9
}

fn millis(time: Option<prost_types::Duration>) -> String {
    format!("{:.1}", seconds(time) * 1e3)
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// In whole seconds; 0 where the two clocks do not agree.
fn ago(then: prost_types::Timestamp, now: SystemTime) -> u64 {
    let then = Duration::new(u64::try_from(then.seconds).unwrap_or_default(), 0);
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_sub(then).as_secs()
}
