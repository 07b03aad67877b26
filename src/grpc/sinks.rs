//! Where output goes that is sent on as it comes.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::Status;

use crate::domain::{ExecutionId, Sink, SinkClosed, StageKind, StreamKind};
use crate::proto::{ExecuteStreamResponse, Started, execute_stream_response::Message};

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
