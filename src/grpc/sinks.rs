//! Where output goes that is sent on as it comes, and what the caller says comes from.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::Status;

use crate::domain::{ArtifactHead, ExecutionId, LiveInput, Sink, SinkClosed, StageKind, StreamKind};
use crate::proto::{ExecuteStreamResponse, Started, execute_stream_response::Message};

use super::convert;

/// A caller's end of the stream.
pub(super) type Answers = mpsc::Sender<Result<ExecuteStreamResponse, Status>>;

/// Passes everything on. Waits where the caller does not read, and so slows the program.
#[derive(Debug)]
pub(super) struct Forwarder {
    answers: Answers,
    live: Option<LiveInput>,
}

impl Forwarder {
    pub(super) fn new(answers: Answers, live: LiveInput) -> Self {
        Self { answers, live: Some(live) }
    }

    async fn send(&self, message: Message) -> Result<(), SinkClosed> {
        send(&self.answers, message).await
    }
}

/// Sends one answer.
pub(super) async fn send(answers: &Answers, message: Message) -> Result<(), SinkClosed> {
    answers.send(Ok(ExecuteStreamResponse { message: Some(message) })).await.map_err(|_| SinkClosed)
}

#[async_trait]
impl Sink for Forwarder {
    async fn started(&mut self, id: ExecutionId) -> Result<(), SinkClosed> {
        self.send(Message::Started(Started { execution_id: id.to_string() })).await
    }

    async fn output(
        &mut self,
        stage: StageKind,
        stream: StreamKind,
        content: Bytes,
    ) -> Result<(), SinkClosed> {
        let content = Vec::from(content);
        let message = match (stage, stream) {
            (StageKind::Compile, _) => Message::CompileOutput(content),
            (StageKind::Run, StreamKind::Stdout) => Message::Stdout(content),
            (StageKind::Run, StreamKind::Stderr) => Message::Stderr(content),
        };
        self.send(message).await
    }

    async fn artifact(&mut self, head: ArtifactHead) -> Result<(), SinkClosed> {
        self.send(Message::Artifact(convert::artifact_head(head))).await
    }

    async fn artifact_piece(&mut self, content: Bytes) -> Result<(), SinkClosed> {
        self.send(Message::ArtifactContent(content)).await
    }

    fn live_input(&mut self) -> Option<LiveInput> {
        self.live.take()
    }
}
