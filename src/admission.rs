//! Who may run now, who waits, and who is told to come back: one bound on what is in flight, one on what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::domain::Fault;
use crate::telemetry::metrics;

/// The two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmissionConfig {
    /// Executions at the same time.
    pub in_flight_max: usize,
    /// Executions that may wait for their turn.
    pub queued_max: usize,
}

/// Why a request is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// As many wait as may.
    #[error("{queued_max} executions wait already, the most that may; try again later")]
    QueueFull {
        /// The bound.
        queued_max: usize,
    },
    /// The daemon is shutting down.
    #[error("the server is shutting down; try another or try again later")]
    Draining,
    /// The caller's deadline came first.
    #[error("the deadline passed while the execution waited in the queue")]
    Deadline,
}

impl Refusal {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::QueueFull { .. } | Self::Draining => Fault::Load,
            Self::Deadline => Fault::Caller,
        }
    }

    /// When to try again.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::QueueFull { .. } => Some(Duration::from_secs(1)),
            Self::Draining => Some(Duration::from_secs(5)),
            Self::Deadline => None,
        }
    }
}

/// Bounds what Kiln takes on.
#[derive(Debug)]
pub struct Admission {
    config: AdmissionConfig,
    places: Arc<Semaphore>,
    queued: AtomicUsize,
    draining: CancellationToken,
}

/// The right to run; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _place: OwnedSemaphorePermit,
}

impl Admission {
    /// Open for requests.
    #[must_use]
    pub fn new(config: AdmissionConfig) -> Self {
        let places = Arc::new(Semaphore::new(config.in_flight_max.max(1)));
        Self { config, places, queued: AtomicUsize::new(0), draining: CancellationToken::new() }
    }

    /// A place, at once or after waiting in order of arrival.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn admit(&self, deadline: Option<Instant>) -> Result<Permit, Refusal> {
        if self.draining.is_cancelled() {
            return Err(Refusal::Draining);
        }
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            self.record();
            return Ok(Permit { _place: place });
        }
        let _queued = Queued::enter(&self.queued, self.config.queued_max)
            .ok_or(Refusal::QueueFull { queued_max: self.config.queued_max })?;
        self.record();
        let place = Arc::clone(&self.places).acquire_owned();
        tokio::select! {
            place = place => place.map(|place| Permit { _place: place }).map_err(|_| Refusal::Draining),
            () = self.draining.cancelled() => Err(Refusal::Draining),
            () = until(deadline) => Err(Refusal::Deadline),
        }
    }

    /// A further place for what is admitted already, if one is free.
    #[must_use]
    pub fn admit_now(&self) -> Option<Permit> {
        // Whoever waits comes first.
        if self.is_draining() || self.queued.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        self.record();
        Some(Permit { _place: place })
    }

    /// Refuses everything from now on; what is in flight goes on.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Whether it refuses everything.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Tells the metrics the two numbers, as they are now.
    pub fn record(&self) {
        let in_flight = self.config.in_flight_max.saturating_sub(self.places.available_permits());
        metrics::admission(in_flight, self.queued.load(Ordering::Relaxed));
    }
}

/// Resolves at the deadline; never where there is none.
pub async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// One waiting request, counted for as long as it waits.
struct Queued<'a>(&'a AtomicUsize);

impl<'a> Queued<'a> {
    fn enter(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let entered = count.try_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < most).then_some(n + 1));
        entered.is_ok().then_some(Self(count))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(in_flight_max: usize, queued_max: usize) -> Admission {
        Admission::new(AdmissionConfig { in_flight_max, queued_max })
    }

    #[tokio::test]
    async fn beyond_both_bounds_it_refuses_at_once() {
        let admission = admission(1, 1);
        let first = admission.admit(None).await.unwrap();
        let mut second = Box::pin(admission.admit(None));
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert_eq!(admission.admit(None).await.unwrap_err(), Refusal::QueueFull { queued_max: 1 });
        drop(first);
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn one_that_gives_up_waiting_leaves_its_place_in_the_queue() {
        let admission = admission(1, 1);
        let _first = admission.admit(None).await.unwrap();
        let soon = Some(Instant::now() + Duration::from_millis(5));
        assert_eq!(admission.admit(soon).await.unwrap_err(), Refusal::Deadline);
        let mut next = Box::pin(admission.admit(None));
        assert!(futures_util::poll!(next.as_mut()).is_pending());
    }

    #[tokio::test]
    async fn draining_refuses_those_who_wait_too() {
        let admission = admission(1, 8);
        let _first = admission.admit(None).await.unwrap();
        let mut waiting = Box::pin(admission.admit(None));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        admission.drain();
        assert_eq!(waiting.await.unwrap_err(), Refusal::Draining);
        assert_eq!(admission.admit(None).await.unwrap_err(), Refusal::Draining);
    }
}
