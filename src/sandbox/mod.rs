//! One container and the agent in it, as types: `Cold` has no agent yet, `Warm` may serve, `Busy` serves, `Spent` never serves again.
//!
//! Dropping any of them destroys the container. There is no way back from `Busy` to `Warm`.

mod busy;
mod error;
mod handle;
mod plan;
mod session;
mod warm;

pub use busy::{Busy, Ran, Spent};
pub use error::SandboxError;
pub use handle::{Burial, Graves};
pub use plan::Plan;
pub use warm::{Blueprint, Cold, Greeting, Warm};
