//! A connection to a daemon, and replies as proto3 JSON.

use std::time::{Duration, Instant};

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use tonic::Status;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::proto::{DESCRIPTORS, ListLanguagesRequest, executor_client::ExecutorClient};

use super::args::Server;

/// How long a daemon may take to accept a connection.
const CONNECT_SECONDS_MAX: u64 = 5;
/// Between two questions whether it serves.
const WAIT_INTERVAL: Duration = Duration::from_millis(50);
/// Largest reply that is accepted: the largest output an operator may allow, four times.
const REPLY_BYTES_MAX: usize = 1 << 30;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The daemon's address.
    #[error("{url:?} is not an address such as http://127.0.0.1:50051 or unix:/run/kiln/kiln.sock")]
    Address {
        /// As given.
        url: String,
    },
    /// No daemon there.
    #[error("no daemon answers at {url}: {reason}; start one with `kiln serve`")]
    NotConnected {
        /// As given.
        url: String,
        /// The transport's words.
        reason: String,
    },
    /// The daemon refused or failed.
    #[error("{} ({:?})", .0.message(), .0.code())]
    Status(#[from] Status),
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Save {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Standard output is closed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
}

/// A connection, to a daemon that serves where it is waited for.
pub(super) async fn connect(server: &Server) -> Result<Channel, CliError> {
    let Some(wait) = server.wait else { return connect_once(server).await };
    let end = Instant::now() + wait;
    loop {
        let attempt = async {
            let channel = connect_once(server).await?;
            serves(channel.clone()).await.map(|()| channel)
        };
        match attempt.await {
            Err(CliError::NotConnected { .. } | CliError::Status(_)) if Instant::now() < end => {
                tokio::time::sleep(WAIT_INTERVAL).await;
            }
            answer => return answer,
        }
    }
}

/// Waits until the daemon has a container for a language, for which its image may have to be made first. A daemon serves as soon as
/// it has one for any. What it does not know, and what takes longer, is left to it to refuse.
pub(super) async fn language_ready(
    client: &mut ExecutorClient<Channel>,
    name: &str,
    end: Instant,
) -> Result<(), CliError> {
    while Instant::now() < end {
        let known = client.list_languages(ListLanguagesRequest {}).await?.into_inner().languages;
        let is_named = |given: &String| given.eq_ignore_ascii_case(name);
        let named =
            known.iter().find(|language| is_named(&language.id) || language.aliases.iter().any(is_named));
        if named.is_none_or(|language| language.ready) {
            break;
        }
        tokio::time::sleep(WAIT_INTERVAL).await;
    }
    Ok(())
}

/// Asks the daemon whether it serves.
pub(super) async fn serves(channel: Channel) -> Result<(), CliError> {
    let question = HealthCheckRequest { service: String::new() };
    let reply = HealthClient::new(channel).check(question).await?.into_inner();
    if reply.status() == ServingStatus::Serving {
        return Ok(());
    }
    Err(CliError::Status(Status::unavailable("the daemon is up but does not serve; /health says why")))
}

async fn connect_once(server: &Server) -> Result<Channel, CliError> {
    let url = &server.server;
    let not_connected = |error: tonic::transport::Error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        CliError::NotConnected { url: url.clone(), reason }
    };
    let endpoint = Endpoint::try_from(url.clone()).map_err(|_| CliError::Address { url: url.clone() })?;
    let mut endpoint = endpoint.connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX)).tcp_nodelay(true);
    if endpoint.uri().scheme_str() == Some("https") {
        endpoint = endpoint.tls_config(tls(server)?).map_err(not_connected)?;
    }
    endpoint.connect().await.map_err(not_connected)
}

/// Trusts what the caller names and nothing else: a daemon's certificate is seldom one that the whole world trusts.
fn tls(server: &Server) -> Result<ClientTlsConfig, CliError> {
    let path = server.ca.as_ref().ok_or_else(|| {
        let words = "an https:// address needs --ca FILE (or KILN_CA): whose certificates to trust";
        CliError::Usage(words.to_owned())
    })?;
    let pem =
        std::fs::read(path).map_err(|source| CliError::Read { path: path.display().to_string(), source })?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
}

pub(super) fn executor(channel: Channel) -> ExecutorClient<Channel> {
    ExecutorClient::new(channel)
        .max_decoding_message_size(REPLY_BYTES_MAX)
        .max_encoding_message_size(REPLY_BYTES_MAX)
}

/// `message`, whose full name is `name`, as proto3 JSON.
pub(super) fn to_json(name: &str, message: &impl Message) -> Result<String, CliError> {
    let defect = |error: String| CliError::Status(Status::internal(error));
    let pool = DescriptorPool::decode(DESCRIPTORS).map_err(|error| defect(error.to_string()))?;
    let descriptor = pool.get_message_by_name(name).ok_or_else(|| defect(format!("no message {name}")))?;
    let bytes = message.encode_to_vec();
    let dynamic = DynamicMessage::decode(descriptor, &*bytes).map_err(|error| defect(error.to_string()))?;
    let mut serializer = serde_json::Serializer::pretty(Vec::new());
    let options = SerializeOptions::new();
    dynamic.serialize_with_options(&mut serializer, &options).map_err(|error| defect(error.to_string()))?;
    Ok(String::from_utf8_lossy(&serializer.into_inner()).into_owned())
}
