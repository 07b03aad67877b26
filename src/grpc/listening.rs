//! What the caller of an ExecuteStream says after `execute`: checked, and passed on in its order.

use std::collections::BTreeSet;

use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use crate::domain::{Execution, LiveMessage};
use crate::proto::{ExecuteStreamRequest, FilePiece, execute_stream_request::Message};

use super::status;
use super::validate::{FILES_MAX, Wrong, check_path, is_below, shortened, terminal};

/// The highest signal there is.
const SIGNAL_MAX: i32 = 64;

/// Listens until the caller cancels, goes away or says what makes no sense. Half-closing is the end of what it says, not of
/// the call.
pub(super) async fn listen(
    mut messages: Streaming<ExecuteStreamRequest>,
    execution: &Execution,
    live: mpsc::Sender<LiveMessage>,
) -> Result<(), Status> {
    let mut protocol = Protocol::of(execution);
    let mut live = Some(live);
    loop {
        let message = match messages.message().await {
            Ok(Some(ExecuteStreamRequest { message })) => message,
            // The caller has said all it had to say: the end of the input.
            Ok(None) => {
                drop(live.take());
                return std::future::pending().await;
            }
            Err(_) => return Ok(()),
        };
        let Some(message) = message else { return Err(status::invalid_field("message", "it is empty")) };
        let Some(said) = protocol.take(message)? else { return Ok(()) };
        if let Some(to) = &live
            && to.send(said).await.is_err()
        {
            // The program is over; what is still said is for nobody.
            live = None;
        }
    }
}

/// What may be said next.
struct Protocol {
    is_held: bool,
    has_terminal: bool,
    /// Of all files so far.
    paths: BTreeSet<String>,
    /// The one that may go on.
    last: Option<String>,
}

impl Protocol {
    fn of(execution: &Execution) -> Self {
        Self {
            is_held: execution.is_held,
            has_terminal: execution.terminal.is_some(),
            paths: execution.files.iter().map(|file| file.path.clone()).collect(),
            last: None,
        }
    }

    /// What it means; `None` for the wish to end.
    fn take(&mut self, message: Message) -> Result<Option<LiveMessage>, Status> {
        let wrong = |field: &str, what: &str| Err(status::invalid_field(field, what));
        Ok(Some(match message {
            Message::Cancel(_) => return Ok(None),
            Message::Execute(_) => return wrong("execute", "it came already; once is enough"),
            Message::File(piece) => self.file(piece)?,
            Message::Start(_) if self.is_held => {
                self.is_held = false;
                LiveMessage::Start
            }
            Message::Start(_) => return wrong("start", "the program is not held, or has started"),
            Message::Resize(size) => {
                if !self.has_terminal {
                    return wrong("resize", "the program has no terminal; ask for one in `execute`");
                }
                let mut violations = Wrong::default();
                let size = terminal(size, "resize", &mut violations);
                if !violations.0.is_empty() {
                    return Err(status::invalid(violations.0));
                }
                LiveMessage::Resize(size)
            }
            Message::Signal(number) if (1..=SIGNAL_MAX).contains(&number) => LiveMessage::Signal(number),
            Message::Signal(number) => {
                return wrong("signal", &format!("{number} is outside of 1 to {SIGNAL_MAX}"));
            }
            Message::Stdin(_) | Message::CloseStdin(_) if self.is_held => {
                return wrong("stdin", "the program is held; send `start` first");
            }
            Message::Stdin(bytes) => LiveMessage::Stdin(bytes),
            Message::CloseStdin(_) => LiveMessage::CloseStdin,
        }))
    }

    fn file(&mut self, piece: FilePiece) -> Result<LiveMessage, Status> {
        let wrong = |field: &str, what: String| Err(status::invalid_field(field, &what));
        let FilePiece { path, content, executable } = piece;
        if !self.is_held {
            return wrong("file", "files come before the start, with `execute.hold`".to_owned());
        }
        let append = self.last.as_ref() == Some(&path);
        if !append {
            if let Err(reason) = check_path(&path) {
                return wrong("file.path", format!("{:?} {reason}", shortened(&path)));
            }
            let meets = |other: &String| *other == path || is_below(other, &path) || is_below(&path, other);
            if self.paths.iter().any(meets) {
                return wrong("file.path", format!("{:?} is in the way of another file", shortened(&path)));
            }
            if self.paths.len() >= FILES_MAX {
                return wrong("file", format!("{FILES_MAX} files are the most"));
            }
            let _ = self.paths.insert(path.clone());
            self.last = Some(path.clone());
        }
        Ok(LiveMessage::File { path, executable, append, content })
    }
}
