//! A sink that passes everything on and remembers the end of what the latest stage wrote to stderr.
//!
//! For hints alone: no outcome is decided from it.

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::{
    Artifact, ArtifactHead, ExecutionId, Sink, SinkClosed, StageKind, StageOutput, StreamKind,
};

/// Remembered bytes: a traceback of a thousand calls with the message before or after it.
const WORDS_BYTES_MAX: usize = 64 << 10;

/// Around another sink.
pub(super) struct LastWords<'a> {
    sink: &'a mut dyn Sink,
    stage: StageKind,
    words: Vec<u8>,
}

impl<'a> LastWords<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, stage: StageKind::Compile, words: Vec::new() }
    }

    /// The end of the latest stage's stderr.
    pub(super) fn words(&self) -> &[u8] {
        &self.words[self.words.len().saturating_sub(WORDS_BYTES_MAX)..]
    }

    fn note(&mut self, stage: StageKind, content: &[u8]) {
        if self.stage != stage {
            self.stage = stage;
            self.words.clear();
        }
        let content = &content[content.len().saturating_sub(WORDS_BYTES_MAX)..];
        // Twice as much may be held, so that not every piece moves what is there.
        if self.words.len() + content.len() > 2 * WORDS_BYTES_MAX {
            self.words.drain(..self.words.len().saturating_sub(WORDS_BYTES_MAX));
        }
        self.words.extend_from_slice(content);
    }
}

#[async_trait]
impl Sink for LastWords<'_> {
    async fn started(&mut self, id: ExecutionId) -> Result<(), SinkClosed> {
        self.sink.started(id).await
    }

    async fn output(
        &mut self,
        stage: StageKind,
        stream: StreamKind,
        content: Bytes,
    ) -> Result<(), SinkClosed> {
        if stream == StreamKind::Stderr {
            self.note(stage, &content);
        }
        self.sink.output(stage, stream, content).await
    }

    async fn artifact(&mut self, head: ArtifactHead) -> Result<(), SinkClosed> {
        self.sink.artifact(head).await
    }

    async fn artifact_piece(&mut self, content: Bytes) -> Result<(), SinkClosed> {
        self.sink.artifact_piece(content).await
    }

    fn kept_artifacts(&mut self) -> Vec<Artifact> {
        self.sink.kept_artifacts()
    }

    fn kept(&mut self, stage: StageKind) -> StageOutput {
        self.sink.kept(stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    #[async_trait]
    impl Sink for Nowhere {
        async fn started(&mut self, _: ExecutionId) -> Result<(), SinkClosed> {
            Ok(())
        }

        async fn output(&mut self, _: StageKind, _: StreamKind, _: Bytes) -> Result<(), SinkClosed> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_end_is_kept_and_little_more() {
        let mut nowhere = Nowhere;
        let mut sink = LastWords::new(&mut nowhere);
        sink.output(StageKind::Compile, StreamKind::Stderr, Bytes::from_static(b"warning")).await.unwrap();
        assert_eq!(sink.words(), b"warning");
        for number in 0..40_000 {
            let piece = Bytes::from(format!("{number:08}"));
            sink.output(StageKind::Run, StreamKind::Stdout, piece.clone()).await.unwrap();
            sink.output(StageKind::Run, StreamKind::Stderr, piece).await.unwrap();
            assert!(sink.words.len() <= 2 * WORDS_BYTES_MAX);
        }
        let expected: String = (40_000 - WORDS_BYTES_MAX / 8..40_000).map(|n| format!("{n:08}")).collect();
        assert_eq!(sink.words(), expected.as_bytes());
        let much = vec![b'x'; 5 * WORDS_BYTES_MAX];
        sink.output(StageKind::Run, StreamKind::Stderr, much.into()).await.unwrap();
        assert_eq!(sink.words(), vec![b'x'; WORDS_BYTES_MAX]);
        assert!(sink.words.len() <= 2 * WORDS_BYTES_MAX);
    }
}
