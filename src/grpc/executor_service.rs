//! `kiln.v1.Executor`: validates, runs in a task that outlives the call, answers.

use std::pin::Pin;
use std::time::Instant;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Extensions, Request, Response, Status, Streaming};

use crate::domain::{Execution, Fault, LiveInput, Tenant};
use crate::executor::{Collector, Executor};
use crate::health::Health;
use crate::proto::executor_server::Executor as Service;
use crate::proto::{
    ExecuteRequest, ExecuteResponse, ExecuteStreamRequest, ExecuteStreamResponse, JudgeRequest,
    ListLanguagesRequest, ListLanguagesResponse, execute_stream_request, execute_stream_response,
};
use crate::tasks::Tasks;
use crate::telemetry::metrics;

use super::edge::{AfterReply, Caller, Deadline};
use super::judge::JudgeStream;
use super::sinks::{self, Answers, Forwarder};
use super::validate::{Call, Validator};
use super::{convert, listening, status};

/// Messages on their way to a streaming caller. More only hides how far it lags behind.
const STREAM_MESSAGES: usize = 8;

/// What a caller says on its way to its program, in messages: no more than one piece is in each.
const SAID_MESSAGES: usize = 4;

/// The service.
#[derive(Debug)]
pub(super) struct ExecutorService {
    pub(super) executor: Executor,
    pub(super) health: Health,
    pub(super) validator: Validator,
    pub(super) tasks: Tasks,
    pub(super) request_bytes_max: usize,
}

impl ExecutorService {
    fn validate(
        &self,
        request: ExecuteRequest,
        call: Call,
        extensions: &Extensions,
    ) -> Result<Execution, Status> {
        let (tenant, deadline) = Self::caller(extensions);
        self.validated(self.validator.execution(request, call, tenant, deadline))
    }

    /// Whose call it is, and until when.
    pub(super) fn caller(extensions: &Extensions) -> (Tenant, Option<Instant>) {
        let tenant = extensions.get().map_or_else(|| Tenant::new(""), |Caller(tenant)| tenant.clone());
        (tenant, extensions.get().map(|Deadline(at)| *at))
    }

    /// Counts a request that is not valid.
    pub(super) fn validated<T>(&self, valid: Result<T, Status>) -> Result<T, Status> {
        valid.inspect_err(|_| metrics::refused(Fault::Caller.label()))
    }
}

#[tonic::async_trait]
impl Service for ExecutorService {
    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let (_, extensions, request) = request.into_parts();
        let execution = self.validate(request, Call::Unary, &extensions)?;
        let id = execution.id;
        let cancel = self.tasks.cancellation();
        // This future is dropped when the caller goes away; the task goes on, kills the program and settles.
        let _gone = cancel.clone().drop_guard();
        let executor = self.executor.clone();
        let task = self.tasks.client(async move {
            let result = executor.execute(&execution, &mut Collector::default(), &cancel).await;
            result.map_err(|error| status::from_execute(&error, &id))
        });
        match task.await {
            Ok(result) => {
                let (report, aftermath) = result?;
                let mut response = Response::new(convert::response(report));
                response.extensions_mut().insert(AfterReply::new(aftermath));
                Ok(response)
            }
            Err(panic) => {
                tracing::error!(%id, %panic, "an execution's task ends");
                Err(status::defect(&id))
            }
        }
    }

    type ExecuteStreamStream = Pin<Box<dyn Stream<Item = Result<ExecuteStreamResponse, Status>> + Send>>;

    async fn execute_stream(
        &self,
        request: Request<Streaming<ExecuteStreamRequest>>,
    ) -> Result<Response<Self::ExecuteStreamStream>, Status> {
        let (_, extensions, mut messages) = request.into_parts();
        let first =
            messages.message().await.map_err(|status| self.unread(status))?.and_then(|first| first.message);
        let Some(execute_stream_request::Message::Execute(request)) = first else {
            return Err(status::invalid_field(
                "execute",
                "the first message of the stream must be `execute`",
            ));
        };
        let execution = self.validate(request, Call::Stream, &extensions)?;
        let (sender, receiver) = mpsc::channel(STREAM_MESSAGES);
        let cancel = self.tasks.cancellation();
        let gone = cancel.clone().drop_guard();
        let executor = self.executor.clone();
        self.tasks.client(run_stream(executor, execution, messages, sender, cancel));
        // tonic drops the answers when the caller goes away, and the guard with them.
        let answers = ReceiverStream::new(receiver).map(move |answer| {
            let _ = &gone;
            answer
        });
        Ok(Response::new(Box::pin(answers)))
    }

    type JudgeStream = JudgeStream;

    async fn judge(&self, request: Request<JudgeRequest>) -> Result<Response<JudgeStream>, Status> {
        self.start_judging(request)
    }

    async fn list_languages(
        &self,
        _request: Request<ListLanguagesRequest>,
    ) -> Result<Response<ListLanguagesResponse>, Status> {
        let report = self.health.report();
        let languages = report
            .languages
            .iter()
            .map(|health| convert::language(health, &self.validator.ceilings(&health.spec)));
        Ok(Response::new(ListLanguagesResponse { languages: languages.collect() }))
    }
}

impl ExecutorService {
    /// tonic's answer to a message over the bound is not the one of Kiln's contract.
    fn unread(&self, status: Status) -> Status {
        if status.code() == Code::OutOfRange { status::too_large(self.request_bytes_max) } else { status }
    }
}

/// Runs to the end whether or not anybody listens.
async fn run_stream(
    executor: Executor,
    execution: Execution,
    messages: Streaming<ExecuteStreamRequest>,
    answers: Answers,
    cancel: CancellationToken,
) {
    let (said, hears) = mpsc::channel(SAID_MESSAGES);
    let mut forwarder = Forwarder::new(answers.clone(), LiveInput::new(hears));
    let run = executor.execute(&execution, &mut forwarder, &cancel);
    let mut complaint = None;
    let result = {
        tokio::pin!(run);
        tokio::select! {
            result = &mut run => result,
            asked = listening::listen(messages, &execution, said) => {
                complaint = asked.err();
                cancel.cancel();
                run.await
            }
        }
    };
    // Nobody may be there to hear any of this.
    let _ = match (complaint, result) {
        (Some(complaint), _) => answers.send(Err(complaint)).await.is_ok(),
        (None, Ok((report, _aftermath))) => {
            let finished = execute_stream_response::Message::Finished(convert::response(report));
            sinks::send(&answers, finished).await.is_ok()
        }
        (None, Err(error)) => answers.send(Err(status::from_execute(&error, &execution.id))).await.is_ok(),
    };
}
