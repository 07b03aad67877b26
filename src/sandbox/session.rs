//! The agent's stream as messages: two halves that can be used at the same time.

use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, PollNext};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use crate::engine::{AgentPipe, DirectPipe, EngineError, Fate, Piece, Reach};
use crate::wire::{self, AgentMessage, Decoder, DirectOffer, HostMessage};

use super::error::SandboxError;
use super::warm::unexpected;

/// How much of the agent's stderr is kept for the log, in bytes.
const LAST_WORDS_BYTES: usize = 2048;
/// Read buffer of a direct socket: output comes in pieces of up to 64 KiB.
const DIRECT_BUFFER_BYTES: usize = 64 * 1024;
/// Bound of what waits to end, in seconds.
const STAND_DOWN_SECONDS_MAX: u64 = 10;

pub(super) struct Session {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    /// Another way to the agent, until it has been tried.
    reach: Option<Reach>,
}

pub(super) struct Reader {
    pieces: Pin<Box<dyn Stream<Item = Result<Piece, EngineError>> + Send>>,
    decoder: Decoder,
    last_words: String,
    /// Answers once.
    fate: Option<Pin<Box<dyn Future<Output = Fate> + Send>>>,
}

pub(super) struct Writer {
    to: Pin<Box<dyn AsyncWrite + Send>>,
    /// The way through the engine where another one is used. Its end is the agent's.
    _kept: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    amid_message: bool,
}

impl Session {
    pub(super) fn new(pipe: AgentPipe) -> Self {
        let reader = Reader {
            pieces: pipe.output,
            decoder: Decoder::default(),
            last_words: String::new(),
            fate: Some(pipe.fate),
        };
        let writer = Writer { to: pipe.input, _kept: None, amid_message: false };
        Self { reader, writer, reach: Some(pipe.reach) }
    }

    /// Takes the other way to the agent, where it can be had; to be called right after its first message. What the engine's stream says
    /// still counts: the agent's last words, and its end.
    pub(super) async fn go_direct(&mut self, offer: DirectOffer) -> bool {
        let Some(reach) = self.reach.take() else { return false };
        let Some(DirectPipe { input, output }) = reach(offer.descriptor, offer.token.to_vec()).await else {
            return false;
        };
        let through_engine = std::mem::replace(&mut self.reader.pieces, Box::pin(stream::empty()));
        self.reader.pieces = Box::pin(joined(output, through_engine));
        self.writer._kept = Some(std::mem::replace(&mut self.writer.to, input));
        true
    }

    /// Ends what waits in the container, and returns when its memory is free.
    pub(super) async fn stand_down(&mut self) -> Result<(), SandboxError> {
        self.writer.send(&[HostMessage::StandDown]).await?;
        let seconds = STAND_DOWN_SECONDS_MAX;
        let answer = timeout(Duration::from_secs(seconds), self.reader.receive()).await;
        match answer.map_err(|_| SandboxError::Silent { what: "stand down", seconds })?? {
            AgentMessage::StoodDown => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Whether an idle agent's stream is still open and silent, which it has to be.
    pub(super) fn is_quiet(&mut self) -> bool {
        loop {
            match self.reader.pieces.next().now_or_never() {
                None => return true,
                Some(Some(Ok(Piece::Stderr(words)))) => self.reader.remember(&words),
                Some(_) => return false,
            }
        }
    }
}

/// What comes directly, and through the engine, until the engine's stream ends. What is there directly by then comes first: an agent's
/// reason for giving up.
fn joined(
    from: impl AsyncRead + Send,
    through_engine: impl Stream<Item = Result<Piece, EngineError>> + Send,
) -> impl Stream<Item = Result<Piece, EngineError>> + Send {
    // A socket that fails is at its end, and the engine tells why.
    let direct = ReaderStream::with_capacity(from, DIRECT_BUFFER_BYTES)
        .filter_map(|bytes| std::future::ready(bytes.ok().map(|bytes| Some(Ok(Piece::Stdout(bytes))))));
    let through_engine = through_engine.map(Some).chain(stream::iter([None]));
    stream::select_with_strategy(direct, through_engine, |_: &mut ()| PollNext::Left)
        .take_while(|piece| std::future::ready(piece.is_some()))
        .filter_map(std::future::ready)
}

impl Reader {
    /// The agent's next message. Safe to cancel.
    pub(super) async fn receive(&mut self) -> Result<AgentMessage, SandboxError> {
        loop {
            match self.decoder.decode() {
                Ok(Some(AgentMessage::Fault(reason))) => return Err(SandboxError::Agent { reason }),
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) => {
                    let last_words = std::mem::take(&mut self.last_words);
                    return Err(SandboxError::Malformed { reason: error.to_string(), last_words });
                }
            }
            match self.pieces.next().await {
                Some(Ok(Piece::Stdout(bytes))) => {
                    self.decoder.push(&bytes);
                    // An engine's error text comes on stdout too; it never is a frame.
                    if self.last_words.is_empty() && bytes.starts_with(b"OCI") {
                        self.remember(&bytes);
                    }
                }
                Some(Ok(Piece::Stderr(words))) => self.remember(&words),
                Some(Err(error)) => return Err(error.into()),
                None => return Err(self.lost().await),
            }
        }
    }

    /// Why nothing more comes.
    pub(super) async fn lost(&mut self) -> SandboxError {
        let when = Instant::now();
        let fate = match &mut self.fate {
            Some(fate) => Some(fate.await),
            None => None,
        };
        self.fate = None;
        SandboxError::Lost { when, last_words: std::mem::take(&mut self.last_words), fate }
    }

    fn remember(&mut self, words: &Bytes) {
        let room = LAST_WORDS_BYTES.saturating_sub(self.last_words.len());
        self.last_words.push_str(&String::from_utf8_lossy(&words[..words.len().min(room)]));
    }
}

impl Writer {
    /// Sends messages in one write where they fit together.
    pub(super) async fn send(&mut self, messages: &[HostMessage]) -> Result<(), SandboxError> {
        let mut bytes = Vec::new();
        for message in messages {
            wire::encode_into(message, &mut bytes)?;
        }
        self.send_bytes(&bytes).await
    }

    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), SandboxError> {
        let lost = |error: std::io::Error| SandboxError::Lost {
            when: Instant::now(),
            last_words: error.to_string(),
            fate: None,
        };
        self.amid_message = true;
        self.to.write_all(bytes).await.map_err(lost)?;
        self.to.flush().await.map_err(lost)?;
        self.amid_message = false;
        Ok(())
    }

    /// Whether a send was given up before its end: what is sent next would be taken for the rest of it.
    pub(super) fn is_amid_message(&self) -> bool {
        self.amid_message
    }
}
