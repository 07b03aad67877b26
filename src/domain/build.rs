//! What a compiler made, packed by the agent of the container it ran in. The daemon never looks into it.

use bytes::Bytes;

/// A packed build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedBuild {
    /// As the agent sent it.
    pub content: Bytes,
    /// Its CRC-32.
    pub crc32: u32,
}

/// Takes a build once it is whole, or `None` where there is none to keep. Dropped unused where the container was lost before.
pub type KeepBuild = Box<dyn FnOnce(Option<PackedBuild>) + Send>;
