//! Who may use a container after whom.

use std::sync::Arc;

/// Whose executions these are. Without a name there is one tenant, which is everybody. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// Longest name, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Takes the name as the caller's gateway gave it; empty where there is none.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name; empty where there is none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How far a container may be shared between executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Nothing ran in it before, nothing runs in it after.
    OneShot,
    /// Reuse after a verified reset, for the same tenant only.
    Tenant,
    /// Reuse after a verified reset, for anyone who asks for it.
    Shared,
}

/// Who may use a container that has been used. It never changes: a container of one tenant's is never anyone else's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Affinity {
    /// This tenant.
    Tenant(Tenant),
    /// Whoever asks for `Shared`.
    Everyone,
}

impl Isolation {
    /// Who may use this container after an execution of `tenant`; nobody where this is `None`.
    #[must_use]
    pub fn affinity(self, tenant: &Tenant) -> Option<Affinity> {
        match self {
            Self::OneShot => None,
            Self::Tenant => Some(Affinity::Tenant(tenant.clone())),
            Self::Shared => Some(Affinity::Everyone),
        }
    }
}
