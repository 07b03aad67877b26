//! `kiln-agent fence`: not beside programs but once, in a short-lived container that shares the engine host's network, with that
//! host's file system at `/host`. It has the host's own iptables keep what is in a bridge away from everything but the outside.
//!
//! Starts nothing but iptables and iptables-restore, and touches no chain but its own and the two places where those are entered.

use std::fs;
use std::io;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::chroot;
use std::process::{Command, Stdio};

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

    /// All of it at once: where a fence stands already, what is in the bridge is at no moment without one.
    fn up(&self, resolvers: &[Ipv4Addr], denied: &[String]) -> io::Result<()> {
        iptables("iptables-restore", &["--noflush"], &self.rules(resolvers, denied))
    }

    /// For iptables-restore. A chain that is there already is emptied first, and entered before what came ahead of it meanwhile.
    fn rules(&self, resolvers: &[Ipv4Addr], denied: &[String]) -> String {
        let mut declared = String::new();
        let mut rules = String::new();
        for (chain, place) in self.chains() {
            declared += &format!(":{chain} - [0:0]\n");
            for resolver in resolvers {
                for protocol in ["udp", "tcp"] {
                    rules += &format!("-A {chain} -d {resolver} -p {protocol} --dport 53 -j RETURN\n");
                }
            }
            if place == INPUT {
                rules += &format!("-A {chain} -j REJECT\n");
            } else {
                rules.extend(denied.iter().map(|network| format!("-A {chain} -d {network} -j REJECT\n")));
            }
            if iptables("iptables", &self.entry("-C", place, &chain), "").is_ok() {
                rules += &format!("{}\n", self.entry("-D", place, &chain).join(" "));
            }
            rules += &format!("{}\n", self.entry("-I", place, &chain).join(" "));
        }
        format!("*filter\n{declared}{rules}COMMIT\n")
    }

    fn entry<'a>(&'a self, what: &'a str, place: &'a str, chain: &'a str) -> [&'a str; 6] {
        [what, place, "-i", &self.bridge, "-j", chain]
    }

    fn down(&self) {
        for (chain, place) in self.chains() {
            // What is not there need not be removed.
            let _ = iptables("iptables", &self.entry("-D", place, &chain), "");
            let _ = iptables("iptables", &["-F", &chain], "");
            let _ = iptables("iptables", &["-X", &chain], "");
        }
    }
}

/// One of the host's own tools, which know which of the kernel's tables its engine uses; `input` is what it reads.
fn iptables(tool: &str, arguments: &[&str], input: &str) -> io::Result<()> {
    const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let mut command = Command::new(tool);
    command.arg("-w").args(arguments).env("PATH", PATH);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let missing = |error| io::Error::other(format!("the host has no {tool}: {error}"));
    let mut child = command.spawn().map_err(missing)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{tool} {}: {}", arguments.join(" "), said.trim())))
}
