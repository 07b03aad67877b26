//! A daemon that listens in the file system instead of on a port.

use std::os::unix::fs::PermissionsExt;

use kiln::proto::Outcome;
use kiln::proto::executor_client::ExecutorClient;
use tonic::transport::Endpoint;

use super::fake::GOOD;
use super::{Server, bounded, request};

#[tokio::test]
async fn calls_come_by_a_socket_that_only_owner_and_group_may_use_and_that_goes_with_the_daemon() {
    let path = std::env::temp_dir().join(format!("kiln-server-{}.sock", std::process::id()));
    let address = format!("unix:{}", path.display());
    let server = Server::start(GOOD, &[("KILN__SERVER__GRPC", address.as_str())]).await;
    assert_eq!(server.grpc.to_string(), address);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);

    let channel = Endpoint::try_from(address).unwrap().connect().await.unwrap();
    let reply = bounded(ExecutorClient::new(channel).execute(request("any"))).await.unwrap().into_inner();
    assert_eq!(reply.outcome(), Outcome::Succeeded, "{}", reply.message);

    server.stopped().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn calls_come_by_a_port_and_by_a_socket_of_the_same_daemon() {
    let path = std::env::temp_dir().join(format!("kiln-server-both-{}.sock", std::process::id()));
    let both = format!("127.0.0.1:0,unix:{}", path.display());
    let server = Server::start(GOOD, &[("KILN__SERVER__GRPC", both.as_str())]).await;
    let addresses = server.grpc.to_string();
    let (port, socket) = addresses.split_once(',').unwrap();
    for url in [format!("http://{port}"), socket.to_owned()] {
        let channel = Endpoint::try_from(url.clone()).unwrap().connect().await.unwrap();
        let reply = bounded(ExecutorClient::new(channel).execute(request("any"))).await.unwrap().into_inner();
        assert_eq!(reply.outcome(), Outcome::Succeeded, "{url}: {}", reply.message);
    }
    server.stopped().await;
    assert!(!path.exists());
}
