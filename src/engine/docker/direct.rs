//! A way to an attached process that does not lead through the engine: a socket taken out of it.
//!
//! The engine knows the process's id, and where this daemon sees that process and may look into it (both run on the same machine,
//! outside of a container, and the daemon has CAP_SYS_PTRACE), pidfd_getfd(2) gives it a descriptor of the process. Elsewhere
//! the id means nothing or another process, which is told by the token: nothing is written to a socket that does not hold it.

use std::io::{self, ErrorKind, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bollard::Docker;
use rustix::net::{RecvFlags, recv};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use tokio::io::AsyncWrite;
use tokio::net::unix::pipe;

use crate::engine::DirectPipe;

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
    ) -> Option<DirectPipe> {
        if self.misses.load(Ordering::Relaxed) >= MISSES_MAX {
            return None;
        }
        match attempt(&docker, &exec, descriptor, &token).await {
            Ok(pipe) => {
                self.misses.store(0, Ordering::Relaxed);
                Some(pipe)
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

async fn attempt(docker: &Docker, exec: &str, descriptor: i32, token: &[u8]) -> io::Result<DirectPipe> {
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
    let socket = take(pid, descriptor, token)?;
    socket.set_nonblocking(true)?;
    let output = pipe::Receiver::from_owned_fd_unchecked(OwnedFd::from(socket.try_clone()?))?;
    Ok(DirectPipe { input: Box::pin(Input { socket, room: None }), output: Box::pin(output) })
}

/// Writes to a socket, and is told of room only while there is none. Like a pipe's end that only reads, it is used because tokio's own stream has
/// the kernel tell of room whenever the agent reads: in the midst of a request a thread would be woken for nothing.
#[derive(Debug)]
struct Input {
    socket: UnixStream,
    room: Option<pipe::Sender>,
}

impl AsyncWrite for Input {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let room = match &mut self.room {
            Some(room) => room,
            None => match self.socket.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let again = OwnedFd::from(self.socket.try_clone()?);
                    self.room.insert(pipe::Sender::from_owned_fd_unchecked(again)?)
                }
                written => return Poll::Ready(written),
            },
        };
        let written = ready!(Pin::new(room).poll_write(context, bytes));
        self.room = None;
        Poll::Ready(written)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.shutdown(Shutdown::Write))
    }
}

/// Returns the process's socket, with the token read.
fn take(pid: Pid, descriptor: i32, token: &[u8]) -> io::Result<UnixStream> {
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
    Ok(UnixStream::from(socket))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;

    use tokio::io::AsyncWriteExt;

    use super::*;

    #[test]
    fn only_a_socket_that_holds_the_token_is_taken() {
        let own = rustix::process::getpid();
        let (mut ours, theirs) = UnixStream::pair().unwrap();
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

    #[tokio::test]
    async fn what_there_is_no_room_for_is_written_later() {
        const MANY: usize = 8 << 20;
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut input = Input { socket: ours, room: None };
        let reading = tokio::task::spawn_blocking(move || {
            let mut read = Vec::new();
            (&theirs).take(MANY as u64 + 1).read_to_end(&mut read).map(|_| read)
        });
        let sent: Vec<u8> = (0..MANY).map(|number| (number / 1000) as u8).collect();
        input.write_all(&sent).await.unwrap();
        input.write_all(b"!").await.unwrap();
        let read = reading.await.unwrap().unwrap();
        assert!(read[..MANY] == sent[..] && read[MANY..] == *b"!");
    }
}
