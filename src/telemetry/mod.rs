//! Logs and metrics: set up once, used from everywhere, knowing nothing of what they measure.

mod logging;
pub mod metrics;

pub use logging::{LogConfig, LogFormat, init as init_logging};
