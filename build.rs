//! Generates the gRPC code without `protoc`, and builds the agents that are embedded into the daemon.

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
    build_agents(&out)?;
    // `include_dir!` reads these; a new file must rebuild the crate.
    println!("cargo:rerun-if-changed=languages");
    println!("cargo:rerun-if-changed=deploy/images");
    Ok(())
}

fn generate_grpc(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .bytes(".kiln.v1.File.content")
        .bytes(".kiln.v1.FilePiece.content")
        .bytes(".kiln.v1.ExecuteStreamRequest.stdin")
        .bytes(".kiln.v1.ExecuteStreamResponse.artifact_content")
        .compile_fds(descriptors)?;
    Ok(())
}

/// Further architectures of engines that the daemon is to serve, separated by commas and named as Rust names them.
const ARCHES_VARIABLE: &str = "KILN_AGENT_ARCHES";

/// Builds the agent for the target's own architecture and for each further one that is asked for, and writes the table that
/// the daemon takes its agent from, the own one first.
fn build_agents(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed={ARCHES_VARIABLE}");
    for path in ["agent", "src/wire", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={path}");
    }
    let mut arches = vec![env::var("CARGO_CFG_TARGET_ARCH")?];
    for arch in env::var(ARCHES_VARIABLE).unwrap_or_default().split(',').map(str::trim) {
        if !arch.is_empty() && arches.iter().all(|known| known != arch) {
            arches.push(arch.to_owned());
        }
    }
    let mut table = String::new();
    for arch in &arches {
        let binary = build_agent(out, arch)?;
        table += &format!("AgentBinary {{ arch: {arch:?}, content: include_bytes!({binary:?}) }},");
    }
    fs::write(out.join("agents.rs"), format!("&[{table}]"))?;
    Ok(())
}

/// Builds the agent statically, with a cargo of its own: it wants another profile and other target flags than the daemon, and
/// must not inherit ours.
fn build_agent(out: &Path, arch: &str) -> Result<PathBuf, Box<dyn Error>> {
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
        return Err(format!(
            "the agent did not build for {triple}, its errors are above; another architecture than this machine's needs a \
             linker in CARGO_TARGET_<TRIPLE>_LINKER and the target's standard library (scripts/cross.sh has both)"
        )
        .into());
    }
    Ok(target_dir.join(&triple).join("agent").join("kiln-agent"))
}
