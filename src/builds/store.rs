//! The builds that are kept: a list in the order of use, and a file each. Bounded in bytes; a file that is not what its name
//! says is dropped when that is found.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use lru::LruCache;

use crate::domain::PackedBuild;

use super::key::BuildKey;

/// Folder below the cache's directory; another format gets another name.
const FOLDER: &str = "builds-1";
/// Ending of a file that is being written.
const UNFINISHED: &str = "unfinished";

/// Where a build lies in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shelved {
    /// Not there.
    No,
    /// On its way.
    Coming,
    /// In this volume.
    In {
        /// The volume's name.
        volume: String,
    },
}

/// One build.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) bytes: u64,
    pub(super) crc32: u32,
    /// Until it has been written; for good where nothing is written.
    pub(super) content: Option<Bytes>,
    pub(super) shelved: Shelved,
}

/// What was dropped to make room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) key: BuildKey,
    pub(super) file: PathBuf,
    pub(super) shelved: Shelved,
}

/// All builds.
#[derive(Debug)]
pub(super) struct Store {
    entries: LruCache<BuildKey, Entry>,
    bytes: u64,
    bytes_max: u64,
    /// `None` where nothing is written.
    folder: Option<PathBuf>,
}

impl Store {
    /// What an earlier run has left in `directory`, least recently used first. Anything there that is no build is removed.
    pub(super) fn open(directory: Option<&Path>, bytes_max: u64) -> (Self, Vec<Dropped>) {
        let folder = directory.map(|directory| directory.join(FOLDER));
        let mut store = Self { entries: LruCache::unbounded(), bytes: 0, bytes_max, folder };
        let mut found = Vec::new();
        if let Some(folder) = store.folder.clone() {
            match list(&folder) {
                Ok(list) => found = list,
                Err(error) => {
                    let folder = folder.display();
                    tracing::warn!(%folder, %error, "builds are kept in memory only; set cache.directory");
                    store.folder = None;
                }
            }
        }
        found.sort_by_key(|(used, ..)| *used);
        let mut dropped = Vec::new();
        for (_, key, bytes, crc32) in found {
            dropped.extend(store.insert(key, Entry { bytes, crc32, content: None, shelved: Shelved::No }));
        }
        (store, dropped)
    }

    /// Whether builds outlive the process.
    pub(super) fn is_on_disk(&self) -> bool {
        self.folder.is_some()
    }

    /// Bytes of all builds.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The build of `key`, which is then the most recently used.
    pub(super) fn get(&mut self, key: &BuildKey) -> Option<&mut Entry> {
        self.entries.get_mut(key)
    }

    /// Keeps a build; tells what had to go.
    pub(super) fn insert(&mut self, key: BuildKey, entry: Entry) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        if entry.bytes > self.bytes_max {
            return dropped;
        }
        self.bytes += entry.bytes;
        if let Some(old) = self.entries.push(key, entry).map(|(_, old)| old) {
            self.bytes -= old.bytes;
        }
        while self.bytes > self.bytes_max
            && let Some((key, entry)) = self.entries.pop_lru()
        {
            self.bytes -= entry.bytes;
            dropped.push(self.dropped(key, entry));
        }
        dropped
    }

    /// Forgets a build.
    pub(super) fn remove(&mut self, key: &BuildKey) -> Option<Dropped> {
        let entry = self.entries.pop(key)?;
        self.bytes -= entry.bytes;
        Some(self.dropped(*key, entry))
    }

    fn dropped(&self, key: BuildKey, entry: Entry) -> Dropped {
        let file = self.file(&key, entry.bytes, entry.crc32).unwrap_or_default();
        Dropped { key, file, shelved: entry.shelved }
    }

    /// Where a build is written, if it is.
    pub(super) fn file(&self, key: &BuildKey, bytes: u64, crc32: u32) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{key}-{bytes}-{crc32:08x}")))
    }
}

/// The builds of a folder, which is made where it is missing: when each was used last, its key, length and CRC-32.
fn list(folder: &Path) -> io::Result<Vec<(SystemTime, BuildKey, u64, u32)>> {
    // What tenants have compiled is for the daemon alone.
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // That it can be listed does not say that it can be written to.
    let probe = folder.join(format!("probe.{UNFINISHED}"));
    fs::write(&probe, "")?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let name = entry.file_name();
        match name.to_str().and_then(parse).filter(|(_, bytes, _)| *bytes == metadata.len()) {
            Some((key, bytes, crc32)) => found.push((metadata.modified()?, key, bytes, crc32)),
            None if metadata.is_file() => fs::remove_file(entry.path())?,
            None => {}
        }
    }
    Ok(found)
}

fn parse(name: &str) -> Option<(BuildKey, u64, u32)> {
    let mut parts = name.split('-');
    let (key, bytes, crc32) = (parts.next()?, parts.next()?, parts.next()?);
    let found = (BuildKey::parse(key)?, bytes.parse().ok()?, u32::from_str_radix(crc32, 16).ok()?);
    parts.next().is_none().then_some(found)
}

/// Writes a build: whole under its name, or not at all. Blocks.
pub(super) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = file.with_extension(UNFINISHED);
    fs::write(&unfinished, content)?;
    fs::rename(unfinished, file)
}

/// Reads a build and marks it as used; `None` where it is damaged or gone. Blocks.
pub(super) fn read(file: &Path, bytes: u64, crc32: u32) -> Option<PackedBuild> {
    let content = fs::read(file).ok()?;
    if content.len() as u64 != bytes || crc32fast::hash(&content) != crc32 {
        return None;
    }
    // So that it is among the last to go after a restart; a file that does not say so is still good.
    let _ = fs::File::open(file).and_then(|file| file.set_modified(SystemTime::now()));
    Some(PackedBuild { content: content.into(), crc32 })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn key(number: u8) -> BuildKey {
        BuildKey::parse(&format!("{number:064x}")).unwrap()
    }

    fn entry(content: &[u8]) -> Entry {
        let (bytes, crc32) = (content.len() as u64, crc32fast::hash(content));
        Entry { bytes, crc32, content: None, shelved: Shelved::No }
    }

    fn written(store: &Store, number: u8, content: &[u8]) -> PathBuf {
        let file = store.file(&key(number), content.len() as u64, crc32fast::hash(content)).unwrap();
        write(&file, content).unwrap();
        file
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let (mut store, _) = Store::open(None, 10);
        assert!(store.insert(key(1), entry(b"1111")).is_empty());
        assert!(store.insert(key(2), entry(b"2222")).is_empty());
        assert!(store.get(&key(1)).is_some());
        let dropped = store.insert(key(3), entry(b"3333"));
        assert_eq!(dropped.iter().map(|dropped| dropped.key).collect::<Vec<_>>(), [key(2)]);
        assert_eq!(store.bytes(), 8);
        assert!(store.insert(key(4), entry(&[0; 11])).is_empty(), "larger than all the room: not kept");
        assert!(store.get(&key(4)).is_none() && store.get(&key(1)).is_some());
    }

    #[test]
    fn a_restart_finds_what_was_written_and_removes_what_is_no_build() {
        let directory = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(Some(directory.path()), 100);
        let mode = fs::metadata(directory.path().join(FOLDER)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "for nobody else");
        let good = written(&store, 1, b"good");
        let cut = written(&store, 2, b"cut off");
        fs::write(&cut, b"cut").unwrap();
        let changed = written(&store, 3, b"changed");
        fs::write(&changed, b"CHANGED").unwrap();
        let half = good.with_extension(UNFINISHED);
        fs::write(&half, b"ha").unwrap();

        let (mut store, _) = Store::open(Some(directory.path()), 100);
        assert!(store.get(&key(1)).is_some() && store.get(&key(2)).is_none());
        assert!(!cut.exists() && !half.exists());
        assert_eq!(read(&good, 4, crc32fast::hash(b"good")).unwrap().content, "good");
        assert_eq!(read(&changed, 7, crc32fast::hash(b"changed")), None);
    }
}
