//! The files that a program left and the caller asked for by globs: found when nothing of the job lives, and sent in pieces.
//!
//! What is looked at was made by a hostile program: no link is followed, nothing but plain files is read, and how deep, how many
//! and how long is bounded.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};

use crate::wire::{AgentMessage, ArtifactHead, ArtifactSpec, ArtifactsLeftOut};

/// Directories below each other that are looked into.
const DEPTH_MAX: usize = 32;
/// Files and directories that are looked at: as many as the workspace has inodes.
const ENTRIES_MAX: u64 = 65_536;
/// How long may be looked.
const LOOK_MAX: Duration = Duration::from_secs(1);
const OPEN_DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);
/// Without blocking: what was a plain file a moment ago is one still, but who knows.
const OPEN_FILE: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC).union(OFlag::O_NONBLOCK);

/// What tells a file that was changed from one that was not: the last of these no program can set.
type Stamp = (u64, i64, i64, i64);

/// The files that were there before the program.
pub(crate) type Before = BTreeMap<Vec<u8>, Stamp>;

/// A file that was asked for.
struct Found {
    path: Vec<u8>,
    size: u64,
    executable: bool,
    /// How much of it is sent.
    sent: u64,
}

/// Artifacts on their way to the daemon.
pub(crate) struct Collection {
    root: File,
    found: VecDeque<Found>,
    open: Option<io::Take<File>>,
    left_out: ArtifactsLeftOut,
    is_told: bool,
}

/// The files below `root`, with what tells whether they have changed since.
pub(crate) fn before(root: &Path) -> io::Result<Before> {
    let root = File::open(root)?;
    let mut before = Before::new();
    let mut look = Look::new();
    look.through(root.as_fd().try_clone_to_owned()?, &[], 0, &mut |path, stat, _| {
        let _ = before.insert(path.to_vec(), stamp(stat));
    })?;
    Ok(before)
}

fn stamp(stat: &FileStat) -> Stamp {
    (stat.st_ino, stat.st_size, stat.st_ctime, stat.st_ctime_nsec)
}

/// Small files come whole; the largest are those that are cut off.
fn share_out(found: &mut [Found], bytes_max: u64) {
    let mut by_size: Vec<_> = found.iter_mut().collect();
    by_size.sort_by_key(|found| found.size);
    let mut left = bytes_max;
    for found in by_size {
        found.sent = found.size.min(left);
        left -= found.sent;
    }
}

impl Collection {
    /// Looks for what `spec` asks for.
    pub(crate) fn find(root: &Path, spec: &ArtifactSpec, before: &Before) -> io::Result<Self> {
        let root = File::open(root)?;
        let mut found = Vec::new();
        let mut left_out = ArtifactsLeftOut::default();
        let mut look = Look::new();
        let is_whole =
            look.through(root.as_fd().try_clone_to_owned()?, &[], 0, &mut |path, stat, is_plain| {
                if !spec.globs.iter().any(|glob| fast_glob::glob_match(glob, path)) {
                    return;
                }
                if !is_plain {
                    left_out.special += 1;
                } else if before.get(path) != Some(&stamp(stat)) {
                    let executable = stat.st_mode & 0o111 != 0;
                    found.push(Found { path: path.to_vec(), size: stat.st_size as u64, executable, sent: 0 });
                }
            })?;
        left_out.not_searched = !is_whole;
        found.sort_by(|one, other| one.path.cmp(&other.path));
        left_out.over_count = found.len().saturating_sub(spec.count_max as usize) as u64;
        found.truncate(spec.count_max as usize);
        share_out(&mut found, spec.bytes_max);
        Ok(Self { root, found: found.into(), open: None, left_out, is_told: false })
    }

    /// The next message; `None` when all has been said. `buffer` is room for what is read.
    pub(crate) fn next(&mut self, buffer: &mut [u8]) -> io::Result<Option<AgentMessage>> {
        loop {
            if let Some(open) = &mut self.open {
                match open.read(buffer) {
                    // One that cannot be read to its end comes out shorter than was said, which the daemon tells.
                    Ok(0) | Err(_) => self.open = None,
                    Ok(bytes) => return Ok(Some(AgentMessage::ArtifactPiece(buffer[..bytes].to_vec()))),
                }
            }
            let Some(found) = self.found.pop_front() else {
                let is_told = std::mem::replace(&mut self.is_told, true);
                let said = AgentMessage::ArtifactsLeftOut(self.left_out);
                return Ok((!is_told && self.left_out != ArtifactsLeftOut::default()).then_some(said));
            };
            let Some(file) = self.open_plain(&found.path) else {
                self.left_out.special += 1;
                continue;
            };
            let Found { path, size, executable, sent } = found;
            self.open = Some(file.take(sent));
            return Ok(Some(AgentMessage::Artifact(ArtifactHead { path, size, executable, sent })));
        }
    }

    /// Step by step, so that no part of the path is a link.
    fn open_plain(&self, path: &[u8]) -> Option<File> {
        let mut at = self.root.as_fd().try_clone_to_owned().ok()?;
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let flags = if parts.peek().is_some() { OPEN_DIRECTORY } else { OPEN_FILE };
            at = openat(&at, CString::new(part).ok()?.as_c_str(), flags, Mode::empty()).ok()?;
        }
        let file = File::from(at);
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.nlink() > 0).then_some(file)
    }
}

/// A walk through what may be much.
struct Look {
    until: Instant,
    entries_left: u64,
}

impl Look {
    fn new() -> Self {
        Self { until: Instant::now() + LOOK_MAX, entries_left: ENTRIES_MAX }
    }

    /// Tells `see` of everything below but directories: its path, what it is, and whether it is a plain file. False where not
    /// all was looked at.
    fn through(
        &mut self,
        directory: OwnedFd,
        below: &[u8],
        depth: usize,
        see: &mut dyn FnMut(&[u8], &FileStat, bool),
    ) -> io::Result<bool> {
        let mut listing = Dir::from_fd(directory)?;
        let mut directories = Vec::new();
        let mut is_whole = true;
        let at = listing.as_fd().try_clone_to_owned()?;
        for entry in listing.iter() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if self.entries_left == 0 || Instant::now() > self.until {
                return Ok(false);
            }
            self.entries_left -= 1;
            let stat = fstatat(&at, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
            let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
            let path = if below.is_empty() {
                name.to_bytes().to_vec()
            } else {
                [below, b"/", name.to_bytes()].concat()
            };
            if kind == SFlag::S_IFDIR {
                directories.push((name.to_owned(), path));
            } else {
                see(&path, &stat, kind == SFlag::S_IFREG);
            }
        }
        drop(listing);
        for (name, path) in directories {
            if depth >= DEPTH_MAX {
                is_whole = false;
                continue;
            }
            let directory = openat(&at, name.as_c_str(), OPEN_DIRECTORY, Mode::empty())?;
            is_whole &= self.through(directory, &path, depth + 1, see)?;
        }
        Ok(is_whole)
    }
}
