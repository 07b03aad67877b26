//! From the archive of an installer, which nobody trusts, to one that the engine unpacks over an image.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Builder, EntryType, Header};

/// Files, directories and links of a set: what the installer's own directory may hold.
const ENTRIES_MAX: u64 = 1 << 20;

/// An archive that is not passed on.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayerError {
    /// It cannot be read or written.
    #[error("its archive cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It holds what no set may hold.
    #[error("{path:?} {reason}")]
    Unfit {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Passes on the plain files, directories and links of `archive`, below `directory` of an image: root's, and what everybody may
/// read. What is at its top and matches a glob of `leave_out` is left out.
///
/// # Errors
/// Where an entry leads elsewhere or is of another kind.
pub(super) fn rewrite(
    archive: impl Read,
    layer: impl Write,
    directory: &str,
    leave_out: &[String],
) -> Result<(), LayerError> {
    let root = Path::new(directory.trim_start_matches('/'));
    let mut layer = Builder::new(layer);
    let mut header = plain(EntryType::Directory, 0o755, 0);
    layer.append_data(&mut header, root, io::empty())?;
    let mut entries = 0;
    let mut links = BTreeSet::new();
    for entry in Archive::new(archive).entries()? {
        let mut entry = entry?;
        let found = entry.path()?.into_owned();
        let unfit = |reason| LayerError::Unfit { path: found.clone(), reason };
        entries += 1;
        if entries > ENTRIES_MAX {
            return Err(unfit("is one file too many"));
        }
        let path = below(&found).ok_or_else(|| unfit("leads out of the directory"))?;
        let Some(Component::Normal(top)) = path.components().next() else { continue };
        if leave_out.iter().any(|glob| fast_glob::glob_match(glob, top.to_string_lossy().as_ref())) {
            continue;
        }
        // Whatever the engine does about it: nothing is written through a link.
        if path.ancestors().skip(1).any(|ancestor| links.contains(ancestor)) {
            return Err(unfit("lies behind a link"));
        }
        let (kind, mtime) = (entry.header().entry_type(), entry.header().mtime()?);
        let target = root.join(&path);
        match kind {
            EntryType::Directory => {
                let mut header = plain(kind, 0o755, mtime);
                layer.append_data(&mut header, target, io::empty())?;
            }
            EntryType::Regular => {
                let mode = if entry.header().mode()? & 0o100 == 0 { 0o644 } else { 0o755 };
                let mut header = plain(kind, mode, mtime);
                header.set_size(entry.size());
                layer.append_data(&mut header, target, &mut entry)?;
            }
            EntryType::Symlink => {
                let to = entry.link_name()?.unwrap_or_default().into_owned();
                if !stays(&path, &to) {
                    return Err(unfit("is a link that leads out of the directory"));
                }
                layer.append_link(&mut plain(kind, 0o777, mtime), target, to)?;
                links.insert(path);
            }
            _ => return Err(unfit("is neither a file nor a directory nor a symbolic link")),
        }
    }
    layer.into_inner()?.flush()?;
    Ok(())
}

/// Root's, whoever owned it.
fn plain(kind: EntryType, mode: u32, mtime: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    // CPython compares it with what it compiled.
    header.set_mtime(mtime);
    header.set_size(0);
    header
}

/// The path without what means nothing; `None` where it is not relative or goes up.
fn below(path: &Path) -> Option<PathBuf> {
    let mut kept = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => kept.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(kept)
}

/// Whether a link at `path`, which no other link is above, leads below the top of the archive. It goes up only at its beginning:
/// after a name, which may be a link's as well, its words do not tell where up is.
fn stays(path: &Path, to: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    let mut has_name = false;
    for component in to.components() {
        match component {
            Component::Normal(_) => has_name = true,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 && !has_name => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of one entry, as hostile as its header lets it be.
    fn archive(kind: EntryType, path: &str, link: &str, content: &[u8]) -> Vec<u8> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o6777);
        header.set_uid(1234);
        header.set_mtime(77);
        header.set_size(content.len() as u64);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        let mut builder = Builder::new(Vec::new());
        builder.append(&header, content).unwrap();
        builder.into_inner().unwrap()
    }

    fn rewritten(kind: EntryType, path: &str, link: &str) -> Result<Vec<(String, u32, u64)>, String> {
        let leave_out = ["*.pth".to_owned(), "sitecustomize*".to_owned()];
        let mut layer = Vec::new();
        let content: &[u8] = if kind == EntryType::Regular { b"text" } else { b"" };
        rewrite(archive(kind, path, link, content).as_slice(), &mut layer, "/opt/set", &leave_out)
            .map_err(|error| error.to_string())?;
        let mut layer = Archive::new(layer.as_slice());
        let entries = layer.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            (path, entry.header().mode().unwrap(), entry.header().uid().unwrap())
        });
        Ok(entries.collect())
    }

    #[test]
    fn a_file_becomes_roots_and_loses_what_makes_it_more_than_a_file() {
        let root = || ("opt/set".to_owned(), 0o755, 0);
        let file = ("opt/set/a/b.py".to_owned(), 0o755, 0);
        assert_eq!(rewritten(EntryType::Regular, "./a/b.py", ""), Ok(vec![root(), file]));
        for left_out in ["x.pth", "./sitecustomize.py", "sitecustomize/__init__.py", "./"] {
            assert_eq!(rewritten(EntryType::Regular, left_out, ""), Ok(vec![root()]), "{left_out}");
        }
        // What only looks like it, further down, does nothing there.
        assert_eq!(rewritten(EntryType::Regular, "a/x.pth", "").unwrap().len(), 2);
    }

    #[test]
    fn nothing_leads_out_of_the_directory() {
        for path in ["../x", "/etc/passwd", "a/../../x"] {
            assert!(rewritten(EntryType::Regular, path, "").unwrap_err().contains("leads out"), "{path}");
        }
        for (path, link) in [("a", "/etc/passwd"), ("a", "../x"), ("a/b", "../../x"), ("a/b", "c/../x")] {
            assert!(rewritten(EntryType::Symlink, path, link).unwrap_err().contains("leads out"), "{link}");
        }
        assert_eq!(rewritten(EntryType::Symlink, ".bin/tool", "../tool/cli.js").unwrap().len(), 2);
        for kind in [EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
            assert!(rewritten(kind, "a", "b").unwrap_err().contains("neither"), "{kind:?}");
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let mut builder = Builder::new(Vec::new());
        builder.append_link(&mut plain(EntryType::Symlink, 0o777, 0), "a", "b").unwrap();
        let mut header = plain(EntryType::Regular, 0o644, 0);
        builder.append_data(&mut header, "a/x", io::empty()).unwrap();
        let archive = builder.into_inner().unwrap();
        let error = rewrite(archive.as_slice(), Vec::new(), "/opt/set", &[]).unwrap_err();
        assert_eq!(error.to_string(), "\"a/x\" lies behind a link");
    }

    #[test]
    fn what_is_no_archive_is_told() {
        let mut layer = Vec::new();
        let error = rewrite(&[1_u8; 2048][..], &mut layer, "/opt/set", &[]).unwrap_err();
        assert!(matches!(error, LayerError::Io(_)), "{error}");
    }
}
