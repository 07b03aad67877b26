//! The create body of a sandbox container: everything that is not needed is off.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount,
    MountType, MountVolumeOptions,
};

use crate::engine::types::{ContainerSpec, Tmpfs};

/// What the agent needs as root inside: to hand files to a job, become it, and signal it.
const CAPABILITIES: [&str; 5] = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"];

pub(super) fn hardened(spec: &ContainerSpec) -> ContainerCreateBody {
    let memory = signed(spec.memory_bytes);
    let host = HostConfig {
        auto_remove: Some(true),
        cap_add: Some(CAPABILITIES.map(str::to_owned).to_vec()),
        cap_drop: Some(vec!["ALL".to_owned()]),
        // Engines with cgroup v2 default to it; those with v1 accept it too.
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        // An engine may be set to put a process of its own in the place of PID 1.
        init: Some(false),
        ipc_mode: Some("private".to_owned()),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        memory: Some(memory),
        // Equal to the memory limit: no swap.
        memory_swap: Some(memory),
        mounts: Some(vec![Mount {
            target: Some(spec.volume_path.clone()),
            source: Some(spec.volume.clone()),
            typ: Some(MountType::VOLUME),
            read_only: Some(true),
            volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..Default::default() }),
            ..Default::default()
        }]),
        nano_cpus: Some(i64::from(spec.cpu_millis) * 1_000_000),
        network_mode: Some(spec.network.clone().unwrap_or_else(|| "none".to_owned())),
        pids_limit: Some(signed(spec.processes)),
        privileged: Some(false),
        readonly_rootfs: Some(true),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        shm_size: Some(signed(spec.shm_bytes)),
        tmpfs: Some(spec.tmpfs.iter().map(|tmpfs| (tmpfs.path.clone(), options(tmpfs))).collect()),
        ..HostConfig::default()
    };
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        entrypoint: Some(spec.argv.clone()),
        // The image's own command would be appended to the entrypoint.
        cmd: Some(Vec::new()),
        user: Some("0:0".to_owned()),
        // One that an image brings would run as root beside the program.
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..Default::default() }),
        hostname: Some("kiln".to_owned()),
        working_dir: Some("/".to_owned()),
        labels: Some(HashMap::from_iter(spec.owner.labels(Some(&spec.language)))),
        network_disabled: Some(spec.network.is_none()),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    }
}

/// The engine's default is noexec; compilers leave their result in one of these.
fn options(tmpfs: &Tmpfs) -> String {
    let owner = match tmpfs.owner {
        Some(uid) => format!("mode=0755,uid={uid},gid={uid}"),
        None => "mode=1777".to_owned(),
    };
    format!("rw,exec,nosuid,nodev,size={},nr_inodes={},{owner}", tmpfs.bytes, tmpfs.inodes)
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
