//! bollard's errors in our words, and the time bound of every call.

use std::future::Future;

use bollard::errors::Error;
use bollard::models::{SystemInfoCgroupDriverEnum as Driver, SystemInfoCgroupVersionEnum as Version};

use crate::engine::{EngineError, NO_CGROUP};

/// Runs a call within its bound and translates its error.
pub(super) async fn bounded<T>(
    call: &'static str,
    seconds: u64,
    future: impl Future<Output = Result<T, Error>>,
) -> Result<T, EngineError> {
    match tokio::time::timeout(super::seconds(seconds), future).await {
        Ok(result) => result.map_err(|error| translate(call, error)),
        Err(_) => Err(EngineError::Timeout { call, seconds }),
    }
}

pub(super) fn translate(call: &'static str, error: Error) -> EngineError {
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            EngineError::Refused { call, status: status_code, message }
        }
        Error::DockerStreamError { error } => EngineError::Image { message: error },
        Error::JsonDataError { message, .. } => EngineError::Protocol { call, message },
        Error::RequestTimeoutError => EngineError::Timeout { call, seconds: 120 },
        Error::SocketNotFoundError(path) => {
            EngineError::Unavailable { reason: format!("there is no socket {path}") }
        }
        other => EngineError::Unavailable { reason: chain(&other) },
    }
}

/// An error with its causes: hyper's own words alone are "client error (Connect)".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Docker reports the kernel's name for the machine or Go's.
pub(super) fn architecture(reported: &str) -> String {
    match reported {
        "amd64" | "x86_64" => "x86_64".to_owned(),
        "arm64" | "aarch64" => "aarch64".to_owned(),
        other => other.to_owned(),
    }
}

/// A rootless engine on a host of version 1 still reports 1, and a driver that bounds nothing.
pub(super) fn cgroup(driver: Option<Driver>, version: Option<Version>) -> String {
    match driver {
        Some(Driver::NONE) => NO_CGROUP.to_owned(),
        _ => version.map(|version| version.to_string()).unwrap_or_default(),
    }
}

/// Whether the engine maps uids, by the list of its security options.
pub(super) fn user_namespace(security_options: &[String]) -> bool {
    security_options
        .iter()
        .any(|option| option.split(',').any(|part| matches!(part, "name=userns" | "name=rootless")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_says_that_it_maps_uids() {
        let says = |options: &[&str]| {
            user_namespace(&options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>())
        };
        assert!(says(&["name=seccomp,profile=builtin", "name=userns"]));
        assert!(says(&["name=rootless", "name=cgroupns"]));
        assert!(!says(&["name=seccomp,profile=default", "name=apparmor"]));
    }

    #[test]
    fn an_engine_without_a_cgroup_driver_has_no_cgroups() {
        assert_eq!(cgroup(Some(Driver::NONE), Some(Version::_1)), NO_CGROUP);
        assert_eq!(cgroup(Some(Driver::CGROUPFS), Some(Version::_1)), "1");
        assert_eq!(cgroup(Some(Driver::SYSTEMD), Some(Version::_2)), "2");
        assert_eq!(cgroup(None, None), "");
    }
}
