//! What a caller says while its program waits or runs.

use bytes::Bytes;
use tokio::sync::mpsc;

/// Characters of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters of a line.
    pub columns: u16,
}

/// One thing that a caller says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveMessage {
    /// A piece of a file, before the start.
    File {
        /// Validated, and nobody else's.
        path: String,
        /// Whether the program may execute it.
        executable: bool,
        /// True for the second and later pieces.
        append: bool,
        /// The piece.
        content: Bytes,
    },
    /// All files are there.
    Start,
    /// More input.
    Stdin(Bytes),
    /// No more input.
    CloseStdin,
    /// A signal for the program.
    Signal(i32),
    /// Another size of its terminal.
    Resize(TerminalSize),
}

/// A caller that may say more. Its end means that no input comes any more.
#[derive(Debug)]
pub struct LiveInput {
    receiver: mpsc::Receiver<LiveMessage>,
    /// What was taken cannot be taken again by another container.
    taken: bool,
}

impl LiveInput {
    /// From the end of a bounded channel.
    #[must_use]
    pub fn new(receiver: mpsc::Receiver<LiveMessage>) -> Self {
        Self { receiver, taken: false }
    }

    /// The next message; `None` when the caller has said all it had to say. Safe to cancel.
    pub async fn next(&mut self) -> Option<LiveMessage> {
        let message = self.receiver.recv().await;
        self.taken |= message.is_some();
        message
    }

    /// Whether anything has been taken.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.taken
    }
}
