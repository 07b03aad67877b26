//! Generates the gRPC code without `protoc`, and builds the agent that is embedded into the daemon.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message;

const PROTOS: [&str; 2] = ["kiln/v1/executor.proto", "kiln/v1/pool.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    generate_grpc(&out)?;
    build_agent(&out)?;
    // `include_dir!` reads these; a new file must rebuild the crate.
    println!("cargo:rerun-if-changed=languages");
    println!("cargo:rerun-if-changed=deploy/images");
    Ok(())
}

fn generate_grpc(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".kiln.v1.File.content").compile_fds(descriptors)?;
    Ok(())
}

/// Builds the agent statically, for the target's architecture, with a cargo of its own: it wants another profile
/// and other target flags than the daemon, and must not inherit ours.
fn build_agent(out: &Path) -> Result<(), Box<dyn Error>> {
    for path in ["agent", "src/wire", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={path}");
    }
    let arch = env::var("CARGO_CFG_TARGET_ARCH")?;
    let triple = format!("{arch}-unknown-linux-gnu");
    let target_dir = out.join("agent");
    let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", triple.to_uppercase().replace('-', "_"));
    let status = Command::new(env::var("CARGO")?)
        .args(["build", "--locked", "--package", "kiln-agent", "--profile", "agent", "--target", &triple])
        .arg("--target-dir")
        .arg(&target_dir)
        // These would silently turn the static link off, or lint the agent as if it were a workspace member under clippy.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env(flags, "-C target-feature=+crt-static")
        .status()?;
    if !status.success() {
        return Err("the agent did not build; its errors are above".into());
    }
    let binary = target_dir.join(&triple).join("agent").join("kiln-agent");
    println!("cargo:rustc-env=KILN_AGENT_BINARY={}", binary.display());
    println!("cargo:rustc-env=KILN_AGENT_ARCH={arch}");
    Ok(())
}
