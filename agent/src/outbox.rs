//! Frames on their way to the daemon. Writing never blocks: a daemon that reads slowly must not stop the clock that
//! kills a program.

use std::io::{self, ErrorKind, Write};

use crate::wire::{self, AgentMessage};

/// Above this many unsent bytes the program's output is left in its pipe, which slows the program, not the agent.
const FULL_BYTES: usize = 256 * 1024;

/// The unsent tail of the stream to the daemon.
pub(crate) struct Outbox<W> {
    to: W,
    unsent: Vec<u8>,
    sent: usize,
}

impl<W: Write> Outbox<W> {
    /// `to` must be non-blocking.
    pub(crate) fn new(to: W) -> Self {
        Self { to, unsent: Vec::new(), sent: 0 }
    }

    /// Sends all that is queued from now on elsewhere; `to` must be non-blocking.
    ///
    /// # Errors
    /// Where something is under way.
    pub(crate) fn redirect(&mut self, to: W) -> io::Result<()> {
        if !self.is_empty() {
            return Err(io::Error::other("the daemon did not wait for the first frame"));
        }
        self.to = to;
        Ok(())
    }

    /// Queues one message; [`Outbox::flush`] sends it.
    pub(crate) fn push(&mut self, message: &AgentMessage) -> io::Result<()> {
        wire::encode_into(message, &mut self.unsent).map_err(io::Error::other)
    }

    /// Writes as much as the other side takes.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.unsent.len() {
            match self.to.write(&self.unsent[self.sent..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => self.sent += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.drain(..self.sent);
        self.sent = 0;
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unsent.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.unsent.len() >= FULL_BYTES
    }

    pub(crate) fn target(&self) -> &W {
        &self.to
    }
}
