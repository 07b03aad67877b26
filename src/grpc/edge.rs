//! What has to be done before tonic reads a request and after it has answered: deadlines, sizes, and what waits for the
//! reply to leave.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::admission::until;
use crate::domain::Tenant;
use crate::executor::Aftermath;

use super::status::{invalid_field, too_large};

const TIMEOUT_HEADER: &str = "grpc-timeout";
/// Set by a gateway that knows its callers; Kiln believes it, as it believes everything about a caller.
const TENANT_HEADER: &str = "kiln-tenant";
/// A deadline nearer than this has passed: no program can start.
const DEADLINE_MIN: Duration = Duration::from_millis(1);
/// Kiln ends a program this long before the caller's deadline, so that the reply says so and the program is dead when
/// the caller hears of it; a tenth of the time where that is less. Measured in ADR 6.
const REPLY_MARGIN: Duration = Duration::from_millis(100);

/// When the caller stops waiting; in the extensions of each request that has a deadline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(pub(super) Instant);

/// Whose request it is; in the extensions of each.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) Tenant);

/// Dropped when the reply has been handed to the connection; in the extensions of a response.
#[derive(Debug, Clone)]
pub(super) struct AfterReply(
    #[expect(dead_code, reason = "it is there to be dropped")] Arc<Mutex<Aftermath>>,
);

impl AfterReply {
    /// The mutex is never locked: extensions must be `Sync`, which a container's streams are not.
    pub(super) fn new(aftermath: Aftermath) -> Self {
        Self(Arc::new(Mutex::new(aftermath)))
    }
}

/// Wraps all gRPC services.
#[derive(Debug, Clone, Copy)]
pub(super) struct EdgeLayer {
    pub(super) request_bytes_max: usize,
}

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge { inner, request_bytes_max: self.request_bytes_max }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Edge<S> {
    inner: S,
    request_bytes_max: usize,
}

impl<S, B> Service<Request<B>> for Edge<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let timeout = match timeout(request.headers()) {
            Err(status) => return Box::pin(std::future::ready(Ok(status.into_http()))),
            Ok(timeout) => timeout,
        };
        match tenant(request.headers()) {
            Ok(tenant) => request.extensions_mut().insert(Caller(tenant)),
            Err(status) => return Box::pin(std::future::ready(Ok(status.into_http()))),
        };
        let over = timeout.map(|timeout| {
            let over = Instant::now() + timeout;
            request.extensions_mut().insert(Deadline(over - REPLY_MARGIN.min(timeout / 10)));
            over
        });
        let (answer, bytes_max) = (self.inner.call(request), self.request_bytes_max);
        Box::pin(async move {
            let mut response = tokio::select! {
                biased;
                response = answer => response?,
                () = until(over) => return Ok(overdue().into_http()),
            };
            if is_too_large(response.headers()) {
                return Ok(too_large(bytes_max).into_http());
            }
            let Some(after) = response.extensions_mut().remove::<AfterReply>() else { return Ok(response) };
            Ok(response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let _held = &after;
                    frame
                }))
            }))
        })
    }
}

/// The deadline is here and no answer is: the kill takes longer than the margin, or the machine is short of time.
/// tonic's own timer, which is set after this one and looked at after it, would tell the caller CANCELLED.
fn overdue() -> Status {
    Status::deadline_exceeded("the deadline passed; what was still running is being killed")
}

/// tonic's own words for a message over the decoding limit; its code for that is not the one of Kiln's contract.
fn is_too_large(headers: &HeaderMap) -> bool {
    Status::from_header_map(headers).is_some_and(|status| {
        status.code() == Code::OutOfRange && status.message().contains("decoded message length too large")
    })
}

/// Without the header there is one tenant, which is everybody.
fn tenant(headers: &HeaderMap) -> Result<Tenant, Status> {
    let Some(value) = headers.get(TENANT_HEADER) else { return Ok(Tenant::new("")) };
    match value.to_str() {
        Ok(name) if (1..=Tenant::BYTES_MAX).contains(&name.len()) => Ok(Tenant::new(name)),
        _ => {
            let most = Tenant::BYTES_MAX;
            Err(invalid_field(TENANT_HEADER, &format!("it is not a name of 1 to {most} ASCII characters")))
        }
    }
}

/// The caller's timeout, as the gRPC protocol writes it: up to eight digits and a unit.
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    let Some(value) = headers.get(TIMEOUT_HEADER) else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(parse_timeout);
    let Some(timeout) = parsed else {
        return Err(invalid_field(TIMEOUT_HEADER, "it is not up to eight digits and one of H M S m u n"));
    };
    if timeout < DEADLINE_MIN {
        return Err(Status::deadline_exceeded("the deadline had passed when the request arrived"));
    }
    Ok(Some(timeout))
}

fn parse_timeout(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    Some(match unit {
        'H' => Duration::from_secs(amount * 3600),
        'M' => Duration::from_secs(amount * 60),
        'S' => Duration::from_secs(amount),
        'm' => Duration::from_millis(amount),
        'u' => Duration::from_micros(amount),
        'n' => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        assert_eq!(parse_timeout("90M"), Some(Duration::from_secs(5400)));
        assert_eq!(parse_timeout("1500m"), Some(Duration::from_millis(1500)));
        for wrong in ["", "S", "1", "-1S", "123456789S", "1x", "1\u{20ac}"] {
            assert_eq!(parse_timeout(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_deadline_in_the_past_is_told_as_such() {
        let headers =
            |value: &str| HeaderMap::from_iter([(TIMEOUT_HEADER.parse().unwrap(), value.parse().unwrap())]);
        assert_eq!(timeout(&headers("0n")).unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!(timeout(&headers("soon")).unwrap_err().code(), Code::InvalidArgument);
        assert_eq!(timeout(&headers("2S")).unwrap(), Some(Duration::from_secs(2)));
    }
}
