//! The composition root: builds everything from the settings, watches over it, and shuts it down in phases.

mod socket;
mod workbench;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::admission::Admission;
use crate::builds::Builds;
use crate::config::{Address, Addresses, Config};
use crate::domain::{Fault, SpentReason};
use crate::engine::{DockerEngine, Engine, EngineError, Owner};
use crate::executor::Executor;
use crate::grpc::{Entrance, GrpcServer, GrpcServices, NotServing, ServeError};
use crate::health::Health;
use crate::http::{self, HttpState};
use crate::language::Catalogue;
use crate::packages::Packages;
use crate::pool::{AgentBinary, AgentVolume, PoolConfig, Pools, Services};
use crate::record::Record;
use crate::tasks::Tasks;
use crate::telemetry::metrics;

use socket::SocketFile;

pub use workbench::{ProofError, Workbench};

/// What `build.rs` made: an agent for each architecture of engines that this build serves, its own first.
pub const AGENTS: &[AgentBinary] = include!(concat!(env!("OUT_DIR"), "/agents.rs"));

/// Enough to tell the runs of a daemon apart.
const EPOCH_DIGITS: usize = 12;
/// After the grace period: how long killed programs are waited for.
const KILL_SECONDS_MAX: u64 = 5;
/// How long the engine may take to remove all containers at the end. What is left ends by itself, without its daemon.
const BURIAL_SECONDS_MAX: u64 = 60;
/// How long the disk may take for what was compiled last.
const WRITE_SECONDS_MAX: u64 = 5;
/// How long open connections are waited for once nothing runs any more.
const HANG_UP_SECONDS_MAX: u64 = 2;

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// An address cannot be served.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: Address,
        /// Why.
        source: std::io::Error,
    },
    /// The engine's address makes no sense.
    #[error("engine.host: {0}")]
    Engine(#[from] EngineError),
    /// The metrics recorder.
    #[error("metrics: {0}")]
    Metrics(String),
    /// gRPC ended.
    #[error(transparent)]
    Grpc(#[from] ServeError),
    /// HTTP ended.
    #[error("HTTP cannot be served: {0}")]
    Http(std::io::Error),
    /// A maintenance task ended; the log says which.
    #[error("a part of the daemon has failed; the log above says which")]
    Defect,
}

/// A daemon that listens but does not serve yet.
pub struct App {
    shutdown_grace: Duration,
    entrances: Entrances,
    grpc: GrpcServer,
    http: (TcpListener, HttpState),
    pools: Arc<Pools>,
    builds: Builds,
    engine: Arc<dyn Engine>,
    admission: Arc<Admission>,
    tasks: Tasks,
}

/// Where gRPC comes in.
struct Entrances {
    open: Vec<Entrance>,
    addresses: Addresses,
    /// Removed when the daemon ends.
    sockets: Vec<SocketFile>,
}

/// The engine that the settings name.
///
/// # Errors
/// When its address makes no sense; it need not answer yet.
pub fn engine(config: &Config) -> Result<Arc<dyn Engine>, EngineError> {
    Ok(Arc::new(DockerEngine::connect(&config.engine)?))
}

/// Pools of `catalogue`'s languages for a run of `instance`, not started yet.
fn make_pools(
    config: PoolConfig,
    catalogue: &Catalogue,
    engine: Arc<dyn Engine>,
    agents: &'static [AgentBinary],
    instance: &str,
) -> Pools {
    let mut epoch = uuid::Uuid::new_v4().simple().to_string();
    epoch.truncate(EPOCH_DIGITS);
    let owner = Owner { instance: instance.to_owned(), epoch };
    let volume = AgentVolume::new(agents, catalogue, &owner);
    let services = Services { engine, owner, volume };
    Pools::new(config, services, catalogue)
}

impl App {
    /// Builds everything around `engine`, which gets the one of `agents` that is of its architecture, and binds all addresses.
    ///
    /// # Errors
    /// When an address is taken or telemetry cannot be set up.
    pub async fn bind(
        config: Config,
        engine: Arc<dyn Engine>,
        agents: &'static [AgentBinary],
    ) -> Result<Self, AppError> {
        let metrics = metrics::handle().map_err(|error| AppError::Metrics(error.to_string()))?;
        let languages = config.catalogue.languages().iter().map(|language| language.id.as_str());
        let faults = [Fault::Caller, Fault::Load, Fault::Engine, Fault::Kiln].map(Fault::label);
        let reasons =
            [SpentReason::Broken, SpentReason::Unclean, SpentReason::Unhealthy].map(SpentReason::label);
        metrics::begin(languages, &faults, &reasons);
        let entrances = Entrances::open(config.grpc).await?;
        let http_listener = listen(config.http).await?;
        let tasks = Tasks::default();
        let builds = Builds::open(config.builds);
        let pools = Arc::new(make_pools(
            config.pool,
            &config.catalogue,
            Arc::clone(&engine),
            agents,
            &config.instance,
        ));
        let packages = Packages::new(config.packages, Arc::clone(&pools), Arc::clone(&engine), tasks.clone());
        let admission = Arc::new(Admission::new(config.admission));
        let health = Health::new(config.catalogue.clone(), Arc::clone(&pools), Arc::clone(&admission));
        let record = Record::new(config.record, &config.catalogue);
        let grpc = GrpcServer::new(GrpcServices {
            executor: Executor::new(
                Arc::clone(&admission),
                Arc::clone(&pools),
                builds.clone(),
                packages,
                record.clone(),
            ),
            record,
            pools: Arc::clone(&pools),
            health: health.clone(),
            catalogue: config.catalogue,
            ceilings: config.ceilings,
            request_bytes_max: config.request_bytes_max,
            tasks: tasks.clone(),
        });
        let http = HttpState { health, metrics };
        Ok(Self {
            shutdown_grace: config.shutdown,
            entrances,
            grpc,
            http: (http_listener, http),
            pools,
            builds,
            engine,
            admission,
            tasks,
        })
    }

    /// Where gRPC and HTTP are served.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addresses(&self) -> std::io::Result<(Addresses, SocketAddr)> {
        Ok((self.entrances.addresses.clone(), self.http.0.local_addr()?))
    }

    /// Serves until `shutdown` resolves, then lets running programs finish and leaves nothing behind.
    ///
    /// # Errors
    /// When a part of it fails; what exists is removed all the same.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), AppError> {
        let (grpc_address, http_address) = self.addresses().map_err(AppError::Http)?;
        let hang_up = CancellationToken::new();
        let not_serving = self.grpc.not_serving();
        let _removed_at_the_end = self.entrances.sockets;
        let grpc = self.grpc.serve(self.entrances.open, hang_up.clone().cancelled_owned());
        self.tasks.maintain("metrics", metrics::upkeep(self.http.1.metrics.clone()));
        let http = http::serve(self.http.0, self.http.1, hang_up.clone().cancelled_owned());
        let servers = async {
            tokio::try_join!(async { grpc.await.map_err(AppError::Grpc) }, async {
                http.await.map_err(AppError::Http)
            })
        };
        tokio::pin!(servers);
        self.pools.start(&self.tasks);
        self.builds.start(Arc::clone(&self.engine), &self.tasks);
        tracing::info!(%grpc_address, %http_address, version = env!("CARGO_PKG_VERSION"), "serving");

        let mut result = tokio::select! {
            () = shutdown => Ok(()),
            () = self.tasks.defect() => Err(AppError::Defect),
            ended = &mut servers => ended.map(|_| ()),
        };
        let phases = Phases {
            grace: self.shutdown_grace,
            admission: &self.admission,
            tasks: &self.tasks,
            pools: &self.pools,
            builds: &self.builds,
            not_serving,
        };
        if result.is_ok() {
            // The servers go on until nothing runs: refusals and last replies have to get out.
            let over = async {
                phases.run().await;
                hang_up.cancel();
                tokio::time::sleep(Duration::from_secs(HANG_UP_SECONDS_MAX)).await;
            };
            result = tokio::select! {
                () = over => Ok(()),
                ended = &mut servers => ended.map(|_| ()),
            };
        } else {
            phases.run().await;
        }
        self.tasks.stop_maintenance().await;
        tracing::info!("stopped");
        result
    }
}

/// The way down, one phase after the other.
struct Phases<'a> {
    grace: Duration,
    admission: &'a Admission,
    tasks: &'a Tasks,
    pools: &'a Pools,
    builds: &'a Builds,
    not_serving: NotServing,
}

impl Phases<'_> {
    async fn run(&self) {
        tracing::info!(grace = ?self.grace, "shutting down: nothing new is taken");
        self.admission.drain();
        self.not_serving.announce().await;

        if timeout(self.grace, self.tasks.finish_clients()).await.is_err() {
            tracing::warn!("programs still run after the grace period; killing them");
            self.tasks.cancel_clients();
            let _ = timeout(Duration::from_secs(KILL_SECONDS_MAX), self.tasks.finish_clients()).await;
        }

        let bound = Duration::from_secs(WRITE_SECONDS_MAX);
        if timeout(bound, self.builds.finish()).await.is_err() {
            tracing::warn!("the disk does not take what was compiled; it is compiled again next time");
        }

        let bound = Duration::from_secs(BURIAL_SECONDS_MAX);
        if timeout(bound, self.pools.close()).await.is_err() {
            tracing::warn!("the engine does not remove everything; what is left ends by itself");
        }
    }
}

/// Resolves when the process is asked to end: SIGTERM, or SIGINT from a terminal.
///
/// # Errors
/// When the signals cannot be listened for.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

impl Entrances {
    /// Listens everywhere. The addresses have the ports that the system chose.
    async fn open(mut addresses: Addresses) -> Result<Self, AppError> {
        let (mut open, mut sockets) = (Vec::new(), Vec::new());
        for address in addresses.iter_mut() {
            let wanted = address.clone();
            let failed = |source| AppError::Listen { address: wanted, source };
            match address {
                Address::Tcp(port) => {
                    let listener = listen(*port).await?;
                    *port = listener.local_addr().map_err(failed)?;
                    open.push(Entrance::Tcp(listener));
                }
                Address::Unix(path) => {
                    let (listener, file) = socket::listen(path).map_err(failed)?;
                    open.push(Entrance::Unix(listener));
                    sockets.push(file);
                }
            }
        }
        Ok(Self { open, addresses, sockets })
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| AppError::Listen { address: Address::Tcp(address), source })
}
