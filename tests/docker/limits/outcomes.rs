//! docs/outcomes.md: what Kiln says of each way to end, written from what happened and held against it.
//!
//! `KILN_WRITE_OUTCOMES=1 cargo test --test docker limits::outcomes` writes the page anew. `KILN_TEST_LANGUAGES=python,cpp` holds the
//! programs of these languages against it and no others, for an engine that has not all images (`make test-cgroup2`).

use std::fmt::Write;
use std::path::Path;

use kiln::proto::execute_stream_request::Message as Say;
use kiln::proto::{Cancel, Evidence, ExecuteRequest, ExecuteResponse, KillCause, Limits, Stage};

use super::programs::{Case, cases};
use crate::streams::Call;
use crate::support::daemon::{Daemon, program};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/outcomes.md");
const LANGUAGES: [&str; 7] = ["python", "javascript", "typescript", "java", "cpp", "rust", "go"];
/// From so many digits on a number is a measurement, and differs from run to run.
const MEASURED_DIGITS_MIN: usize = 5;

const HEAD: &str = "# Outcomes

What Kiln says of each way to end: outcome, evidence and sentence of a reply. The suite runs these programs against a real engine and writes this
page from what happened (`KILN_WRITE_OUTCOMES=1 cargo test --test docker limits::outcomes`); without that variable it fails where the page
does not agree, but for numbers of five digits and more, which are measurements.

The first of these that holds is the outcome. The compile stage is judged first, by the same order.

1. `MEMORY_EXCEEDED`: the kernel's counter of processes killed for memory moved, in the container's own cgroup, while the stage ran. Kills
   before it, of an earlier program or of what waited, are not counted; a SIGKILL from anybody else moves no counter. A program may see to it that
   the kernel finds nothing better to kill than Kiln's agent, which reads that counter. SIGKILL has ended it then, and the engine has heard that the
   kernel killed for memory in that container; the reply says that its CPU time is not known, and the container is destroyed.
2. `CANCELLED`: the caller cancelled.
3. `WALL_TIME_EXCEEDED`: killed at the limit. Time in which a streaming caller does not read does not count.
4. `CPU_TIME_EXCEEDED`: killed at the limit, all processes counted together, those that have ended included.
5. `OUTPUT_EXCEEDED`: more was written than is kept; what is over the limit is read, counted and dropped, so that nobody waits on a full pipe.
6. `DISK_EXCEEDED`: files took more, or were more, than the limit, when the agent looked or at the end.
7. `COMPILE_FAILED`: the compiler ended with another exit code than 0, or by a signal.
8. `SIGNALED`: by name; the signal came from the kernel or the program, not from Kiln.
9. `NONZERO_EXIT`, `SUCCEEDED`: the exit code of the program's first process.

Hints are told apart from that: they follow from words on stderr and from signals, by the rules in `languages/hints.toml` and each language's entry.
A program can write any words it likes. It gets a hint for them and no other outcome.

";

#[tokio::test]
async fn the_page_of_outcomes_says_what_happens() {
    let (languages, write) =
        (languages(), std::env::var_os("KILN_WRITE_OUTCOMES").is_some_and(|set| set == "1"));
    assert!(!write || languages.len() == LANGUAGES.len(), "a page of some languages is not one to write");
    let committed = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    let pools: Vec<(String, &str)> = languages
        .iter()
        .flat_map(|language| {
            let name = language.to_uppercase();
            [
                (format!("KILN__LANGUAGES__POOLS__{name}__MIN"), "1"),
                (format!("KILN__LANGUAGES__POOLS__{name}__MAX"), "2"),
            ]
        })
        .collect();
    let settings: Vec<_> = pools.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let daemon = Daemon::start_with(&languages, &settings).await;
    let mut page = HEAD.to_owned();
    let mut programs = String::from("\n## The programs\n");
    page.push_str("| | program | language | limits set | outcome | evidence | message | hint |\n|--:|---|---|---|---|---|---|---|\n");
    for (number, case) in (1..).zip(cases()) {
        if languages.contains(&case.language) {
            let request = ExecuteRequest { limits: Some(case.limits), ..program(case.language, case.code) };
            let reply = match case.cancelled_at {
                None => daemon.execute(request).await,
                Some(words) => cancelled(&daemon, request, words).await,
            };
            let reply = reply.unwrap_or_else(|status| panic!("{}, {}: {status}", case.title, case.language));
            writeln!(page, "| {number} | {} |", row(&case, &reply).join(" | ")).unwrap();
        } else {
            let begin = format!("| {number} | {} | {} |", case.title, case.language);
            let row = committed.lines().find(|line| line.starts_with(&begin));
            writeln!(page, "{}", row.unwrap_or_else(|| panic!("{PAGE} has no {begin}"))).unwrap();
        }
        let Case { title, language, code, .. } = case;
        write!(programs, "\n{number}. {title} ({language})\n\n```{language}\n{code}\n```\n").unwrap();
    }
    daemon.stop();
    page.push_str(&programs);

    if write {
        std::fs::write(PAGE, &page).unwrap();
        return;
    }
    let different: Vec<_> = stable(&committed)
        .lines()
        .zip(stable(&page).lines())
        .filter(|(committed, now)| committed != now)
        .map(|(committed, now)| format!("- {committed}\n+ {now}"))
        .collect();
    assert!(different.is_empty(), "docs/outcomes.md does not agree:\n{}", different.join("\n"));
    assert_eq!(committed.lines().count(), page.lines().count(), "docs/outcomes.md has other programs");
}

/// What is said of a program whose caller cancels it once it has written `words`.
async fn cancelled(
    daemon: &Daemon,
    request: ExecuteRequest,
    words: &str,
) -> Result<ExecuteResponse, tonic::Status> {
    let mut call = Call::start(daemon, request).await;
    call.until(words).await;
    call.say(Say::Cancel(Cancel {})).await;
    call.end().await
}

/// Those whose programs run here.
fn languages() -> Vec<&'static str> {
    let Ok(only) = std::env::var("KILN_TEST_LANGUAGES") else { return LANGUAGES.to_vec() };
    let named = |name: &str| LANGUAGES.into_iter().find(|known| *known == name);
    only.split(',')
        .map(|name| named(name).unwrap_or_else(|| panic!("KILN_TEST_LANGUAGES: {name:?}")))
        .collect()
}

fn row(case: &Case, reply: &ExecuteResponse) -> [String; 7] {
    let (name, stage) = match (&reply.run, &reply.compile) {
        (Some(run), _) => ("run", run),
        (None, Some(compile)) => ("compile", compile),
        (None, None) => panic!("{}: no stage took place", case.title),
    };
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    // Those about the pool depend on the machine.
    let of_program = |hint: &&String| hint.starts_with("stderr") || hint.starts_with("SIG");
    let hints: Vec<_> = reply.hints.iter().filter(of_program).map(|hint| cell(hint)).collect();
    [
        case.title.to_owned(),
        case.language.to_owned(),
        limits(&case.limits),
        format!("`{}`", reply.outcome().as_str_name().trim_start_matches("OUTCOME_")),
        format!("{name}: {}", evidence(stage)),
        cell(&reply.message),
        hints.join("; "),
    ]
}

/// The limits that a request sets, in words.
fn limits(limits: &Limits) -> String {
    let time = |name: &str, time: Option<prost_types::Duration>| Some(format!("{name} {} s", time?.seconds));
    let size = |name: &str, bytes: u64| (bytes > 0).then(|| format!("{name} {} MiB", bytes >> 20));
    let count = |name: &str, count: u64| (count > 0).then(|| format!("{name} {count}"));
    let words: Vec<_> = [
        time("wall_time", limits.wall_time),
        time("cpu_time", limits.cpu_time),
        time("compile_time", limits.compile_time),
        size("memory_bytes", limits.memory_bytes),
        size("output_bytes", limits.output_bytes),
        size("disk_bytes", limits.disk_bytes),
        size("file_bytes", limits.file_bytes),
        size("stack_bytes", limits.stack_bytes),
        count("inodes", limits.inodes),
        count("processes", limits.processes),
        count("open_files", limits.open_files),
    ]
    .into_iter()
    .flatten()
    .collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn evidence(stage: &Stage) -> String {
    let end = match stage.signal {
        0 => format!("exit code {}", stage.exit_code),
        signal => format!("signal {signal}"),
    };
    let Evidence { memory_kills, stdout_dropped_bytes, stderr_dropped_bytes, .. } =
        stage.evidence.unwrap_or_default();
    let killed_at = stage.evidence.unwrap_or_default().killed_at();
    let killed = (killed_at != KillCause::Unspecified)
        .then(|| format!("killed at {}", killed_at.as_str_name().trim_start_matches("KILL_CAUSE_")));
    let parts = [
        Some(end),
        killed,
        (memory_kills > 0).then(|| "memory counter moved".to_owned()),
        (stdout_dropped_bytes + stderr_dropped_bytes > 0).then(|| "output dropped".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The page without its measurements.
fn stable(page: &str) -> String {
    let mut stable = String::new();
    let mut digits = String::new();
    for letter in page.chars().chain(['\n']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        stable.push_str(if digits.len() < MEASURED_DIGITS_MIN { &digits } else { "N" });
        digits.clear();
        stable.push(letter);
    }
    stable
}
