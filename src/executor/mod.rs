//! The request path: admit, lease, run, judge. Everything else was done before or is done after.

mod aftermath;
mod build;
mod clock;
mod collector;
mod history;
mod judge;
mod last_words;

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

use crate::admission::{Admission, Refusal, until};
use crate::builds::Builds;
use crate::domain::{
    Execution, Fault, LanguageId, Outcome, Placement, Report, Sink, StageEvidence, StageKind, StageReport,
    Timings, judge,
};
use crate::packages::{Packages, PackagesError, Set};
use crate::pool::{Lease, LeaseError, Pools, Settlement, Wanted};
use crate::record::{Circumstances, Note, Record};
use crate::sandbox::{Blueprint, BuildSource, Extent, Plan, Ran, SandboxError};
use crate::telemetry::metrics;

use build::{Build, Built};
use clock::Clock;
use history::History;
use last_words::LastWords;

pub use aftermath::Aftermath;
pub use collector::Collector;

/// A sandbox that breaks before its program started is replaced this often.
const REPLACEMENTS_MAX: u32 = 1;

/// What a program is told that had to wait for its packages.
const INSTALLED: &str =
    "its packages had to be installed first; the next program that wants the same ones finds them";

/// What a program is told whose memory cost Kiln's agent its life.
const CUT_OFF: &str = "the kernel killed what watches over the program too: what the program wrote last, files that it left and its CPU time may be missing";

/// Why an execution has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// It was not admitted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There was no container for it.
    #[error(transparent)]
    NoContainer(#[from] LeaseError),
    /// It does not get its packages.
    #[error(transparent)]
    Packages(#[from] PackagesError),
    /// Its container broke.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The caller's deadline passed; the program is dead.
    #[error("the deadline passed while the program ran; it has been killed")]
    Deadline,
}

impl ExecuteError {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused(error) => error.fault(),
            Self::NoContainer(error) => error.fault(),
            Self::Packages(error) => error.fault(),
            Self::Sandbox(error) => error.fault(),
            Self::Deadline => Fault::Caller,
        }
    }
}

/// Runs executions.
#[derive(Debug, Clone)]
pub struct Executor {
    admission: Arc<Admission>,
    pools: Arc<Pools>,
    builds: Builds,
    packages: Packages,
    history: Arc<History>,
    record: Record,
}

impl Executor {
    /// Runs what `admission` lets through in containers of `pools`, with what `packages` installs, and compiles what `builds` does
    /// not have; what it took goes to `record`.
    #[must_use]
    pub fn new(
        admission: Arc<Admission>,
        pools: Arc<Pools>,
        builds: Builds,
        packages: Packages,
        record: Record,
    ) -> Self {
        Self { admission, pools, builds, packages, history: Arc::default(), record }
    }

    /// Runs one program to its end, or kills it when `cancel` says so or its deadline passes.
    ///
    /// The future must be driven to its end for the program to be killed in an orderly way; dropping it destroys the
    /// container instead.
    ///
    /// What it left is to be dropped when the reply has left.
    ///
    /// # Errors
    /// Why there is no outcome.
    pub async fn execute(
        &self,
        execution: &Execution,
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(Report, Aftermath), ExecuteError> {
        let span = span(execution);
        let result = self.run(execution, sink, cancel).instrument(span.clone()).await;
        span.in_scope(|| self.log(execution, result.as_ref().map(|(report, _)| report)));
        result.map(|(report, settlement)| {
            let aftermath = self.aftermath(execution, &report, settlement);
            (report, aftermath)
        })
    }

    async fn run(
        &self,
        execution: &Execution,
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<(Report, Option<Settlement>), ExecuteError> {
        let mut clock = Clock::start();
        let Some(permit) = unless_cancelled(cancel, self.admission.admit(execution.deadline)).await else {
            return Ok((never_started(execution), None));
        };
        let _permit = permit?;
        clock.timings.queue = clock.lap();
        let done = self.run_admitted(execution, Task::Whole, clock, sink, cancel).await?;
        Ok((done.report, done.settlement))
    }

    /// Everything after admission.
    async fn run_admitted(
        &self,
        execution: &Execution,
        task: Task<'_>,
        mut clock: Clock,
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
    ) -> Result<Done, ExecuteError> {
        let mut live = sink.live_input();
        for replacements in 0.. {
            let build = in_time(execution.deadline, self.build_for(execution, task));
            let Some(build) = unless_cancelled(cancel, build).await else {
                return Ok(Done::never_started(execution));
            };
            let build = build?;
            let waited = clock.lap();
            clock.timings.compile += waited;
            if matches!(task, Task::CompileOnly) && !matches!(build.source, BuildSource::Compiler { .. }) {
                return Ok(Done { built: Some(build.into_found()), ..Done::never_started(execution) });
            }
            let set = in_time(execution.deadline, self.set_for(execution));
            let Some(set) = unless_cancelled(cancel, set).await else {
                return Ok(Done::never_started(execution));
            };
            let set = set??;
            if set.is_some() {
                let waited = clock.lap();
                clock.timings.packages += waited;
            }
            let program = build.source.on_shelf();
            let lease = self.pools.lease(Wanted {
                language: &execution.language,
                set: set.as_ref().map(|set| &set.image),
                has_network: execution.has_network,
                affinity: execution.affinity(),
                program: program.as_deref(),
                deadline: execution.deadline,
            });
            let Some(lease) = unless_cancelled(cancel, lease).await else {
                return Ok(Done::never_started(execution));
            };
            let Lease { warm, hit, ticket } = match (lease, &set) {
                (Err(LeaseError::NoImage { .. }), Some(set)) if replacements < REPLACEMENTS_MAX => {
                    self.packages.forget(set);
                    continue;
                }
                (lease, _) => lease?,
            };
            let waited = clock.lap();
            clock.timings.lease += waited;

            let mut build = build.fit_for(warm.blueprint());
            let plan = Plan::new(execution, warm.blueprint(), &build.source, task.extent())?;
            let mut busy = warm.begin();
            let (keep, kept) = build.take_keep(matches!(task, Task::CompileOnly));
            if let Some(keep) = keep {
                busy = busy.keeping(self.builds.build_bytes_max(), keep);
            }
            let (container, uses) = (busy.container().0.clone(), busy.uses());
            let blueprint = Arc::clone(busy.blueprint());
            let stop = cancel.child_token();
            let mut sink = LastWords::new(sink);
            let running = busy.run(execution.id, &plan, self.pools.engine(), &mut sink, live.as_mut(), &stop);
            let ((ran, result, mut disposition), expired) =
                with_deadline(execution.deadline, &stop, running).await;
            let built = kept.collect(&mut disposition, build.key, &blueprint.image_id).await;
            let settlement = Settlement::new(ticket, disposition);
            match result {
                Ok(()) if expired && !cancel.is_cancelled() => return Err(ExecuteError::Deadline),
                Ok(()) => {
                    let image = blueprint.image.reference.clone();
                    let compile_cached = !matches!(build.source, BuildSource::Compiler { .. });
                    let placement = Placement { container, image, pool_hit: hit, uses, compile_cached };
                    let mut report = report(execution, &mut sink, clock, &ran, placement);
                    self.advise(execution, &blueprint, &ran, sink.words(), &mut report);
                    if set.as_ref().is_some_and(|set| set.is_new) {
                        report.hints.push(INSTALLED.to_owned());
                    }
                    let circumstances = Circumstances {
                        language: &blueprint.language,
                        image: &blueprint.image,
                        has_packages: set.is_some(),
                        uncached: Some(build.uncached).filter(|_| !compile_cached),
                        starts_anew: plan.starts_anew,
                    };
                    report.advice = self.record.advise(execution, &circumstances, &report, |language| {
                        self.is_as_preferred(language)
                    });
                    return Ok(Done { report, settlement: Some(settlement), built: built? });
                }
                Err(error)
                    if ran.first_start.is_none()
                        && live.as_ref().is_none_or(|live| !live.is_taken())
                        && is_worth_another(&error)
                        && replacements < REPLACEMENTS_MAX =>
                {
                    if let (BuildSource::Shelf { .. }, Some(key)) = (&build.source, &build.key) {
                        self.builds.is_not_on_shelf(key);
                    }
                    tracing::warn!(%error, container, "the container broke before the start; taking another");
                    metrics::retried(execution.language.as_str());
                }
                Err(error) => return Err(error.into()),
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// What is installed for it, where it wants something installed.
    async fn set_for(&self, execution: &Execution) -> Result<Option<Set>, PackagesError> {
        match &execution.packages {
            Some(packages) => self.packages.set(&execution.language, packages).await.map(Some),
            None => Ok(None),
        }
    }

    /// Adds what the rules of the language and earlier runs say of this one; the verdict stays as it is.
    fn advise(
        &self,
        execution: &Execution,
        blueprint: &Blueprint,
        ran: &Ran,
        last_words: &[u8],
        report: &mut Report,
    ) {
        let ended_well = matches!(report.verdict.outcome, Outcome::Succeeded | Outcome::Cancelled);
        if let Some(last) = ran.run.or(ran.compile).filter(|_| !ended_well) {
            report.hints.extend(blueprint.language.hints.hints(last.exit, last_words, &execution.limits));
        }
        if let Some(run) = ran.run.filter(|_| report.verdict.outcome != Outcome::Cancelled) {
            report.hints.extend(self.history.note(execution, run.usage.wall));
        }
    }

    /// Whether a language is served from its preferred image.
    fn is_as_preferred(&self, language: &LanguageId) -> bool {
        let blueprint = self.pools.blueprint(language);
        blueprint.is_some_and(|blueprint| blueprint.language.images.first() == Some(&blueprint.image))
    }

    fn aftermath(&self, execution: &Execution, report: &Report, settlement: Option<Settlement>) -> Aftermath {
        Aftermath::new(settlement, self.record.clone(), Note::of(execution, report))
    }

    /// One line when all is over, and the counting of what came to nothing.
    fn log(&self, execution: &Execution, result: Result<&Report, &ExecuteError>) {
        match result {
            Ok(report) => {
                let total = report.timings.total;
                tracing::debug!(outcome = report.verdict.outcome.label(), ?total, "executed");
            }
            Err(error) => {
                self.record.refused(&execution.language, error.fault());
                match error.fault() {
                    Fault::Caller | Fault::Load => tracing::debug!(%error, "not executed"),
                    Fault::Engine => tracing::warn!(%error, "not executed"),
                    Fault::Kiln => tracing::error!(%error, "not executed"),
                }
            }
        }
    }

    async fn build_for(&self, execution: &Execution, task: Task<'_>) -> Build {
        match task {
            Task::Whole => Build::obtain(&self.builds, &self.pools, execution).await,
            Task::CompileOnly => {
                let build = Build::obtain(&self.builds, &self.pools, execution).await;
                build.wanted(self.builds.build_bytes_max())
            }
            Task::Case(built) => Build::again(&self.builds, &self.pools, execution, built).await,
        }
    }
}

/// How much of an execution is to be done.
#[derive(Debug, Clone, Copy)]
enum Task<'a> {
    /// All of it.
    Whole,
    /// Compile, for many runs.
    CompileOnly,
    /// Run what was compiled before.
    Case(&'a Built),
}

impl Task<'_> {
    fn extent(self) -> Extent {
        match self {
            Self::Whole | Self::Case(_) => Extent::Whole,
            Self::CompileOnly => Extent::CompileOnly,
        }
    }
}

/// What came of it.
struct Done {
    report: Report,
    /// To be dropped when the reply has left.
    settlement: Option<Settlement>,
    /// For the cases that follow; `None` where there is nothing to run.
    built: Option<Built>,
}

impl Done {
    fn never_started(execution: &Execution) -> Self {
        Self { report: never_started(execution), settlement: None, built: None }
    }
}

/// What is logged about an execution stands in this.
fn span(execution: &Execution) -> Span {
    let span = info_span!("execution", id = %execution.id, language = %execution.language, labels = Empty);
    if !execution.labels.is_empty() {
        span.record("labels", tracing::field::debug(&execution.labels));
    }
    span
}

/// Nothing has been started that would have to be ended.
async fn in_time<F: Future>(deadline: Option<Instant>, work: F) -> Result<F::Output, ExecuteError> {
    tokio::select! {
        output = work => Ok(output),
        () = until(deadline) => Err(LeaseError::Deadline.into()),
    }
}

/// `None` where the caller gave up first.
async fn unless_cancelled<F: Future>(cancel: &CancellationToken, work: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        output = work => Some(output),
    }
}

/// Lets `stop` end the work at the deadline; tells whether it came to that.
async fn with_deadline<F: Future>(
    deadline: Option<Instant>,
    stop: &CancellationToken,
    work: F,
) -> (F::Output, bool) {
    tokio::pin!(work);
    tokio::select! {
        output = &mut work => (output, false),
        () = until(deadline) => {
            stop.cancel();
            (work.await, true)
        }
    }
}

/// Whether another container may do better.
fn is_worth_another(error: &SandboxError) -> bool {
    match error {
        SandboxError::CallerGone | SandboxError::ProgramMissing { .. } => false,
        SandboxError::Engine(_)
        | SandboxError::Lost { .. }
        | SandboxError::Malformed { .. }
        | SandboxError::Silent { .. }
        | SandboxError::Agent { .. } => true,
    }
}

fn never_started(execution: &Execution) -> Report {
    let verdict = judge(None, None, &execution.limits);
    let (timings, hints, advice, artifacts) = (Timings::default(), Vec::new(), Vec::new(), Vec::new());
    let estimate = execution.estimate.clone();
    Report {
        id: execution.id,
        verdict,
        compile: None,
        run: None,
        artifacts,
        timings,
        placement: None,
        hints,
        advice,
        estimate,
    }
}

fn report(
    execution: &Execution,
    sink: &mut dyn Sink,
    clock: Clock,
    ran: &Ran,
    placement: Placement,
) -> Report {
    let mut stage = |kind, evidence: Option<StageEvidence>| {
        evidence.map(|evidence| StageReport { evidence, output: sink.kept(kind) })
    };
    let compile = stage(StageKind::Compile, ran.compile);
    let run = stage(StageKind::Run, ran.run);
    let verdict = judge(compile.as_ref(), run.as_ref(), &execution.limits);
    let timings = clock.stop(ran);
    let artifacts = sink.kept_artifacts();
    let (mut hints, advice) = (ran.left_out.hints(), Vec::new());
    if ran.is_cut_off {
        hints.push(CUT_OFF.to_owned());
    }
    let (placement, estimate) = (Some(placement), execution.estimate.clone());
    Report { id: execution.id, verdict, compile, run, artifacts, timings, placement, hints, advice, estimate }
}
