//! The agent's volume: filled through a container that is never started, so that any image will do.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, HostConfig, Mount, MountType, MountVolumeOptions, VolumeCreateRequest,
};
use bollard::query_parameters::{
    ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder,
    UploadToContainerOptionsBuilder,
};

use super::translate::bounded;
use super::{ASK_SECONDS_MAX, CREATE_SECONDS_MAX};
use crate::engine::EngineError;
use crate::engine::types::{Access, EPOCH_LABEL, INSTANCE_LABEL, Owner, Volume, VolumeFile};

/// Where the volume is mounted in the container that fills it.
const FILL_DIR: &str = "/fill";

pub(super) async fn fill(
    docker: &Docker,
    volume: &Volume,
    image: &str,
    files: Vec<VolumeFile>,
) -> Result<(), EngineError> {
    let labels = HashMap::from_iter(volume.owner.labels(None));
    let request = VolumeCreateRequest {
        name: Some(volume.name.clone()),
        labels: Some(labels.clone()),
        ..Default::default()
    };
    bounded("volume create", CREATE_SECONDS_MAX, docker.create_volume(request)).await?;
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(vec!["/never-started".to_owned()]),
        labels: Some(labels),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            mounts: Some(vec![Mount {
                target: Some(FILL_DIR.to_owned()),
                source: Some(volume.name.clone()),
                typ: Some(MountType::VOLUME),
                volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..Default::default() }),
                ..Default::default()
            }]),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let created = bounded("container create", CREATE_SECONDS_MAX, docker.create_container(None, body)).await;
    let id = match created {
        Ok(created) => created.id,
        Err(EngineError::Refused { status: 404, .. }) => {
            return Err(EngineError::NoSuchImage { reference: image.to_owned() });
        }
        Err(error) => return Err(error),
    };
    let filled = upload(docker, &id, files).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    bounded("container remove", CREATE_SECONDS_MAX, docker.remove_container(&id, Some(options))).await?;
    filled
}

async fn upload(docker: &Docker, id: &str, files: Vec<VolumeFile>) -> Result<(), EngineError> {
    let archive = archive(&files)
        .map_err(|error| EngineError::Protocol { call: "archive", message: error.to_string() })?;
    let options = UploadToContainerOptionsBuilder::default().path(FILL_DIR).build();
    let upload = docker.upload_to_container(id, Some(options), bollard::body_full(archive.into()));
    bounded("archive upload", CREATE_SECONDS_MAX, upload).await
}

/// Root's, with a fixed time: the same files give the same archive.
fn archive(files: &[VolumeFile]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut directories: Vec<String> = Vec::new();
    for file in files {
        for (end, _) in file.path.match_indices('/') {
            let directory = file.path[..=end].to_owned();
            if !directories.contains(&directory) {
                let mut header = header(if file.access == Access::Agent { 0o700 } else { 0o555 }, 0);
                header.set_entry_type(tar::EntryType::Directory);
                archive.append_data(&mut header, &directory, &[][..])?;
                directories.push(directory);
            }
        }
        let mode = match file.access {
            Access::Read => 0o444,
            Access::Execute => 0o555,
            Access::Agent => 0o400,
            Access::Link => {
                let mut header = header(0o777, 0);
                header.set_entry_type(tar::EntryType::Symlink);
                let target = String::from_utf8_lossy(&file.content);
                archive.append_link(&mut header, &file.path, &*target)?;
                continue;
            }
        };
        let mut header = header(mode, file.content.len());
        archive.append_data(&mut header, &file.path, file.content.as_slice())?;
    }
    archive.into_inner()
}

fn header(mode: u32, bytes: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(bytes as u64);
    header
}

pub(super) async fn remove(docker: &Docker, owner: &Owner, others: bool) -> Result<usize, EngineError> {
    let filters = HashMap::from([("label", vec![format!("{INSTANCE_LABEL}={}", owner.instance)])]);
    let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
    let listed = bounded("volume list", ASK_SECONDS_MAX, docker.list_volumes(Some(options))).await?;
    let mut removed = 0;
    for volume in listed.volumes.unwrap_or_default() {
        if (volume.labels.get(EPOCH_LABEL) == Some(&owner.epoch)) == others {
            continue;
        }
        let options = RemoveVolumeOptionsBuilder::default().build();
        let remove = docker.remove_volume(&volume.name, Some(options));
        match bounded("volume remove", CREATE_SECONDS_MAX, remove).await {
            Ok(()) => removed += 1,
            Err(EngineError::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}
