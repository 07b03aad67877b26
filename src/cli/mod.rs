//! The command line: what can be typed, and the commands that talk to a daemon. `main` dispatches.

mod args;
mod artifacts;
mod client;
mod doctor;
mod images;
mod load;
mod run;
mod says;
mod show;
mod stats;

pub use args::{Arguments, BuildArguments, Command, ConfigFile, ImagesCommand};
pub use client::CliError;
pub use doctor::diagnose;
pub use images::{ImageError, build as build_images};
pub use load::load;
pub use run::run;
pub use show::{health, languages, pool};
pub use stats::stats;
