//! The daemon's half of the conversation while a job runs: the job itself, its input, what its caller says meanwhile, and the
//! order to kill. Input waits for room at the agent; nothing else does.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::domain::{LiveInput, LiveMessage, TerminalSize};
use crate::wire::{self, HostMessage, INPUT_WINDOW_BYTES};

use super::error::SandboxError;
use super::plan::{FILE_PIECE_BYTES, HOLD_SECONDS_MAX, INPUT_PIECE_BYTES, Plan};
use super::session::Writer;

/// Input of a caller's that may wait here for a program which does not read. Beyond it nothing more is taken from the caller, be
/// it a signal, until the program reads; a call that is cancelled is cancelled all the same.
const PENDING_BYTES_MAX: usize = 1 << 20;

/// What the listener lets the speaker know.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// Bytes of input that the agent has handed on.
    pub(super) taken: u64,
    /// Whether a stage has started.
    pub(super) is_started: bool,
}

/// Whether the agent has the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HandedOver {
    Yes,
    /// The caller has cancelled while its files came.
    No,
}

/// Sends the job and its input, never more of that than the agent has room for; then waits to kill. Ends by an error, or where
/// the caller has cancelled before the agent had the job; else the listener ends the conversation.
pub(super) async fn speak(
    writer: &mut Writer,
    plan: &Plan,
    live: Option<&mut LiveInput>,
    heard: watch::Receiver<Heard>,
    cancel: &CancellationToken,
) -> Result<(), SandboxError> {
    match say(writer, plan, live, heard, cancel).await? {
        HandedOver::Yes => std::future::pending().await,
        HandedOver::No => Ok(()),
    }
}

async fn say(
    writer: &mut Writer,
    plan: &Plan,
    live: Option<&mut LiveInput>,
    mut heard: watch::Receiver<Heard>,
    cancel: &CancellationToken,
) -> Result<HandedOver, SandboxError> {
    let mut input = Input::new(plan.stdin.clone());
    match live {
        // Without input the whole job is one write.
        None if plan.stdin.is_empty() => {
            let close = wire::encode(&HostMessage::CloseInput)?;
            writer.send_bytes(&[plan.opening.as_slice(), &close].concat()).await?;
        }
        None => {
            writer.send_bytes(&plan.opening).await?;
            input.is_closed = true;
            input.hand_on(writer, None, &mut heard, cancel).await?;
        }
        Some(live) => {
            if plan.is_held {
                writer.send_bytes(&plan.opening[..plan.job_at]).await?;
                let held = send_files(writer, live, cancel);
                let bound = Duration::from_secs(HOLD_SECONDS_MAX);
                let is_complete = timeout(bound, held).await.map_err(|_| SandboxError::CallerGone)??;
                if !is_complete {
                    return Ok(HandedOver::No);
                }
                writer.send_bytes(&plan.opening[plan.job_at..]).await?;
            } else {
                writer.send_bytes(&plan.opening).await?;
            }
            // Until then another container may have to take the job, and the input with it.
            let is_started = tokio::select! {
                biased;
                () = cancel.cancelled() => false,
                started = heard.wait_for(|heard| heard.is_started) => started.is_ok(),
            };
            if is_started {
                input.hand_on(writer, Some(live), &mut heard, cancel).await?;
            }
        }
    }
    cancel.cancelled().await;
    writer.send(&[HostMessage::Kill]).await?;
    Ok(HandedOver::Yes)
}

/// Sends files as the caller does, until it says that all are there: then `true`. `false` where it has cancelled.
async fn send_files(
    writer: &mut Writer,
    live: &mut LiveInput,
    cancel: &CancellationToken,
) -> Result<bool, SandboxError> {
    loop {
        let message = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(false),
            message = live.next() => message,
        };
        let Some(LiveMessage::File { path, executable, append, content }) = message else { return Ok(true) };
        // A file without content still has one piece.
        let pieces = content.chunks(FILE_PIECE_BYTES).chain(content.is_empty().then_some(&[][..]));
        for (index, piece) in pieces.enumerate() {
            let (path, content) = (path.clone(), piece.to_vec());
            writer
                .send(&[HostMessage::File { path, executable, append: append || index > 0, content }])
                .await?;
        }
    }
}

/// Input on its way.
struct Input {
    pending: VecDeque<Bytes>,
    pending_bytes: usize,
    sent: u64,
    /// No more comes.
    is_closed: bool,
}

impl Input {
    fn new(first: Bytes) -> Self {
        let mut input = Self { pending: VecDeque::new(), pending_bytes: 0, sent: 0, is_closed: false };
        input.push(first);
        input
    }

    fn push(&mut self, mut bytes: Bytes) {
        self.pending_bytes += bytes.len();
        while !bytes.is_empty() {
            self.pending.push_back(bytes.split_to(bytes.len().min(INPUT_PIECE_BYTES)));
        }
    }

    /// Hands on what there is and what comes, until the input is closed and the caller has nothing more to say.
    async fn hand_on(
        &mut self,
        writer: &mut Writer,
        mut live: Option<&mut LiveInput>,
        heard: &mut watch::Receiver<Heard>,
        cancel: &CancellationToken,
    ) -> Result<(), SandboxError> {
        let mut is_told = false;
        loop {
            if self.is_closed && self.pending.is_empty() && !is_told {
                is_told = true;
                writer.send(&[HostMessage::CloseInput]).await?;
            }
            if is_told && live.is_none() {
                return Ok(());
            }
            let next = self.pending.front().map(|piece| piece.len() as u64);
            let (sent, may_take) = (self.sent, self.pending_bytes < PENDING_BYTES_MAX);
            let room = async {
                match next {
                    // The listener holds the other end for as long as this runs.
                    Some(bytes) => {
                        drop(heard.wait_for(|heard| sent + bytes - heard.taken <= INPUT_WINDOW_BYTES).await)
                    }
                    None => std::future::pending().await,
                }
            };
            let said = async {
                match live.as_deref_mut().filter(|_| may_take) {
                    Some(live) => live.next().await,
                    None => std::future::pending().await,
                }
            };
            let message = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                message = said => message,
                () = room => {
                    if let Some(piece) = self.pending.pop_front() {
                        self.pending_bytes -= piece.len();
                        self.sent += piece.len() as u64;
                        writer.send(&[HostMessage::Input(piece.to_vec())]).await?;
                    }
                    continue;
                }
            };
            match message {
                Some(LiveMessage::Stdin(bytes)) if !self.is_closed => self.push(bytes),
                Some(LiveMessage::Signal(signal)) => writer.send(&[HostMessage::Signal(signal)]).await?,
                Some(LiveMessage::Resize(TerminalSize { rows, columns })) => {
                    let size = wire::TerminalSize { rows, columns };
                    writer.send(&[HostMessage::Resize(size)]).await?;
                }
                Some(LiveMessage::CloseStdin) => self.is_closed = true,
                // Too late to count.
                Some(LiveMessage::Stdin(_) | LiveMessage::File { .. } | LiveMessage::Start) => {}
                None => {
                    self.is_closed = true;
                    live = None;
                }
            }
        }
    }
}
