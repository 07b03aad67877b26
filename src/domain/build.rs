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

/// Why what an execution ran had to be compiled for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Uncached {
    /// The language's builds are not kept.
    Language,
    /// These sources give another build each time.
    Differs,
    /// No builds are kept at all.
    Off,
    /// Nobody has compiled these sources before.
    First,
    /// It was compiled before, and could not be kept.
    NotKept,
    /// Not all of the sources were there when a build could have been looked for.
    Held,
    /// Its container is made of another image than the one a build was looked for.
    OtherImage,
}
