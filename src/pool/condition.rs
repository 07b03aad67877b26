//! What a language's pool can do at the moment, as everyone may watch it.

use std::sync::Arc;

use crate::images::Availability;
use crate::sandbox::Blueprint;

/// Whether requests can be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// The first container is not there yet.
    Starting,
    /// Containers can be made.
    Ready,
    /// No candidate image is in the engine.
    NoImage,
    /// Containers cannot be made at present.
    Down,
}

/// The state of one language's pool.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Whether requests can be served.
    pub readiness: Readiness,
    /// What containers are made of; `None` until an image was found.
    pub blueprint: Option<Arc<Blueprint>>,
    /// Which candidates the engine has; `None` until it was asked.
    pub availability: Option<Availability>,
    /// What the toolchain said of itself.
    pub toolchain: String,
    /// Whether an interpreter waits in the containers.
    pub standby: bool,
    /// The last failure; empty where there was none.
    pub last_error: String,
}

impl Condition {
    pub(super) fn starting() -> Self {
        Self {
            readiness: Readiness::Starting,
            blueprint: None,
            availability: None,
            toolchain: String::new(),
            standby: false,
            last_error: String::new(),
        }
    }
}
