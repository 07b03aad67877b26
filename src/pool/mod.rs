//! Warm containers per language, kept full in the background. Nothing is created on the request path.
//!
//! Data flows one way: filler -> warm -> lease -> (executor) -> settle -> reaper.

mod census;
mod condition;
mod filler;
mod language_pool;
mod pools;
mod reaper;
mod traffic;
mod volume;

pub use census::PoolSnapshot;
pub use condition::{Condition, Readiness};
pub use language_pool::{Lease, LeaseError};
pub use pools::{PoolConfig, Pools, Services, Settlement};
pub use volume::{AgentBinary, AgentVolume};
