//! Every task of the daemon is started here and ends here.
//!
//! Client tasks come and go with requests and are waited for at shutdown. Maintenance tasks end only at shutdown:
//! one that ends before is a defect, and stops the daemon rather than leave it limping. Workers end when their work is done.

use std::convert::Infallible;
use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts tasks and knows which run. Clones share the same tasks.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    clients: TaskTracker,
    clients_cancel: CancellationToken,
    maintenance: TaskTracker,
    stop: CancellationToken,
    defect: CancellationToken,
}

impl Tasks {
    /// For work on behalf of a caller: cancelled with [`Tasks::cancel_clients`], or on its own.
    #[must_use]
    pub fn cancellation(&self) -> CancellationToken {
        self.clients_cancel.child_token()
    }

    /// Asks all client tasks to give up.
    pub fn cancel_clients(&self) {
        self.clients_cancel.cancel();
    }

    /// Starts work on behalf of a caller; it is waited for at shutdown.
    #[expect(clippy::disallowed_methods, reason = "the one place that owns tasks")]
    pub fn client<F>(&self, work: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.clients.track_future(work))
    }

    /// Starts work on nobody's behalf that ends by itself, at the latest by [`Tasks::stop_maintenance`]; a panic is a defect.
    #[expect(clippy::disallowed_methods, reason = "the one place that owns tasks")]
    pub fn worker(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (stop, defect) = (self.stop.clone(), self.defect.clone());
        let watched = async move {
            let on_end = defect.drop_guard();
            let _ = stop.run_until_cancelled(work).await;
            on_end.disarm();
        };
        tokio::spawn(self.maintenance.track_future(watched));
    }

    /// Starts a task that must run until [`Tasks::stop_maintenance`].
    #[expect(clippy::disallowed_methods, reason = "the one place that owns tasks")]
    pub fn maintain<E>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<Infallible, E>> + Send + 'static,
    ) where
        E: std::fmt::Display + Send + 'static,
    {
        let (stop, defect) = (self.stop.clone(), self.defect.clone());
        let watched = async move {
            // However it ends but by the stop, a panic included, is a defect.
            let on_end = defect.drop_guard();
            tokio::select! {
                () = stop.cancelled() => { on_end.disarm(); }
                result = work => match result {
                    Ok(never) => match never {},
                    Err(error) => tracing::error!(task = name, %error, "a maintenance task ends"),
                }
            }
        };
        tokio::spawn(self.maintenance.track_future(watched));
    }

    /// Resolves when a maintenance task has ended on its own.
    pub async fn defect(&self) {
        self.defect.cancelled().await;
    }

    /// Waits until no client task runs; none may be started afterwards.
    pub async fn finish_clients(&self) {
        self.clients.close();
        self.clients.wait().await;
    }

    /// Stops all maintenance tasks and waits for them.
    pub async fn stop_maintenance(&self) {
        self.stop.cancel();
        self.maintenance.close();
        self.maintenance.wait().await;
    }
}
