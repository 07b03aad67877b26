//! Kiln over gRPC: the only place that knows requests and replies. Never touches the engine.

mod convert;
mod edge;
mod executor_service;
mod health;
mod judge;
mod listening;
mod pieces;
mod pool_service;
mod sinks;
mod stats;
mod status;
mod validate;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::UnixListenerStream;
use tokio_util::either::Either;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::domain::Limits;
use crate::executor::Executor;
use crate::health::Health;
use crate::language::Catalogue;
use crate::pool::Pools;
use crate::proto::{DESCRIPTORS, executor_server::ExecutorServer, pool_server::PoolServer};
use crate::record::Record;
use crate::tasks::Tasks;

use edge::EdgeLayer;
use executor_service::ExecutorService;
use pieces::FewPieces;
use pool_service::PoolService;
use validate::Validator;

/// A connection without traffic is asked for a sign of life this often, and given up after as long again: so a caller that
/// vanished without a word is noticed.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// Calls at the same time per connection: admission bounds the work, this bounds what a connection can hold in memory.
const STREAMS_MAX: u32 = 1024;
/// Bytes on their way per call and per connection: large files would otherwise crawl at 64 KiB per round trip.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;

/// What the services work with.
#[derive(Debug)]
pub struct GrpcServices {
    /// Runs executions.
    pub executor: Executor,
    /// Shown to operators.
    pub pools: Arc<Pools>,
    /// Shown to operators.
    pub record: Record,
    /// Readiness of each language.
    pub health: Health,
    /// Names and defaults.
    pub catalogue: Catalogue,
    /// Ceilings of what a request may ask.
    pub ceilings: Limits,
    /// Largest request.
    pub request_bytes_max: usize,
    /// Owns what runs.
    pub tasks: Tasks,
}

/// Where calls come in.
#[derive(Debug)]
pub enum Entrance {
    /// A port.
    Tcp(TcpListener),
    /// A socket in the file system.
    Unix(UnixListener),
}

impl Entrance {
    fn connections(self) -> BoxStream<'static, io::Result<FewPieces>> {
        match self {
            // A reply of several small writes must not wait for the peer's delayed acknowledgement.
            Self::Tcp(listener) => TcpIncoming::from(listener)
                .with_nodelay(Some(true))
                .map_ok(|connection| FewPieces::new(Either::Left(connection)))
                .boxed(),
            Self::Unix(listener) => UnixListenerStream::new(listener)
                .map_ok(|connection| FewPieces::new(Either::Right(connection)))
                .boxed(),
        }
    }
}

/// A server that is not yet serving.
pub struct GrpcServer {
    services: GrpcServices,
    reporter: HealthReporter,
}

/// Why serving ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener or a connection.
    #[error("gRPC cannot be served: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors that were generated with the server.
    #[error("gRPC reflection cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Turns every health entry to not serving.
#[derive(Debug, Clone)]
pub struct NotServing {
    health: Health,
    reporter: HealthReporter,
}

impl NotServing {
    /// Does so now.
    pub async fn announce(&self) {
        health::none_serves(&self.health, &self.reporter).await;
    }
}

impl GrpcServer {
    /// Puts the services together.
    #[must_use]
    pub fn new(services: GrpcServices) -> Self {
        Self { services, reporter: HealthReporter::new() }
    }

    /// For the shutdown.
    #[must_use]
    pub fn not_serving(&self) -> NotServing {
        NotServing { health: self.services.health.clone(), reporter: self.reporter.clone() }
    }

    /// Serves until `shutdown` resolves and the calls in flight have ended.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        entrances: Vec<Entrance>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let services = self.services;
        // Every entry is there before the first call can ask for it.
        health::none_serves(&services.health, &self.reporter).await;
        let follow = health::follow(services.health.clone(), self.reporter.clone());
        services.tasks.maintain("grpc health", follow);
        let bytes_max = services.request_bytes_max;
        let pool = PoolService {
            pools: services.pools,
            record: services.record,
            catalogue: services.catalogue.clone(),
        };
        let executor = ExecutorService {
            executor: services.executor,
            health: services.health,
            validator: Validator { catalogue: services.catalogue, ceilings: services.ceilings },
            tasks: services.tasks,
            request_bytes_max: bytes_max,
        };
        let router = Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE))
            .http2_keepalive_timeout(Some(KEEPALIVE))
            .max_concurrent_streams(STREAMS_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .layer(EdgeLayer { request_bytes_max: bytes_max })
            .add_service(ExecutorServer::new(executor).max_decoding_message_size(bytes_max))
            .add_service(PoolServer::new(pool))
            .add_service(HealthServer::new(HealthService::from_health_reporter(self.reporter)))
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
        let connections = stream::select_all(entrances.into_iter().map(Entrance::connections));
        router.serve_with_incoming_shutdown(connections, shutdown).await?;
        Ok(())
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
