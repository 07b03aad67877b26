//! The job's input on its way from the daemon to the program's stdin.

use std::fs::File;
use std::io::{self, ErrorKind, Write};

use nix::libc;

use crate::terminal::END_OF_INPUT;

/// Bytes that the program has not taken yet, and where they go.
pub(crate) struct InputQueue {
    pending: Vec<u8>,
    /// The daemon has sent everything.
    complete: bool,
    /// It goes to a terminal, which is not closed but told of the end.
    is_terminal: bool,
    /// Whether the last byte ended a line, or there was none.
    is_line_over: bool,
    /// Bytes at the end of `pending` that the daemon did not send.
    own: usize,
    pipe: Option<File>,
    /// The program closed its stdin or is gone: whatever comes is dropped.
    refused: bool,
}

impl InputQueue {
    /// For a program with a terminal, or with a pipe.
    pub(crate) fn new(is_terminal: bool) -> Self {
        let (pending, pipe) = (Vec::new(), None);
        Self { pending, complete: false, is_terminal, is_line_over: true, own: 0, pipe, refused: false }
    }

    /// Takes a piece from the daemon.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.pending.extend_from_slice(piece);
        self.is_line_over = piece.last().map_or(self.is_line_over, |last| *last == b'\n');
    }

    /// No more pieces will come.
    pub(crate) fn complete(&mut self) {
        if self.is_terminal && !self.complete {
            // In the middle of a line the first one only ends that.
            self.own = if self.is_line_over { 1 } else { 2 };
            self.pending.extend(std::iter::repeat_n(END_OF_INPUT, self.own));
        }
        self.complete = true;
    }

    /// Gives the queue the program's stdin.
    pub(crate) fn connect(&mut self, pipe: Option<File>) {
        self.refused = pipe.is_none();
        self.pipe = pipe;
    }

    /// Closes the program's stdin; the program is over.
    pub(crate) fn disconnect(&mut self) {
        self.connect(None);
    }

    /// Hands over what the program takes, and closes its stdin after the last byte.
    ///
    /// Returns how many bytes left the queue, be they taken or dropped.
    pub(crate) fn pump(&mut self) -> io::Result<u64> {
        let mut gone = 0;
        if let Some(pipe) = &mut self.pipe {
            while gone < self.pending.len() {
                match pipe.write(&self.pending[gone..]) {
                    Ok(bytes) => gone += bytes,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error)
                        if error.kind() == ErrorKind::BrokenPipe
                            || error.raw_os_error() == Some(libc::EIO) =>
                    {
                        self.refused = true;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if self.refused {
            gone = self.pending.len();
        }
        let sent = self.pending.len() - self.own;
        self.pending.drain(..gone);
        self.own = self.own.min(self.pending.len());
        if self.refused || (self.complete && !self.is_terminal && self.pending.is_empty()) {
            self.pipe = None;
        }
        Ok(gone.min(sent) as u64)
    }

    /// The pipe to wait on, where there is something to write.
    pub(crate) fn blocked_on(&self) -> Option<&File> {
        self.pipe.as_ref().filter(|_| !self.pending.is_empty())
    }
}
