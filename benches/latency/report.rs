//! The page: what was measured, how, on what machine, and whether the targets are met. Every figure is this run's.

use std::fmt::Write as _;
use std::time::Duration;

use crate::daemon;
use crate::programs::{ENGINE_SHARE_MIN, PROGRAMS, Program, RATE_CONCURRENCY, RATE_MIN, RESET_MS_MAX};
use crate::rest::{Crowd, Rest};
use crate::saturation::{IN_FLIGHT, Load, QUEUED};
use crate::statistics::Times;
use crate::throughput::{Level, ONE_SHOT_CONCURRENCY, OneShot};
use crate::ways::{AGAIN, EXEC, HOST, ONE_SHOT, REUSE, Row, SOCKET, WAYS};

/// What a run found out.
pub(crate) struct Results {
    /// By `PROGRAMS`.
    pub(crate) rows: Vec<Row>,
    pub(crate) levels: Vec<Level>,
    pub(crate) one_shot: OneShot,
    pub(crate) loads: Vec<Load>,
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) rest: Vec<Rest>,
    /// Resident memory of the daemon.
    pub(crate) daemon_bytes: u64,
    /// From the daemon's start to the first reply.
    pub(crate) first_reply: Duration,
    /// The engine's version.
    pub(crate) engine: String,
    /// Load of the machine before the start, over a minute.
    pub(crate) load_before: String,
    pub(crate) taken: Duration,
}

pub(crate) fn markdown(results: &Results) -> String {
    let mut text = head(results);
    summary(&mut text, &results.rows);
    in_a_row(&mut text, &results.rows);
    for (program, row) in PROGRAMS.iter().zip(&results.rows) {
        details(&mut text, program, row);
    }
    throughput(&mut text, &results.levels, &results.one_shot);
    saturation(&mut text, &results.loads);
    resets(&mut text, &results.rest);
    memory(&mut text, results);
    crowds(&mut text, &results.crowds);
    text
}

fn head(results: &Results) -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "# Benchmarks\n\n\
         The same program every way, side by side in one run, milliseconds. `make bench` measures anew and writes this page; \
         no figure in it is written by hand.\n\n\
         Machine: {cpus} CPUs, Linux {}, Docker Engine {}; load {} before the start; the run took {:.1} minutes. Kiln is {}.\n\n\
         - Each round runs every way once, one after the other, so that whatever the machine does besides hits all of them alike, and in an \
         order of its own, so that no way always comes right after the same other one. \
         Before each, the run waits until Kiln's pool is full, nothing is made, reset or removed, and Java's waiting compiler has warmed up.\n\
         - Kiln is asked over gRPC on a connection that is there. *Reuse* is the default: a container that served before and is \
         proven to be as it was. *ONE_SHOT* is a container in which nothing ran before. The connection is one of TCP, to loopback, unless it \
         says that it is one of the socket in the file system at which the same daemon listens.\n\
         - The bare toolchain is the host's own, without any container: `python3`, `node`, `javac` and `java`, \
         `g++ -O2 -std=c++20`, `rustc --edition=2021 -O`, `go build`. It, `docker exec` (three calls to the engine's API, in a \
         container that is kept) and `docker run --rm` run those plain commands; the Go image has no `go` command, there it \
         is the compiler and the linker as Kiln drives them.\n\
         - A Kiln container has one CPU at most, the other ways have all of them.\n\
         - New source means that each execution's program has a number that none before it had; the same source again is one that \
         was compiled and run before; it waits to be run again.\n\
         - Targets in milliseconds and per second are of a machine whose own `python3` takes some 10 ms for the hello and does 184 of them \
         a second at concurrency 8; how fast this one is stands beside them.\n\n\
         ![Medians, logarithmic](benchmarks.svg)\n",
        kernel.trim(),
        results.engine,
        results.load_before,
        results.taken.as_secs_f64() / 60.0,
        daemon::named(),
    )
}

fn summary(text: &mut String, rows: &[Row]) {
    text.push_str(
        "\n## Against the bare toolchain\n\nMedians in milliseconds.\n\n\
         | program | Kiln, reuse | Kiln, ONE_SHOT | bare | bare against reuse | target | |\n|---|---:|---:|---:|---:|---|---|\n",
    );
    for (program, row) in PROGRAMS.iter().zip(rows) {
        let (shown, compared) = match (&row.times[HOST], &row.times[EXEC]) {
            (bare, _) if !bare.is_empty() => (format!("{:.2}", bare.p50()), Some(bare.p50())),
            (_, exec) if program.exec_stands_in => {
                (format!("{:.2}, by `docker exec`", exec.p50()), Some(exec.p50()))
            }
            _ => ("not on this host".to_owned(), None),
        };
        let mut faster = |title: &str, way: usize, one_shot: &str, least: f64| {
            let kiln = row.times[way].p50();
            let ratio = compared.map(|compared| compared / kiln);
            let _ = writeln!(
                text,
                "| {title} | {kiln:.2} | {one_shot} | {shown} | {} | at least {least} x | {} |",
                ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.1} x")),
                ratio.map_or("not measured", |ratio| verdict(ratio >= least)),
            );
        };
        let title = program.title;
        faster(title, REUSE, &format!("{:.2}", row.times[ONE_SHOT].p50()), program.faster_min);
        if let Some(least) = program.again_faster_min {
            let title = format!("{}, the same source again", title.trim_end_matches(", new source"));
            faster(&title, AGAIN, "", least);
        }
        if let Some(most) = program.p50_ms_max {
            faster(&format!("{title}, by a Unix socket"), SOCKET, "", program.faster_min);
            for (way, by) in [(REUSE, ""), (SOCKET, " by a Unix socket")] {
                let kiln = row.times[way].p50();
                let verdict = verdict(kiln <= most);
                let _ = writeln!(
                    text,
                    "| {title}, time over gRPC{by} | {kiln:.2} | | | | at most {most} ms | {verdict} |"
                );
            }
        }
    }
}

fn in_a_row(text: &mut String, rows: &[Row]) {
    text.push_str(
        "\n## One after the other\n\nMedians in milliseconds. The next comes as soon as the last is over, Kiln and the bare toolchain in \
         turns, new source each time. What Kiln does between two programs, the reset and the start of what waits for the next one, \
         is in its times; that the machine has slept is in neither, while it is in those above: there each program comes after a \
         moment of rest.\n\n| program | Kiln, reuse | bare | bare against reuse |\n|---|---:|---:|---:|\n",
    );
    for (program, row) in PROGRAMS.iter().zip(rows) {
        let [kiln, bare] = &row.in_a_row;
        let kiln = kiln.p50();
        let bare = Some(bare).filter(|times| !times.is_empty()).map(Times::p50);
        let _ = writeln!(
            text,
            "| {} | {kiln:.2} | {} | {} |",
            program.title,
            bare.map_or("not on this host".to_owned(), |bare| format!("{bare:.2}")),
            bare.map_or("-".to_owned(), |bare| format!("{:.1} x", bare / kiln)),
        );
    }
}

fn details(text: &mut String, program: &Program, row: &Row) {
    let rounds = row.times[REUSE].len();
    let kiln = row.times[REUSE].p50();
    let _ = write!(
        text,
        "\n## {}\n\n{rounds} rounds; {} of those with reuse were in a container that had served before.",
        program.title, row.reused
    );
    let [host, image] = &row.versions;
    if !host.is_empty() {
        let _ = write!(text, " Host: {host}.");
    }
    let _ = write!(text, " Image: {image}.");
    if let Some(lacks) = &row.host_lacks {
        let _ = write!(text, " The host cannot run it: {lacks}.");
        if program.exec_stands_in {
            text.push_str(
                " The target is measured against the image's plain command by `docker exec` instead.",
            );
        }
    }
    text.push_str("\n\n| way | p50 | p95 | p99 | p50 against reuse |\n|---|---:|---:|---:|---:|\n");
    for (way, times) in WAYS.iter().zip(&row.times) {
        if times.is_empty() && *way != WAYS[HOST] {
            continue;
        }
        if times.is_empty() {
            let _ = writeln!(text, "| {way} | | | | not on this host |");
            continue;
        }
        let [p50, p95, p99] = [50, 95, 99].map(|percent| times.percentile(percent));
        let _ = writeln!(text, "| {way} | {p50:.2} | {p95:.2} | {p99:.2} | {:.1} x |", p50 / kiln);
    }
}

fn throughput(text: &mut String, levels: &[Level], one_shot: &OneShot) {
    text.push_str(
        "\n## Executions per second\n\nPython hello with reuse, as fast as the replies come, in a pool that is large enough. CPU is \
         that of the whole machine, client and engine included. Bare is the host's own `python3` with the same program, right after, at the \
         same concurrency.\n\n\
         | concurrency | executions/s | p50 | p99 | CPU ms each | bare/s | against bare | target | |\n\
         |---:|---:|---:|---:|---:|---:|---:|---|---|\n",
    );
    for level in levels {
        let target = if level.concurrency == RATE_CONCURRENCY {
            format!("at least {RATE_MIN}/s | {}", verdict(level.per_second >= RATE_MIN))
        } else {
            "| ".to_owned()
        };
        let bare = level.bare_per_second.map_or_else(
            || "- | -".to_owned(),
            |bare| format!("{bare:.0} | {:.1} x", level.per_second / bare),
        );
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {bare} | {target} |",
            level.concurrency,
            level.per_second,
            level.times.p50(),
            level.times.percentile(99),
            level.cpu_ms,
        );
    }
    let _ = write!(
        text,
        "\nONE_SHOT at concurrency {ONE_SHOT_CONCURRENCY}, when the stock is used up, in turns with the engine alone: a container \
         with the same kind of limits created, started, one command executed in it, removed.\n\n\
         | what | per second | Kiln against it | target | |\n|---|---:|---:|---|---|\n\
         | Kiln, ONE_SHOT | {:.1} | | | |\n",
        one_shot.kiln
    );
    for (what, rate) in [("`true`", one_shot.engine_true), ("the program", one_shot.engine_program)] {
        let share = one_shot.kiln / rate;
        let _ = writeln!(
            text,
            "| engine alone, executing {what} | {rate:.1} | {:.0}% | at least {:.0}% | {} |",
            100.0 * share,
            100.0 * ENGINE_SHARE_MIN,
            verdict(share >= ENGINE_SHARE_MIN)
        );
    }
}

fn saturation(text: &mut String, loads: &[Load]) {
    let _ = write!(
        text,
        "\n## More than it can do\n\nPython hello arrives at a fixed rate, whether or not earlier programs are done, in a daemon with \
         `admission.in_flight = {IN_FLIGHT}` and `admission.queued = {QUEUED}`. A refusal is RESOURCE_EXHAUSTED with when to come \
         back; nothing else went wrong.\n\n\
         ![Offered load against latency and refusals](saturation.svg)\n\n\
         | arrive/s | served/s | refused | p50 | p99 | a refusal's p99 |\n|---:|---:|---:|---:|---:|---:|\n"
    );
    for load in loads {
        let refusals = if load.refusals.is_empty() {
            "-".to_owned()
        } else {
            format!("{:.2}", load.refusals.percentile(99))
        };
        let _ = writeln!(
            text,
            "| {:.0} | {:.0} | {:.1}% | {:.2} | {:.2} | {refusals} |",
            load.offered,
            load.served,
            100.0 * load.refused,
            load.times.p50(),
            load.times.percentile(99),
        );
    }
}

fn resets(text: &mut String, rest: &[Rest]) {
    let _ = write!(
        text,
        "\n## Resets\n\nEmptying a container after an execution and proving it clean, after the reply and off the request path; and the time \
         from the reply until it can serve again, which includes the start of what waits in it. Of the runs above. Percentiles \
         by the buckets of `kiln_container_reset_seconds` and `kiln_container_return_seconds`, as if those were evenly filled, \
         so they are approximate; the mean is exact.\n\n\
         | language | resets | not proven clean | p50 | p95 | mean | serves again, p50 | p95 | target | |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---|---|\n"
    );
    for rest in rest {
        let shown = |time: Option<f64>| time.map_or("-".to_owned(), |time| format!("{time:.1}"));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.2} | {} | {} | p50 under {RESET_MS_MAX} ms | {} |",
            rest.language,
            rest.resets,
            rest.unclean,
            shown(rest.reset[0]),
            shown(rest.reset[1]),
            rest.reset_mean,
            shown(rest.ready[0]),
            shown(rest.ready[1]),
            rest.reset[0].map_or("not measured", |p50| verdict(p50 < RESET_MS_MAX)),
        );
    }
}

fn memory(text: &mut String, results: &Results) {
    let count: usize = results.rest.iter().map(|rest| rest.memory.len()).sum();
    let _ = write!(
        text,
        "\n## At rest\n\nThe daemon with {count} warm containers: {:.1} MiB resident. From its start to its first reply, a Python \
         program's: {:.2} s. Each idle container, as its cgroup accounts for it, on average:\n\n\
         | language | containers | MiB | of that no page cache |\n|---|---:|---:|---:|\n",
        mib(results.daemon_bytes as f64),
        results.first_reply.as_secs_f64(),
    );
    for rest in &results.rest {
        let count = rest.memory.len().max(1) as f64;
        let mean =
            |part: fn(&(u64, u64)) -> u64| mib(rest.memory.iter().map(part).sum::<u64>() as f64 / count);
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {:.1} |",
            rest.language,
            rest.memory.len(),
            mean(|memory| memory.0),
            mean(|memory| memory.1)
        );
    }
}

fn crowds(text: &mut String, crowds: &[Crowd]) {
    text.push_str(
        "\nA daemon with more containers, all of Python and idle:\n\n\
         | containers | daemon, MiB resident | each container, MiB |\n|---:|---:|---:|\n",
    );
    for crowd in crowds {
        let (daemon, container) = (mib(crowd.daemon_bytes as f64), mib(crowd.container_bytes));
        let _ = writeln!(text, "| {} | {daemon:.1} | {container:.1} |", crowd.containers);
    }
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**not met**" }
}
