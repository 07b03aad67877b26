//! Writing a job's files into its workspace, with the job's own filesystem identity and never through a link.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

/// Writes files below one directory, which belongs to the job.
pub(crate) struct Workspace {
    root: PathBuf,
    uid: Uid,
}

impl Workspace {
    pub(crate) fn new(root: PathBuf, uid: Uid) -> Self {
        Self { root, uid }
    }

    /// Later files belong to another job.
    pub(crate) fn pass_on(&mut self, uid: Uid) {
        self.uid = uid;
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the file, or appends to one that this job's earlier piece created.
    pub(crate) fn write(&self, path: &str, executable: bool, append: bool, content: &[u8]) -> io::Result<()> {
        // As the job: what it could not write itself is refused, and what is written is its own.
        setfsgid(Gid::from_raw(self.uid.as_raw()));
        setfsuid(self.uid);
        let written = self
            .open(Path::new(path), executable, append)
            .and_then(|mut file| file.write_all(content))
            .map_err(|error| io::Error::new(error.kind(), format!("cannot write {path:?}: {error}")));
        setfsuid(Uid::from_raw(0));
        setfsgid(Gid::from_raw(0));
        written
    }

    fn open(&self, path: &Path, executable: bool, append: bool) -> io::Result<File> {
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(io::Error::other("the path leaves the workspace"));
        }
        if let Some(parent) = path.parent() {
            self.create_directories(parent)?;
        }
        let mode = if executable { 0o755 } else { 0o644 };
        OpenOptions::new()
            .create_new(!append)
            .append(true)
            .mode(mode)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(self.root.join(path))
    }

    fn create_directories(&self, below: &Path) -> io::Result<()> {
        let mut directory = self.root.clone();
        for part in below.components() {
            directory.push(part);
            match DirBuilder::new().mode(0o755).create(&directory) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if !std::fs::symlink_metadata(&directory)?.is_dir() {
                        return Err(io::Error::other("a part of the path is not a directory"));
                    }
                }
                other => other?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside_the_workspace() {
        let root = std::env::temp_dir().join(format!("kiln-agent-files-{}", std::process::id()));
        std::fs::create_dir_all(root.join("in")).unwrap();
        std::os::unix::fs::symlink("/tmp", root.join("in/link")).unwrap();
        let workspace = Workspace::new(root.join("in"), nix::unistd::geteuid());
        for path in ["../out", "/etc/out", "link/out", "a/../../out", "link"] {
            assert!(workspace.write(path, false, false, b"x").is_err(), "{path}");
        }
        workspace.write("a/b/c.txt", false, false, b"one").unwrap();
        workspace.write("a/b/c.txt", false, true, b"two").unwrap();
        assert_eq!(std::fs::read(root.join("in/a/b/c.txt")).unwrap(), b"onetwo");
        std::fs::remove_dir_all(root).unwrap();
    }
}
