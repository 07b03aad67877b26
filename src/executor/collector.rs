//! Keeps what a program writes, for a reply that comes at its end.

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::{
    Artifact, ArtifactHead, ExecutionId, Sink, SinkClosed, StageKind, StageOutput, StreamKind,
};

/// Keeps everything; the agent has bounded it.
#[derive(Debug, Default)]
pub struct Collector {
    compile: StageOutput,
    run: StageOutput,
    artifacts: Vec<Artifact>,
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

    async fn artifact(&mut self, head: ArtifactHead) -> Result<(), SinkClosed> {
        self.artifacts.push(Artifact { head, content: Vec::new() });
        Ok(())
    }

    async fn artifact_piece(&mut self, content: Bytes) -> Result<(), SinkClosed> {
        if let Some(last) = self.artifacts.last_mut() {
            last.content.extend_from_slice(&content);
        }
        Ok(())
    }

    fn kept_artifacts(&mut self) -> Vec<Artifact> {
        std::mem::take(&mut self.artifacts)
    }

    fn kept(&mut self, stage: StageKind) -> StageOutput {
        std::mem::take(self.of(stage))
    }
}
