//! What the engine knows of a process whose streams have ended: for the log, when nobody expected it.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{EventsOptionsBuilder, WaitContainerOptions};
use futures_util::StreamExt;

use super::ASK_SECONDS_MAX;
use super::translate::bounded;
use crate::domain::SIGKILL;
use crate::engine::EngineError;
use crate::engine::types::{ContainerId, Fate};

/// A container that ends with the process has ended by then.
const END_SECONDS_MAX: u64 = 1;
/// How long ago the kernel may have killed, and how long after the end the engine may hear of it.
const HEARD_SECONDS_MAX: u64 = 5;
const HEAR_SECONDS_MAX: u64 = 1;
/// The exit code of a process that SIGKILL ended.
const KILLED: i64 = 128 + SIGKILL as i64;

/// How the process of `exec` has ended, and whether its container has too.
pub(super) async fn tell(docker: Docker, exec: String, container: ContainerId) -> Fate {
    let process = bounded("exec inspect", ASK_SECONDS_MAX, docker.inspect_exec(&exec)).await;
    let code = process.as_ref().ok().and_then(|process| process.exit_code);
    let end = match process {
        Ok(process) if process.running == Some(true) => "it still runs".to_owned(),
        Ok(_) => code.map_or_else(
            || "its exit code is not known".to_owned(),
            |code| format!("its exit code was {code}"),
        ),
        Err(error) => format!("its exit code is not known ({error})"),
    };
    let home = home(&docker, &container).await;
    let is_for_memory = code == Some(KILLED) && is_out_of_memory(&docker, &container).await;
    let memory = if is_for_memory { ", the kernel killed for memory in it" } else { "" };
    Fate { words: format!("{end}, {home}{memory}"), is_for_memory }
}

/// Whether the engine has heard lately that the kernel killed in this container for memory. What `docker inspect` says of it is set
/// at the container's end by older engines, and by none taken back.
async fn is_out_of_memory(docker: &Docker, container: &ContainerId) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let (since, until) = (now.saturating_sub(HEARD_SECONDS_MAX), now + HEAR_SECONDS_MAX);
    let filters = HashMap::from([
        ("type", vec!["container"]),
        ("event", vec!["oom"]),
        ("container", vec![container.0.as_str()]),
    ]);
    let options = EventsOptionsBuilder::default()
        .since(&since.to_string())
        .until(&until.to_string())
        .filters(&filters)
        .build();
    let mut events = std::pin::pin!(docker.events(Some(options)));
    let first = async { events.next().await.transpose() };
    bounded("events", ASK_SECONDS_MAX, first).await.is_ok_and(|event| event.is_some())
}

async fn home(docker: &Docker, container: &ContainerId) -> String {
    let mut ends = docker.wait_container(&container.0, None::<WaitContainerOptions>);
    let end = async {
        match ends.next().await {
            None => Ok(None),
            Some(Ok(end)) => Ok(Some(end.status_code)),
            // bollard takes an exit code other than 0 for an error.
            Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(Some(code)),
            Some(Err(error)) => Err(error),
        }
    };
    match bounded("container wait", END_SECONDS_MAX, end).await {
        Ok(Some(code)) => format!("its container has ended with {code}"),
        Ok(None) | Err(EngineError::Refused { status: 404, .. }) => "its container is gone".to_owned(),
        Err(EngineError::Timeout { .. }) => "its container goes on".to_owned(),
        Err(error) => format!("nothing is known of its container ({error})"),
    }
}
