//! Reads all language folders, embedded and on disk, and answers by id or alias.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;

use crate::domain::{LanguageId, Limits, MEMORY_BYTES_MIN};

use super::estimate::Estimator;
use super::hints::HintTable;
use super::preload::Preloads;
use super::raw::{RawHint, RawHints, RawImage, RawLanguage, RawLimits, RawPackages, RawSource, RawStandby};
use super::smoke::SmokeProgram;
use super::spec::{
    BuildCache, ImageCandidate, ImageSource, Installer, LanguageSpec, MAIN, PoolBounds, SOURCES, Standby,
};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/languages");

/// A language's entry within its folder.
pub const SPEC_FILE: &str = "language.toml";
const SMOKE_FOLDER: &str = "smoke/";
/// Beside the folders, for all languages.
const HINTS_FILE: &str = "hints.toml";
const ESTIMATE_FILE: &str = "estimate.toml";
const PRELOADS_FILE: &str = "preloads.toml";

/// A language folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The folder cannot be read.
    #[error("cannot read language folder {folder}: {source}")]
    Unreadable {
        /// Which one.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// Its `language.toml` does not parse.
    #[error("languages/{folder}/{SPEC_FILE}: {reason}")]
    Invalid {
        /// Which one.
        folder: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// One of the files for all languages does not parse.
    #[error("languages/{file}: {reason}")]
    InvalidTable {
        /// Which one.
        file: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// Two languages claim a name.
    #[error("{name:?} is a name of both {first} and {second}")]
    Ambiguous {
        /// The id or alias.
        name: String,
        /// Who has it.
        first: LanguageId,
        /// Who wants it too.
        second: LanguageId,
    },
}

/// A file of a language's folder that goes into the agent's volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetFile {
    /// Path below the volume's root.
    pub path: String,
    /// Its bytes; a link's are the path that it leads to.
    pub content: Vec<u8>,
    /// Whether it is a symbolic link.
    pub is_link: bool,
}

/// Files of one folder: relative path, content.
type Folder = Vec<(String, Vec<u8>)>;

/// All languages.
#[derive(Debug, Clone)]
pub struct Catalogue {
    languages: Vec<Arc<LanguageSpec>>,
    names: BTreeMap<String, usize>,
    assets: Vec<AssetFile>,
    preloads: Preloads,
}

impl Catalogue {
    /// The embedded languages, and those of `extra`, a directory of folders that replace or add to them.
    ///
    /// # Errors
    /// The first folder that cannot be used.
    pub fn load(extra: Option<&Path>) -> Result<Self, CatalogueError> {
        let shared = Shared::load(extra)?;
        let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
        for dir in EMBEDDED.dirs() {
            let mut files = Folder::new();
            collect_embedded(dir, dir.path(), &mut files);
            folders.insert(dir.path().display().to_string(), files);
        }
        if let Some(extra) = extra {
            let unreadable =
                |source| CatalogueError::Unreadable { folder: extra.display().to_string(), source };
            for entry in std::fs::read_dir(extra).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                if path.join(SPEC_FILE).is_file() {
                    let mut files = Folder::new();
                    collect_disk(&path, "", &mut files).map_err(unreadable)?;
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    folders.insert(name, files);
                }
            }
        }
        Self::from_folders(folders, &shared)
    }

    fn from_folders(folders: BTreeMap<String, Folder>, shared: &Shared) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            languages: Vec::new(),
            names: BTreeMap::new(),
            assets: Vec::new(),
            preloads: shared.preloads.clone(),
        };
        for (folder, files) in folders {
            let spec = parse(&folder, &files, shared)
                .map_err(|reason| CatalogueError::Invalid { folder: folder.clone(), reason })?;
            let links =
                spec.links.iter().map(|(path, target)| (path.clone(), target.clone().into_bytes(), true));
            let links: Vec<_> = links.collect();
            catalogue.add(spec)?;
            let files =
                files.into_iter().filter(|(path, _)| !path.starts_with(SMOKE_FOLDER) && path != SPEC_FILE);
            let files = files.map(|(path, content)| (path, content, false));
            catalogue.assets.extend(files.chain(links).map(|(path, content, is_link)| AssetFile {
                path: format!("languages/{folder}/{path}"),
                content,
                is_link,
            }));
        }
        catalogue.assets.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(catalogue)
    }

    fn add(&mut self, spec: LanguageSpec) -> Result<(), CatalogueError> {
        let index = self.languages.len();
        let names = std::iter::once(spec.id.as_str().to_owned()).chain(spec.aliases.iter().cloned());
        for name in names {
            if let Some(first) = self.names.insert(name.clone(), index) {
                let first = self.languages[first].id.clone();
                return Err(CatalogueError::Ambiguous { name, first, second: spec.id });
            }
        }
        self.languages.push(Arc::new(spec));
        Ok(())
    }

    /// A language by its id or alias, in any letter case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<LanguageSpec>> {
        self.names.get(&name.to_ascii_lowercase()).map(|index| &self.languages[*index])
    }

    /// All of them, by id.
    #[must_use]
    pub fn languages(&self) -> &[Arc<LanguageSpec>] {
        &self.languages
    }

    /// Only these languages, by id or alias.
    ///
    /// # Errors
    /// The first name that is not in the catalogue.
    pub fn only(&self, names: &[String]) -> Result<Self, String> {
        let mut kept = Vec::new();
        for name in names {
            kept.push(&self.find(name).ok_or_else(|| name.clone())?.id);
        }
        Ok(self.filtered(|id| kept.contains(&id)))
    }

    /// Leaves nothing but this language.
    pub fn retain(&mut self, only: &LanguageId) {
        *self = self.filtered(|id| id == only);
    }

    fn filtered(&self, is_kept: impl Fn(&LanguageId) -> bool) -> Self {
        let languages: Vec<_> = self.languages.iter().filter(|spec| is_kept(&spec.id)).cloned().collect();
        let place = |index: &usize| languages.iter().position(|spec| spec.id == self.languages[*index].id);
        let names =
            self.names.iter().filter_map(|(name, index)| Some((name.clone(), place(index)?))).collect();
        Self { names, languages, assets: self.assets.clone(), preloads: self.preloads.clone() }
    }

    /// Sets the pool of a language that is in the catalogue.
    pub fn set_pool(&mut self, id: &LanguageId, pool: PoolBounds) {
        for spec in self.languages.iter_mut().filter(|spec| spec.id == *id) {
            Arc::make_mut(spec).pool = pool;
        }
    }

    /// Which language has ready what programs of another one name.
    #[must_use]
    pub fn preloads(&self) -> &Preloads {
        &self.preloads
    }

    /// What the agent's volume carries beside the agent, by path.
    #[must_use]
    pub fn assets(&self) -> &[AssetFile] {
        &self.assets
    }
}

fn collect_embedded(dir: &Dir<'_>, root: &Path, into: &mut Folder) {
    for file in dir.files() {
        let path = file.path().strip_prefix(root).unwrap_or(file.path());
        into.push((path.display().to_string(), file.contents().to_vec()));
    }
    for dir in dir.dirs() {
        collect_embedded(dir, root, into);
    }
}

fn collect_disk(directory: &Path, below: &str, into: &mut Folder) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect_disk(&entry.path(), &format!("{path}/"), into)?;
        } else {
            into.push((path, std::fs::read(entry.path())?));
        }
    }
    Ok(())
}

/// What all languages have, unless they bring their own.
struct Shared {
    hints: Vec<RawHint>,
    estimator: Arc<Estimator>,
    preloads: Preloads,
}

impl Shared {
    /// The embedded tables, or those of `extra` in their place.
    fn load(extra: Option<&Path>) -> Result<Self, CatalogueError> {
        let hints = Self::table(extra, HINTS_FILE, |raw: RawHints| {
            // One that is wrong is told as this file's fault, not as that of the first language.
            HintTable::new(&raw.hints).map(|_| raw.hints)
        })?;
        let estimator = Self::table(extra, ESTIMATE_FILE, Estimator::new)?;
        let preloads = Self::table(extra, PRELOADS_FILE, Preloads::new)?;
        Ok(Self { hints, estimator: Arc::new(estimator), preloads })
    }

    fn table<Raw: DeserializeOwned, Table>(
        extra: Option<&Path>,
        file: &'static str,
        read: impl FnOnce(Raw) -> Result<Table, String>,
    ) -> Result<Table, CatalogueError> {
        let replaced = extra.map(|extra| extra.join(file)).filter(|path| path.is_file());
        let text = match &replaced {
            Some(path) => std::fs::read_to_string(path).map_err(|error| error.to_string()),
            None => EMBEDDED
                .get_file(file)
                .and_then(|file| file.contents_utf8())
                .map(str::to_owned)
                .ok_or_else(|| "the file is missing".to_owned()),
        };
        let parse = |text: String| toml::from_str(&text).map_err(|error| error.to_string());
        let table = text.and_then(parse).and_then(read);
        table.map_err(|reason| CatalogueError::InvalidTable { file, reason })
    }
}

fn parse(folder: &str, files: &Folder, shared: &Shared) -> Result<LanguageSpec, String> {
    let (_, text) = files.iter().find(|(path, _)| path == SPEC_FILE).ok_or("the file is missing")?;
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let raw: RawLanguage = toml::from_str(text).map_err(|error| error.to_string())?;
    if raw.id != folder {
        return Err(format!("id is {:?}, but the folder's name is {folder:?}", raw.id));
    }
    if raw.images.is_empty() {
        return Err("images is empty; a language needs an image to run in".to_owned());
    }
    if raw.pool.min > raw.pool.max || raw.pool.max == 0 {
        return Err(format!("pool.min is {}, but pool.max is {}", raw.pool.min, raw.pool.max));
    }
    if raw.run.is_empty() || raw.compile.as_ref().is_some_and(Vec::is_empty) {
        return Err("run and compile need a program to start".to_owned());
    }
    let last_word = raw.compile.iter().flatten().next_back();
    if raw.compile_standby.is_some() && !last_word.is_some_and(|word| [SOURCES, MAIN].contains(&&**word)) {
        return Err(format!(
            "compile_standby needs a compile command that ends with {SOURCES:?} or {MAIN:?}"
        ));
    }
    if raw.standby.as_ref().is_some_and(|standby| standby.rest_ms > 0) {
        return Err("rest_ms is for compile_standby: an interpreter is wanted by each program".to_owned());
    }
    if raw.build_cache.is_some() && raw.compile.is_none() {
        return Err("build_cache needs a compile command".to_owned());
    }
    if raw.packages.is_some() && raw.compile.is_some() {
        return Err("packages are for languages without a compile command".to_owned());
    }
    if raw.packages.as_ref().is_some_and(|packages| packages.install.is_empty()) {
        return Err("packages.install needs a program to start".to_owned());
    }
    if raw.images.iter().flat_map(|image| &image.packages).any(|path| !path.starts_with('/')) {
        return Err("images.packages is an absolute path".to_owned());
    }
    let is_below = |path: &str| path.split('/').all(|name| !matches!(name, "" | "." | ".."));
    if raw.links.iter().any(|(path, target)| !is_below(path) || !target.starts_with('/')) {
        return Err("links are from paths below the folder to absolute ones".to_owned());
    }
    let smoke: Folder = files
        .iter()
        .filter_map(|(path, content)| Some((path.strip_prefix(SMOKE_FOLDER)?.to_owned(), content.clone())))
        .collect();
    let memory_bytes_min = raw.limits.memory_mib_min.map_or(MEMORY_BYTES_MIN, |mib| mib << 20);
    if memory_bytes_min < MEMORY_BYTES_MIN || memory_bytes_min > raw.limits.memory_mib << 20 {
        let least = MEMORY_BYTES_MIN >> 20;
        return Err(format!("limits.memory_mib_min is not between {least} and limits.memory_mib"));
    }
    let hints = HintTable::new(raw.hints.iter().chain(&shared.hints))?;
    let estimator = match raw.estimate {
        Some(own) => Arc::new(Estimator::new(own)?),
        None => Arc::clone(&shared.estimator),
    };
    Ok(LanguageSpec::new(
        LanguageId::new(&raw.id),
        raw.name,
        raw.aliases.iter().map(|alias| alias.to_ascii_lowercase()).collect(),
        raw.main_file,
        raw.version,
        raw.compile,
        raw.run,
        raw.env.into_iter().collect(),
        raw.artifacts_env.into_iter().collect(),
        raw.images.into_iter().map(candidate).collect(),
        raw.links.into_iter().collect(),
        raw.compile_standby.map(standby),
        raw.standby.map(standby),
        raw.build_cache.map(|raw| BuildCache { never_with: raw.never_with }),
        raw.packages.map(installer),
        limits(&raw.limits),
        memory_bytes_min,
        PoolBounds { min: raw.pool.min, max: raw.pool.max },
        SmokeProgram::pair(&smoke)?,
        hints.into(),
        estimator,
    ))
}

fn standby(raw: RawStandby) -> Standby {
    Standby {
        env: raw.env.into_iter().collect(),
        forks: raw.forks,
        plain_when_env: raw.plain_when_env,
        rest: Duration::from_millis(raw.rest_ms.into()),
        plain_when_memory_differs: raw.plain_when_memory_differs,
    }
}

fn installer(raw: RawPackages) -> Installer {
    Installer::new(raw.install, raw.index_env, raw.authorities_env, raw.leave_out, raw.index_away)
}

fn candidate(raw: RawImage) -> ImageCandidate {
    let source = match raw.source {
        RawSource::Local => ImageSource::Local,
        RawSource::Official => ImageSource::Official,
    };
    ImageCandidate {
        reference: raw.reference,
        source,
        compile: raw.compile,
        env: raw.env.into_iter().collect(),
        standby: raw.standby,
        packages: raw.packages,
    }
}

fn limits(raw: &RawLimits) -> Limits {
    Limits {
        wall_time: Duration::from_secs(raw.wall_time_seconds),
        cpu_time: Duration::from_secs(raw.cpu_time_seconds),
        compile_time: Duration::from_secs(raw.compile_time_seconds),
        memory_bytes: raw.memory_mib << 20,
        output_bytes: raw.output_kib << 10,
        disk_bytes: raw.disk_mib << 20,
        inodes: raw.inodes,
        file_bytes: raw.file_mib << 20,
        processes: raw.processes,
        open_files: raw.open_files,
        stack_bytes: raw.stack_kib << 10,
        stack_bytes_max: u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_language_is_valid_and_proves_itself() {
        let catalogue = Catalogue::load(None).unwrap();
        for spec in catalogue.languages() {
            assert!(!spec.smoke.is_empty(), "{} has no smoke program", spec.id);
            assert!(!spec.version.is_empty(), "{} has no version command", spec.id);
        }
        assert_eq!(catalogue.find("C++").map(|spec| spec.id.as_str()), Some("cpp"));
        assert_eq!(catalogue.find("py").map(|spec| spec.id.as_str()), Some("python"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_name() {
        let text = include_str!("../../languages/python/language.toml").replace("main_file", "mian_file");
        let error =
            parse("python", &vec![(SPEC_FILE.to_owned(), text.into_bytes())], &Shared::load(None).unwrap())
                .unwrap_err();
        assert!(error.contains("mian_file"), "{error}");
    }

    #[test]
    fn a_link_stays_in_its_folder_and_leads_into_the_image() {
        let catalogue = Catalogue::load(None).unwrap();
        let linked: Vec<_> = catalogue.assets().iter().filter(|asset| asset.is_link).collect();
        let [link] = linked.as_slice() else { panic!("{linked:?}") };
        assert_eq!(link.path, "languages/python/standby/__pycache__");
        assert_eq!(link.content, b"/opt/kiln/python");
        let text = include_str!("../../languages/python/language.toml");
        for (from, to) in [("standby/__pycache__", "../agent"), ("/opt/kiln/python", "opt")] {
            let folder = vec![(SPEC_FILE.to_owned(), text.replace(from, to).into_bytes())];
            let error = parse("python", &folder, &Shared::load(None).unwrap()).unwrap_err();
            assert!(error.contains("links are from"), "{error}");
        }
    }

    #[test]
    fn a_compiler_that_waits_gets_its_sources_last() {
        let text = include_str!("../../languages/java/language.toml");
        let folder = |text: String| vec![(SPEC_FILE.to_owned(), text.into_bytes())];
        let shared = Shared::load(None).unwrap();
        let spec = parse("java", &folder(text.to_owned()), &shared).unwrap();
        let (local, official) = (&spec.images[0], &spec.images[1]);
        let (_, command) = spec.compile_standby(local).unwrap();
        let argv = spec.compile_argv(local, "Main.java", &["A.java".to_owned()]).unwrap();
        assert_eq!([command, vec!["Main.java".to_owned(), "A.java".to_owned()]].concat(), argv);
        assert!(spec.standby(local).is_some());
        assert!(!spec.stands_by(official), "its library is not in the official image");
        let error =
            parse("java", &folder(text.replace("\"{sources}\",\n]", "\"{sources}\", \"-x\",\n]")), &shared)
                .unwrap_err();
        assert!(error.contains("ends with"), "{error}");
    }
}
