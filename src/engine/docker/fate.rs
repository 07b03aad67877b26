//! What the engine knows of a process whose streams have ended: for the log, when nobody expected it.

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::WaitContainerOptions;
use futures_util::StreamExt;

use super::ASK_SECONDS_MAX;
use super::translate::bounded;
use crate::engine::EngineError;
use crate::engine::types::ContainerId;

/// A container that ends with the process has ended by then.
const END_SECONDS_MAX: u64 = 1;

/// How the process of `exec` has ended, and whether its container has too.
pub(super) async fn tell(docker: Docker, exec: String, container: ContainerId) -> String {
    format!("{}, {}", process(&docker, &exec).await, home(&docker, &container).await)
}

async fn process(docker: &Docker, exec: &str) -> String {
    match bounded("exec inspect", ASK_SECONDS_MAX, docker.inspect_exec(exec)).await {
        Ok(exec) if exec.running == Some(true) => "it still runs".to_owned(),
        Ok(exec) => exec.exit_code.map_or_else(
            || "its exit code is not known".to_owned(),
            |code| format!("its exit code was {code}"),
        ),
        Err(error) => format!("its exit code is not known ({error})"),
    }
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
