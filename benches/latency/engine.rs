//! The engine without Kiln: a container for `docker exec`, and containers made, used and removed in a row.

use std::collections::HashMap;
use std::error::Error;
use std::process::{Command, Stdio};

use bollard::Docker;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::{ContainerCreateBody, ExecConfig, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder, StatsOptionsBuilder,
};
use futures_util::StreamExt;

use crate::daemon::INSTANCE;

/// A container that does nothing, for `docker exec`.
pub(crate) struct Container(pub(crate) String);

impl Container {
    pub(crate) fn start(image: &str) -> Result<Self, Box<dyn Error>> {
        let arguments = ["run", "-d", "--rm", "--init", "--network", "none", image, "sleep", "infinity"];
        let output = Command::new("docker").args(arguments).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(Self(String::from_utf8(output.stdout)?.trim().to_owned()))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", &self.0]).stdout(Stdio::null()).status();
    }
}

/// The three calls that every client of the engine makes: create, start and read to the end, inspect.
pub(crate) async fn exec(
    docker: &Docker,
    container: &str,
    argv: &[String],
) -> Result<(Vec<u8>, Option<i64>), Box<dyn Error>> {
    let config = ExecConfig {
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(argv.to_vec()),
        ..ExecConfig::default()
    };
    let exec = docker.create_exec(container, config).await?.id;
    let mut said = Vec::new();
    if let StartExecResults::Attached { mut output, .. } =
        docker.start_exec(&exec, None::<StartExecOptions>).await?
    {
        while let Some(piece) = output.next().await {
            said.extend_from_slice(&piece?.into_bytes());
        }
    }
    Ok((said, docker.inspect_exec(&exec).await?.exit_code))
}

/// One container's whole life with one execution in it, with the options that cost a Kiln container its time.
pub(crate) async fn whole_life(docker: &Docker, image: &str, argv: &[String]) -> Result<(), Box<dyn Error>> {
    let tmpfs = |path: &str| (path.to_owned(), "rw,exec,nosuid,nodev,size=268435456,mode=1777".to_owned());
    let host = HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        ipc_mode: Some("private".to_owned()),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        memory: Some(512 << 20),
        memory_swap: Some(512 << 20),
        nano_cpus: Some(1_000_000_000),
        network_mode: Some("none".to_owned()),
        pids_limit: Some(256),
        readonly_rootfs: Some(true),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        tmpfs: Some(HashMap::from([tmpfs("/tmp"), tmpfs("/workspace")])),
        ..HostConfig::default()
    };
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(vec!["sleep".to_owned(), "infinity".to_owned()]),
        network_disabled: Some(true),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    };
    let id = docker.create_container(None, body).await?.id;
    let used = async {
        docker.start_container(&id, None).await?;
        exec(docker, &id, argv).await
    };
    let used = used.await;
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    docker.remove_container(&id, Some(options)).await?;
    match used? {
        (_, Some(0)) => Ok(()),
        (said, code) => Err(format!("{code:?}: {}", String::from_utf8_lossy(&said)).into()),
    }
}

/// Memory of each of the daemon's idle containers of a language as their cgroups account for it, in bytes: all of it, and
/// without the page cache.
pub(crate) async fn idle_memory(docker: &Docker, language: &str) -> Result<Vec<(u64, u64)>, Box<dyn Error>> {
    let labels = vec![format!("kiln.instance={INSTANCE}"), format!("kiln.language={language}")];
    let filters = HashMap::from([("label", labels)]);
    let options = ListContainersOptionsBuilder::default().filters(&filters).build();
    let mut found = Vec::new();
    for container in docker.list_containers(Some(options)).await? {
        let options = StatsOptionsBuilder::default().stream(false).one_shot(true).build();
        let id = container.id.unwrap_or_default();
        let answer = docker.stats(&id, Some(options)).next().await;
        let memory = answer.ok_or("no statistics")??.memory_stats.ok_or("no memory in the statistics")?;
        let details = memory.stats.unwrap_or_default();
        // The first is cgroup v1's name, the second v2's; on v2 it lacks what is in shared memory.
        let private = details.get("total_rss").or_else(|| details.get("anon")).copied().unwrap_or(0);
        found.push((memory.usage.unwrap_or(0), private));
    }
    Ok(found)
}
