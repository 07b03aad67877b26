//! Keeps what a program writes, for a reply that comes at its end.

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::{ExecutionId, Sink, SinkClosed, StageKind, StageOutput, StreamKind};

/// Keeps everything; the agent has bounded it.
#[derive(Debug, Default)]
pub struct Collector {
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
