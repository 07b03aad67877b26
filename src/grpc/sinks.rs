//! Where output goes: kept for a unary reply, or sent on as it comes.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::Status;

use crate::domain::{ExecutionId, Sink, SinkClosed, StageKind, StageOutput, StreamKind};
use crate::proto::{ExecuteStreamResponse, Started, execute_stream_response::Message};

/// Keeps everything; the agent has bounded it.
#[derive(Debug, Default)]
pub(super) struct Collector {
    compile: StageOutput,
    run: StageOutput,
}

impl Collector {
    fn of(&mut self, stage: StageKind) -> &mut StageOutput {
        match stage {
            StageKind::Compile => &mut self.compile,
            StageKind::Run => &mut self.run,
        }
    }
}

#[async_trait]
impl Sink for Collector {
    async fn started(&mut self, _id: ExecutionId) -> Result<(), SinkClosed> {
        Ok(())
    }

    async fn output(
        &mut self,
        stage: StageKind,
        stream: StreamKind,
        content: Bytes,
    ) -> Result<(), SinkClosed> {
        let kept = self.of(stage);
        match stream {
            StreamKind::Stdout => kept.stdout.extend_from_slice(&content),
            StreamKind::Stderr => kept.stderr.extend_from_slice(&content),
        }
        Ok(())
    }

    fn kept(&mut self, stage: StageKind) -> StageOutput {
        std::mem::take(self.of(stage))
    }
}

/// Passes everything on. Waits where the caller does not read, and so slows the program.
#[derive(Debug)]
pub(super) struct Forwarder(pub(super) mpsc::Sender<Result<ExecuteStreamResponse, Status>>);

impl Forwarder {
    pub(super) async fn send(&self, message: Message) -> Result<(), SinkClosed> {
        self.0.send(Ok(ExecuteStreamResponse { message: Some(message) })).await.map_err(|_| SinkClosed)
    }
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
}
