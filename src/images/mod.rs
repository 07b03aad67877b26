//! Which image a language runs in, and how images come to be. Never on a request.

mod build;
mod lookup;

pub use build::{BuildError, BuildOptions, Prepared, prepare};
pub use lookup::{Availability, report};
