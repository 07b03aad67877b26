//! The settings of package sets.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use crate::domain::Limits;
use crate::language::Catalogue;
use crate::packages::PackagesConfig;
use crate::pool::PackagePools;

use super::raw::RawPackages;
use super::{SettingsError, invalid, languages, unknown, within};

/// Largest set that an operator may allow, in MiB: twice that is in memory while it is installed.
const SET_MIB_MAX: u64 = 4096;
const INSTALL_SECONDS_MAX: u64 = 60 * 60;
/// Memory of an installer beside what it writes, in MiB.
const INSTALLER_MIB: u64 = 512;
/// Files of an installation: what an installer unpacks, installs and caches.
const INODES: u64 = 1 << 18;

pub(super) fn pools(raw: &RawPackages, catalogue: &Catalogue) -> Result<PackagePools, SettingsError> {
    let languages = languages("packages.languages", &raw.languages, catalogue)?;
    for id in &languages {
        if catalogue.find(id.as_str()).is_none_or(|spec| spec.installer.is_none()) {
            return Err(invalid(
                "packages.languages",
                format!("{id} has no [packages] in its language.toml"),
            ));
        }
    }
    let set_mib = within("packages.set_mib", raw.set_mib, 1, SET_MIB_MAX)?;
    let seconds = within("packages.install_seconds", raw.install_seconds, 1, INSTALL_SECONDS_MAX)?;
    let time = Duration::from_secs(seconds);
    let set_bytes = set_mib << 20;
    Ok(PackagePools {
        languages,
        sets_max: within("packages.sets", raw.sets, 1, 64)? as u32,
        containers_max: within("packages.containers", raw.containers, 1, 64)? as u32,
        idle_max: Duration::from_secs(
            60 * within("packages.idle_minutes", raw.idle_minutes, 1, 7 * 24 * 60)?,
        ),
        limits: Limits {
            wall_time: time,
            cpu_time: time,
            compile_time: time,
            // What it writes is memory as well: an archive unpacked and what is installed from it.
            memory_bytes: (INSTALLER_MIB << 20) + 2 * set_bytes,
            output_bytes: set_bytes,
            disk_bytes: 2 * set_bytes,
            inodes: INODES,
            file_bytes: 2 * set_bytes,
            processes: 256,
            open_files: 1024,
            stack_bytes: 8 << 20,
            stack_bytes_max: u64::MAX,
        },
    })
}

pub(super) fn installing(
    raw: &RawPackages,
    catalogue: &Catalogue,
    cache: Option<&Path>,
) -> Result<PackagesConfig, SettingsError> {
    let mut index = BTreeMap::new();
    for (name, address) in &raw.index {
        let spec = catalogue.find(name).ok_or_else(|| unknown("packages.index", name, catalogue))?;
        if !["http://", "https://"].iter().any(|scheme| address.starts_with(scheme)) {
            let key = format!("packages.index.{name}");
            return Err(invalid(&key, format!("{address:?} is not an http or https address")));
        }
        index.insert(spec.id.clone(), address.clone());
    }
    let read = |path: &Path| {
        let unreadable = |error| invalid("packages.ca_file", format!("{}: {error}", path.display()));
        std::fs::read(path).map(Bytes::from).map_err(unreadable)
    };
    let kept = within("packages.kept", raw.kept, 1, 1024)? as usize;
    Ok(PackagesConfig {
        index,
        authorities: raw.ca_file.as_deref().map(read).transpose()?,
        kept_max: NonZeroUsize::new(kept).unwrap_or(NonZeroUsize::MIN),
        directory: cache.map(|cache| cache.join("packages")),
    })
}
