//! The catalogue of languages: a folder each under `languages/`, read and validated once at start.
//!
//! Nothing in Rust knows a language by name; a new folder is a new language.

mod catalogue;
mod estimate;
mod hints;
mod preload;
mod raw;
mod smoke;
mod spec;

pub use catalogue::{AssetFile, Catalogue, CatalogueError, SPEC_FILE};
pub use estimate::Estimator;
pub use hints::HintTable;
pub use preload::{FoundPreload, Preloads};
pub use smoke::SmokeProgram;
pub use spec::{
    BUILD_DIR, BuildCache, ImageCandidate, ImageSource, Installer, LanguageSpec, MOUNT_DIR, PoolBounds,
    Standby, TMP_DIR, WORKSPACE_DIR,
};
