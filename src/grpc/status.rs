//! The one place where Kiln's errors become gRPC statuses.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::executor::ExecuteError;
use crate::packages::PackagesError;
use crate::pool::LeaseError;
use crate::sandbox::SandboxError;

/// When to come back after a fault of the engine: a refill takes about that long.
const RETRY_ENGINE: Duration = Duration::from_secs(2);
/// When to come back where the pool was too small.
const RETRY_POOL: Duration = Duration::from_secs(1);
/// When to come back to a daemon that shuts down: its successor needs that long.
const RETRY_DRAINING: Duration = Duration::from_secs(5);

/// What is wrong with a request, field by field.
pub(super) fn invalid(violations: Vec<FieldViolation>) -> Status {
    let words: Vec<_> = violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
    let message = words.join("; ");
    Status::with_error_details(Code::InvalidArgument, message, ErrorDetails::with_bad_request(violations))
}

/// A single thing wrong with a request.
pub(super) fn invalid_field(field: &str, description: &str) -> Status {
    invalid(vec![FieldViolation::new(field, description)])
}

/// A request over the size bound, which tonic has refused to read.
pub(super) fn too_large(bytes_max: usize) -> Status {
    let description =
        format!("it is larger than {bytes_max} bytes, the most this server reads (server.request_mib)");
    invalid_field("request", &description)
}

/// A part of the API that this version does not serve.
pub(super) fn not_served(what: &str) -> Status {
    Status::unimplemented(format!("{what} is not served by this version"))
}

/// Why an execution has no outcome.
pub(super) fn from_execute(error: &ExecuteError, execution: &dyn std::fmt::Display) -> Status {
    let message = error.to_string();
    match error {
        ExecuteError::Deadline => Status::deadline_exceeded(message),
        ExecuteError::Refused(refusal) => match (refusal, refusal.retry_after()) {
            (crate::admission::Refusal::QueueFull { .. }, Some(after)) => {
                retry(Code::ResourceExhausted, message, after)
            }
            (_, Some(after)) => retry(Code::Unavailable, message, after),
            (_, None) => Status::deadline_exceeded(message),
        },
        ExecuteError::NoContainer(error) => no_container(error),
        ExecuteError::Packages(error) => match error {
            PackagesError::NoContainer(error) => no_container(error),
            PackagesError::NoPlace { .. } => Status::failed_precondition(message),
            PackagesError::Refused { .. } => invalid_field("packages", &message),
            PackagesError::IndexAway { .. } | PackagesError::Broken { .. } => {
                retry(Code::Unavailable, message, RETRY_ENGINE)
            }
        },
        ExecuteError::Sandbox(error) => match error {
            SandboxError::ProgramMissing { .. } => Status::failed_precondition(message),
            SandboxError::CallerGone => Status::cancelled(message),
            SandboxError::Engine(_) | SandboxError::Lost { .. } | SandboxError::Silent { .. } => {
                let message = format!("the container of execution {execution} was lost: {message}");
                retry(Code::Unavailable, message, RETRY_ENGINE)
            }
            SandboxError::Malformed { .. } | SandboxError::Agent { .. } => defect(execution),
        },
    }
}

/// Why there is no container.
fn no_container(error: &LeaseError) -> Status {
    let message = error.to_string();
    match error {
        LeaseError::NoImage { .. } => Status::failed_precondition(message),
        LeaseError::Down { .. } => retry(Code::Unavailable, message, RETRY_ENGINE),
        LeaseError::Exhausted { .. } | LeaseError::SetsInUse { .. } => {
            retry(Code::ResourceExhausted, message, RETRY_POOL)
        }
        LeaseError::NoNetwork { .. } | LeaseError::NoPackages { .. } => Status::permission_denied(message),
        LeaseError::Deadline => Status::deadline_exceeded(message),
        LeaseError::Closed => retry(Code::Unavailable, message, RETRY_DRAINING),
    }
}

/// A defect of Kiln's own: the caller gets what finds it in the log, and nothing else.
pub(super) fn defect(execution: &dyn std::fmt::Display) -> Status {
    Status::internal(format!(
        "Kiln failed to run this; the server's log tells why under execution {execution}"
    ))
}

fn retry(code: Code, message: String, after: Duration) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(after)))
}
