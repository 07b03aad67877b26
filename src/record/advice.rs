//! What would have made an execution faster, or would keep one like it from a limit. It follows from measurements and settings,
//! never from what a program writes, and never changes an outcome.

use std::time::Duration;

use crate::domain::{Limits, Outcome, Report, StageReport, Uncached, bytes_in_words};
use crate::language::{ImageCandidate, LanguageSpec};

/// A part of a slow execution that took less than this of all of it is not worth a word.
const PART_PERCENT_MIN: u32 = 20;
/// From here on a program's memory is near its limit.
const MEMORY_NEAR_PERCENT: u64 = 90;
/// From here on its time is.
const TIME_NEAR_PERCENT: u32 = 80;

/// Where and how an execution ran.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Its language.
    pub language: &'a LanguageSpec,
    /// Its image.
    pub image: &'a ImageCandidate,
    /// Whether packages were installed for it.
    pub has_packages: bool,
    /// Why it was compiled, where it was.
    pub uncached: Option<Uncached>,
    /// Whether something waited for it that could not serve it.
    pub starts_anew: bool,
}

impl Circumstances<'_> {
    pub(super) fn advice(&self, limits: &Limits, report: &Report, is_slow: bool) -> Vec<String> {
        let mut advice: Vec<String> = self.fallback().into_iter().chain(self.pool_miss(report)).collect();
        if is_slow {
            advice.extend(self.slow_parts(report));
        }
        // Beyond a limit the outcome says it all.
        if matches!(
            report.verdict.outcome,
            Outcome::Succeeded | Outcome::NonzeroExit | Outcome::Signaled | Outcome::CompileFailed
        ) {
            advice.extend(near_limits(limits, report));
        }
        advice
    }

    fn fallback(&self) -> Option<String> {
        let first = self.language.images.first().filter(|first| **first != *self.image)?;
        let (id, used, wanted) = (&self.language.id, &self.image.reference, &first.reference);
        Some(format!(
            "ran in the fallback image {used}; `kiln images build {id}` on the server makes {wanted}"
        ))
    }

    fn pool_miss(&self, report: &Report) -> Option<String> {
        let _miss = report.placement.as_ref().filter(|placement| !placement.pool_hit)?;
        let (id, min) = (&self.language.id, self.language.pool.min);
        let waited = in_words(report.timings.lease);
        if self.has_packages {
            return Some(format!(
                "no warm container with its packages was ready, and one came after {waited}"
            ));
        }
        Some(format!(
            "no warm container was ready, and one came after {waited}; {min} are kept warm for {id}, more need a larger pool \
             (languages.pools.{id})"
        ))
    }

    fn slow_parts(&self, report: &Report) -> Vec<String> {
        let times = &report.timings;
        let is_much = |part: Duration| part * 100 >= times.total * PART_PERCENT_MIN;
        let mut advice = Vec::new();
        if is_much(times.queue) {
            advice.push(format!(
                "it waited {} for its turn: more at once need a higher admission.in_flight, and CPUs for them",
                in_words(times.queue)
            ));
        }
        if let Some(why) = self.uncached.filter(|_| report.compile.is_some() && is_much(times.compile)) {
            let compile = in_words(times.compile);
            advice.push(format!("compiling took {compile}, as no earlier build served: {}", reason(why)));
        }
        if self.starts_anew {
            advice.push(
                "it was started anew, as what waits serves only the language's own main file, pipes, stack, process and file \
                 limits, and no variables that are read at the start"
                    .to_owned(),
            );
        }
        advice
    }
}

fn reason(why: Uncached) -> &'static str {
    match why {
        Uncached::Language => "the language's entry says that its builds are not kept ([build_cache])",
        Uncached::Differs => "its sources have words that make each of their builds different",
        Uncached::Off => "none are kept on this server (cache.mib)",
        Uncached::First => "these sources were compiled for the first time; the same again will find it",
        Uncached::NotKept => "the build could not be kept; cache.build_mib says how large one may be",
        Uncached::Held => {
            "its files came through the stream; those of the first message alone can be known before"
        }
        Uncached::OtherImage => "the language's image has just been found, or is another one since",
    }
}

fn near_limits(limits: &Limits, report: &Report) -> Vec<String> {
    let mut near = Vec::new();
    let mut time = |what: &str, name: &str, used: Duration, limit: Duration| {
        if used * 100 >= limit * TIME_NEAR_PERCENT {
            near.push(format!(
                "{what} took {} of the {} of limits.{name}: a slower moment would have ended it",
                in_words(used),
                in_words(limit)
            ));
        }
    };
    let usage = |stage: &Option<StageReport>| stage.as_ref().map(|stage| stage.evidence.usage);
    if let Some(compile) = usage(&report.compile) {
        let used = compile.wall.max(compile.cpu.unwrap_or_default());
        time("the compilation", "compile_time", used, limits.compile_time);
    }
    let Some(run) = usage(&report.run) else { return near };
    time("the run", "wall_time", run.wall, limits.wall_time);
    time("the run's CPU", "cpu_time", run.cpu.unwrap_or_default(), limits.cpu_time);
    let peak = run.peak_memory_bytes;
    if u128::from(peak) * 100 >= u128::from(limits.memory_bytes) * u128::from(MEMORY_NEAR_PERCENT) {
        near.push(format!(
            "its memory came to {} MiB of the {} of limits.memory_bytes: a little more would have ended it",
            peak >> 20,
            bytes_in_words(limits.memory_bytes)
        ));
    }
    near
}

fn in_words(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests;
