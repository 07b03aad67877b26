//! Why a program does not get its packages.

use crate::domain::Fault;
use crate::pool::LeaseError;

/// Why a program does not get its packages. Told to all who wait for the same ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackagesError {
    /// There is no container to install them in.
    #[error(transparent)]
    NoContainer(#[from] LeaseError),
    /// The image in use has no place for packages.
    #[error("programs in {language} have no packages in image {image}")]
    NoPlace {
        /// The language's id.
        language: String,
        /// The image.
        image: String,
    },
    /// Their installer refuses them, or they are more than there is room or time for.
    #[error("{packages} cannot be installed: {reason}")]
    Refused {
        /// Those that were asked for.
        packages: String,
        /// What happened, and the installer's last words.
        reason: String,
    },
    /// The index does not answer.
    #[error("{packages} cannot be installed now, the index does not answer: {reason}")]
    IndexAway {
        /// Those that were asked for.
        packages: String,
        /// The installer's last words.
        reason: String,
    },
    /// A container, the disk or the engine failed.
    #[error("the packages could not be installed: {reason}")]
    Broken {
        /// How.
        reason: String,
    },
}

impl PackagesError {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoContainer(error) => error.fault(),
            Self::NoPlace { .. } | Self::Refused { .. } => Fault::Caller,
            Self::IndexAway { .. } | Self::Broken { .. } => Fault::Engine,
        }
    }
}
