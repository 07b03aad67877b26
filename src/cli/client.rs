//! A connection to a daemon, and replies as proto3 JSON.

use std::time::Duration;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::proto::{DESCRIPTORS, executor_client::ExecutorClient};

/// How long a daemon may take to accept a connection.
const CONNECT_SECONDS_MAX: u64 = 5;
/// Largest reply that is accepted: the largest output an operator may allow, four times.
const REPLY_BYTES_MAX: usize = 1 << 30;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The daemon's address.
    #[error("{url:?} is not an address such as http://127.0.0.1:50051")]
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
    /// Standard output is closed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
}

pub(super) async fn connect(url: &str) -> Result<Channel, CliError> {
    let endpoint =
        Endpoint::from_shared(url.to_owned()).map_err(|_| CliError::Address { url: url.to_owned() })?;
    let endpoint = endpoint.connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX)).tcp_nodelay(true);
    endpoint.connect().await.map_err(|error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        CliError::NotConnected { url: url.to_owned(), reason }
    })
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
