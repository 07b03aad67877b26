//! The places a job can write to, found in the kernel's own table rather than in what Kiln believes it mounted.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::stat::{Mode, fchmod, futimens};
use nix::sys::statfs::fstatfs;
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, fchown};

use super::Unclean;
use super::wipe;

/// File systems that hold no files of a job's making.
const NOT_STORAGE: [&str; 5] = ["proc", "sysfs", "devpts", "cgroup", "cgroup2"];
/// Write permission for everybody.
const OTHERS_WRITE: u32 = 0o002;

/// One writable mount that was empty before the first job.
pub(super) struct Mount {
    pub(super) path: PathBuf,
    root: File,
    /// Permissions of its root.
    mode: Mode,
    modified: TimeSpec,
    /// Whether its root belongs to the job.
    is_jobs: bool,
}

/// What a mount holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) inodes: u64,
    pub(super) blocks: u64,
    /// Bytes of extended attributes of its root.
    pub(super) attributes: isize,
    /// Inode flags of its root, as `lsattr` shows them.
    pub(super) flags: libc::c_long,
}

/// The writable mounts in `table`, the text of `/proc/self/mountinfo`. `job` owns some of their roots.
///
/// # Errors
/// A mount that a job can write to and that already holds something, so that it cannot be emptied.
pub(super) fn writable(table: &str, job: Uid) -> Result<Vec<Mount>, Unclean> {
    let mut mounts = Vec::new();
    for (path, _) in table.lines().filter_map(writable_mount) {
        let metadata = std::fs::symlink_metadata(&path)?;
        if !metadata.is_dir() {
            if metadata.is_file() && metadata.mode() & OTHERS_WRITE != 0 {
                return Err(Unclean(format!("{} can be written by anybody", path.display())));
            }
            continue;
        }
        let root = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags((OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits())
            .open(&path)?;
        if wipe::names(root.as_fd())?.is_empty() {
            let modified = TimeSpec::new(metadata.mtime(), metadata.mtime_nsec());
            let mode = Mode::from_bits_truncate(metadata.mode());
            let is_jobs = metadata.uid() == job.as_raw();
            mounts.push(Mount { path, root, mode, modified, is_jobs });
        } else if let Some(found) = writable_by_others(&path, metadata.dev())? {
            return Err(Unclean(format!("the image brings {}, which can be written", found.display())));
        }
    }
    Ok(mounts)
}

/// The mount point in a line of the table and the kind of its file system, where files can be made below it.
pub(crate) fn writable_mount(line: &str) -> Option<(PathBuf, &str)> {
    // See proc_pid_mountinfo(5): fields before " - " are the mount's, those after it the file system's.
    let (mount, file_system) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(4);
    let (path, options) = (mount.next()?, mount.next()?);
    let mut file_system = file_system.split(' ');
    let (kind, super_options) = (file_system.next()?, file_system.nth(1)?);
    let is_writable = |options: &str| options.split(',').any(|option| option == "rw");
    let counts = is_writable(options) && is_writable(super_options) && !NOT_STORAGE.contains(&kind);
    counts.then(|| (PathBuf::from(unescape(path)), kind))
}

/// The table writes blanks in paths as octal numbers.
fn unescape(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(path.to_owned(), |path, (escape, plain)| path.replace(escape, plain))
}

/// The first directory or file of this file system that anybody may write to. Devices do not keep what is written.
fn writable_by_others(directory: &Path, device: u64) -> io::Result<Option<PathBuf>> {
    let mut pending = vec![directory.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = std::fs::symlink_metadata(&path)?;
        if metadata.dev() != device {
            continue;
        }
        if (metadata.is_dir() || metadata.is_file()) && metadata.mode() & OTHERS_WRITE != 0 {
            return Ok(Some(path));
        }
        if metadata.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                pending.push(entry?.path());
            }
        }
    }
    Ok(None)
}

impl Mount {
    /// Empties it. Its root is the agent's own afterwards, until [`Mount::hand_over`].
    pub(super) fn wipe(&self, job: Uid, deadline: Instant) -> Result<(), Unclean> {
        if self.is_jobs {
            // First of all: in a sticky directory of the job's not even root without CAP_FOWNER may delete.
            fchown(&self.root, Some(Uid::from_raw(0)), Some(Gid::from_raw(0)))?;
            fchmod(&self.root, self.mode)?;
        }
        wipe::empty(self.root.as_fd(), job, deadline)
            .map_err(|error| Unclean(format!("{} cannot be emptied: {error}", self.path.display())))
    }

    /// What it holds now.
    pub(super) fn holding(&self) -> io::Result<Holding> {
        // No file system's figures are believed where there are none: mqueue counts nothing.
        let count = wipe::names(self.root.as_fd())?.len() as u64;
        let figures = fstatfs(&self.root)?;
        // SAFETY: with a size of zero nothing is written; the length needed is returned.
        let attributes = unsafe { libc::flistxattr(self.root.as_raw_fd(), std::ptr::null_mut(), 0) };
        let mut flags: libc::c_long = 0;
        // SAFETY: the call writes at most one long to `flags`; where it is not supported it stays zero.
        unsafe { libc::ioctl(self.root.as_raw_fd(), libc::FS_IOC_GETFLAGS as _, &raw mut flags) };
        Ok(Holding {
            inodes: count + (figures.files() - figures.files_free()),
            blocks: figures.blocks() - figures.blocks_free(),
            attributes,
            flags,
        })
    }

    /// Gives it to the next job.
    pub(super) fn hand_over(&self, next: Uid) -> Result<(), Unclean> {
        if self.is_jobs {
            // As long as it is the agent's: the owner may set times.
            futimens(&self.root, &self.modified, &self.modified)?;
            fchown(&self.root, Some(next), Some(Gid::from_raw(next.as_raw())))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_hold_files_of_a_job_counts() {
        let of = |line: &str| writable_mount(line).map(|(path, _)| path.display().to_string());
        let tmpfs = "216 199 0:81 / /work\\040space rw,nosuid,relatime shared:3 - tmpfs tmpfs rw,size=64k";
        assert_eq!(of(tmpfs).as_deref(), Some("/work space"));
        let volume = "230 199 254:0 /v /data rw,relatime - ext4 /dev/vda rw,discard";
        assert_eq!(of(volume).as_deref(), Some("/data"));
        for not_one in [
            "199 147 0:72 / / ro,relatime master:5 - overlay overlay rw,lowerdir=/l",
            "152 200 0:82 / /proc/acpi ro,relatime - tmpfs tmpfs ro",
            "200 199 0:75 / /proc rw,nosuid - proc proc rw",
            "nonsense",
        ] {
            assert_eq!(of(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_place_of_the_images_that_anybody_may_write_to_is_found() {
        let root = std::env::temp_dir().join(format!("kiln-agent-mounts-{}", std::process::id()));
        std::fs::create_dir_all(root.join("deep/er")).unwrap();
        let device = std::fs::metadata(&root).unwrap().dev();
        assert_eq!(writable_by_others(&root, device).unwrap(), None);
        std::fs::write(root.join("deep/er/open"), "x").unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(root.join("deep/er/open"), open).unwrap();
        assert_eq!(writable_by_others(&root, device).unwrap(), Some(root.join("deep/er/open")));
        std::fs::remove_dir_all(root).unwrap();
    }
}
