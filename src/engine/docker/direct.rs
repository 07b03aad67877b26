//! A way to an attached process that does not lead through the engine: a socket taken out of it.
//!
//! The engine knows the process's id, and where this daemon sees that process and may look into it (both run on the same machine,
//! outside of a container, and the daemon has CAP_SYS_PTRACE), pidfd_getfd(2) gives it a descriptor of the process. Elsewhere
//! the id means nothing or another process, which is told by the token: nothing is written to a socket that does not hold it.

use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bollard::Docker;
use rustix::net::{RecvFlags, recv};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use tokio::net::UnixStream;

use super::ASK_SECONDS_MAX;
use super::translate::bounded;

/// After so many failures, with no success between, it is not tried any more: it costs a call of the engine's each time.
const MISSES_MAX: u32 = 3;
/// How long the engine is asked for the id of a process that speaks already, and the first pause, which doubles: it may learn of
/// the start after the first words.
const ASK_MAX: Duration = Duration::from_secs(1);
const PAUSE_FIRST: Duration = Duration::from_millis(1);

/// Whether it is worth trying.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    misses: Arc<AtomicU32>,
}

impl Direct {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { misses: Arc::new(AtomicU32::new(if is_wanted { 0 } else { MISSES_MAX })) }
    }

    /// Takes `descriptor` out of the process of `exec`: a socket that holds `token`.
    pub(super) async fn reach(
        self,
        docker: Docker,
        exec: String,
        descriptor: i32,
        token: Vec<u8>,
    ) -> Option<UnixStream> {
        if self.misses.load(Ordering::Relaxed) >= MISSES_MAX {
            return None;
        }
        match attempt(&docker, &exec, descriptor, &token).await {
            Ok(stream) => {
                self.misses.store(0, Ordering::Relaxed);
                Some(stream)
            }
            Err(error) => {
                if self.misses.fetch_add(1, Ordering::Relaxed) + 1 == MISSES_MAX {
                    tracing::info!(%error, "containers are spoken to through the engine: a direct way to them cannot be had");
                }
                None
            }
        }
    }
}

async fn attempt(docker: &Docker, exec: &str, descriptor: i32, token: &[u8]) -> io::Result<UnixStream> {
    let (begun, mut pause) = (Instant::now(), PAUSE_FIRST);
    let pid = loop {
        let inspected = bounded("exec inspect", ASK_SECONDS_MAX, docker.inspect_exec(exec)).await;
        let pid = inspected.map_err(io::Error::other)?.pid.unwrap_or_default();
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            break pid;
        }
        if begun.elapsed() > ASK_MAX {
            return Err(io::Error::other("the engine does not tell the process's id"));
        }
        // Nothing tells of it.
        tokio::time::sleep(pause).await;
        pause *= 2;
    };
    let stream = take(pid, descriptor, token)?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// Returns the process's socket, with the token read.
fn take(pid: Pid, descriptor: i32, token: &[u8]) -> io::Result<StdUnixStream> {
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    let socket = pidfd_getfd(&process, descriptor, PidfdGetfdFlags::empty())?;
    let mut found = vec![0; token.len()];
    // Looked at before it is taken: it may be another's.
    for flags in [RecvFlags::PEEK | RecvFlags::DONTWAIT, RecvFlags::DONTWAIT] {
        let (_, bytes) = recv(&socket, found.as_mut_slice(), flags)?;
        if found[..bytes.min(found.len())] != *token {
            return Err(io::Error::other("the process is another one"));
        }
    }
    Ok(StdUnixStream::from(socket))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn only_a_socket_that_holds_the_token_is_taken() {
        let own = rustix::process::getpid();
        let (mut ours, theirs) = StdUnixStream::pair().unwrap();
        ours.write_all(b"another").unwrap();
        let number = theirs.as_raw_fd();
        assert!(take(own, number, b"token").is_err());
        // It still holds what is somebody else's.
        let mut held = [0; 7];
        (&theirs).read_exact(&mut held).unwrap();
        assert_eq!(&held, b"another");

        ours.write_all(b"token").unwrap();
        let mut taken = take(own, number, b"token").unwrap();
        ours.write_all(b"yes").unwrap();
        let mut said = [0; 3];
        taken.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"yes");

        assert!(take(own, i32::MAX, b"token").is_err(), "there is no such descriptor");
        let file = std::fs::File::open("/proc/self/status").unwrap();
        assert!(take(own, file.as_raw_fd(), b"token").is_err(), "it is no socket");
    }
}
