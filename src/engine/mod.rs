//! The container engine in Kiln's words: small, object-safe, and the only thing the rest knows of engines.
//!
//! `docker/` is the only place that names bollard.

mod docker;
mod error;
mod types;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

pub use docker::{DockerConfig, DockerEngine};
pub use error::EngineError;
pub use types::{
    Access, AgentPipe, BuildSpec, ContainerId, ContainerSpec, DirectPipe, EngineInfo, Fate, Fencing,
    ImageFacts, LAYER_LABEL, Layer, NO_CGROUP, Network, Owner, Piece, Progress, Reach, Tmpfs, Volume,
    VolumeFile,
};

/// What Kiln needs of an engine. Every call is bounded in time and in parallelism by the implementation.
#[async_trait]
pub trait Engine: Send + Sync + fmt::Debug {
    /// Proves that it answers, at next to no cost to it.
    async fn ping(&self) -> Result<(), EngineError>;
    /// The engine's version, platform and size.
    async fn info(&self) -> Result<EngineInfo, EngineError>;
    /// What the engine knows of an image; `None` where it has none of this name.
    async fn image(&self, reference: &str) -> Result<Option<ImageFacts>, EngineError>;
    /// Fetches an image from its registry; `progress` gets a line whenever there is one.
    async fn pull(&self, reference: &str, progress: Progress<'_>) -> Result<(), EngineError>;
    /// Builds an image; `progress` gets a line whenever there is one.
    async fn build(&self, spec: &BuildSpec, progress: Progress<'_>) -> Result<(), EngineError>;
    /// Puts these files into a volume, which is made where it is missing; through a container of `image` that is never started.
    async fn fill_volume(
        &self,
        volume: &Volume,
        image: &str,
        files: Vec<VolumeFile>,
    ) -> Result<(), EngineError>;
    /// Makes an image of another one and the files of an archive.
    async fn add_layer(&self, owner: &Owner, layer: &Layer) -> Result<(), EngineError>;
    /// The names of such images of this instance, the oldest first.
    async fn layers(&self, owner: &Owner) -> Result<Vec<String>, EngineError>;
    /// Removes such an image, unless a container is made of it.
    async fn remove_layer(&self, reference: &str) -> Result<(), EngineError>;
    /// Makes a network where it is missing, and the fence around it: of all there is, only the outside is within reach.
    async fn open_network(&self, network: &Network, fencing: &Fencing) -> Result<(), EngineError>;
    /// Removes a network that nothing is in any more, and its fence.
    async fn close_network(&self, network: &Network, fencing: &Fencing) -> Result<(), EngineError>;
    /// Creates and starts a container.
    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, EngineError>;
    /// Starts a process in it, as root, and holds its streams.
    async fn attach(&self, id: &ContainerId, argv: &[&str]) -> Result<AgentPipe, EngineError>;
    /// Sets a running container's memory limit, in bytes.
    async fn resize(&self, id: &ContainerId, memory_bytes: u64) -> Result<(), EngineError>;
    /// Whether a container that ends by itself is gone in time; so is one that was gone already.
    async fn gone_within(&self, id: &ContainerId, time: Duration) -> Result<bool, EngineError>;
    /// Kills and removes a container. A container that is gone already is a success.
    async fn destroy(&self, id: &ContainerId) -> Result<(), EngineError>;
    /// Containers of this instance, running or not, of any epoch but `owner`'s where `others` is set, else of it.
    async fn owned(&self, owner: &Owner, others: bool) -> Result<Vec<ContainerId>, EngineError>;
    /// Removes this instance's volumes of any epoch but `owner`'s where `others` is set, else of it.
    async fn remove_volumes(&self, owner: &Owner, others: bool) -> Result<usize, EngineError>;
}
