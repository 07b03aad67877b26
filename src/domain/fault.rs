//! Whose fault a failure is, and why a container was given up.

/// Whose fault a failure is: also the label of the failure metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request was wrong, or its caller gave up.
    Caller,
    /// There was more work than Kiln was set up for.
    Load,
    /// The engine, its images or its network.
    Engine,
    /// A defect of Kiln's own.
    Kiln,
}

impl Fault {
    /// As a metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Load => "load",
            Self::Engine => "engine",
            Self::Kiln => "kiln",
        }
    }
}

/// Why a container does not serve again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpentReason {
    /// It served an execution that must be its only one.
    OneShot,
    /// The agent's stream ended or made no sense.
    Broken,
    /// The kernel killed its agent for the memory of what ran there.
    OutOfMemory,
    /// It did not answer its health probe.
    Unhealthy,
    /// It is older than allowed.
    Aged,
    /// It has served as often as allowed.
    Worn,
    /// It could not be proven clean after its last execution.
    Unclean,
    /// It made room for one that a waiting request can use.
    Evicted,
    /// It was idle for long, and there were more than wanted.
    Surplus,
    /// The execution was given up before its end.
    Abandoned,
}

impl SpentReason {
    /// As a metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::OneShot => "one_shot",
            Self::Broken => "broken",
            Self::OutOfMemory => "out_of_memory",
            Self::Unhealthy => "unhealthy",
            Self::Aged => "aged",
            Self::Worn => "worn",
            Self::Unclean => "unclean",
            Self::Evicted => "evicted",
            Self::Surplus => "surplus",
            Self::Abandoned => "abandoned",
        }
    }
}
