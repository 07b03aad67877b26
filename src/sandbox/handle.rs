//! What every state of a sandbox carries: the container, and the promise that it is buried.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};

use crate::engine::ContainerId;

use super::uids::UidBlock;

/// What a container holds for as long as it exists.
#[derive(Debug)]
pub struct Lot {
    /// Free before the slot is: whoever gets the slot finds uids.
    uids: UidBlock,
    /// Each bounds how many containers exist.
    _slots: Vec<OwnedSemaphorePermit>,
}

impl Lot {
    /// For one container.
    #[must_use]
    pub fn new(slots: Vec<OwnedSemaphorePermit>, uids: UidBlock) -> Self {
        Self { uids, _slots: slots }
    }

    pub(super) fn next_uid(&mut self) -> Option<u32> {
        self.uids.next_uid()
    }

    pub(super) fn container_name(&self) -> String {
        self.uids.container_name()
    }

    /// With other uids; `None` where there are none.
    pub(super) fn with_other_uids(self) -> Option<Self> {
        Some(Self { uids: self.uids.another()?, ..self })
    }
}

/// A container that is to be destroyed. Its slot is free when that has happened, not before.
#[derive(Debug)]
pub struct Burial {
    /// Which container.
    pub container: ContainerId,
    /// Whether it is about to end: its agent leaves when nobody speaks to it any more, and it ends with that.
    pub ends_itself: bool,
    lot: Option<Lot>,
    graves: Graves,
}

impl Drop for Burial {
    fn drop(&mut self) {
        self.graves.burying.fetch_sub(1, Ordering::Relaxed);
        // In this order: whoever is woken finds the slot free.
        drop(self.lot.take());
        self.graves.freed.notify_one();
    }
}

/// Where containers are sent to be destroyed.
#[derive(Debug, Clone)]
pub struct Graves {
    /// As many places as there are slots, so that a burial never waits.
    queue: mpsc::Sender<Burial>,
    /// How many of this language are on their way.
    burying: Arc<AtomicU32>,
    /// Woken when a slot is free again; the filler waits for it.
    freed: Arc<Notify>,
}

impl Graves {
    /// Burials of one language go to `queue`; `freed` is woken after each.
    #[must_use]
    pub fn new(queue: mpsc::Sender<Burial>, freed: Arc<Notify>) -> Self {
        Self { queue, burying: Arc::default(), freed }
    }

    /// How many containers wait for their end.
    #[must_use]
    pub fn burying(&self) -> u32 {
        self.burying.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(super) struct Handle {
    pub(super) container: ContainerId,
    pub(super) born: Instant,
    /// Executions so far, one that runs included.
    pub(super) uses: u32,
    /// Whether it can ever be proven clean.
    pub(super) resettable: bool,
    /// Whether it has an agent that can be relied on.
    pub(super) has_agent: bool,
    /// Its memory limit at present, which a request may have changed.
    pub(super) memory_bytes: u64,
    /// `None` only while this is dropped.
    lot: Option<Lot>,
    graves: Graves,
}

impl Handle {
    pub(super) fn new(container: ContainerId, memory_bytes: u64, lot: Lot, graves: Graves) -> Self {
        let (born, resettable, has_agent) = (Instant::now(), true, false);
        Self { container, born, uses: 0, resettable, has_agent, memory_bytes, lot: Some(lot), graves }
    }

    /// A uid that this container has not had yet.
    pub(super) fn next_uid(&mut self) -> Option<u32> {
        self.lot.as_mut()?.next_uid()
    }

    /// Whether there is one for another job.
    pub(super) fn has_uids(&self) -> bool {
        self.lot.as_ref().is_some_and(|lot| lot.uids.has_more())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.graves.burying.fetch_add(1, Ordering::Relaxed);
        let graves = self.graves.clone();
        let (container, ends_itself) = (self.container.clone(), self.has_agent);
        let burial = Burial { container, ends_itself, lot: self.lot.take(), graves };
        // Full cannot be: the queue has a place for every slot. Closed means the daemon is past its last phase, and the
        // container ends with the agent's stream.
        if self.graves.queue.try_send(burial).is_err() {
            tracing::warn!(
                container = self.container.short(),
                "nobody buries this container; it ends by itself"
            );
        }
    }
}
