//! What an image's toolchain says of itself.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Uid;

use crate::files::Workspace;
use crate::spawn::{self, Environment, Input};

/// The first line of its output, whichever stream it takes.
pub(crate) fn first_line(
    argv: &[String],
    env: &Environment,
    workspace: &Workspace,
    uid: Uid,
) -> io::Result<String> {
    let mut process = spawn::spawn(argv, env, workspace.root(), uid, Input::Null, None)?;
    let mut text = Vec::new();
    for pipe in std::iter::once(&mut process.stdout).chain(&mut process.stderr) {
        read_to_end(pipe, &mut text)?;
    }
    nix::sys::wait::waitpid(process.pid, None)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned())
}

fn read_to_end(pipe: &mut File, into: &mut Vec<u8>) -> io::Result<()> {
    loop {
        poll(&mut [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
        let mut buffer = [0; 1024];
        match pipe.read(&mut buffer)? {
            0 => return Ok(()),
            bytes => into.extend_from_slice(&buffer[..bytes]),
        }
    }
}
