//! The job's input on its way from the daemon to the program's stdin.

use std::fs::File;
use std::io::{self, ErrorKind, Write};

/// Bytes that the program has not taken yet, and where they go.
#[derive(Default)]
pub(crate) struct InputQueue {
    pending: Vec<u8>,
    /// The daemon has sent everything.
    complete: bool,
    pipe: Option<File>,
    /// The program closed its stdin or is gone: whatever comes is dropped.
    refused: bool,
}

impl InputQueue {
    /// Takes a piece from the daemon.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.pending.extend_from_slice(piece);
    }

    /// No more pieces will come.
    pub(crate) fn complete(&mut self) {
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
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => {
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
        self.pending.drain(..gone);
        if self.refused || (self.complete && self.pending.is_empty()) {
            self.pipe = None;
        }
        Ok(gone as u64)
    }

    /// The pipe to wait on, where there is something to write.
    pub(crate) fn blocked_on(&self) -> Option<&File> {
        self.pipe.as_ref().filter(|_| !self.pending.is_empty())
    }
}
