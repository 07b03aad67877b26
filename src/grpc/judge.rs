//! `kiln.v1.Executor.Judge`: validates, judges in a task that outlives the call, passes on what becomes known.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::Instant;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::domain::{
    Case, CaseVerdict, Comparison, Compiled, JudgeSummary, Judged, Judgement, Judging, SourceFile,
    StageOutput, Tenant,
};
use crate::proto::{self, JudgeRequest, JudgeResponse, judge_response::Message};

use super::executor_service::ExecutorService;
use super::validate::{Call, Validator, Wrong, check_files, check_strings, is_below};
use super::{convert, status};

/// Cases of one request: a problem's tests are some dozens.
const CASES_MAX: usize = 1_000;
const NAME_BYTES_MAX: usize = 256;
const PARALLELISM_DEFAULT: usize = 2;
const PARALLELISM_MAX: u32 = 16;
/// What a judge allows where it says nothing: far above what doubles lose, far below what an answer may.
const TOLERANCE_DEFAULT: f64 = 1e-9;
/// Verdicts on their way to a caller. More only hides how far it lags behind.
const STREAM_MESSAGES: usize = 8;

pub(super) type JudgeStream = Pin<Box<dyn Stream<Item = Result<JudgeResponse, Status>> + Send>>;

impl ExecutorService {
    pub(super) fn start_judging(
        &self,
        request: Request<JudgeRequest>,
    ) -> Result<Response<JudgeStream>, Status> {
        let (_, extensions, request) = request.into_parts();
        let (tenant, deadline) = Self::caller(&extensions);
        let return_output = request.return_output;
        let judging = self.validated(self.validator.judging(request, tenant, deadline))?;
        let (sender, receiver) = mpsc::channel(STREAM_MESSAGES);
        let (events, mut known) = mpsc::channel(STREAM_MESSAGES);
        let cancel = self.tasks.cancellation();
        let gone = cancel.clone().drop_guard();
        let executor = self.executor.clone();
        self.tasks.client(async move {
            let answers = sender.clone();
            let pass_on = async {
                while let Some(judgement) = known.recv().await {
                    // Nobody may be there any more; the judgement is cancelled by that.
                    let _ = answers.send(Ok(answer(of_judgement(judgement, return_output)))).await;
                }
            };
            let judge = async {
                let result = executor.judge(&judging, &events, &cancel).await;
                // The end of what is passed on.
                drop(events);
                result
            };
            let (result, ()) = tokio::join!(judge, pass_on);
            let last = match result {
                Ok(summary) => Ok(answer(Message::Summary(of_summary(&summary)))),
                Err(error) => Err(status::from_execute(&error, &judging.execution.id)),
            };
            let _ = sender.send(last).await;
        });
        let answers = ReceiverStream::new(receiver).map(move |answer| {
            let _ = &gone;
            answer
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

impl Validator {
    /// What a request asks to be judged.
    fn judging(
        &self,
        request: JudgeRequest,
        tenant: Tenant,
        deadline: Option<Instant>,
    ) -> Result<Judging, Status> {
        let mut wrong = Wrong::default();
        if request.cases.is_empty() || request.cases.len() > CASES_MAX {
            let what = format!("there are {} of them; send 1 to {CASES_MAX}", request.cases.len());
            wrong.say("cases", what);
        }
        if request.parallelism > PARALLELISM_MAX {
            let what = format!("{} is over {PARALLELISM_MAX}, the most", request.parallelism);
            wrong.say("parallelism", what);
        }
        let cases = request.cases.into_iter().take(CASES_MAX).enumerate();
        let cases: Vec<_> = cases.map(|(index, case)| self::case(index, case, &mut wrong)).collect();
        let execution = self.execution(
            proto::ExecuteRequest {
                language: request.language,
                code: request.code,
                files: request.files,
                entrypoint: request.entrypoint,
                env: request.env,
                limits: request.limits,
                isolation: request.isolation,
                labels: request.labels,
                packages: request.packages,
                ..proto::ExecuteRequest::default()
            },
            Call::Unary,
            tenant,
            deadline,
        )?;
        for (index, case) in cases.iter().enumerate() {
            check_beside(index, &case.files, &execution.files, &mut wrong);
        }
        if !wrong.0.is_empty() {
            return Err(status::invalid(wrong.0));
        }
        let parallelism = match request.parallelism {
            0 => PARALLELISM_DEFAULT,
            asked => asked as usize,
        };
        Ok(Judging { execution, cases, stop_on_failure: request.stop_on_failure, parallelism })
    }
}

fn case(index: usize, case: proto::Case, wrong: &mut Wrong) -> Case {
    let mut of_case = Wrong::default();
    if case.name.len() > NAME_BYTES_MAX {
        of_case.say("name", format!("it has over {NAME_BYTES_MAX} bytes"));
    }
    check_strings(&case.args, &std::collections::HashMap::new(), &mut of_case);
    check_files(&case.files, &mut of_case);
    let comparison = comparison(case.comparison, case.tolerance, &mut of_case);
    for violation in of_case.0 {
        wrong.say(&format!("cases[{index}].{}", violation.field), violation.description);
    }
    let files = case.files.into_iter();
    Case {
        name: case.name,
        stdin: case.stdin.into(),
        args: case.args,
        files: files
            .map(|file| SourceFile { path: file.path, content: file.content, executable: file.executable })
            .collect(),
        expected_stdout: case.expected_stdout.into(),
        comparison,
    }
}

fn comparison(number: i32, tolerance: f64, wrong: &mut Wrong) -> Comparison {
    if !tolerance.is_finite() || tolerance < 0.0 {
        wrong.say("tolerance", format!("{tolerance} is not a number from 0 on"));
    }
    match proto::Comparison::try_from(number) {
        Ok(proto::Comparison::Unspecified | proto::Comparison::Exact) => Comparison::Exact,
        Ok(proto::Comparison::TrimTrailingWhitespace) => Comparison::TrimTrailingWhitespace,
        Ok(proto::Comparison::Tokens) => Comparison::Tokens,
        Ok(proto::Comparison::Numeric) => {
            Comparison::Numeric { tolerance: if tolerance == 0.0 { TOLERANCE_DEFAULT } else { tolerance } }
        }
        Err(_) => {
            wrong.say("comparison", format!("{number} is not one of its values"));
            Comparison::Exact
        }
    }
}

/// A case's files must not meet the program's own.
fn check_beside(index: usize, files: &[SourceFile], own: &[SourceFile], wrong: &mut Wrong) {
    let paths: BTreeSet<_> = own.iter().map(|file| file.path.as_str()).collect();
    for file in files {
        let path = file.path.as_str();
        let meets =
            paths.contains(path) || paths.iter().any(|own| is_below(own, path) || is_below(path, own));
        if meets {
            let what = format!("{path:?} is in the way of the request's own files");
            wrong.say(&format!("cases[{index}].files"), what);
        }
    }
}

fn answer(message: Message) -> JudgeResponse {
    JudgeResponse { message: Some(message) }
}

fn of_judgement(judgement: Judgement, return_output: bool) -> Message {
    match judgement {
        Judgement::Compiled(Compiled { verdict, stage }) => Message::Compiled(proto::Compiled {
            outcome: convert::outcome(verdict.outcome).into(),
            message: verdict.message,
            compile_cached: stage.is_none(),
            stage: stage.map(convert::stage),
        }),
        Judgement::Case(Judged { index, name, verdict, message, outcome, mut run, id }) => {
            if let Some(run) = run.as_mut().filter(|_| !return_output) {
                run.output = StageOutput::default();
            }
            Message::Verdict(proto::CaseVerdict {
                index: index as u32,
                name,
                verdict: of_verdict(verdict).into(),
                message,
                outcome: convert::outcome(outcome).into(),
                run: run.map(convert::stage),
                execution_id: id.to_string(),
            })
        }
    }
}

fn of_verdict(verdict: CaseVerdict) -> proto::Verdict {
    match verdict {
        CaseVerdict::Accepted => proto::Verdict::Accepted,
        CaseVerdict::WrongAnswer => proto::Verdict::WrongAnswer,
        CaseVerdict::TimeLimit => proto::Verdict::TimeLimit,
        CaseVerdict::MemoryLimit => proto::Verdict::MemoryLimit,
        CaseVerdict::OutputLimit => proto::Verdict::OutputLimit,
        CaseVerdict::RuntimeError => proto::Verdict::RuntimeError,
    }
}

fn of_summary(summary: &JudgeSummary) -> proto::JudgeSummary {
    let verdict = match summary.first_failure {
        Some((_, verdict)) => of_verdict(verdict),
        None if summary.accepted > 0 => proto::Verdict::Accepted,
        None => proto::Verdict::Unspecified,
    };
    proto::JudgeSummary {
        verdict: verdict.into(),
        first_failure: summary.first_failure.map(|(index, _)| index as u32),
        accepted: summary.accepted as u32,
        failed: summary.failed as u32,
        skipped: summary.skipped as u32,
        max_cpu_time: Some(convert::duration(summary.cpu_max)),
        max_wall_time: Some(convert::duration(summary.wall_max)),
        max_peak_memory_bytes: summary.peak_memory_bytes_max,
        total_time: Some(convert::duration(summary.total)),
    }
}
