//! Why a sandbox failed. Never a user's outcome.

use std::time::Instant;

use crate::domain::Fault;
use crate::engine::{EngineError, Fate};
use crate::wire::FrameError;

use super::uids::UidSpace;

/// A sandbox that could not be made or did not hold.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine refused or is away.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The agent's stream ended.
    #[error("the agent's stream ended{}{}", told(.fate.as_ref()), words(.last_words))]
    Lost {
        /// Seen then.
        when: Instant,
        /// What it wrote to its stderr last.
        last_words: String,
        /// What the engine says of its end, where it was asked.
        fate: Option<Fate>,
    },
    /// The agent's stream holds something else than frames.
    #[error("the agent's stream makes no sense: {reason}{}", words(.last_words))]
    Malformed {
        /// What is wrong.
        reason: String,
        /// What was written instead, as far as it is text.
        last_words: String,
    },
    /// The agent did not say what it should have within its bound.
    #[error("the agent did not {what} within {seconds} s")]
    Silent {
        /// What was awaited.
        what: &'static str,
        /// The bound.
        seconds: u64,
    },
    /// The agent gave up.
    #[error("the agent gave up: {reason}")]
    Agent {
        /// Its words.
        reason: String,
    },
    /// The stage's program is not in the image.
    #[error("{program:?} cannot be started in image {image}: {reason}")]
    ProgramMissing {
        /// The first word of the command line.
        program: String,
        /// The image.
        image: String,
        /// The kernel's words.
        reason: String,
    },
    /// Nobody takes the output.
    #[error("the caller does not read")]
    CallerGone,
}

impl SandboxError {
    /// All blocks of uids are containers', this daemon's or others'.
    #[must_use]
    pub fn no_uid() -> Self {
        let narrow = UidSpace::NARROW.blocks();
        let reason = format!(
            "no uids are free: an engine in a user namespace has enough for {narrow} containers of all its daemons; lower max in languages.pools"
        );
        Self::Agent { reason }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Engine(error) => error.fault(),
            Self::ProgramMissing { .. } => Fault::Engine,
            Self::CallerGone => Fault::Caller,
            Self::Lost { .. } | Self::Malformed { .. } | Self::Silent { .. } | Self::Agent { .. } => {
                Fault::Kiln
            }
        }
    }
}

impl From<FrameError> for SandboxError {
    fn from(error: FrameError) -> Self {
        Self::Malformed { reason: error.to_string(), last_words: String::new() }
    }
}

fn told(fate: Option<&Fate>) -> String {
    fate.map_or_else(String::new, |fate| format!(": {}", fate.words))
}

fn words(last_words: &str) -> String {
    if last_words.is_empty() { String::new() } else { format!("; its last words: {}", last_words.trim()) }
}
