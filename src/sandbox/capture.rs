//! A build on its way from a container: its pieces come beside the program's own words, and after them where the program is
//! faster.

use std::fmt;

use crate::domain::{KeepBuild, PackedBuild};
use crate::wire::{AgentMessage, BuildSum};

use super::error::SandboxError;
use super::warm::unexpected;

/// What has come so far.
pub(super) struct Capture {
    content: Vec<u8>,
    bytes_max: u64,
    /// Whether something happened to the compiler that should not happen again with what it made.
    spoilt: bool,
    keep: KeepBuild,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").field("bytes", &self.content.len()).finish_non_exhaustive()
    }
}

impl Capture {
    /// The agent sends no build larger than `bytes_max`, beside its index.
    pub(super) fn new(bytes_max: u64, keep: KeepBuild) -> Self {
        Self { content: Vec::new(), bytes_max, spoilt: false, keep }
    }

    /// What comes is not to be kept.
    pub(super) fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// There will be no build.
    pub(super) fn give_up(self) {
        (self.keep)(None);
    }

    fn finish(self, sum: BuildSum) -> Result<(), SandboxError> {
        if self.content.len() as u64 != sum.bytes || crc32fast::hash(&self.content) != sum.crc32 {
            return Err(malformed("a build that is not what the agent packed"));
        }
        if self.spoilt {
            self.give_up();
            return Ok(());
        }
        (self.keep)(Some(PackedBuild { content: self.content.into(), crc32: sum.crc32 }));
        Ok(())
    }
}

/// Room for a build's index beside its files.
const INDEX_BYTES_MAX: u64 = 2 << 20;

/// Takes a message that is about a build; whoever asked for none gets none.
pub(super) fn take(capture: &mut Option<Capture>, message: AgentMessage) -> Result<(), SandboxError> {
    let Some(mut current) = capture.take() else { return Err(unexpected(&message)) };
    match message {
        AgentMessage::BuildPiece(piece) => {
            current.content.extend_from_slice(&piece);
            if current.content.len() as u64 > current.bytes_max + INDEX_BYTES_MAX {
                return Err(malformed("a build larger than was asked for"));
            }
            *capture = Some(current);
            Ok(())
        }
        AgentMessage::BuildKept(sum) => current.finish(sum),
        AgentMessage::BuildNotKept(reason) => {
            tracing::debug!(reason, "a build is not kept");
            current.give_up();
            Ok(())
        }
        other => Err(unexpected(&other)),
    }
}

fn malformed(reason: &str) -> SandboxError {
    SandboxError::Malformed { reason: reason.to_owned(), last_words: String::new() }
}
