//! One container and the agent in it, as types: `Cold` has no agent yet, `Warm` may serve, `Busy` serves, `Used` has served,
//! `Spent` never serves again.
//!
//! Dropping any of them destroys the container. The one way back from `Used` to `Warm` is a reset that was proven.

mod busy;
mod capture;
mod error;
mod handle;
mod plan;
mod session;
mod speak;
mod uids;
mod used;
mod warm;

pub use busy::{Busy, Disposition, Ran, Spent};
pub use error::SandboxError;
pub use handle::{Burial, Graves, Lot};
pub use plan::{BuildSource, Extent, Plan};
pub use uids::{UidBlock, UidSpace, Uids};
pub use used::{ResetError, Used};
pub use warm::{Blueprint, Cold, Fitness, Greeting, Warm};
