//! Emptying a directory that a hostile job has filled. No link is followed, and the depth of what it built does not
//! matter: directories are moved up to the root before they are entered.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, fchmod, fstat, fstatat};
use nix::unistd::{Uid, UnlinkatFlags, setfsuid, unlinkat};

const OPEN: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Removes everything below `root`, whose owner is this process; what is in it belongs to the dead `job`.
///
/// # Errors
/// What the kernel refuses, or that the time is up.
pub(super) fn empty(root: BorrowedFd<'_>, job: Uid, deadline: Instant) -> io::Result<()> {
    let mut moved = 0_u64;
    loop {
        let names = names(root)?;
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            if Instant::now() > deadline {
                return Err(io::Error::other("it holds too much to be removed in time"));
            }
            match unlinkat(root, name.as_c_str(), UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(Errno::EISDIR | Errno::EPERM) => remove_directory(root, &name, job, &mut moved)?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Removes a directory of the root; those in it come up to the root and are removed in a later round.
fn remove_directory(root: BorrowedFd<'_>, name: &CStr, job: Uid, moved: &mut u64) -> io::Result<()> {
    let directory = File::from(openat(root, name, OPEN, Mode::empty())?);
    // Not even root without CAP_FOWNER deletes from a sticky directory of another's; its owner may make it plain. The agent's
    // own, of a build that it sealed, are plain.
    if fstat(&directory)?.st_uid == job.as_raw() {
        setfsuid(job);
        let plain = fchmod(&directory, Mode::S_IRWXU);
        setfsuid(Uid::from_raw(0));
        plain?;
    }
    for child in names(directory.as_fd())? {
        match unlinkat(&directory, child.as_c_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) => {}
            Err(Errno::EISDIR) => {
                let up = free_name(root, moved)?;
                renameat(&directory, child.as_c_str(), root, up.as_c_str())?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(unlinkat(root, name, UnlinkatFlags::RemoveDir)?)
}

/// A name that nothing in the root has. The job is dead, so it stays free.
fn free_name(root: BorrowedFd<'_>, moved: &mut u64) -> io::Result<CString> {
    loop {
        *moved += 1;
        let name = CString::new(format!(".kiln-{moved}"))?;
        match fstatat(root, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => return Ok(name),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a directory holds.
pub(super) fn names(directory: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    // A description of its own: where in the listing the other one is does not matter.
    let mut listing = Dir::openat(directory, c".", OPEN, Mode::empty())?;
    let mut names = Vec::new();
    for entry in listing.iter() {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::Duration;

    use super::*;

    #[test]
    fn whatever_a_job_built_is_removed_and_no_link_is_followed() {
        let base = std::env::temp_dir().join(format!("kiln-agent-wipe-{}", std::process::id()));
        let root = base.join("root");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(base.join("outside"), "stays").unwrap();
        symlink(base.join("outside"), root.join("link")).unwrap();
        symlink(&base, root.join("link-to-directory")).unwrap();
        std::fs::hard_link(base.join("outside"), root.join("hard")).unwrap();
        // Names like those that directories get on their way up, and one that is not UTF-8.
        std::fs::create_dir_all(root.join(".kiln-1/.kiln-2/.kiln-1")).unwrap();
        std::fs::write(root.join(".kiln-3"), "x").unwrap();
        let odd: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff\n");
        std::fs::write(root.join(odd), "x").unwrap();
        for (name, mode) in [("sticky", 0o1777), ("closed", 0o000)] {
            let directory = root.join(name);
            std::fs::create_dir_all(directory.join("below")).unwrap();
            std::fs::write(directory.join("file"), "x").unwrap();
            std::fs::set_permissions(&directory, PermissionsExt::from_mode(mode)).unwrap();
        }
        let opened = File::open(&root).unwrap();
        let mut at = File::open(&root).unwrap();
        for _ in 0..3_000 {
            nix::sys::stat::mkdirat(&at, "d", Mode::S_IRWXU).unwrap();
            at = File::from(openat(&at, "d", OPEN, Mode::empty()).unwrap());
        }
        drop(at);
        let deadline = Instant::now() + Duration::from_secs(60);
        empty(opened.as_fd(), nix::unistd::geteuid(), deadline).unwrap();
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0);
        assert_eq!(std::fs::read_to_string(base.join("outside")).unwrap(), "stays");
        std::fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn it_gives_up_when_its_time_is_up() {
        let root = std::env::temp_dir().join(format!("kiln-agent-late-{}", std::process::id()));
        std::fs::create_dir_all(root.join("a")).unwrap();
        let opened = File::open(&root).unwrap();
        assert!(
            empty(opened.as_fd(), nix::unistd::geteuid(), Instant::now() - Duration::from_secs(1)).is_err()
        );
        std::fs::remove_dir_all(root).unwrap();
    }
}
