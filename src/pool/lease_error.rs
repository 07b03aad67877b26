//! Why there is no container for a request.

use crate::domain::Fault;

/// Why there is no container for a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// No image of the language is in the engine.
    #[error("{language} has no image in the engine; run `kiln images build {language}` on the server")]
    NoImage {
        /// The language's id.
        language: String,
    },
    /// Containers cannot be made at present.
    #[error("no container for {language} can be made at present: {reason}")]
    Down {
        /// The language's id.
        language: String,
        /// The last failure.
        reason: String,
    },
    /// Its programs may not use the network.
    #[error(
        "programs in {language} may not use the network here; the operator allows it by `network.languages`"
    )]
    NoNetwork {
        /// The language's id.
        language: String,
    },
    /// Its programs may not have packages.
    #[error(
        "programs in {language} may not have packages here; the operator allows it by `packages.languages`"
    )]
    NoPackages {
        /// The language's id.
        language: String,
    },
    /// As many package sets as there may be are in use.
    #[error("{most} package sets are in use, as many as there may be at the same time (packages.sets)")]
    SetsInUse {
        /// The bound.
        most: usize,
    },
    /// None became warm in time.
    #[error("no container for {language} became free within {seconds} s")]
    Exhausted {
        /// The language's id.
        language: String,
        /// The bound.
        seconds: u64,
    },
    /// The caller's deadline came first.
    #[error("the deadline passed while the execution waited for a container")]
    Deadline,
    /// The daemon is shutting down.
    #[error("the server is shutting down; try another or try again later")]
    Closed,
}

impl LeaseError {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoImage { .. } | Self::Down { .. } => Fault::Engine,
            Self::Exhausted { .. } | Self::SetsInUse { .. } | Self::Closed => Fault::Load,
            Self::Deadline | Self::NoNetwork { .. } | Self::NoPackages { .. } => Fault::Caller,
        }
    }
}
