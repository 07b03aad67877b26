//! The real daemon, the real engine, real programs. Needs Docker and the images: `make engine images`.
//!
//! The daemon is the bare binary, or a container of Kiln's own image: see `support::process`.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, spawn and set its own clock"
)]

#[path = "../support/mod.rs"]
mod support;

mod api;
mod builds;
mod command_line;
mod complaints;
mod composed;
mod crash;
mod differential;
mod engine;
mod hardening;
mod judge;
mod languages;
mod limits;
mod network;
mod packages;
mod reuse;
mod streams;
mod waiting;
