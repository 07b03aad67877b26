//! Where a server listens: a TCP port, or a socket in the file system.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{SettingsError, invalid, tcp_address};

/// What stands before the path of a socket.
const UNIX: &str = "unix:";
/// Longest path of a socket, in bytes: unix(7).
const PATH_BYTES_MAX: usize = 107;

/// Where gRPC is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A port; whoever reaches it may call.
    Tcp(SocketAddr),
    /// A socket's file; whoever may write to it may call.
    Unix(PathBuf),
}

impl Address {
    pub(super) fn parse(key: &str, text: &str) -> Result<Self, SettingsError> {
        let Some(path) = text.strip_prefix(UNIX) else { return tcp_address(key, text).map(Self::Tcp) };
        // As URLs have it: unix:///run/kiln/kiln.sock.
        let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
        if path.is_absolute() && path.as_os_str().len() <= PATH_BYTES_MAX {
            return Ok(Self::Unix(path));
        }
        Err(invalid(
            key,
            format!("{text:?} is not unix: and an absolute path of at most {PATH_BYTES_MAX} bytes"),
        ))
    }

    /// What tells one daemon's address from another's on the same machine, made of letters and digits.
    pub(super) fn tag(&self) -> String {
        match self {
            Self::Tcp(address) => address.port().to_string(),
            Self::Unix(path) => format!("{:08x}", crc32fast::hash(path.as_os_str().as_encoded_bytes())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_or_the_absolute_path_of_a_socket() {
        let parsed = |text| Address::parse("server.grpc", text);
        assert_eq!(parsed("[::1]:50051").unwrap().tag(), "50051");
        let [short, long] =
            ["unix:/run/kiln.sock", "unix:///run/kiln.sock"].map(|text| parsed(text).unwrap());
        assert_eq!((short.to_string().as_str(), &short), ("unix:/run/kiln.sock", &long));
        assert_ne!(short.tag(), parsed("unix:/run/other.sock").unwrap().tag());
        let long = format!("unix:/{}", "x".repeat(PATH_BYTES_MAX));
        for wrong in ["unix:kiln.sock", "unix:", "50051", "localhost", &long] {
            assert!(parsed(wrong).unwrap_err().to_string().starts_with("server.grpc"), "{wrong}");
        }
    }
}
