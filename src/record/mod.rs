//! The performance record: what executions took, since the start, and what would have made the slow ones faster.
//!
//! It is written when the reply has left, is bounded, and holds nothing of any program: no source, no output, no file's name.

mod advice;
mod book;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::domain::{Execution, Fault, LanguageId, Outcome, Report, Timings};
use crate::language::{Catalogue, Preloads};
use crate::telemetry::metrics;

pub use advice::Circumstances;
pub use book::{LanguageRecord, Percentiles, SlowExecution, Tally};

use book::Book;

/// What counts as slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordConfig {
    /// An execution that took this long or longer, from its request to its report, is told what would make it faster.
    pub slow: Duration,
}

/// The parts of an execution, as metrics and tables name them.
pub const PARTS: [&str; 8] = ["queue", "packages", "lease", "prepare", "compile", "run", "collect", "total"];

/// The times of [`PARTS`], in their order.
#[must_use]
pub fn parts(timings: &Timings) -> [Duration; PARTS.len()] {
    let Timings { queue, packages, lease, prepare, compile, run, collect, total } = *timings;
    [queue, packages, lease, prepare, compile, run, collect, total]
}

/// What is kept of one execution.
#[derive(Debug, Clone)]
pub struct Note {
    tally: Tally,
    language: LanguageId,
    slow: SlowExecution,
}

impl Note {
    /// Of an execution that has its report.
    #[must_use]
    pub fn of(execution: &Execution, report: &Report) -> Self {
        let placement = report.placement.as_ref();
        let tally = Tally {
            leased: placement.is_some(),
            pool_hit: placement.is_some_and(|placement| placement.pool_hit),
            built: report.compile.is_some(),
            compile_cached: placement.is_some_and(|placement| placement.compile_cached),
        };
        let slow = SlowExecution {
            id: report.id,
            ended: SystemTime::now(),
            outcome: report.verdict.outcome,
            timings: report.timings,
            advice: report.advice.clone(),
        };
        Self { tally, language: execution.language.clone(), slow }
    }
}

/// The record of a daemon. Clones share it.
#[derive(Debug, Clone)]
pub struct Record(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: RecordConfig,
    since: SystemTime,
    preloads: Preloads,
    /// One for each language of the catalogue, so that none waits for another's.
    books: BTreeMap<LanguageId, Mutex<Book>>,
}

impl Record {
    /// Begins now, with nothing in it.
    #[must_use]
    pub fn new(config: RecordConfig, catalogue: &Catalogue) -> Self {
        let books = catalogue.languages().iter().map(|spec| (spec.id.clone(), Mutex::default()));
        let (since, preloads) = (SystemTime::now(), catalogue.preloads().clone());
        Self(Arc::new(Shared { config, since, preloads, books: books.collect() }))
    }

    /// When it began.
    #[must_use]
    pub fn since(&self) -> SystemTime {
        self.0.since
    }

    /// What would have made an execution faster, or would keep one like it from a limit: for its reply, and for the record.
    ///
    /// `is_ready` says whether a language is served from the image that has everything.
    #[must_use]
    pub fn advise(
        &self,
        execution: &Execution,
        circumstances: &Circumstances<'_>,
        report: &Report,
        is_ready: impl Fn(&LanguageId) -> bool,
    ) -> Vec<String> {
        let is_slow = report.timings.total >= self.0.config.slow;
        let mut advice = circumstances.advice(&execution.limits, report, is_slow);
        // A program that lacks a library ends soon, and not well.
        if is_slow || report.verdict.outcome == Outcome::NonzeroExit {
            let found = self.0.preloads.find(&execution.language, &execution.files, &execution.main);
            let found = found.filter(|found| is_ready(&found.language));
            advice.extend(found.map(|found| found.to_string()));
        }
        advice
    }

    /// Adds an execution, here and to the metrics.
    pub fn add(&self, note: Note) {
        let language = note.language.as_str();
        metrics::executed(language, note.slow.outcome.label());
        // How long somebody waited before he cancelled says nothing of Kiln.
        if note.slow.outcome != Outcome::Cancelled {
            for (part, time) in PARTS.into_iter().zip(parts(&note.slow.timings)) {
                metrics::part(language, part, time);
            }
        }
        if let Some(mut book) = self.book(&note.language) {
            book.add(note.tally, note.slow);
        }
    }

    /// Counts a request that got no outcome.
    pub fn refused(&self, language: &LanguageId, fault: Fault) {
        metrics::refused(fault.label());
        if let Some(mut book) = self.book(language) {
            book.refused(fault);
        }
    }

    /// What is known of each language, or of `only` one, with as many of its slowest recent executions.
    #[must_use]
    pub fn languages(&self, only: Option<&LanguageId>, slowest: usize) -> Vec<LanguageRecord> {
        let chosen = self.0.books.keys().filter(|id| only.is_none_or(|only| only == *id));
        chosen.filter_map(|id| Some(self.book(id)?.read(id, slowest))).collect()
    }

    /// Figures are whole after a panic too.
    fn book(&self, language: &LanguageId) -> Option<MutexGuard<'_, Book>> {
        Some(self.0.books.get(language)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
