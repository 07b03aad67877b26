//! What `kiln run` says to its program beside the program itself: standard input as it comes, and the terminal's size.

use std::io::{Read, Stdin, stdin};

use futures_util::{Stream, StreamExt, stream};
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::proto::{
    CloseStdin, ExecuteRequest, ExecuteStreamRequest, TerminalSize, execute_stream_request::Message,
};

use super::args::RunArguments;
use super::client::CliError;

/// Read at once from standard input.
const READ_BYTES: usize = 32 * 1024;
/// Pieces of input on their way.
const PIECES: usize = 4;

/// How this run talks. Dropping it gives the terminal back.
pub(super) struct Says {
    is_interactive: bool,
    raw: Option<Raw>,
}

impl Says {
    /// As the arguments want it; a terminal becomes raw at once.
    pub(super) fn new(arguments: &RunArguments) -> Result<Self, CliError> {
        let raw = arguments.tty.then(Raw::take).transpose()?;
        Ok(Self { is_interactive: arguments.interactive || arguments.tty, raw })
    }

    /// The whole of what is said, beginning with the request; its end closes the program's input.
    pub(super) fn after(
        &self,
        mut request: ExecuteRequest,
    ) -> impl Stream<Item = ExecuteStreamRequest> + Send + 'static {
        let has_terminal = self.raw.is_some();
        request.terminal = has_terminal.then(size);
        let message = |message| ExecuteStreamRequest { message: Some(message) };
        let first = stream::iter([message(Message::Execute(request))]);
        let input = if self.is_interactive { pieces() } else { stream::empty().boxed() };
        let resizes = if has_terminal { resizes() } else { stream::empty().boxed() };
        // The end of the input is said, because the terminal's size may still change.
        let closing = stream::iter(self.is_interactive.then_some(Message::CloseStdin(CloseStdin {})));
        let input = input.map(|bytes| Message::Stdin(bytes.into())).chain(closing);
        first.chain(stream::select(input, resizes).map(message))
    }
}

/// Standard input, from a thread: one that waits for it cannot be given up, and must not hold up the end.
fn pieces() -> stream::BoxStream<'static, Vec<u8>> {
    let (to, from) = mpsc::channel(PIECES);
    let read = move |mut input: Stdin| {
        let mut buffer = vec![0; READ_BYTES];
        while let Ok(bytes @ 1..) = input.read(&mut buffer) {
            if to.blocking_send(buffer[..bytes].to_vec()).is_err() {
                return;
            }
        }
    };
    std::thread::spawn(move || read(stdin()));
    tokio_stream::wrappers::ReceiverStream::new(from).boxed()
}

/// The terminal's size, whenever it changes.
fn resizes() -> stream::BoxStream<'static, Message> {
    let Ok(changes) = signal(SignalKind::window_change()) else { return stream::empty().boxed() };
    let next = |mut changes: tokio::signal::unix::Signal| async move {
        changes.recv().await?;
        Some((Message::Resize(size()), changes))
    };
    stream::unfold(changes, next).boxed()
}

/// This terminal's size, or what terminals were once.
fn size() -> TerminalSize {
    let usual = TerminalSize { rows: 24, columns: 80 };
    let size = tcgetwinsize(rustix::stdio::stdin()).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
    size.map_or(usual, |size| TerminalSize { rows: size.ws_row.into(), columns: size.ws_col.into() })
}

/// The terminal while every key is the program's.
struct Raw {
    /// `None` where standard input is no terminal: only the program has one.
    before: Option<Termios>,
}

impl Raw {
    fn take() -> Result<Self, CliError> {
        let input = rustix::stdio::stdin();
        if !isatty(input) {
            return Ok(Self { before: None });
        }
        let failed = |error: rustix::io::Errno| CliError::Write(error.into());
        let before = tcgetattr(input).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(input, OptionalActions::Flush, &raw).map_err(failed)?;
        Ok(Self { before: Some(before) })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, before);
        }
    }
}
