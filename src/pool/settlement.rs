//! What becomes of a container after its execution, decided when the reply has left.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::{Affinity, SpentReason};
use crate::sandbox::{Disposition, UidSpace, Used};
use crate::telemetry::metrics;

use super::language_pool::{InUse, LanguagePool};
use super::recycler::{Next, Recycling};
use super::traffic::UnderWay;

/// How often and how long a container may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wear {
    /// Executions in one container.
    pub uses_max: u32,
    /// Age of a container that still gets executions.
    pub age_max: Duration,
}

impl Wear {
    /// Most executions that one container has uids for.
    pub const USES_MAX: u32 = UidSpace::WIDE.per_container();
}

/// What a lease has to be settled with.
#[derive(Debug)]
pub struct Ticket {
    pub(super) pool: Arc<LanguagePool>,
    /// Who may use the container next; nobody where this is `None`.
    pub(super) affinity: Option<Affinity>,
    pub(super) wear: Wear,
    pub(super) recycler: mpsc::Sender<Recycling>,
    pub(super) _under_way: UnderWay,
    pub(super) _in_use: InUse,
}

/// What an execution leaves; settled when this is dropped, which should be when its reply has left: resetting, burying and
/// refilling make the machine busy.
#[derive(Debug)]
pub struct Settlement {
    ticket: Ticket,
    /// `None` only while this is dropped.
    disposition: Option<Disposition>,
}

impl Settlement {
    /// Of one lease.
    #[must_use]
    pub fn new(ticket: Ticket, disposition: Disposition) -> Self {
        Self { ticket, disposition: Some(disposition) }
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        let Some(disposition) = self.disposition.take() else { return };
        let pool = &self.ticket.pool;
        let spent = match disposition {
            Disposition::Spent(spent) => spent,
            Disposition::Used(used) => {
                let next = match (self.ticket.affinity.take(), self.ticket.worn_out(&used)) {
                    (None, _) => Next::End(SpentReason::OneShot),
                    (Some(_), Some(reason)) => Next::End(reason),
                    (Some(affinity), None) => Next::Reset(affinity),
                };
                match next {
                    Next::End(reason) if !used.is_capturing() => used.spend(reason),
                    Next::End(_) | Next::Reset(_) => {
                        let recycling = Recycling { pool: Arc::clone(pool), used, next };
                        // Full cannot be: there is a place for every container. Closed means that the daemon ends, and
                        // the container is buried by being dropped.
                        let _ = self.ticket.recycler.try_send(recycling);
                        return;
                    }
                }
            }
        };
        metrics::spent(pool.spec.id.as_str(), spent.reason.label());
    }
}

impl Ticket {
    /// Why the container should serve no more although it could, if so.
    fn worn_out(&self, used: &Used) -> Option<SpentReason> {
        if !used.is_resettable() {
            Some(SpentReason::Unclean)
        } else if used.uses() >= self.wear.uses_max || !used.has_uids() {
            Some(SpentReason::Worn)
        } else if used.age() > self.wear.age_max {
            Some(SpentReason::Aged)
        } else {
            None
        }
    }
}
