//! What an engine may answer instead of what was asked for.

use crate::domain::Fault;

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// It cannot be reached.
    #[error("the container engine does not answer: {reason}")]
    Unavailable {
        /// The transport's words.
        reason: String,
    },
    /// It took longer than the bound of the call.
    #[error("the container engine did not finish {call} within {seconds} s")]
    Timeout {
        /// What was asked.
        call: &'static str,
        /// The bound.
        seconds: u64,
    },
    /// The image is not there.
    #[error("the engine has no image {reference}")]
    NoSuchImage {
        /// Its name.
        reference: String,
    },
    /// Another container has the name.
    #[error("the engine has another container named {name}")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The container is gone.
    #[error("container {id} is gone")]
    NoSuchContainer {
        /// Its id.
        id: String,
    },
    /// It refused.
    #[error("the container engine refused {call} ({status}): {message}")]
    Refused {
        /// What was asked.
        call: &'static str,
        /// HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// It is of an architecture that this build brings no agent for.
    #[error(
        "the container engine is {arch}, and this build of Kiln has agents for {agents} only; use a build for {arch}, or build \
         one with KILN_AGENT_ARCHES={arch}"
    )]
    NoAgent {
        /// The engine's architecture.
        arch: String,
        /// Those that this build has agents for.
        agents: String,
    },
    /// A build or pull went wrong.
    #[error("{message}")]
    Image {
        /// The last words of it.
        message: String,
    },
    /// It answered something that makes no sense.
    #[error("the container engine's answer to {call} makes no sense: {message}")]
    Protocol {
        /// What was asked.
        call: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl EngineError {
    /// Always the engine's, whichever way it failed.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Engine
    }

    /// Whether the engine as a whole is out of reach, as opposed to one refused call.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Timeout { .. })
    }
}
