//! The request path: admit, lease, run, judge. Everything else was done before or is done after.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, info_span};

use crate::admission::{Admission, Refusal, until};
use crate::builds::{BuildKey, Builds, Lead, Obtained};
use crate::domain::{
    Execution, Fault, Outcome, Placement, Report, Sink, StageEvidence, StageKind, StageReport, Timings, judge,
};
use crate::pool::{Lease, LeaseError, Pools, Settlement};
use crate::sandbox::{Blueprint, BuildSource, Extent, Plan, Ran, SandboxError};
use crate::telemetry::metrics;

/// A sandbox that breaks before its program started is replaced this often.
const REPLACEMENTS_MAX: u32 = 1;

/// Why an execution has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// It was not admitted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There was no container for it.
    #[error(transparent)]
    NoContainer(#[from] LeaseError),
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
}

impl Executor {
    /// Runs what `admission` lets through in containers of `pools`, and compiles what `builds` does not have.
    #[must_use]
    pub fn new(admission: Arc<Admission>, pools: Arc<Pools>, builds: Builds) -> Self {
        Self { admission, pools, builds }
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
    ) -> Result<(Report, Option<Settlement>), ExecuteError> {
        let span =
            info_span!("execution", id = %execution.id, language = %execution.language, labels = Empty);
        if !execution.labels.is_empty() {
            span.record("labels", tracing::field::debug(&execution.labels));
        }
        let result = self.run(execution, sink, cancel).instrument(span.clone()).await;
        span.in_scope(|| record(execution, result.as_ref().map(|(report, _)| report)));
        result
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
        for replacements in 0.. {
            let build = Build::obtain(&self.builds, &self.pools, execution);
            let Some(build) = unless_cancelled(cancel, in_time(execution.deadline, build)).await else {
                return Ok((never_started(execution), None));
            };
            let build = build?;
            let waited = clock.lap();
            clock.timings.compile += waited;
            let lease = self.pools.lease(&execution.language, execution.affinity(), execution.deadline);
            let Some(lease) = unless_cancelled(cancel, lease).await else {
                return Ok((never_started(execution), None));
            };
            let Lease { warm, hit, ticket } = lease?;
            let waited = clock.lap();
            clock.timings.lease += waited;

            let build = build.fit_for(warm.blueprint());
            let plan = Plan::new(execution, warm.blueprint(), &build.source, Extent::Whole)?;
            let mut busy = warm.begin();
            if let Some(lead) = build.lead {
                busy = busy.keeping(self.builds.build_bytes_max(), lead.into_keep());
            }
            let (container, uses) = (busy.container().0.clone(), busy.uses());
            let blueprint = Arc::clone(busy.blueprint());
            let stop = cancel.child_token();
            let running = busy.run(execution.id, &plan, self.pools.engine(), sink, &stop);
            let ((ran, result, disposition), expired) =
                with_deadline(execution.deadline, &stop, running).await;
            let settlement = Settlement::new(ticket, disposition);
            match result {
                Ok(()) if expired && !cancel.is_cancelled() => return Err(ExecuteError::Deadline),
                Ok(()) => {
                    let image = blueprint.image.reference.clone();
                    let compile_cached = !matches!(build.source, BuildSource::Compiler { .. });
                    let placement = Placement { container, image, pool_hit: hit, uses, compile_cached };
                    let report = report(execution, sink, clock, &ran, placement, hints(&blueprint, hit));
                    return Ok((report, Some(settlement)));
                }
                Err(error)
                    if ran.first_start.is_none()
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
}

/// Where an execution's build comes from, as far as is known before there is a container.
struct Build {
    source: BuildSource,
    /// Whoever waits for what this execution compiles.
    lead: Option<Lead>,
    key: Option<BuildKey>,
    /// Digest of the image that the key is about.
    image_id: String,
}

impl Build {
    /// Looks for a build of the same sources; waits where one is being made.
    async fn obtain(builds: &Builds, pools: &Pools, execution: &Execution) -> Self {
        let mut build = Self::own(0);
        // Until the language's first container is made nothing is known of its image.
        let Some(blueprint) = pools.blueprint(&execution.language) else { return build };
        let Some(key) = BuildKey::of(execution, &blueprint) else { return build };
        match builds.obtain(key, &blueprint).await {
            Obtained::Found(source) => build.source = source,
            Obtained::Lead(lead) => {
                build = Self::own(builds.build_bytes_max());
                build.lead = Some(lead);
            }
            Obtained::Alone => {}
        }
        build.key = Some(key);
        build.image_id.clone_from(&blueprint.image_id);
        build
    }

    fn own(keep_bytes_max: u64) -> Self {
        let source = BuildSource::Compiler { keep_bytes_max };
        Self { source, lead: None, key: None, image_id: String::new() }
    }

    /// The same, unless the container is made of another image: then it compiles for itself.
    fn fit_for(self, blueprint: &Blueprint) -> Self {
        if self.key.is_none() || self.image_id == blueprint.image_id { self } else { Self::own(0) }
    }
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
    let (timings, hints) = (Timings::default(), Vec::new());
    Report { id: execution.id, verdict, compile: None, run: None, timings, placement: None, hints }
}

fn report(
    execution: &Execution,
    sink: &mut dyn Sink,
    clock: Clock,
    ran: &Ran,
    placement: Placement,
    hints: Vec<String>,
) -> Report {
    let mut stage = |kind, evidence: Option<StageEvidence>| {
        evidence.map(|evidence| StageReport { evidence, output: sink.kept(kind) })
    };
    let compile = stage(StageKind::Compile, ran.compile);
    let run = stage(StageKind::Run, ran.run);
    let verdict = judge(compile.as_ref(), run.as_ref(), &execution.limits);
    let timings = clock.stop(ran);
    Report { id: execution.id, verdict, compile, run, timings, placement: Some(placement), hints }
}

fn hints(blueprint: &Blueprint, hit: bool) -> Vec<String> {
    let language = &blueprint.language;
    let mut hints = Vec::new();
    if let Some(first) = language.images.first().filter(|first| **first != blueprint.image) {
        let (id, used, wanted) = (&language.id, &blueprint.image.reference, &first.reference);
        hints.push(format!(
            "ran in the fallback image {used}; `kiln images build {id}` on the server makes {wanted}"
        ));
    }
    if !hit {
        let min = language.pool.min;
        hints.push(format!(
            "no warm container was ready; {min} are kept warm for {}, more need a larger pool",
            language.id
        ));
    }
    hints
}

/// One line and the metrics, when all is over.
fn record(execution: &Execution, result: Result<&Report, &ExecuteError>) {
    let language = execution.language.as_str();
    match result {
        Ok(report) => {
            metrics::executed(language, report.verdict.outcome.label());
            let timings = &report.timings;
            if report.verdict.outcome != Outcome::Cancelled {
                for (part, time) in [
                    ("queue", timings.queue),
                    ("lease", timings.lease),
                    ("prepare", timings.prepare),
                    ("compile", timings.compile),
                    ("run", timings.run),
                    ("collect", timings.collect),
                    ("total", timings.total),
                ] {
                    metrics::part(language, part, time);
                }
            }
            tracing::debug!(outcome = report.verdict.outcome.label(), total = ?timings.total, "executed");
        }
        Err(error) => {
            metrics::refused(error.fault().label());
            match error.fault() {
                Fault::Caller | Fault::Load => tracing::debug!(%error, "not executed"),
                Fault::Engine => tracing::warn!(%error, "not executed"),
                Fault::Kiln => tracing::error!(%error, "not executed"),
            }
        }
    }
}

/// Takes the time of each part.
#[derive(Debug, Clone, Copy)]
struct Clock {
    begun: Instant,
    lap: Instant,
    timings: Timings,
}

impl Clock {
    fn start() -> Self {
        let now = Instant::now();
        Self { begun: now, lap: now, timings: Timings::default() }
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.lap, now)
    }

    /// The agent's clock says how long the stages took, this one the rest.
    fn stop(mut self, ran: &Ran) -> Timings {
        let now = Instant::now();
        let wall = |stage: Option<StageEvidence>| stage.map_or(Duration::ZERO, |stage| stage.usage.wall);
        let timings = &mut self.timings;
        timings.run = wall(ran.run);
        let stages = wall(ran.compile) + timings.run;
        // Beside what was waited for a compiler elsewhere.
        timings.compile += wall(ran.compile);
        if let Some(started) = ran.first_start {
            timings.prepare = started.saturating_duration_since(self.lap);
            timings.collect = (now - started).saturating_sub(stages);
        }
        timings.total = now - self.begun;
        self.timings
    }
}
