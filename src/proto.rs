//! What `build.rs` generated from `proto/`: messages, clients and servers. Named by `grpc` and `cli` only.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated; the proto files are the documentation"
)]

tonic::include_proto!("kiln.v1");

/// The descriptors of everything under `proto/`, for reflection and proto3 JSON.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
