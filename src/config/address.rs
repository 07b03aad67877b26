//! Where a server listens: TCP ports, and sockets in the file system.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{SettingsError, invalid, tcp_address};

/// What stands before the path of a socket.
const UNIX: &str = "unix:";
/// Longest path of a socket, in bytes: unix(7).
const PATH_BYTES_MAX: usize = 107;
/// What stands between two addresses.
const SEPARATOR: char = ',';
/// At how many addresses one daemon listens.
const ADDRESSES_MAX: usize = 8;

/// All addresses where gRPC is served; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses(Vec<Address>);

impl Addresses {
    /// Each of them, for instance to note the port that the system chose.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Address> {
        self.0.iter_mut()
    }

    pub(super) fn parse(key: &str, text: &str) -> Result<Self, SettingsError> {
        let all = text.split(SEPARATOR).map(|one| Address::parse(key, one.trim()));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        if all.len() > ADDRESSES_MAX {
            return Err(invalid(
                key,
                format!("there are {} addresses, the most is {ADDRESSES_MAX}", all.len()),
            ));
        }
        Ok(Self(all))
    }

    /// What tells one daemon's addresses from another's on the same machine, made of letters and digits.
    pub(super) fn tag(&self) -> String {
        self.0.first().map(Address::tag).unwrap_or_default()
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, address) in self.0.iter().enumerate() {
            write!(f, "{}{address}", if number > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A port; whoever reaches it may call.
    Tcp(SocketAddr),
    /// A socket's file; whoever may write to it may call.
    Unix(PathBuf),
}

impl Address {
    fn parse(key: &str, text: &str) -> Result<Self, SettingsError> {
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

    fn tag(&self) -> String {
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
        let parsed = |text| Addresses::parse("server.grpc", text);
        assert_eq!(parsed("[::1]:50051").unwrap().tag(), "50051");
        let [short, long] =
            ["unix:/run/kiln.sock", "unix:///run/kiln.sock"].map(|text| parsed(text).unwrap());
        assert_eq!((short.to_string().as_str(), &short), ("unix:/run/kiln.sock", &long));
        assert_ne!(short.tag(), parsed("unix:/run/other.sock").unwrap().tag());
        let long = format!("unix:/{}", "x".repeat(PATH_BYTES_MAX));
        for wrong in ["unix:kiln.sock", "unix:", "50051", "localhost", "", "[::1]:50051,", &long] {
            assert!(parsed(wrong).unwrap_err().to_string().starts_with("server.grpc"), "{wrong}");
        }
    }

    #[test]
    fn several_of_them() {
        let both = Addresses::parse("server.grpc", "127.0.0.1:50061, unix:///run/kiln.sock").unwrap();
        assert_eq!(
            (both.to_string().as_str(), both.tag().as_str()),
            ("127.0.0.1:50061,unix:/run/kiln.sock", "50061")
        );
        let many = ["[::1]:0"; ADDRESSES_MAX + 1].join(",");
        assert!(Addresses::parse("server.grpc", &many).unwrap_err().to_string().contains("the most is 8"));
    }
}
