//! Warm containers per language, kept full in the background. Nothing is created on the request path.
//!
//! Data flows one way: filler -> stock -> lease -> (executor) -> settlement -> recycler -> stock, or -> reaper.

mod census;
mod condition;
mod filler;
mod language_pool;
mod lease_error;
mod pools;
mod reaper;
mod recycler;
mod sets;
mod settlement;
mod stock;
mod supplies;
mod traffic;
mod volume;

pub use census::{PoolSnapshot, Purpose, Totals};
pub use condition::{Condition, Readiness};
pub use lease_error::LeaseError;
pub use pools::{Lease, PoolConfig, Pools, Services, Wanted};
pub use sets::{PackageImage, PackagePools};
pub use settlement::{Settlement, Ticket, Wear};
pub use volume::{AgentBinary, AgentVolume};
