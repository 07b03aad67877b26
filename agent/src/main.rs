//! What runs inside each of Kiln's containers, in two modes: `init` is PID 1 and only reaps; `agent` is started by the one
//! `docker exec` of the container, runs programs for the daemon and tells what happened. A third, `fence`, is not for them.
//!
//! Single-threaded, no async runtime, no network. It never runs a program as its own user.

mod accounts;
mod artifacts;
mod build;
mod cgroup;
mod fence;
mod files;
mod forking;
mod init;
mod input;
mod kill;
mod link;
mod loading;
mod outbox;
mod place;
mod program;
mod reap;
mod reset;
mod session;
mod spawn;
mod stage;
mod standby;
mod terminal;
mod toolchain;
// The same folder the daemon compiles; the agent uses its half of it.
#[allow(dead_code, unused_imports, unreachable_pub)]
#[path = "../../src/wire/mod.rs"]
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let result = match words.next().as_deref() {
        Some("init") => init::run(),
        Some("agent") => session::run(words.next().as_deref() != Some("bare")),
        Some("fence") => fence::run(words),
        _ => Err(std::io::Error::other("usage: kiln-agent init | agent [bare] | fence")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kiln-agent: {error}");
            ExitCode::FAILURE
        }
    }
}
