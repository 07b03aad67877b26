//! What a compiler leaves: sealed before the program runs, packed into one string of bytes for the daemon, and unpacked
//! where a later job needs the same.
//!
//! Nothing but plain files and directories is packed, no link is followed, and a program cannot change what was sealed:
//! what the daemon keeps is what the compiler made.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Files and directories of one build: a compiler leaves one file, or a class file for each of a program's classes.
const ENTRIES_MAX: usize = 4_096;
/// Longest index, in bytes: every entry with a path of 250 bytes.
const INDEX_BYTES_MAX: usize = 1 << 20;
/// Bytes of the index's own length before it.
const LENGTH_BYTES: usize = 4;
/// Read at once from the shelf.
const SHELF_READ_BYTES: usize = 256 * 1024;
const EXECUTABLE_MODE: u32 = 0o755;
const PLAIN_MODE: u32 = 0o644;

/// A file of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Below the build's directory.
    #[serde(with = "serde_bytes")]
    path: Vec<u8>,
    executable: bool,
    bytes: u64,
}

/// A build that nobody but the agent can change any more.
pub(crate) struct Sealed {
    entries: Vec<Entry>,
}

/// Makes everything below `root` the agent's own, readable by all and writable by nobody else. No process of the job may live.
///
/// # Errors
/// Something that cannot be packed, in words for the daemon.
pub(crate) fn seal(root: &Path) -> io::Result<Sealed> {
    take(root, EXECUTABLE_MODE)?;
    let mut entries = Vec::new();
    let mut pending = vec![root.to_owned()];
    let mut seen = 0;
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            let metadata = fs::symlink_metadata(&path)?;
            seen += 1;
            if seen > ENTRIES_MAX {
                return Err(io::Error::other(format!("the build has more than {ENTRIES_MAX} files")));
            }
            if metadata.is_dir() {
                take(&path, EXECUTABLE_MODE)?;
                pending.push(path);
            } else if metadata.is_file() {
                let executable = metadata.permissions().mode() & 0o111 != 0;
                take(&path, if executable { EXECUTABLE_MODE } else { PLAIN_MODE })?;
                let below = path.strip_prefix(root).map_err(io::Error::other)?;
                let path = below.as_os_str().as_bytes().to_vec();
                entries.push(Entry { path, executable, bytes: metadata.len() });
            } else {
                return Err(io::Error::other("the build has something that is neither file nor directory"));
            }
        }
    }
    Ok(Sealed { entries })
}

/// Ownership first: the owner alone may set permissions.
fn take(path: &Path, mode: u32) -> io::Result<()> {
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    lchown(path, Some(uid.as_raw()), Some(gid.as_raw()))?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

impl Sealed {
    /// Starts to pack it.
    ///
    /// # Errors
    /// That it is larger than `bytes_max`, in words for the daemon.
    pub(crate) fn pack(self, root: &Path, bytes_max: u64) -> io::Result<Packing> {
        let bytes: u64 = self.entries.iter().map(|entry| entry.bytes).sum();
        if bytes > bytes_max {
            return Err(io::Error::other(format!("the build has {bytes} bytes; the most is {bytes_max}")));
        }
        let index = postcard::to_stdvec(&self.entries).map_err(io::Error::other)?;
        if index.len() > INDEX_BYTES_MAX {
            return Err(io::Error::other("the build's paths are too long"));
        }
        let unread = [&(index.len() as u32).to_le_bytes(), index.as_slice()].concat();
        let (root, files) = (root.to_owned(), self.entries.into());
        Ok(Packing { root, unread: unread.into(), files, open: None, checksum: Checksum::default() })
    }
}

/// A build on its way to the daemon.
pub(crate) struct Packing {
    root: PathBuf,
    /// Of the index.
    unread: VecDeque<u8>,
    files: VecDeque<Entry>,
    open: Option<io::Take<File>>,
    pub(crate) checksum: Checksum,
}

impl Packing {
    /// The next bytes, as many as fit into `buffer`; none at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = self.unread.read(buffer)?;
        while filled < buffer.len() {
            let Some(open) = &mut self.open else {
                let Some(next) = self.files.pop_front() else { break };
                let file = File::open(self.root.join(Path::new(std::ffi::OsStr::from_bytes(&next.path))))?;
                self.open = Some(file.take(next.bytes));
                continue;
            };
            match open.read(&mut buffer[filled..])? {
                0 if open.limit() > 0 => return Err(io::Error::other("a sealed file has become shorter")),
                0 => self.open = None,
                bytes => filled += bytes,
            }
        }
        self.checksum.update(&buffer[..filled]);
        Ok(filled)
    }
}

/// Length and CRC of a packed build: no program can reach one, so it guards against accidents alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checksum {
    pub(crate) bytes: u64,
    crc: crc32fast::Hasher,
}

impl Checksum {
    fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.crc.update(bytes);
    }

    pub(crate) fn crc32(&self) -> u32 {
        self.crc.clone().finalize()
    }
}

/// A build on its way into the directory where its compiler would have left it.
pub(crate) struct Unpacking {
    root: PathBuf,
    /// Until it is whole.
    index: Vec<u8>,
    files: Option<VecDeque<Entry>>,
    open: Option<(File, u64)>,
    checksum: Checksum,
}

impl Unpacking {
    /// Into `root`, which is empty and becomes the agent's.
    pub(crate) fn into(root: &Path) -> io::Result<Self> {
        take(root, EXECUTABLE_MODE)?;
        let (root, checksum) = (root.to_owned(), Checksum::default());
        Ok(Self { root, index: Vec::new(), files: None, open: None, checksum })
    }

    /// Takes the next bytes.
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.checksum.update(piece);
        let mut rest = piece;
        if self.files.is_none() {
            self.index.extend_from_slice(piece);
            let Some((length, body)) = self.index.split_first_chunk::<LENGTH_BYTES>() else { return Ok(()) };
            let length = u32::from_le_bytes(*length) as usize;
            if length > INDEX_BYTES_MAX {
                return Err(io::Error::other("the build's index makes no sense"));
            }
            let Some(index) = body.get(..length) else { return Ok(()) };
            self.files = Some(postcard::from_bytes(index).map_err(io::Error::other)?);
            rest = &piece[piece.len() - (body.len() - length)..];
        }
        loop {
            if let Some((file, left)) = &mut self.open {
                let now = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                file.write_all(&rest[..now])?;
                *left -= now as u64;
                rest = &rest[now..];
                if *left > 0 {
                    return Ok(());
                }
                self.open = None;
            }
            match self.files.as_mut().and_then(VecDeque::pop_front) {
                Some(entry) => self.open = Some((self.create(&entry)?, entry.bytes)),
                None if rest.is_empty() => return Ok(()),
                None => return Err(io::Error::other("the build has more bytes than its index says")),
            }
        }
    }

    fn create(&self, entry: &Entry) -> io::Result<File> {
        let path = PathBuf::from(std::ffi::OsString::from_vec(entry.path.clone()));
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(io::Error::other("a path of the build leaves its directory"));
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(EXECUTABLE_MODE).create(self.root.join(parent))?;
        }
        let mode = if entry.executable { EXECUTABLE_MODE } else { PLAIN_MODE };
        OpenOptions::new().write(true).create_new(true).mode(mode).open(self.root.join(path))
    }

    /// Says that all has been written.
    ///
    /// # Errors
    /// Where it is not what was packed.
    pub(crate) fn finish(self, bytes: u64, crc32: u32) -> io::Result<()> {
        let is_whole = self.open.is_none() && self.files.is_some_and(|files| files.is_empty());
        if is_whole && self.checksum.bytes == bytes && self.checksum.crc32() == crc32 {
            return Ok(());
        }
        let had = self.checksum.bytes;
        Err(io::Error::other(format!("the build is damaged: it has {had} bytes where {bytes} were kept")))
    }
}

/// Unpacks a build of the shelf.
pub(crate) fn unpack_file(file: &Path, root: &Path, bytes: u64, crc32: u32) -> io::Result<()> {
    let mut file = File::open(file)?;
    let mut unpacking = Unpacking::into(root)?;
    let mut buffer = vec![0; SHELF_READ_BYTES.min(usize::try_from(bytes).unwrap_or(usize::MAX)).max(1)];
    loop {
        match file.read(&mut buffer)? {
            0 => return unpacking.finish(bytes, crc32),
            read => unpacking.write(&buffer[..read])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn place(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("kiln-agent-build-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn packed(root: &Path, piece: usize) -> (Vec<u8>, Checksum) {
        let mut packing = seal(root).unwrap().pack(root, 1 << 20).unwrap();
        let (mut all, mut buffer) = (Vec::new(), vec![0; piece]);
        loop {
            match packing.read(&mut buffer).unwrap() {
                0 => return (all, packing.checksum),
                bytes => all.extend_from_slice(&buffer[..bytes]),
            }
        }
    }

    #[test]
    fn a_build_comes_out_as_it_went_in_whatever_the_pieces() {
        let from = place("from");
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("main"), vec![7; 10_000]).unwrap();
        fs::set_permissions(from.join("main"), Permissions::from_mode(0o700)).unwrap();
        fs::write(from.join("a/b/empty"), "").unwrap();
        fs::write(from.join("a/Main.class"), "class").unwrap();
        for piece in [1, 3, 4_096, 1 << 20] {
            let (all, checksum) = packed(&from, piece);
            let to = place("to");
            let mut unpacking = Unpacking::into(&to).unwrap();
            all.chunks(piece).for_each(|piece| unpacking.write(piece).unwrap());
            unpacking.finish(checksum.bytes, checksum.crc32()).unwrap();
            assert_eq!(fs::read(to.join("main")).unwrap(), vec![7; 10_000]);
            assert_eq!(fs::metadata(to.join("main")).unwrap().permissions().mode() & 0o777, 0o755);
            assert_eq!(fs::read(to.join("a/b/empty")).unwrap(), b"");
            assert_eq!(fs::read(to.join("a/Main.class")).unwrap(), b"class");
            fs::remove_dir_all(to).unwrap();
        }
        fs::remove_dir_all(from).unwrap();
    }

    #[test]
    fn what_is_damaged_or_cut_off_is_refused() {
        let from = place("damage-from");
        fs::write(from.join("main"), vec![7; 10_000]).unwrap();
        let (all, checksum) = packed(&from, 4_096);
        let (file, mut changed) = (from.join("packed"), all.clone());
        changed[9_000] ^= 1;
        for damaged in [&changed[..], &all[..9_000], &[], &[all.as_slice(), b"more"].concat()] {
            fs::write(&file, damaged).unwrap();
            let to = place("damage-to");
            assert!(unpack_file(&file, &to, checksum.bytes, checksum.crc32()).is_err());
            fs::remove_dir_all(to).unwrap();
        }
        fs::remove_dir_all(from).unwrap();
    }

    #[test]
    fn links_and_what_is_too_large_are_not_packed() {
        let from = place("odd");
        fs::write(from.join("main"), vec![7; 10_000]).unwrap();
        assert!(seal(&from).unwrap().pack(&from, 9_999).is_err());
        symlink("/etc/passwd", from.join("link")).unwrap();
        assert!(seal(&from).is_err());
        fs::remove_dir_all(from).unwrap();
    }

    #[test]
    fn a_path_cannot_leave_the_directory() {
        let to = place("escape");
        let entries = vec![Entry { path: b"../out".to_vec(), executable: false, bytes: 0 }];
        let index = postcard::to_stdvec(&entries).unwrap();
        let bytes = [&(index.len() as u32).to_le_bytes(), index.as_slice()].concat();
        assert!(Unpacking::into(&to).unwrap().write(&bytes).is_err());
        fs::remove_dir_all(to).unwrap();
    }
}
