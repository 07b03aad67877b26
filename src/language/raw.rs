//! `language.toml` as it is written. Unknown keys are refused.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLanguage {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) main_file: String,
    pub(super) version: Vec<String>,
    pub(super) compile: Option<Vec<String>>,
    pub(super) run: Vec<String>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Set where a request asks for artifacts.
    #[serde(default)]
    pub(super) artifacts_env: BTreeMap<String, String>,
    pub(super) images: Vec<RawImage>,
    /// Paths below the folder, each with the path in the image that it leads to.
    #[serde(default)]
    pub(super) links: BTreeMap<String, String>,
    pub(super) compile_standby: Option<RawStandby>,
    pub(super) standby: Option<RawStandby>,
    pub(super) build_cache: Option<RawBuildCache>,
    pub(super) packages: Option<RawPackages>,
    pub(super) limits: RawLimits,
    pub(super) pool: RawPool,
    #[serde(default)]
    pub(super) hints: Vec<RawHint>,
    /// In the place of the table that all languages share.
    pub(super) estimate: Option<RawEstimate>,
}

/// `hints.toml`: what holds for every language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHints {
    pub(super) hints: Vec<RawHint>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHint {
    pub(super) stderr: Option<String>,
    pub(super) signal: Option<String>,
    pub(super) text: String,
}

/// `preloads.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPreloads {
    pub(super) preloads: Vec<RawPreload>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPreload {
    /// The entry that has them.
    pub(super) language: String,
    /// Entries whose programs are told.
    pub(super) instead_of: Vec<String>,
    pub(super) words: Vec<String>,
}

/// `estimate.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEstimate {
    pub(super) most_seconds: u64,
    pub(super) files: RawEstimateFiles,
    pub(super) rules: Vec<RawEstimateRule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEstimateFiles {
    pub(super) name: String,
    /// So many cost nothing.
    pub(super) free: usize,
    pub(super) seconds_each: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEstimateRule {
    pub(super) name: String,
    pub(super) seconds: u64,
    pub(super) words: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawImage {
    pub(super) reference: String,
    pub(super) source: RawSource,
    /// Replaces the language's compile command in this image.
    pub(super) compile: Option<Vec<String>>,
    /// Added to the language's environment in this image.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Whether what the language's standby needs is in this image.
    #[serde(default = "yes")]
    pub(super) standby: bool,
    /// Where programs find installed packages in this image; without it there are none.
    pub(super) packages: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawSource {
    Local,
    Official,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStandby {
    pub(super) env: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) forks: bool,
    #[serde(default)]
    pub(super) plain_when_env: Vec<String>,
    /// How long a container that has served has to rest until what waits is started there, in milliseconds.
    #[serde(default)]
    pub(super) rest_ms: u32,
    /// Whether what waits has sized itself by the memory limit.
    #[serde(default)]
    pub(super) plain_when_memory_differs: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBuildCache {
    /// Words in a source that make each of its builds different.
    #[serde(default)]
    pub(super) never_with: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPackages {
    /// Gets the requirements as its arguments and writes a tar archive to its standard output.
    pub(super) install: Vec<String>,
    /// The variable that names the index.
    pub(super) index_env: String,
    /// The variable that names a file of certificate authorities.
    pub(super) authorities_env: String,
    /// Globs of names at the top of the archive.
    #[serde(default)]
    pub(super) leave_out: Vec<String>,
    /// Words of an installer whose index does not answer.
    #[serde(default)]
    pub(super) index_away: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) wall_time_seconds: u64,
    pub(super) cpu_time_seconds: u64,
    pub(super) compile_time_seconds: u64,
    pub(super) memory_mib: u64,
    /// What waits in a container needs itself, and the kernel refuses to set a limit below what is in use.
    pub(super) memory_mib_min: Option<u64>,
    pub(super) output_kib: u64,
    pub(super) disk_mib: u64,
    pub(super) inodes: u64,
    pub(super) file_mib: u64,
    pub(super) processes: u64,
    pub(super) open_files: u64,
    pub(super) stack_kib: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPool {
    pub(super) min: u32,
    pub(super) max: u32,
}
