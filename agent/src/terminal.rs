//! A pseudo-terminal for a program that wants one: the agent holds the master, the program's three streams are the other end.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::libc;
use nix::pty::{posix_openpt, unlockpt};
use nix::unistd::{Gid, Uid, fchown};

use crate::spawn;
use crate::wire::TerminalSize;

/// What ends the input of a terminal that takes lines (VEOF, Control-D): closing the master would hang the program up.
pub(crate) const END_OF_INPUT: u8 = 4;

/// Both ends, before the program starts.
pub(crate) struct Terminal {
    /// Non-blocking.
    pub(crate) master: File,
    pub(crate) slave: OwnedFd,
}

impl Terminal {
    /// One of this size, which belongs to the job.
    pub(crate) fn open(size: TerminalSize, uid: Uid) -> io::Result<Self> {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
        unlockpt(&master)?;
        let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
        // SAFETY: the call takes flags and returns a new descriptor, which nobody else owns. Unlike an open by name it cannot
        // meet another file system on /dev/pts.
        let slave = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) };
        if slave < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        let slave = unsafe { OwnedFd::from_raw_fd(slave) };
        fchown(&slave, Some(uid), Some(Gid::from_raw(uid.as_raw())))?;
        // SAFETY: nix's type owns the descriptor and gives it up here.
        let master = unsafe { OwnedFd::from_raw_fd(std::os::fd::IntoRawFd::into_raw_fd(master)) };
        let master = spawn::non_blocking(master)?;
        resize(&master, size)?;
        Ok(Self { master, slave })
    }
}

/// Sets the size; the kernel tells the program by SIGWINCH.
pub(crate) fn resize(master: &File, size: TerminalSize) -> io::Result<()> {
    let size = libc::winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the call reads one `winsize`, which lives until it returns.
    match unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// In the forked child, which leads a session: its standard input becomes the session's terminal.
pub(crate) fn take_control() -> io::Result<()> {
    // SAFETY: the call takes a number and no memory.
    match unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
