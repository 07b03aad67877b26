//! Settings: read, validated once, and handed to the modules they belong to. Only `app` and `main` import this.

mod address;
mod packages;
mod raw;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::admission::AdmissionConfig;
use crate::builds::BuildsConfig;
use crate::domain::{LanguageId, Limits, MEMORY_BYTES_MIN};
use crate::engine::DockerConfig;
use crate::language::{Catalogue, CatalogueError, PoolBounds};
use crate::packages::PackagesConfig;
use crate::pool::{PoolConfig, Wear};
use crate::record::RecordConfig;
use crate::telemetry::LogConfig;

use raw::{RawCache, RawConfig, RawLanguages};

pub use address::{Address, Addresses};

/// Longest time limit an operator may allow, in seconds: a day.
const TIME_SECONDS_MAX: u64 = 24 * 60 * 60;
/// Largest request an operator may allow, in MiB: it is held in memory while it runs.
const REQUEST_MIB_MAX: u64 = 1024;
/// Most that an operator may have kept of what was compiled, in MiB: a terabyte.
const CACHE_MIB_MAX: u64 = 1 << 20;
/// Largest build that an operator may have kept, in MiB: it is in memory while it is taken from its container.
const BUILD_MIB_MAX: u64 = 256;
/// Largest kept output an operator may allow, in KiB: a gRPC message of four such parts has to fit into 2 GiB.
const OUTPUT_KIB_MAX: u64 = 256 * 1024;

/// All of Kiln's settings, validated.
#[derive(Debug)]
pub struct Config {
    /// Where gRPC is served.
    pub grpc: Addresses,
    /// Where HTTP is served.
    pub http: SocketAddr,
    /// The daemon's name on its engine; the same after a restart.
    pub instance: String,
    /// How long running programs are waited for at shutdown.
    pub shutdown: Duration,
    /// Largest request.
    pub request_bytes_max: usize,
    /// Ceilings of what a request may ask; disk and processes are bounded by each language instead.
    pub ceilings: Limits,
    /// The engine.
    pub engine: DockerConfig,
    /// The pools.
    pub pool: PoolConfig,
    /// Admission.
    pub admission: AdmissionConfig,
    /// What is kept of what was compiled.
    pub builds: BuildsConfig,
    /// What is installed for programs.
    pub packages: PackagesConfig,
    /// What counts as slow.
    pub record: RecordConfig,
    /// The languages.
    pub catalogue: Catalogue,
    /// Logging.
    pub log: LogConfig,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file or variable does not parse.
    #[error("the settings cannot be read: {0}")]
    Read(#[from] config::ConfigError),
    /// A value is out of its range or contradicts another.
    #[error("{key}: {reason}")]
    Invalid {
        /// As written in `kiln.toml`.
        key: String,
        /// What is wrong and what is right.
        reason: String,
    },
    /// A language's folder cannot be used.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

impl Config {
    /// Reads `file`, or `kiln.toml` where there is one, then the process's `KILN__` variables.
    ///
    /// # Errors
    /// The first setting that cannot be used, by its key.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::from_sources(file, std::env::vars().collect())
    }

    /// Like [`Config::load`] with variables of the caller's.
    ///
    /// # Errors
    /// The first setting that cannot be used, by its key.
    pub fn from_sources(
        file: Option<&Path>,
        variables: Vec<(String, String)>,
    ) -> Result<Self, SettingsError> {
        let caches = caches(&variables);
        validate(raw::read(file, variables)?, caches)
    }
}

fn validate(raw: RawConfig, caches: Option<PathBuf>) -> Result<Config, SettingsError> {
    let grpc = Addresses::parse("server.grpc", &raw.server.grpc)?;
    let http = tcp_address("server.http", &raw.server.http)?;
    let instance = raw.server.instance.unwrap_or_else(|| format!("kiln-{}", grpc.tag()));
    if instance.is_empty()
        || !instance.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    {
        return Err(invalid(
            "server.instance",
            format!("{instance:?} is not made of letters, digits and -_."),
        ));
    }
    let limits = &raw.limits;
    let time = |key, given| within(key, given, 1, TIME_SECONDS_MAX).map(Duration::from_secs);
    let ceilings = Limits {
        wall_time: time("limits.wall_time_seconds", limits.wall_time_seconds)?,
        cpu_time: time("limits.cpu_time_seconds", limits.cpu_time_seconds)?,
        compile_time: time("limits.compile_time_seconds", limits.compile_time_seconds)?,
        memory_bytes: within("limits.memory_mib", limits.memory_mib, MEMORY_BYTES_MIN >> 20, 1 << 20)? << 20,
        output_bytes: within("limits.output_kib", limits.output_kib, 1, OUTPUT_KIB_MAX)? << 10,
        // Fixed with the containers: the language's own.
        disk_bytes: u64::MAX,
        inodes: u64::MAX,
        file_bytes: u64::MAX,
        processes: u64::MAX,
        open_files: u64::MAX,
        stack_bytes: within("limits.stack_mib", limits.stack_mib, 1, 1 << 20)? << 20,
        stack_bytes_max: u64::MAX,
    };
    let catalogue = catalogue(&raw.languages)?;
    let networked = languages("network.languages", &raw.network.languages, &catalogue)?;
    let package_pools = packages::pools(&raw.packages, &catalogue)?;
    let uses_max = within("pool.uses", raw.pool.uses.into(), 1, Wear::USES_MAX.into())? as u32;
    let age_minutes = within("pool.age_minutes", raw.pool.age_minutes, 1, 7 * 24 * 60)?;
    let request_mib = within("server.request_mib", raw.server.request_mib, 1, REQUEST_MIB_MAX)?;
    let builds = builds(raw.cache, caches, &instance)?;
    let packages = packages::installing(&raw.packages, &catalogue, builds.directory.as_deref())?;
    Ok(Config {
        builds,
        packages,
        grpc,
        http,
        instance,
        shutdown: time("server.shutdown_seconds", raw.server.shutdown_seconds)?,
        request_bytes_max: (request_mib << 20) as usize,
        ceilings,
        engine: DockerConfig {
            host: raw.engine.host,
            parallel: within("engine.parallel", raw.engine.parallel as u64, 1, 64)? as usize,
            direct: raw.engine.direct,
        },
        pool: PoolConfig {
            cpu_millis: within("pool.cpu_millis", raw.pool.cpu_millis.into(), 10, 1_000_000)? as u32,
            narrow_uids: raw.pool.narrow_uids,
            lease_wait_max: time("pool.lease_wait_seconds", raw.pool.lease_wait_seconds)?,
            networked,
            packages: package_pools,
            wear: Wear { uses_max, age_max: Duration::from_secs(60 * age_minutes) },
        },
        admission: AdmissionConfig {
            in_flight_max: within("admission.in_flight", raw.admission.in_flight as u64, 1, 100_000)?
                as usize,
            queued_max: within("admission.queued", raw.admission.queued as u64, 0, 1_000_000)? as usize,
        },
        record: RecordConfig {
            slow: Duration::from_millis(within(
                "record.slow_ms",
                raw.record.slow_ms,
                1,
                TIME_SECONDS_MAX * 1000,
            )?),
        },
        catalogue,
        log: LogConfig { filter: raw.log.filter, format: raw.log.format },
    })
}

/// Where a daemon without a setting for it keeps what can be made again: what systemd, the desktop's standard or the user says.
fn caches(variables: &[(String, String)]) -> Option<PathBuf> {
    let of = |name: &str| {
        let value = variables.iter().find(|(variable, _)| variable == name).map(|(_, value)| value);
        value.filter(|value| Path::new(value).is_absolute()).map(PathBuf::from)
    };
    let shared = of("XDG_CACHE_HOME").or_else(|| Some(of("HOME")?.join(".cache")));
    of("CACHE_DIRECTORY").or_else(|| Some(shared?.join("kiln")))
}

fn builds(raw: RawCache, caches: Option<PathBuf>, instance: &str) -> Result<BuildsConfig, SettingsError> {
    let mib = within("cache.mib", raw.mib, 0, CACHE_MIB_MAX)?;
    let build_mib = within("cache.build_mib", raw.build_mib, 1, BUILD_MIB_MAX)?;
    Ok(BuildsConfig {
        // Two daemons of one machine do not share a directory.
        directory: raw.directory.or(caches).map(|directory| directory.join(instance)),
        bytes_max: mib << 20,
        build_bytes_max: build_mib << 20,
    })
}

fn catalogue(raw: &RawLanguages) -> Result<Catalogue, SettingsError> {
    let mut catalogue = Catalogue::load(raw.directory.as_deref())?;
    if !raw.only.is_empty() {
        catalogue = catalogue.only(&raw.only).map_err(|name| unknown("languages.only", &name, &catalogue))?;
    }
    for (name, bounds) in &raw.pools {
        let key = format!("languages.pools.{name}");
        let spec = catalogue.find(name).ok_or_else(|| unknown(&key, name, &catalogue))?;
        let pool =
            PoolBounds { min: bounds.min.unwrap_or(spec.pool.min), max: bounds.max.unwrap_or(spec.pool.max) };
        if pool.min > pool.max || pool.max == 0 {
            return Err(invalid(&key, format!("min is {} but max is {}", pool.min, pool.max)));
        }
        let id = spec.id.clone();
        catalogue.set_pool(&id, pool);
    }
    Ok(catalogue)
}

/// Languages by id, from any of their names.
fn languages(key: &str, names: &[String], catalogue: &Catalogue) -> Result<Vec<LanguageId>, SettingsError> {
    let found = |name: &String| {
        let spec = catalogue.find(name).ok_or_else(|| unknown(key, name, catalogue))?;
        Ok(spec.id.clone())
    };
    names.iter().map(found).collect()
}

fn unknown(key: &str, name: &str, catalogue: &Catalogue) -> SettingsError {
    let known: Vec<_> = catalogue.languages().iter().map(|spec| spec.id.as_str()).collect();
    invalid(key, format!("there is no language {name:?}; there are {}", known.join(", ")))
}

fn tcp_address(key: &str, text: &str) -> Result<SocketAddr, SettingsError> {
    text.parse().map_err(|_| invalid(key, format!("{text:?} is not an address such as 127.0.0.1:50051")))
}

fn within(key: &str, given: u64, least: u64, most: u64) -> Result<u64, SettingsError> {
    if (least..=most).contains(&given) {
        Ok(given)
    } else {
        Err(invalid(key, format!("{given} is outside of {least} to {most}")))
    }
}

fn invalid(key: &str, reason: String) -> SettingsError {
    SettingsError::Invalid { key: key.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::from_sources(None, variables).map_err(|error| error.to_string())
    }

    #[test]
    fn without_any_setting_it_serves_on_loopback() {
        let config = load(&[]).unwrap();
        assert_eq!(config.grpc.to_string(), "127.0.0.1:50051");
        assert!(config.http.ip().is_loopback());
        assert_eq!(config.instance, "kiln-50051");
        assert_eq!(config.catalogue.languages().len(), 8);
    }

    #[test]
    fn a_variable_sets_a_key_of_a_section() {
        let config = load(&[
            ("KILN__SERVER__GRPC", "127.0.0.1:7777"),
            ("KILN__LANGUAGES__ONLY", "py,c++"),
            ("KILN__LANGUAGES__POOLS__PYTHON__MAX", "4"),
        ])
        .unwrap();
        assert_eq!(config.instance, "kiln-7777");
        let ids: Vec<_> = config.catalogue.languages().iter().map(|spec| spec.id.as_str()).collect();
        assert_eq!(ids, ["cpp", "python"]);
        assert_eq!(config.catalogue.find("python").map(|spec| spec.pool.max), Some(4));
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let config = load(&[("KILN__SERVER__INSTANCE", ""), ("KILN__LANGUAGES__ONLY", "")]).unwrap();
        assert_eq!(config.instance, "kiln-50051");
        assert!(config.catalogue.languages().len() > 1);
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_key() {
        let cases = [
            (("KILN__SERVER__GPRC", "127.0.0.1:1"), "gprc"),
            (("KILN__SERVER__HTTP", "nowhere"), "server.http: \"nowhere\" is not an address"),
            (("KILN__LIMITS__MEMORY_MIB", "3"), "limits.memory_mib: 3 is outside of 16 to"),
            (("KILN__LANGUAGES__ONLY", "cobol"), "there is no language \"cobol\"; there are cpp, go"),
            (("KILN__POOL__USES", "9999"), "pool.uses: 9999 is outside of 1 to 2000"),
            (("KILN__LANGUAGES__POOLS__GO__MIN", "99"), "languages.pools.go: min is 99 but max is 8"),
        ];
        for (variable, words) in cases {
            let error = load(&[variable]).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
