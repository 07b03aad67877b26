//! One program on many cases: compiled once, then run on each in containers of its own, several at a time.
//!
//! A judgement takes one place in the admission for as long as it lasts, and more only where they are free at the moment: it
//! never waits in the queue a second time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::admission::Permit;
use crate::domain::{
    Case, CaseVerdict, Compiled, Execution, ExecutionId, JudgeSummary, Judged, Judgement, Judging, Outcome,
    Verdict,
};

use super::{Built, Clock, Collector, Done, ExecuteError, Executor, Task, span, unless_cancelled};

/// What the lanes of one judgement share.
struct Board<'a> {
    judging: &'a Judging,
    built: &'a Built,
    events: &'a mpsc::Sender<Judgement>,
    /// The next case that nobody has taken.
    next: AtomicUsize,
    /// One for each case, so that those after a failure can be ended.
    cancels: Vec<CancellationToken>,
    summary: Mutex<JudgeSummary>,
}

impl Executor {
    /// Judges a program; what becomes known goes to `events` as it does. Whoever does not take it slows the judgement.
    ///
    /// # Errors
    /// Why it could not be brought to its end; what was said of cases until then holds.
    pub async fn judge(
        &self,
        judging: &Judging,
        events: &mpsc::Sender<Judgement>,
        cancel: &CancellationToken,
    ) -> Result<JudgeSummary, ExecuteError> {
        let begun = Instant::now();
        let execution = &judging.execution;
        let all_skipped = || JudgeSummary {
            skipped: judging.cases.len(),
            total: begun.elapsed(),
            ..JudgeSummary::default()
        };
        let Some(permit) = unless_cancelled(cancel, self.admission.admit(execution.deadline)).await else {
            return Ok(all_skipped());
        };
        let mut lanes = vec![permit?];
        let compiles = self.pools.spec(&execution.language).is_some_and(|spec| spec.compiles());
        let built = if compiles {
            let Some(built) = self.compile(execution, events, cancel).await? else {
                return Ok(all_skipped());
            };
            built
        } else {
            Built::default()
        };
        let lanes_max = judging.parallelism.min(judging.cases.len());
        while lanes.len() < lanes_max
            && let Some(permit) = self.admission.admit_now()
        {
            lanes.push(permit);
        }
        let board = Board {
            judging,
            built: &built,
            events,
            next: AtomicUsize::new(0),
            cancels: judging.cases.iter().map(|_| cancel.child_token()).collect(),
            summary: Mutex::default(),
        };
        let mut running: FuturesUnordered<_> =
            lanes.into_iter().map(|permit| self.lane(&board, permit)).collect();
        let mut failure = None;
        while let Some(ended) = running.next().await {
            if let Err(error) = ended {
                // All others are killed and settled before the caller is told.
                board.cancels.iter().for_each(CancellationToken::cancel);
                failure.get_or_insert(error);
            }
        }
        drop(running);
        if let Some(error) = failure {
            return Err(error);
        }
        let mut summary = board.summary.into_inner().unwrap_or_else(PoisonError::into_inner);
        summary.skipped = judging.cases.len() - summary.accepted - summary.failed;
        summary.total = begun.elapsed();
        Ok(summary)
    }

    /// Compiles, and says so; `None` where there is nothing to run.
    async fn compile(
        &self,
        execution: &Execution,
        events: &mpsc::Sender<Judgement>,
        cancel: &CancellationToken,
    ) -> Result<Option<Built>, ExecuteError> {
        let mut sink = Collector::default();
        let Done { report, settlement, built } =
            self.part(execution, Task::CompileOnly, &mut sink, cancel).await?;
        let is_success = report.compile.as_ref().is_none_or(|compile| compile.evidence.is_success());
        let built = built.filter(|_| is_success);
        let verdict = match &built {
            Some(_) => Verdict { outcome: Outcome::Succeeded, message: "it compiles".to_owned() },
            None => report.verdict,
        };
        // A caller that is gone cancels by itself.
        let _ = events.send(Judgement::Compiled(Compiled { verdict, stage: report.compile })).await;
        drop(settlement);
        Ok(built)
    }

    /// What takes place in one container, logged as an execution is.
    async fn part(
        &self,
        execution: &Execution,
        task: Task<'_>,
        sink: &mut Collector,
        cancel: &CancellationToken,
    ) -> Result<Done, ExecuteError> {
        let span = span(execution);
        let part = self.run_admitted(execution, task, Clock::start(), sink, cancel);
        let done = part.instrument(span.clone()).await;
        span.in_scope(|| self.log(execution, done.as_ref().map(|done| &done.report)));
        done
    }

    /// Runs one case after the other for as long as there are any.
    async fn lane(&self, board: &Board<'_>, _permit: Permit) -> Result<(), ExecuteError> {
        loop {
            let index = board.next.fetch_add(1, Ordering::Relaxed);
            let (Some(case), Some(cancel)) = (board.judging.cases.get(index), board.cancels.get(index))
            else {
                return Ok(());
            };
            if cancel.is_cancelled() {
                continue;
            }
            let execution = execution(&board.judging.execution, case);
            let mut sink = Collector::default();
            let task = Task::Case(board.built);
            let Done { report, settlement, .. } = self.part(&execution, task, &mut sink, cancel).await?;
            let aftermath = self.aftermath(&execution, &report, settlement);
            let run = report.run;
            let stdout = run.as_ref().map_or(&[][..], |run| run.output.stdout.as_slice());
            if let Some((verdict, message)) = CaseVerdict::of(case, &report.verdict, stdout) {
                let (outcome, id) = (report.verdict.outcome, execution.id);
                let name = case.name.clone();
                board.judged(Judged { index, name, verdict, message, outcome, run, id }).await;
            }
            drop(aftermath);
        }
    }
}

impl Board<'_> {
    async fn judged(&self, judged: Judged) {
        if judged.verdict != CaseVerdict::Accepted && self.judging.stop_on_failure {
            self.cancels.iter().skip(judged.index + 1).for_each(CancellationToken::cancel);
        }
        self.summary.lock().unwrap_or_else(PoisonError::into_inner).add(&judged);
        let _ = self.events.send(Judgement::Case(judged)).await;
    }
}

fn execution(common: &Execution, case: &Case) -> Execution {
    Execution {
        id: ExecutionId::random(),
        files: [common.files.as_slice(), &case.files].concat(),
        args: case.args.clone(),
        stdin: case.stdin.clone(),
        ..common.clone()
    }
}
