//! Makes a language's image available: builds Kiln's own, or pulls the official one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use include_dir::{Dir, File, include_dir};
use sha2::{Digest, Sha256};

use crate::engine::{BuildSpec, Engine, EngineError, Progress};
use crate::language::{ImageCandidate, ImageSource, LanguageSpec, SPEC_FILE};

static DOCKERFILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/deploy/images");
static LANGUAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/languages");

/// Every build context has this file; it is empty where no extra authority is trusted.
const CA_FILE: &str = "extra-ca.crt";
/// Names the language of an image that Kiln built.
const IMAGE_LABEL: &str = "kiln.image";
/// Digest of what it was built from, authorities and base apart: another one means that it is outdated.
const CONTEXT_LABEL: &str = "kiln.context";

/// How images are built.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// The base image; `None` means the Dockerfiles' own default.
    pub base: Option<String>,
    /// A PEM bundle of certificate authorities, for networks that re-sign TLS.
    pub extra_ca: Option<PathBuf>,
    /// Builds or pulls even where the engine has the image.
    pub rebuild: bool,
}

/// Why no image could be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The bundle cannot be read.
    #[error("cannot read the CA bundle {path}: {source}")]
    ExtraCa {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The context could not be packed.
    #[error("cannot pack the build context: {0}")]
    Context(#[from] std::io::Error),
    /// Every candidate failed; the engine's words for each.
    #[error("no image could be made:\n{}", .0.join("\n"))]
    All(Vec<String>),
    /// The engine is away.
    #[error(transparent)]
    Engine(EngineError),
}

/// What it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// The engine had it.
    Present(ImageCandidate),
    /// It was built.
    Built(ImageCandidate),
    /// It was pulled.
    Pulled(ImageCandidate),
}

impl Prepared {
    /// The image.
    #[must_use]
    pub fn image(&self) -> &ImageCandidate {
        match self {
            Self::Present(image) | Self::Built(image) | Self::Pulled(image) => image,
        }
    }
}

/// Goes through the candidates in their order until one is there.
///
/// # Errors
/// When none could be made, with the reason for each.
pub async fn prepare(
    engine: &dyn Engine,
    language: &LanguageSpec,
    options: &BuildOptions,
    progress: Progress<'_>,
) -> Result<Prepared, BuildError> {
    let mut reasons = Vec::new();
    for candidate in &language.images {
        let present = engine.image(&candidate.reference).await.map_err(BuildError::Engine)?;
        let spec = match candidate.source {
            ImageSource::Local => build_spec(language, candidate, options)?,
            ImageSource::Official => None,
        };
        if let Some(image) = present
            && !options.rebuild
            && spec
                .as_ref()
                .is_none_or(|spec| image.labels.get(CONTEXT_LABEL) == spec.labels.get(CONTEXT_LABEL))
        {
            return Ok(Prepared::Present(candidate.clone()));
        }
        let made = match candidate.source {
            ImageSource::Local => {
                let Some(spec) = spec else { continue };
                engine.build(&spec, progress).await.map(|()| Prepared::Built(candidate.clone()))
            }
            ImageSource::Official => engine
                .pull(&candidate.reference, progress)
                .await
                .map(|()| Prepared::Pulled(candidate.clone())),
        };
        match made {
            Ok(prepared) => return Ok(prepared),
            Err(error) if error.is_outage() => return Err(BuildError::Engine(error)),
            Err(error) => {
                let reason = format!("{}: {error}", candidate.reference);
                // The next candidate may do, and nobody would learn that this one does not.
                tracing::error!(language = %language.id, reason, "an image cannot be made");
                reasons.push(reason);
            }
        }
    }
    Err(BuildError::All(reasons))
}

/// `None` where the catalogue names a local image that no Dockerfile makes.
fn build_spec(
    language: &LanguageSpec,
    candidate: &ImageCandidate,
    options: &BuildOptions,
) -> Result<Option<BuildSpec>, BuildError> {
    let id = dockerfile(candidate).unwrap_or(language.id.as_str());
    let Some(folder) = DOCKERFILES.get_dir(id) else { return Ok(None) };
    let extra_ca = match &options.extra_ca {
        Some(path) => std::fs::read(path)
            .map_err(|source| BuildError::ExtraCa { path: path.display().to_string(), source })?,
        None => Vec::new(),
    };
    let own = LANGUAGES.get_dir(id).into_iter().flat_map(Dir::files);
    // An entry's limits are no part of its image.
    let own = own.filter(|file| file_name(file) != SPEC_FILE);
    let is_standby = |dir: &&Dir<'_>| dir.path().ends_with("standby");
    let assets = LANGUAGES.dirs().flat_map(Dir::dirs).filter(is_standby).flat_map(Dir::files);
    let shared = DOCKERFILES.files().chain(assets).filter(|file| uses(folder, &file_name(file)));
    let mut archive = tar::Builder::new(Vec::new());
    let mut digest = Sha256::new();
    for file in folder.files().chain(own).chain(shared) {
        append(&mut archive, &file_name(file), file.contents())?;
        digest.update(file_name(file));
        digest.update(file.contents().len().to_le_bytes());
        digest.update(file.contents());
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    append(&mut archive, CA_FILE, &extra_ca)?;
    let args = options.base.iter().map(|base| ("BASE".to_owned(), base.clone()));
    Ok(Some(BuildSpec {
        reference: candidate.reference.clone(),
        context: archive.into_inner()?,
        args: BTreeMap::from_iter(args),
        labels: BTreeMap::from([(IMAGE_LABEL.to_owned(), id.to_owned()), (CONTEXT_LABEL.to_owned(), digest)]),
    }))
}

/// Whose Dockerfile makes a local image: a language may fall back on another one's.
fn dockerfile(candidate: &ImageCandidate) -> Option<&str> {
    candidate.reference.strip_prefix("kiln-executor-")?.strip_suffix(":local")
}

/// Whether a folder's Dockerfile names a file that several folders share.
fn uses(folder: &Dir<'_>, name: &str) -> bool {
    let dockerfile = folder.files().find(|file| file_name(file) == "Dockerfile");
    dockerfile.and_then(File::contents_utf8).is_some_and(|text| text.contains(name))
}

fn file_name(file: &File<'_>) -> String {
    file.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn append(archive: &mut tar::Builder<Vec<u8>>, name: &str, content: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    // Scripts of a context are executed by its Dockerfile or copied into the image as they are.
    header.set_mode(0o755);
    // A fixed time: an unchanged context finds the engine's build cache.
    header.set_mtime(1);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, name, content)
}
