//! Kiln runs untrusted programs in warm containers, over gRPC.
//!
//! In reading order: `domain` (what Kiln talks about), `language` (the catalogue), `wire` (what daemon and agent say),
//! `engine` (containers), `sandbox` (one container and its agent), `pool` (many of them, warm), `builds` (what was compiled
//! before), `packages` (what is installed for them), `admission`, `record` (what it all took), `executor`
//! (the request path), `grpc` and `http` (how it is reached), `app` (how it is put together), `cli`.

#![forbid(unsafe_code)]

pub mod admission;
pub mod app;
pub mod builds;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod executor;
pub mod grpc;
pub mod health;
pub mod http;
pub mod images;
pub mod language;
pub mod packages;
pub mod pool;
pub mod proto;
pub mod record;
pub mod sandbox;
pub mod tasks;
pub mod telemetry;
pub mod wire;
