//! The settings as they are written: `kiln.toml`, then variables `KILN__SECTION__KEY`. Unknown keys are refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::Deserialize;

use crate::pool::Wear;
use crate::telemetry::LogFormat;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawServer {
    pub(super) grpc: String,
    pub(super) http: String,
    pub(super) instance: Option<String>,
    pub(super) shutdown_seconds: u64,
    pub(super) request_mib: u64,
}

impl Default for RawServer {
    fn default() -> Self {
        Self {
            grpc: "127.0.0.1:50051".to_owned(),
            http: "127.0.0.1:8080".to_owned(),
            instance: None,
            shutdown_seconds: 30,
            request_mib: 64,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEngine {
    pub(super) host: Option<String>,
    pub(super) parallel: usize,
    pub(super) direct: bool,
}

impl Default for RawEngine {
    fn default() -> Self {
        Self { host: None, parallel: 4, direct: true }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawPool {
    pub(super) cpu_millis: u32,
    pub(super) lease_wait_seconds: u64,
    pub(super) age_minutes: u64,
    pub(super) uses: u32,
    pub(super) narrow_uids: bool,
}

impl Default for RawPool {
    fn default() -> Self {
        Self {
            cpu_millis: 1000,
            lease_wait_seconds: 30,
            age_minutes: 60,
            uses: Wear::USES_MAX,
            narrow_uids: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAdmission {
    pub(super) in_flight: usize,
    pub(super) queued: usize,
}

impl Default for RawAdmission {
    fn default() -> Self {
        Self { in_flight: 64, queued: 256 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawNetwork {
    pub(super) languages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawPackages {
    pub(super) languages: Vec<String>,
    /// By language.
    pub(super) index: BTreeMap<String, String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) set_mib: u64,
    pub(super) install_seconds: u64,
    pub(super) kept: u64,
    pub(super) sets: u64,
    pub(super) containers: u64,
    pub(super) idle_minutes: u64,
}

impl Default for RawPackages {
    fn default() -> Self {
        Self {
            languages: Vec::new(),
            index: BTreeMap::new(),
            ca_file: None,
            set_mib: 256,
            install_seconds: 180,
            kept: 16,
            sets: 4,
            containers: 3,
            idle_minutes: 10,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawCache {
    pub(super) directory: Option<PathBuf>,
    pub(super) mib: u64,
    pub(super) build_mib: u64,
}

impl Default for RawCache {
    fn default() -> Self {
        Self { directory: None, mib: 512, build_mib: 16 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRecord {
    pub(super) slow_ms: u64,
}

impl Default for RawRecord {
    fn default() -> Self {
        Self { slow_ms: 500 }
    }
}

/// Ceilings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    pub(super) wall_time_seconds: u64,
    pub(super) cpu_time_seconds: u64,
    pub(super) compile_time_seconds: u64,
    pub(super) memory_mib: u64,
    pub(super) output_kib: u64,
    pub(super) stack_mib: u64,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            wall_time_seconds: 300,
            cpu_time_seconds: 300,
            compile_time_seconds: 300,
            memory_mib: 2048,
            output_kib: 16 * 1024,
            stack_mib: 256,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLanguages {
    pub(super) directory: Option<PathBuf>,
    pub(super) only: Vec<String>,
    pub(super) pools: BTreeMap<String, RawLanguagePool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLanguagePool {
    pub(super) min: Option<u32>,
    pub(super) max: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    pub(super) filter: String,
    pub(super) format: LogFormat,
}

impl Default for RawLog {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub(super) server: RawServer,
    pub(super) engine: RawEngine,
    pub(super) pool: RawPool,
    pub(super) admission: RawAdmission,
    pub(super) cache: RawCache,
    pub(super) network: RawNetwork,
    pub(super) packages: RawPackages,
    pub(super) record: RawRecord,
    pub(super) limits: RawLimits,
    pub(super) languages: RawLanguages,
    pub(super) log: RawLog,
}

/// Reads `file`, which must exist, or `kiln.toml` if there is one; `variables` come last and win.
pub(super) fn read(file: Option<&Path>, variables: Vec<(String, String)>) -> Result<RawConfig, ConfigError> {
    let source = match file {
        Some(path) => File::from(path).format(FileFormat::Toml).required(true),
        None => File::new("kiln.toml", FileFormat::Toml).required(false),
    };
    let environment = Environment::with_prefix("KILN")
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        // Compose files pass on what is not set as an empty string.
        .ignore_empty(true)
        .list_separator(",")
        .with_list_parse_key("languages.only")
        .with_list_parse_key("network.languages")
        .with_list_parse_key("packages.languages")
        .source(Some(variables.into_iter().collect()));
    Config::builder().add_source(source).add_source(environment).build()?.try_deserialize()
}
