//! What the daemon and its agent say to each other, and how it is framed.
//!
//! Pure bytes: no I/O, no clock, no knowledge of containers. The agent package compiles this same folder, so the
//! two ends cannot disagree; `VERSION` guards against an old agent meeting a new daemon all the same.

mod frame;
mod message;

pub use frame::{Decoder, FrameError, MAX_FRAME_BYTES, encode, encode_into};
pub use message::{
    AgentMessage, ArtifactHead, ArtifactSpec, ArtifactsLeftOut, BuildSum, CgroupVersion, DIRECT_TOKEN_BYTES,
    DirectOffer, Ending, Exit, HostMessage, INPUT_WINDOW_BYTES, JobLimits, JobSpec, KillCause, MAGIC,
    ProgramSpec, Setup, ShelvedBuild, Stage, StageReport, StageSpec, StandbySpec, Stored, Stream,
    TerminalSize, Usage, VERSION,
};
