//! How long a program that sets no wall time may take, and why.

use std::sync::Arc;
use std::time::Duration;

/// A rule that found a reason in the sources.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FiredRule {
    /// Its name for people.
    pub name: Arc<str>,
    /// What it added.
    pub added: Duration,
}

/// Where a wall time came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The limit that holds.
    pub wall_time: Duration,
    /// In the order of the table; none where the language's default was enough.
    pub fired: Vec<FiredRule>,
}
