//! `grpc.health.v1`: the whole server, its services, and one entry a language.

use std::convert::Infallible;

use futures_util::StreamExt;
use futures_util::stream::select_all;
use tokio_stream::wrappers::WatchStream;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::health::{Health, Status};
use crate::pool::Readiness;

/// Entries that follow the whole server's state.
const WHOLE: [&str; 3] = ["", "kiln.v1.Executor", "kiln.v1.Pool"];

/// Keeps the entries true, until stopped.
pub(super) async fn follow(health: Health, reporter: HealthReporter) -> Result<Infallible, Infallible> {
    let conditions = health.languages().filter_map(|id| {
        let changes = WatchStream::new(health.watch(id)?);
        Some(changes.map(move |condition| (format!("kiln.language.{id}"), condition.readiness)))
    });
    let mut changes = select_all(conditions);
    while let Some((entry, readiness)) = changes.next().await {
        let whole = health.report().status != Status::Unhealthy;
        reporter.set_service_status(entry, serving(whole && readiness == Readiness::Ready)).await;
        for entry in WHOLE {
            reporter.set_service_status(entry, serving(whole)).await;
        }
    }
    // The pools live as long as the server: their conditions never end.
    std::future::pending().await
}

/// Makes every entry, and each say that it does not serve: so before the start and at the end.
pub(super) async fn none_serves(health: &Health, reporter: &HealthReporter) {
    let languages = health.languages().map(|id| format!("kiln.language.{id}"));
    for entry in WHOLE.iter().map(|entry| (*entry).to_owned()).chain(languages) {
        reporter.set_service_status(entry, ServingStatus::NotServing).await;
    }
}

fn serving(yes: bool) -> ServingStatus {
    if yes { ServingStatus::Serving } else { ServingStatus::NotServing }
}
