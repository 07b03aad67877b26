//! Compilers that fail; and what others leave, on its way to the daemon and into another container.

use kiln::wire::{AgentMessage, HostMessage, JobSpec, Stream};

use super::Place;
use super::support::agent::{shell, stage};

#[tokio::test]
async fn a_build_is_sent_as_the_compiler_left_it_and_serves_another_job() {
    let mut place = Place::ready().await;
    let build = place.build().display().to_string();
    let compiler =
        format!("mkdir {build}/d && echo 'echo built' > {build}/d/main && chmod +x {build}/d/main");
    let tampering =
        format!("{build}/d/main; echo 'echo other' > {build}/d/main || rm -rf {build}/d; ls {build}/d");
    let job = JobSpec {
        compile: Some(stage(["sh", "-c", &compiler].map(str::to_owned).to_vec())),
        keep_build_bytes_max: 1 << 20,
        ..shell(&tampering)
    };
    place.agent.send(&HostMessage::Run(job)).await;
    place.agent.send(&HostMessage::CloseInput).await;
    let (mut said, mut pieces, mut sum, mut finished) = (Vec::new(), Vec::new(), None, false);
    while sum.is_none() || !finished {
        match place.agent.receive().await.unwrap() {
            AgentMessage::Output { stream: Stream::Stdout, content, .. } => said.extend(content),
            AgentMessage::BuildPiece(piece) => pieces.extend(piece),
            AgentMessage::BuildKept(kept) => sum = Some(kept),
            AgentMessage::Finished => finished = true,
            _ => {}
        }
    }
    assert_eq!(String::from_utf8_lossy(&said), "built\nmain\n", "the program cannot change what was built");

    let sum = sum.unwrap();
    assert_eq!(sum.bytes, pieces.len() as u64);
    let mut other = Place::ready().await;
    let main = other.build().join("d/main").display().to_string();
    for piece in pieces.chunks(7) {
        other.agent.send(&HostMessage::BuildPiece(piece.to_vec())).await;
    }
    other.agent.send(&HostMessage::BuildEnd(sum)).await;
    assert_eq!(other.agent.run(shell(&main), b"").await.stdout(), "built\n");

    let mut third = Place::ready().await;
    third.agent.send(&HostMessage::BuildPiece(pieces[1..].to_vec())).await;
    third.agent.send(&HostMessage::BuildEnd(sum)).await;
    assert!(matches!(third.agent.receive().await, Some(AgentMessage::Fault(_))), "damage is found");
}

#[tokio::test]
async fn a_compiler_that_fails_ends_the_job() {
    let mut place = Place::ready().await;
    let script = |text: &str| stage(["sh", "-c", text].map(str::to_owned).to_vec());
    let mut job = shell("echo ran");
    job.compile = Some(script("echo wrong >&2; exit 2"));
    let result = place.agent.run(job.clone(), b"").await;
    assert!(result.compile.is_some() && result.run.is_none());
    assert_eq!(result.output[&(0, 1)], b"wrong\n");

    job.compile = Some(script("exit 0"));
    let result = place.agent.run(job, b"").await;
    assert_eq!(result.stdout(), "ran\n");
}
