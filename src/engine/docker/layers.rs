//! Images that are another one and a layer of files over it: made through a container that is never started.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{ContainerConfig, ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, ListImagesOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveImageOptions, UploadToContainerOptionsBuilder,
};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::translate::bounded;
use super::{ASK_SECONDS_MAX, CREATE_SECONDS_MAX};
use crate::engine::EngineError;
use crate::engine::types::{INSTANCE_LABEL, LAYER_LABEL, Layer, Owner};

/// Longest that the engine may take to unpack an archive, or to make a layer of it, in seconds.
const LAYER_SECONDS_MAX: u64 = 300;
const PIECE_BYTES: usize = 256 << 10;

pub(super) async fn add(docker: &Docker, owner: &Owner, layer: &Layer) -> Result<(), EngineError> {
    let body = ContainerCreateBody {
        image: Some(layer.base.clone()),
        entrypoint: Some(vec!["/never-started".to_owned()]),
        labels: Some(HashMap::from_iter(owner.labels(None))),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    };
    let created = bounded("container create", CREATE_SECONDS_MAX, docker.create_container(None, body)).await;
    let id = match created {
        Ok(created) => created.id,
        Err(EngineError::Refused { status: 404, .. }) => {
            return Err(EngineError::NoSuchImage { reference: layer.base.clone() });
        }
        Err(error) => return Err(error),
    };
    let committed = commit(docker, &id, layer).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    bounded("container remove", CREATE_SECONDS_MAX, docker.remove_container(&id, Some(options))).await?;
    committed
}

async fn commit(docker: &Docker, id: &str, layer: &Layer) -> Result<(), EngineError> {
    let file = File::open(&layer.archive)
        .await
        .map_err(|error| EngineError::Protocol { call: "archive", message: error.to_string() })?;
    let pieces = bollard::body_try_stream(ReaderStream::with_capacity(file, PIECE_BYTES));
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    let upload = docker.upload_to_container(id, Some(options), pieces);
    bounded("archive upload", LAYER_SECONDS_MAX, upload).await?;
    let (name, tag) = layer.reference.split_once(':').unwrap_or((&layer.reference, "latest"));
    let options = CommitContainerOptionsBuilder::default().container(id).repo(name).tag(tag).build();
    let config =
        ContainerConfig { labels: Some(layer.labels.clone().into_iter().collect()), ..Default::default() };
    bounded("commit", LAYER_SECONDS_MAX, docker.commit_container(options, config)).await?;
    Ok(())
}

/// Those of this instance, the oldest first.
pub(super) async fn list(docker: &Docker, owner: &Owner) -> Result<Vec<String>, EngineError> {
    let labels = vec![LAYER_LABEL.to_owned(), format!("{INSTANCE_LABEL}={}", owner.instance)];
    let options = ListImagesOptionsBuilder::default().filters(&HashMap::from([("label", labels)])).build();
    let mut found = bounded("image list", ASK_SECONDS_MAX, docker.list_images(Some(options))).await?;
    found.sort_by_key(|image| image.created);
    Ok(found.into_iter().filter_map(|image| image.repo_tags.into_iter().next()).collect())
}

/// One that is gone already is a success.
pub(super) async fn remove(docker: &Docker, reference: &str) -> Result<(), EngineError> {
    let remove = docker.remove_image(reference, None::<RemoveImageOptions>, None);
    match bounded("image remove", CREATE_SECONDS_MAX, remove).await {
        Ok(_) | Err(EngineError::Refused { status: 404, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
