//! `kiln-agent fence`: not beside programs but once, in a short-lived container that shares the engine host's network, with that
//! host's file system at `/host`. It has the host's own iptables keep what is in a bridge away from everything but the outside.
//!
//! Starts nothing but iptables, and touches no chain but its own and the two places where those are entered.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::chroot;
use std::process::Command;

/// The host's file system.
const HOST: &str = "/host";
/// Docker's place for rules that come before its own.
const FORWARD: &str = "DOCKER-USER";
const INPUT: &str = "INPUT";
/// Where the host's resolvers are named; the second is the real one where the first names a stub on loopback.
const RESOLVERS: [&str; 2] = ["etc/resolv.conf", "run/systemd/resolve/resolv.conf"];

/// `arguments`: the bridge, then `up` and the networks that are out of reach, or `down`.
///
/// # Errors
/// Where a rule cannot be set: nothing is to be started in that bridge then.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let usage = || io::Error::other("usage: kiln-agent fence BRIDGE up NETWORK... | down");
    let (bridge, what) = (arguments.next().ok_or_else(usage)?, arguments.next().ok_or_else(usage)?);
    let resolvers = resolvers()?;
    chroot(HOST)?;
    std::env::set_current_dir("/")?;
    let fence = Fence { bridge };
    match what.as_str() {
        "up" => fence.up(&resolvers, &arguments.collect::<Vec<_>>()),
        "down" => {
            fence.down();
            Ok(())
        }
        _ => Err(usage()),
    }
}

/// The engine asks these from within a container's network, so they stay within reach, for names alone.
fn resolvers() -> io::Result<Vec<Ipv4Addr>> {
    let mut found = Vec::new();
    for file in RESOLVERS {
        let Ok(text) = fs::read_to_string(format!("{HOST}/{file}")) else { continue };
        let words = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
        found.extend(words.filter_map(|word| word.trim().parse::<Ipv4Addr>().ok()));
    }
    found.retain(|address| !address.is_loopback());
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

struct Fence {
    bridge: String,
}

impl Fence {
    /// What goes out of the bridge, and what comes to the host itself.
    fn chains(&self) -> [(String, &'static str); 2] {
        [(format!("{}-OUT", self.bridge), FORWARD), (format!("{}-HOST", self.bridge), INPUT)]
    }

    fn up(&self, resolvers: &[Ipv4Addr], denied: &[String]) -> io::Result<()> {
        for (chain, place) in self.chains() {
            // One that is there already is made anew.
            let _ = iptables(&["-N", &chain]);
            iptables(&["-F", &chain])?;
            for resolver in resolvers.iter().map(Ipv4Addr::to_string) {
                for protocol in ["udp", "tcp"] {
                    iptables(&[
                        "-A", &chain, "-d", &resolver, "-p", protocol, "--dport", "53", "-j", "RETURN",
                    ])?;
                }
            }
            if place == INPUT {
                iptables(&["-A", &chain, "-j", "REJECT"])?;
            } else {
                for network in denied {
                    iptables(&["-A", &chain, "-d", network, "-j", "REJECT"])?;
                }
            }
            // Entered last: half a fence is never in force without the rest of it.
            let entry = ["-i", &self.bridge, "-j", &chain];
            let _ = iptables(&[&["-D", place], &entry[..]].concat());
            iptables(&[&["-I", place, "1"], &entry[..]].concat())?;
        }
        Ok(())
    }

    fn down(&self) {
        for (chain, place) in self.chains() {
            // What is not there need not be removed.
            let _ = iptables(&["-D", place, "-i", &self.bridge, "-j", &chain]);
            let _ = iptables(&["-F", &chain]);
            let _ = iptables(&["-X", &chain]);
        }
    }
}

/// The host's own, which knows which of the kernel's tables its engine uses.
fn iptables(arguments: &[&str]) -> io::Result<()> {
    const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let output = Command::new("iptables").arg("-w").args(arguments).env("PATH", PATH).output();
    let output = output.map_err(|error| io::Error::other(format!("the host has no iptables: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("iptables {}: {}", arguments.join(" "), said.trim())))
}
