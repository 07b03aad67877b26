//! A bridge of its own for programs that may use the network, and the fence around it, which a short-lived container sets with
//! the engine host's own tools: the daemon may be elsewhere, and need not be root.

use std::collections::HashMap;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::models::{
    ContainerCreateBody, HostConfig, Mount, MountType, MountVolumeOptions, NetworkCreateRequest,
};
use bollard::query_parameters::{
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;

use super::translate::bounded;
use super::{ASK_SECONDS_MAX, CREATE_SECONDS_MAX};
use crate::engine::EngineError;
use crate::engine::types::{Fencing, INSTANCE_LABEL, Network};

/// Where the host's file system is in that container.
const HOST_DIR: &str = "/host";
/// Networks that are not the outside: this host's, private, shared, link-local (and with them the metadata addresses of clouds),
/// multicast and reserved ones. RFC 6890.
const DENIED: [&str; 9] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

pub(super) async fn open(docker: &Docker, network: &Network, fencing: &Fencing) -> Result<(), EngineError> {
    let labels = HashMap::from([(INSTANCE_LABEL.to_owned(), network.instance.clone())]);
    let request = NetworkCreateRequest {
        name: network.name.clone(),
        driver: Some("bridge".to_owned()),
        enable_ipv6: Some(false),
        options: Some(options(network)),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    };
    match bounded("network create", CREATE_SECONDS_MAX, docker.create_network(request)).await {
        Ok(_) => {}
        // Another language's, or an earlier run's, whose containers are gone. Engines differ in how they refuse it.
        Err(EngineError::Refused { .. }) if is_there(docker, network).await? => {}
        Err(error) => return Err(error),
    }
    let mut words = vec![network.bridge.as_str(), "up"];
    words.extend(DENIED);
    fence(docker, fencing, &words).await
}

fn options(network: &Network) -> HashMap<String, String> {
    HashMap::from([
        ("com.docker.network.bridge.name".to_owned(), network.bridge.clone()),
        // Containers do not reach each other.
        ("com.docker.network.bridge.enable_icc".to_owned(), "false".to_owned()),
    ])
}

/// Whether a network of this name is as it was asked for.
async fn is_there(docker: &Docker, network: &Network) -> Result<bool, EngineError> {
    match bounded("network inspect", ASK_SECONDS_MAX, docker.inspect_network(&network.name, None)).await {
        Ok(found) => Ok(found.options == Some(options(network))),
        Err(EngineError::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) async fn close(docker: &Docker, network: &Network, fencing: &Fencing) -> Result<(), EngineError> {
    fence(docker, fencing, &[&network.bridge, "down"]).await?;
    match bounded("network remove", CREATE_SECONDS_MAX, docker.remove_network(&network.name)).await {
        Ok(()) | Err(EngineError::Refused { status: 404, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Runs the agent's `fence` in a container that shares the host's network, and removes that.
async fn fence(docker: &Docker, fencing: &Fencing, words: &[&str]) -> Result<(), EngineError> {
    let agent = format!("{}/agent", fencing.volume_path);
    let entrypoint = [agent.as_str(), "fence"].iter().chain(words).map(|&word| word.to_owned()).collect();
    let mount = |source: &str, target: &str, kind| Mount {
        source: Some(source.to_owned()),
        target: Some(target.to_owned()),
        typ: Some(kind),
        read_only: Some(true),
        volume_options: (kind == MountType::VOLUME)
            .then(|| MountVolumeOptions { no_copy: Some(true), ..Default::default() }),
        ..Default::default()
    };
    let body = ContainerCreateBody {
        image: Some(fencing.image.clone()),
        entrypoint: Some(entrypoint),
        cmd: Some(Vec::new()),
        user: Some("0:0".to_owned()),
        labels: Some(HashMap::from_iter(fencing.owner.labels(None))),
        host_config: Some(HostConfig {
            network_mode: Some("host".to_owned()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(["NET_ADMIN", "NET_RAW", "SYS_CHROOT"].map(str::to_owned).to_vec()),
            readonly_rootfs: Some(true),
            mounts: Some(vec![
                mount("/", HOST_DIR, MountType::BIND),
                mount(&fencing.volume, &fencing.volume_path, MountType::VOLUME),
            ]),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let create = docker.create_container(None, body);
    let id = bounded("container create", CREATE_SECONDS_MAX, create).await?.id;
    let result = run(docker, &id).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    bounded("container remove", CREATE_SECONDS_MAX, docker.remove_container(&id, Some(options))).await?;
    result
}

async fn run(docker: &Docker, id: &str) -> Result<(), EngineError> {
    let call = "fence";
    bounded("container start", CREATE_SECONDS_MAX, docker.start_container(id, None)).await?;
    let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
    let mut ended = docker.wait_container(id, Some(options));
    let ended = tokio::time::timeout(super::seconds(CREATE_SECONDS_MAX), ended.next()).await;
    if ended
        .map_err(|_| EngineError::Timeout { call, seconds: CREATE_SECONDS_MAX })?
        .is_some_and(|end| end.is_ok())
    {
        return Ok(());
    }
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
    let mut said = String::new();
    let mut log = docker.logs(id, Some(options));
    let read = async {
        while let Some(Ok(LogOutput::StdErr { message } | LogOutput::StdOut { message })) = log.next().await {
            said.push_str(&String::from_utf8_lossy(&message));
        }
    };
    let _ = tokio::time::timeout(super::seconds(ASK_SECONDS_MAX), read).await;
    Err(EngineError::Protocol { call, message: said.trim().to_owned() })
}
