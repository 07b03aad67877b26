//! Files that a program left and its caller asked for.

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRequest {
    /// Over paths relative to the workspace; validated.
    pub globs: Vec<String>,
    /// Most bytes of all files together.
    pub bytes_max: u64,
}

/// A file before its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactHead {
    /// Relative to the workspace, in whatever bytes the program chose.
    pub path: Vec<u8>,
    /// Its length, in bytes.
    pub size: u64,
    /// Whether anybody may execute it.
    pub executable: bool,
    /// How many bytes come.
    pub sent: u64,
}

/// A file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// What is known of it.
    pub head: ArtifactHead,
    /// Its bytes, or the first of them.
    pub content: Vec<u8>,
}

/// What was asked for and does not come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArtifactsLeftOut {
    /// Links, pipes, sockets and the like.
    pub special: u64,
    /// Files beyond the most.
    pub over_count: u64,
    /// Whether there was more than could be looked at.
    pub not_searched: bool,
}

/// Most files of one execution.
pub const ARTIFACTS_MAX: u32 = 256;

impl ArtifactsLeftOut {
    /// In sentences for the caller.
    #[must_use]
    pub fn hints(self) -> Vec<String> {
        let mut hints = Vec::new();
        if self.special > 0 {
            hints.push(format!(
                "{} artifacts are links, pipes or the like and are not returned; only plain files are",
                self.special
            ));
        }
        if self.over_count > 0 {
            hints.push(format!(
                "{} artifacts are not returned: {ARTIFACTS_MAX} are the most; put them into one archive",
                self.over_count
            ));
        }
        if self.not_searched {
            hints.push(
                "not all of the workspace was searched for artifacts: it is too deep or too full".to_owned(),
            );
        }
        hints
    }
}
