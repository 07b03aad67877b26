//! The engine's architecture decides which agent it gets, and whether it gets any.

use kiln::app::AGENTS;
use kiln::pool::AgentBinary;
use tonic::Code;

use crate::fake::{GOOD, Script};
use crate::{Server, get};

#[tokio::test]
async fn an_engine_of_another_architecture_is_refused_by_its_name() {
    let server = Server::start(Script { arch: "riscv64", ..GOOD }, &[]).await;
    let status = server.execute("hello").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let words =
        format!("the container engine is riscv64, and this build of Kiln has agents for {}", AGENTS[0].arch);
    assert!(status.message().contains(&words), "{status}");
    assert!(status.message().contains("KILN_AGENT_ARCHES=riscv64"), "{status}");
    let health = get(server.http, "/health").await;
    assert!(health.starts_with("HTTP/1.1 503") && health.contains(&words), "{health}");
    assert_eq!(server.engine.left(), (0, 0), "something was made on an engine that cannot run it");
    server.stopped().await;
}

#[tokio::test]
async fn the_engines_architecture_chooses_the_agent() {
    const BOTH: &[AgentBinary] = &[
        AgentBinary { arch: "x86_64", content: b"one" },
        AgentBinary { arch: "riscv64", content: b"other" },
    ];
    for (arch, content) in [("x86_64", b"one".as_slice()), ("riscv64", b"other")] {
        let server = Server::start_with(Script { arch, ..GOOD }, &[], BOTH).await;
        assert!(server.execute("hello").await.is_ok());
        assert_eq!(*server.engine.agent.lock().unwrap(), content, "{arch}");
        server.stopped().await;
    }
}
