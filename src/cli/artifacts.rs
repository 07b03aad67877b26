//! Files that come back from a program, on their way to this machine's disk. Their names are a stranger's: nothing is written
//! outside of the directory that was named, and nothing through a link.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use crate::proto::Artifact;

use super::client::CliError;

/// Writes one file after the other.
pub(super) struct ArtifactWriter {
    directory: PathBuf,
    open: Option<(PathBuf, File)>,
}

impl ArtifactWriter {
    pub(super) fn into(directory: PathBuf) -> Self {
        Self { directory, open: None }
    }

    /// Creates the file, in place of one that is there.
    pub(super) fn begin(&mut self, artifact: &Artifact) -> Result<(), CliError> {
        let bytes = if artifact.path_bytes.is_empty() {
            artifact.path.clone().into_bytes()
        } else {
            artifact.path_bytes.clone()
        };
        let below = PathBuf::from(OsString::from_vec(bytes));
        let path = self.directory.join(&below);
        let written = self.create(&below);
        let file = written.map_err(|source| CliError::Save { path: path.display().to_string(), source })?;
        if artifact.truncated {
            eprintln!("kiln: {} is cut off, of {} bytes", path.display(), artifact.size);
        }
        self.open = Some((path, file));
        Ok(())
    }

    /// Appends to it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let Some((path, file)) = &mut self.open else { return Ok(()) };
        let failed = |source| CliError::Save { path: path.display().to_string(), source };
        file.write_all(bytes).map_err(failed)
    }

    fn create(&self, below: &Path) -> std::io::Result<File> {
        if below.as_os_str().is_empty()
            || !below.components().all(|part| matches!(part, Component::Normal(_)))
        {
            return Err(std::io::Error::other("the server names a path outside of the directory"));
        }
        let mut directory = self.directory.clone();
        std::fs::create_dir_all(&directory)?;
        for part in below.parent().into_iter().flat_map(Path::components) {
            directory.push(part);
            match std::fs::create_dir(&directory) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    if !std::fs::symlink_metadata(&directory)?.is_dir() {
                        return Err(std::io::Error::other("a part of its path is not a directory"));
                    }
                }
                other => other?,
            }
        }
        let path = self.directory.join(below);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new().write(true).create_new(true).open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(path: &str) -> Artifact {
        Artifact { path: path.to_owned(), ..Artifact::default() }
    }

    #[test]
    fn nothing_is_written_elsewhere_and_nothing_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("in");
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(root.path().join("outside"), "stays").unwrap();
        std::os::unix::fs::symlink(root.path(), directory.join("up")).unwrap();
        std::os::unix::fs::symlink(root.path().join("outside"), directory.join("link")).unwrap();
        let mut writer = ArtifactWriter::into(directory.clone());
        for path in ["", "../out", "/tmp/out", "a/../../out", "up/out"] {
            assert!(writer.begin(&artifact(path)).is_err(), "{path}");
        }
        for path in ["link", "a/b/c"] {
            writer.begin(&artifact(path)).unwrap();
            writer.write(b"one").unwrap();
            writer.write(b"two").unwrap();
            assert_eq!(std::fs::read(directory.join(path)).unwrap(), b"onetwo");
        }
        assert_eq!(std::fs::read(root.path().join("outside")).unwrap(), b"stays");
        assert!(!root.path().join("out").exists());
    }
}
