//! Connections that are written to in few pieces.
//!
//! A reply is three frames: headers, message, and trailers that end the call. h2 copies a message of less than 1 KiB between the
//! two and writes all at once only where a connection cannot write several buffers at a time; where it can, the trailers of a
//! message of 256 bytes or more are written by themselves, and the caller is woken twice. So this one says that it cannot, and
//! does it nevertheless: what is short is held until what follows it, or until it is flushed.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_util::either::Either;
use tonic::transport::server::Connected;

/// What is longer is written at once, in bytes: h2 begins a long message with a piece of a little more than 1 KiB.
const HELD_BYTES_MAX: usize = 2048;

/// Over whatever a call comes.
pub(super) type Connection = Either<TcpStream, UnixStream>;

/// A connection, and what is to be written to it first.
#[derive(Debug)]
pub(super) struct FewPieces<C = Connection> {
    connection: C,
    held: BytesMut,
}

impl<C> FewPieces<C> {
    pub(super) fn new(connection: C) -> Self {
        Self { connection, held: BytesMut::new() }
    }
}

impl<C: AsyncWrite + Unpin> FewPieces<C> {
    /// Writes what is held, and of `more` what goes with its last piece; returns how much of that.
    fn poll_held(&mut self, context: &mut Context<'_>, more: &[u8]) -> Poll<io::Result<usize>> {
        while !self.held.is_empty() {
            let pieces = [IoSlice::new(&self.held), IoSlice::new(more)];
            let written = ready!(Pin::new(&mut self.connection).poll_write_vectored(context, &pieces))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_held = written.min(self.held.len());
            self.held.advance(of_held);
            if written > of_held {
                return Poll::Ready(Ok(written - of_held));
            }
        }
        Poll::Ready(Ok(0))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for FewPieces<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.held.is_empty() && bytes.len() <= HELD_BYTES_MAX {
            self.held.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        match ready!(self.poll_held(context, bytes))? {
            0 => Pin::new(&mut self.connection).poll_write(context, bytes),
            written => Poll::Ready(Ok(written)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_held(context, &[]))?;
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_held(context, &[]))?;
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for FewPieces<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, into)
    }
}

impl Connected for FewPieces {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// Takes so many bytes at once, and knows what came at once.
    struct Sparing {
        bytes_max: usize,
        pieces: Vec<Vec<u8>>,
    }

    impl AsyncWrite for Sparing {
        fn poll_write(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_vectored(context, &[IoSlice::new(bytes)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let mut bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            bytes.truncate(self.bytes_max);
            let written = bytes.len();
            self.pieces.push(bytes);
            Poll::Ready(Ok(written))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn pieces(bytes_max: usize, writes: &[(usize, bool)]) -> Vec<usize> {
        let mut connection = FewPieces::new(Sparing { bytes_max, pieces: Vec::new() });
        assert!(!connection.is_write_vectored());
        let mut all = Vec::new();
        for (number, (bytes, is_flushed)) in writes.iter().enumerate() {
            let written = vec![number as u8; *bytes];
            connection.write_all(&written).await.unwrap();
            all.extend(written);
            if *is_flushed {
                connection.flush().await.unwrap();
            }
        }
        connection.shutdown().await.unwrap();
        let pieces = connection.connection.pieces;
        assert_eq!(pieces.concat(), all, "all of it, in its order");
        pieces.iter().map(Vec::len).collect()
    }

    #[tokio::test]
    async fn what_is_short_goes_with_what_follows() {
        assert_eq!(pieces(1 << 20, &[(100, true), (1100, false), (60_000, true)]).await, [100, 61_100]);
        assert_eq!(pieces(1 << 20, &[(60_000, false), (10, false)]).await, [60_000, 10]);
        assert_eq!(pieces(1 << 20, &[(10, false), (20, false), (30, false)]).await, [30, 30]);
    }

    #[tokio::test]
    async fn nothing_is_lost_where_little_is_taken() {
        assert_eq!(pieces(4, &[(3, false), (7, true)]).await, [4, 4, 2]);
        assert_eq!(pieces(7, &[(10, false), (3000, true)]).await.len(), 430);
    }
}
