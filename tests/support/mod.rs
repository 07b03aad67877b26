//! What several test programs need.

#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod agent;
pub(crate) mod daemon;
pub(crate) mod process;
