//! The real daemon, the real engine, real programs. Needs Docker and the images: `make engine images`.

#[path = "../support/mod.rs"]
mod support;

mod api;
mod command_line;
mod crash;
mod differential;
mod hardening;
mod languages;
mod limits;
