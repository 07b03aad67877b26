//! What every state of a sandbox carries: the container, and the promise that it is buried.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};

use crate::engine::ContainerId;

/// A container that is to be destroyed. Its slot is free when that has happened, not before.
#[derive(Debug)]
pub struct Burial {
    /// Which container.
    pub container: ContainerId,
    slot: Option<OwnedSemaphorePermit>,
    graves: Graves,
}

impl Drop for Burial {
    fn drop(&mut self) {
        self.graves.burying.fetch_sub(1, Ordering::Relaxed);
        // In this order: whoever is woken finds the slot free.
        drop(self.slot.take());
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
    /// Bounds how many containers exist; `None` only while this is dropped.
    slot: Option<OwnedSemaphorePermit>,
    graves: Graves,
}

impl Handle {
    pub(super) fn new(container: ContainerId, slot: OwnedSemaphorePermit, graves: Graves) -> Self {
        Self { container, born: Instant::now(), slot: Some(slot), graves }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.graves.burying.fetch_add(1, Ordering::Relaxed);
        let graves = self.graves.clone();
        let burial = Burial { container: self.container.clone(), slot: self.slot.take(), graves };
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
