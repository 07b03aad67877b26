//! Takes the time of each part of an execution.

use std::time::{Duration, Instant};

use crate::domain::{StageEvidence, Timings};
use crate::sandbox::Ran;

/// Takes the time of each part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    begun: Instant,
    lap: Instant,
    pub(super) timings: Timings,
}

impl Clock {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self { begun: now, lap: now, timings: Timings::default() }
    }

    pub(super) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.lap, now)
    }

    /// The agent's clock says how long the stages took, this one the rest.
    pub(super) fn stop(mut self, ran: &Ran) -> Timings {
        let now = Instant::now();
        let wall = |stage: Option<StageEvidence>| stage.map_or(Duration::ZERO, |stage| stage.usage.wall);
        let timings = &mut self.timings;
        timings.run = wall(ran.run);
        let stages = wall(ran.compile) + timings.run;
        // Beside what was waited for a compiler elsewhere.
        timings.compile += wall(ran.compile);
        if let Some(started) = ran.first_start {
            timings.prepare = started.saturating_duration_since(self.lap);
            timings.collect = (now - started).saturating_sub(stages);
        }
        timings.total = now - self.begun;
        self.timings
    }
}
