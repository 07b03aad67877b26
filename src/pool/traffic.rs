//! How many executions are under way, so that refilling can stay out of their way.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How long a refill waits for executions to end, where nobody waits for its container. Most programs are over by then; a long
/// one must not keep the pool low.
const YIELD_MAX: Duration = Duration::from_millis(100);

/// How long the engine is left alone after an execution, so that its reply reaches a caller on the same machine first.
pub(super) const REPLY_HEADSTART: Duration = Duration::from_millis(5);

/// Counts executions from their lease to their settlement.
#[derive(Debug, Clone)]
pub(super) struct Traffic {
    under_way: Arc<watch::Sender<u32>>,
}

/// One execution under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    traffic: Traffic,
}

impl Traffic {
    pub(super) fn new() -> Self {
        Self { under_way: Arc::new(watch::Sender::new(0)) }
    }

    pub(super) fn enter(&self) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay { traffic: self.clone() }
    }

    /// Waits until nothing has been under way for a moment, but not for long.
    pub(super) async fn quiet(&self) {
        let mut under_way = self.under_way.subscribe();
        let quiet = async {
            while under_way.wait_for(|count| *count == 0).await.is_ok() {
                let busy = under_way.wait_for(|count| *count > 0);
                if tokio::time::timeout(REPLY_HEADSTART, busy).await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(YIELD_MAX, quiet).await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.traffic.under_way.send_modify(|count| *count -= 1);
    }
}
