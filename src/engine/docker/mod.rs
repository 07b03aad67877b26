//! The Docker engine, through bollard. Bounds every call in time, and creates and execs in parallelism.

mod body;
mod direct;
mod fate;
mod images;
mod layers;
mod network;
mod translate;
mod volumes;

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::{ContainerUpdateBody, ExecConfig};
use bollard::query_parameters::{
    CreateContainerOptions, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;
use tokio::sync::Semaphore;

use super::Engine;
use super::error::EngineError;
use super::types::{
    AgentPipe, BuildSpec, ContainerId, ContainerSpec, EPOCH_LABEL, EngineInfo, Fencing, INSTANCE_LABEL,
    ImageFacts, Layer, Network, Owner, Piece, Progress, Reach, Volume, VolumeFile,
};
use direct::Direct;
use translate::{bounded, translate};

/// Longest a create, start or exec may take, in seconds: an engine under load has taken ten.
const CREATE_SECONDS_MAX: u64 = 60;
/// Longest a small question may take, in seconds.
const ASK_SECONDS_MAX: u64 = 10;
/// Read buffer of an attached stream: the engine sends pieces of up to 32 KiB.
const ATTACH_BUFFER_BYTES: usize = 64 * 1024;

/// How to reach the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerConfig {
    /// `unix://`, `tcp://` or `https://`; `None` means `DOCKER_HOST`, else the local socket. For TLS the
    /// variables `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` hold, as for the docker command.
    pub host: Option<String>,
    /// Creates and exec starts at the same time.
    pub parallel: usize,
    /// Whether agents are spoken to directly where that is possible.
    pub direct: bool,
}

/// A connection to a Docker engine.
pub struct DockerEngine {
    host: Option<String>,
    /// Set as soon as its socket was there once.
    connection: OnceLock<Docker>,
    /// Many parallel creates and execs take longer than the same number in turn.
    starts: Semaphore,
    direct: Direct,
}

impl fmt::Debug for DockerEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerEngine").finish_non_exhaustive()
    }
}

impl DockerEngine {
    /// Prepares the connection; the engine need not answer yet.
    ///
    /// # Errors
    /// When the address or the TLS files make no sense.
    pub fn connect(config: &DockerConfig) -> Result<Self, EngineError> {
        let engine = Self {
            host: config.host.clone(),
            connection: OnceLock::new(),
            starts: Semaphore::new(config.parallel.max(1)),
            direct: Direct::new(config.direct),
        };
        match engine.open() {
            // An engine that is not up yet has no socket yet.
            Ok(_) | Err(Error::SocketNotFoundError(_)) => Ok(engine),
            Err(error) => Err(translate("connect", error)),
        }
    }

    fn open(&self) -> Result<&Docker, Error> {
        if let Some(docker) = self.connection.get() {
            return Ok(docker);
        }
        let docker = match &self.host {
            Some(host) => Docker::connect_with_host(host),
            None => Docker::connect_with_defaults(),
        }?;
        Ok(self.connection.get_or_init(|| docker))
    }

    fn docker(&self) -> Result<&Docker, EngineError> {
        self.open().map_err(|error| translate("connect", error))
    }

    async fn start_slot(&self) -> tokio::sync::SemaphorePermit<'_> {
        // The semaphore is never closed.
        #[expect(clippy::expect_used, reason = "see above")]
        self.starts.acquire().await.expect("the semaphore lives as long as the engine")
    }
}

#[async_trait]
impl Engine for DockerEngine {
    async fn ping(&self) -> Result<(), EngineError> {
        bounded("ping", ASK_SECONDS_MAX, self.docker()?.ping()).await.map(|_| ())
    }

    async fn info(&self) -> Result<EngineInfo, EngineError> {
        let call = "info";
        let version = bounded(call, ASK_SECONDS_MAX, self.docker()?.version()).await?;
        let info = bounded(call, ASK_SECONDS_MAX, self.docker()?.info()).await?;
        Ok(EngineInfo {
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            arch: translate::architecture(&info.architecture.unwrap_or_default()),
            cpus: info.ncpu.and_then(|cpus| u32::try_from(cpus).ok()).unwrap_or(1),
            memory_bytes: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
            cgroup_version: translate::cgroup(info.cgroup_driver, info.cgroup_version),
            storage_driver: info.driver.unwrap_or_default(),
            user_namespace: translate::user_namespace(&info.security_options.unwrap_or_default()),
        })
    }

    async fn image(&self, reference: &str) -> Result<Option<ImageFacts>, EngineError> {
        let found = bounded("image inspect", ASK_SECONDS_MAX, self.docker()?.inspect_image(reference)).await;
        match found {
            Ok(image) => {
                let labels = image.config.and_then(|config| config.labels).unwrap_or_default();
                Ok(Some(ImageFacts {
                    id: image.id.unwrap_or_default(),
                    labels: labels.into_iter().collect(),
                }))
            }
            Err(EngineError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn pull(&self, reference: &str, progress: Progress<'_>) -> Result<(), EngineError> {
        images::pull(self.docker()?, reference, progress).await
    }

    async fn build(&self, spec: &BuildSpec, progress: Progress<'_>) -> Result<(), EngineError> {
        images::build(self.docker()?, spec, progress).await
    }

    async fn fill_volume(
        &self,
        volume: &Volume,
        image: &str,
        files: Vec<VolumeFile>,
    ) -> Result<(), EngineError> {
        let _slot = self.start_slot().await;
        volumes::fill(self.docker()?, volume, image, files).await
    }

    async fn add_layer(&self, owner: &Owner, layer: &Layer) -> Result<(), EngineError> {
        let _slot = self.start_slot().await;
        layers::add(self.docker()?, owner, layer).await
    }

    async fn layers(&self, owner: &Owner) -> Result<Vec<String>, EngineError> {
        layers::list(self.docker()?, owner).await
    }

    async fn remove_layer(&self, reference: &str) -> Result<(), EngineError> {
        layers::remove(self.docker()?, reference).await
    }

    async fn open_network(&self, network: &Network, fencing: &Fencing) -> Result<(), EngineError> {
        network::open(self.docker()?, network, fencing).await
    }

    async fn close_network(&self, network: &Network, fencing: &Fencing) -> Result<(), EngineError> {
        network::close(self.docker()?, network, fencing).await
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
        let _slot = self.start_slot().await;
        let body = body::hardened(spec);
        let options = CreateContainerOptions { name: Some(spec.name.clone()), ..Default::default() };
        let create = self.docker()?.create_container(Some(options), body);
        let created = bounded("container create", CREATE_SECONDS_MAX, create).await;
        let id = match created {
            Ok(created) => ContainerId(created.id),
            Err(EngineError::Refused { status: 404, .. }) => {
                return Err(EngineError::NoSuchImage { reference: spec.image.clone() });
            }
            Err(EngineError::Refused { status: 409, .. }) => {
                return Err(EngineError::NameTaken { name: spec.name.clone() });
            }
            Err(error) => return Err(error),
        };
        let start = self.docker()?.start_container(&id.0, None);
        if let Err(error) = bounded("container start", CREATE_SECONDS_MAX, start).await {
            // Not started means not removed by itself either.
            let _ = self.destroy(&id).await;
            return Err(error);
        }
        Ok(id)
    }

    async fn attach(&self, id: &ContainerId, argv: &[&str]) -> Result<AgentPipe, EngineError> {
        let _slot = self.start_slot().await;
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv.iter().map(|&word| word.to_owned()).collect()),
            user: Some("0:0".to_owned()),
            ..ExecConfig::default()
        };
        let gone = |error| match error {
            EngineError::Refused { status: 404 | 409, .. } => {
                EngineError::NoSuchContainer { id: id.0.clone() }
            }
            other => other,
        };
        let exec = bounded("exec create", CREATE_SECONDS_MAX, self.docker()?.create_exec(&id.0, config));
        let exec = exec.await.map_err(gone)?;
        let options =
            StartExecOptions { output_capacity: Some(ATTACH_BUFFER_BYTES), ..StartExecOptions::default() };
        let start = self.docker()?.start_exec(&exec.id, Some(options));
        let docker = self.docker()?.clone();
        let fate = Box::pin(fate::tell(docker.clone(), exec.id.clone(), id.clone()));
        let (direct, process) = (self.direct.clone(), exec.id.clone());
        let reach: Reach =
            Box::new(move |descriptor, token| Box::pin(direct.reach(docker, process, descriptor, token)));
        match bounded("exec start", CREATE_SECONDS_MAX, start).await.map_err(gone)? {
            StartExecResults::Attached { input, output } => {
                let output = output.filter_map(|piece| async {
                    match piece {
                        Ok(LogOutput::StdOut { message }) => Some(Ok(Piece::Stdout(message))),
                        Ok(LogOutput::StdErr { message }) => Some(Ok(Piece::Stderr(message))),
                        Ok(LogOutput::StdIn { .. } | LogOutput::Console { .. }) => None,
                        Err(error) => Some(Err(translate("exec stream", error))),
                    }
                });
                Ok(AgentPipe { input, output: Box::pin(output), fate, reach })
            }
            StartExecResults::Detached => {
                Err(EngineError::Protocol { call: "exec start", message: "it is detached".to_owned() })
            }
        }
    }

    async fn resize(&self, id: &ContainerId, memory_bytes: u64) -> Result<(), EngineError> {
        let bytes = i64::try_from(memory_bytes).unwrap_or(i64::MAX);
        let body =
            ContainerUpdateBody { memory: Some(bytes), memory_swap: Some(bytes), ..Default::default() };
        bounded("container update", CREATE_SECONDS_MAX, self.docker()?.update_container(&id.0, body)).await
    }

    async fn gone_within(&self, id: &ContainerId, time: Duration) -> Result<bool, EngineError> {
        let call = "container wait";
        let options = WaitContainerOptionsBuilder::default().condition("removed").build();
        let mut gone = self.docker()?.wait_container(&id.0, Some(options));
        let answer = match tokio::time::timeout(time, gone.next()).await {
            Err(_) => return Ok(false),
            Ok(answer) => answer.transpose(),
        };
        match answer {
            // bollard takes an exit code other than 0 for an error; with words it is one: the removal failed.
            Err(Error::DockerContainerWaitError { error, .. }) if !error.is_empty() => {
                Err(EngineError::Protocol { call, message: error })
            }
            Ok(_) | Err(Error::DockerContainerWaitError { .. }) => Ok(true),
            Err(error) => match translate(call, error) {
                EngineError::Refused { status: 404, .. } => Ok(true),
                error => Err(error),
            },
        }
    }

    async fn destroy(&self, id: &ContainerId) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        let remove = self.docker()?.remove_container(&id.0, Some(options));
        match bounded("container remove", CREATE_SECONDS_MAX, remove).await {
            Ok(()) | Err(EngineError::Refused { status: 404, .. }) => Ok(()),
            // It stopped, and is removing itself.
            Err(EngineError::Refused { status: 409, message, .. }) if message.contains("in progress") => {
                let seconds = CREATE_SECONDS_MAX;
                match self.gone_within(id, self::seconds(seconds)).await? {
                    true => Ok(()),
                    false => Err(EngineError::Timeout { call: "container remove", seconds }),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn owned(&self, owner: &Owner, others: bool) -> Result<Vec<ContainerId>, EngineError> {
        let filters = HashMap::from([("label", vec![format!("{INSTANCE_LABEL}={}", owner.instance)])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found =
            bounded("container list", ASK_SECONDS_MAX, self.docker()?.list_containers(Some(options))).await?;
        let wanted = found.into_iter().filter(|container| {
            let epoch = container.labels.as_ref().and_then(|labels| labels.get(EPOCH_LABEL));
            (epoch == Some(&owner.epoch)) != others
        });
        Ok(wanted.filter_map(|container| container.id.map(ContainerId)).collect())
    }

    async fn remove_volumes(&self, owner: &Owner, others: bool) -> Result<usize, EngineError> {
        volumes::remove(self.docker()?, owner, others).await
    }
}

/// A call's bound as a duration.
fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
