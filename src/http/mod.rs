//! The HTTP side: is it alive, is it ready, how is it, and its metrics. Runs no programs.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::health::{Health, LanguageHealth, Report, Status};
use crate::pool::Readiness;

/// The text format of Prometheus.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the pages are made from.
#[derive(Clone)]
pub struct HttpState {
    /// How things are.
    pub health: Health,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
}

/// Serves until `shutdown` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: HttpState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .with_state(state);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn ready(State(state): State<HttpState>) -> Response {
    if state.health.report().ready {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready; /health says why\n").into_response()
    }
}

async fn health(State(state): State<HttpState>) -> Response {
    let report = state.health.report();
    let code = match report.status {
        Status::Healthy | Status::Degraded => StatusCode::OK,
        Status::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, Json(HealthPage::from(&report))).into_response()
}

async fn metrics(State(state): State<HttpState>) -> Response {
    state.health.record_admission();
    ([(CONTENT_TYPE, METRICS_TYPE)], state.metrics.render()).into_response()
}

/// `/health` as it is written.
#[derive(Serialize)]
struct HealthPage<'a> {
    status: &'static str,
    ready: bool,
    version: &'static str,
    uptime_seconds: u64,
    engine: EnginePage,
    languages: Vec<LanguagePage<'a>>,
}

#[derive(Serialize)]
struct EnginePage {
    available: bool,
    version: Option<String>,
    error: Option<String>,
}

#[derive(Serialize)]
struct LanguagePage<'a> {
    id: &'a str,
    state: &'static str,
    image: Option<&'a str>,
    source: Option<&'static str>,
    candidates: Vec<CandidatePage<'a>>,
    toolchain: &'a str,
    standby: bool,
    warm: u32,
    target: u32,
    last_error: Option<&'a str>,
}

#[derive(Serialize)]
struct CandidatePage<'a> {
    reference: &'a str,
    source: &'static str,
    available: bool,
}

impl<'a> From<&'a Report> for HealthPage<'a> {
    fn from(report: &'a Report) -> Self {
        let engine = &report.engine;
        Self {
            status: report.status.label(),
            ready: report.ready,
            version: env!("CARGO_PKG_VERSION"),
            uptime_seconds: report.uptime.as_secs(),
            engine: EnginePage {
                available: engine.is_ok(),
                version: engine.as_ref().ok().map(|info| info.version.clone()),
                error: engine.as_ref().err().map(ToString::to_string),
            },
            languages: report.languages.iter().map(LanguagePage::from).collect(),
        }
    }
}

impl<'a> From<&'a LanguageHealth> for LanguagePage<'a> {
    fn from(health: &'a LanguageHealth) -> Self {
        let (spec, condition, pool) = (&health.spec, &health.condition, &health.pool);
        let found = condition.availability.iter().flat_map(|found| &found.candidates);
        Self {
            id: spec.id.as_str(),
            state: match condition.readiness {
                Readiness::Starting => "starting",
                Readiness::Ready => "ready",
                Readiness::NoImage => "no_image",
                Readiness::Down => "down",
            },
            image: (!pool.image.is_empty()).then_some(pool.image.as_str()),
            source: health.source().map(|source| source.label()),
            candidates: found
                .map(|(candidate, id)| CandidatePage {
                    reference: &candidate.reference,
                    source: candidate.source.label(),
                    available: id.is_some(),
                })
                .collect(),
            toolchain: &condition.toolchain,
            standby: condition.standby,
            warm: pool.warm,
            target: pool.target,
            last_error: (!condition.last_error.is_empty()).then_some(condition.last_error.as_str()),
        }
    }
}
