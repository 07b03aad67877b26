//! How the daemon is heard: through the engine, and where it can, over a socket that it takes out of this process.
//!
//! The engine passes each frame through two processes of its own in each direction. A daemon that may look into this process takes
//! the other end of a socket that nobody else has a way to, and speaks over that alone; the engine's stream stays open, and its
//! end is the end here as well.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use crate::spawn;
use crate::wire::{DIRECT_TOKEN_BYTES, DirectOffer};

/// The daemon's words, whichever way they come.
pub(crate) struct Link {
    engine: File,
    direct: Direct,
}

enum Direct {
    /// Not any more: the daemon speaks through the engine.
    Declined,
    /// Until the daemon first speaks.
    Offered {
        ours: File,
        /// Kept for the daemon to take.
        _theirs: OwnedFd,
    },
    Taken(File),
}

/// What came from the daemon.
pub(crate) enum Heard {
    /// So many bytes.
    Bytes(usize),
    /// The same, the first over the socket: answers go there from now on.
    FirstDirectly(usize, File),
    /// It has gone.
    End,
}

impl Link {
    /// The most that [`Link::sources`] has.
    pub(crate) const SOURCES_MAX: usize = 2;

    /// Listens to `engine`, and offers a socket.
    pub(crate) fn open(engine: File) -> io::Result<(Self, DirectOffer)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut token = [0; DIRECT_TOKEN_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut token)?;
        // By that the daemon knows that it has the right socket.
        (&ours).write_all(&token)?;
        let theirs = OwnedFd::from(theirs);
        let offer = DirectOffer { descriptor: theirs.as_raw_fd(), token };
        let ours = spawn::non_blocking(ours.into())?;
        Ok((Self { engine, direct: Direct::Offered { ours, _theirs: theirs } }, offer))
    }

    /// What to wait on.
    pub(crate) fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let direct = match &self.direct {
            Direct::Declined => None,
            Direct::Offered { ours: direct, .. } | Direct::Taken(direct) => Some(direct.as_fd()),
        };
        [self.engine.as_fd()].into_iter().chain(direct)
    }

    /// Reads what the daemon says, of the sources that `spoke`, in their order.
    ///
    /// # Errors
    /// The kernel's, or where it speaks both ways at once.
    pub(crate) fn read(&mut self, spoke: &[bool], buffer: &mut [u8]) -> io::Result<Heard> {
        let spoke = |index: usize| spoke.get(index).copied().unwrap_or_default();
        if spoke(0) {
            return match (self.engine.read(buffer)?, &self.direct) {
                (0, _) => Ok(Heard::End),
                (_, Direct::Taken(_)) => Err(io::Error::other("the daemon speaks both ways at once")),
                (bytes, _) => {
                    self.direct = Direct::Declined;
                    Ok(Heard::Bytes(bytes))
                }
            };
        }
        let is_first = matches!(self.direct, Direct::Offered { .. });
        let (Direct::Offered { ours: direct, .. } | Direct::Taken(direct)) = &mut self.direct else {
            return Ok(Heard::Bytes(0));
        };
        let bytes = match direct.read(buffer) {
            Ok(0) => return Ok(Heard::End),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Heard::Bytes(0)),
            Err(error) => return Err(error),
        };
        if !is_first {
            return Ok(Heard::Bytes(bytes));
        }
        let answers = direct.try_clone()?;
        if let Direct::Offered { ours, .. } = std::mem::replace(&mut self.direct, Direct::Declined) {
            self.direct = Direct::Taken(ours);
        }
        Ok(Heard::FirstDirectly(bytes, answers))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    /// A link that offers a socket, the daemon's end of the engine's stream, and the socket as the daemon takes it.
    fn offering() -> (Link, DirectOffer, UnixStream, UnixStream) {
        let (engine, through_engine) = UnixStream::pair().unwrap();
        let (link, offer) = Link::open(File::from(OwnedFd::from(engine))).unwrap();
        let Direct::Offered { _theirs: theirs, .. } = &link.direct else { panic!("nothing is offered") };
        let direct = UnixStream::from(theirs.try_clone().unwrap());
        (link, offer, through_engine, direct)
    }

    #[test]
    fn the_first_words_decide_which_way_all_others_go() {
        let mut buffer = [0; 64];
        let (mut link, offer, mut through_engine, mut daemon) = offering();
        let mut token = [0; DIRECT_TOKEN_BYTES];
        daemon.read_exact(&mut token).unwrap();
        assert_eq!(token, offer.token);

        daemon.write_all(b"first").unwrap();
        let heard = link.read(&[false, true], &mut buffer).unwrap();
        let Heard::FirstDirectly(5, mut answers) = heard else { panic!("nothing came") };
        answers.write_all(b"yes").unwrap();
        daemon.read_exact(&mut token[..3]).unwrap();
        assert_eq!(&token[..3], b"yes");
        through_engine.write_all(b"second").unwrap();
        assert!(link.read(&[true, false], &mut buffer).is_err());
        // Nobody else holds the daemon's end.
        drop(daemon);
        assert!(matches!(link.read(&[false, true], &mut buffer), Ok(Heard::End)));
    }

    #[test]
    fn a_socket_that_is_not_taken_is_taken_back() {
        let mut buffer = [0; 64];
        let (mut link, _, mut through_engine, mut daemon) = offering();
        through_engine.write_all(b"first").unwrap();
        assert!(matches!(link.read(&[true, false], &mut buffer), Ok(Heard::Bytes(5))));
        assert_eq!(link.sources().count(), 1);
        assert!(daemon.write_all(b"second").is_err());
        drop(through_engine);
        assert!(matches!(link.read(&[true], &mut buffer), Ok(Heard::End)));
    }
}
