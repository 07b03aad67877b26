//! What programs took whose wall time was estimated for the same reasons: bounded, in memory, and each tenant's own.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::{Execution, FiredRule, LanguageId, Tenant};

/// Kinds of programs that are remembered; a new one takes the place of that which was seen longest ago.
const KINDS_MAX: usize = 256;
/// Latest runs of a kind.
const RUNS_MAX: usize = 64;
/// Fewer tell nothing.
const RUNS_MIN: usize = 20;

/// Programs that are alike: of one tenant's, in one language, with the same rules fired.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    tenant: Tenant,
    language: LanguageId,
    fired: Vec<FiredRule>,
}

#[derive(Debug, Default)]
struct Runs {
    latest: VecDeque<Duration>,
    /// When it was seen last, by a count of all runs.
    seen: u64,
}

#[derive(Debug, Default)]
struct Book {
    kinds: HashMap<Kind, Runs>,
    count: u64,
}

/// The runs of all kinds.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<Book>);

impl History {
    /// Adds a run. Where its kind has enough of them, says what 95 in 100 of the latest took at most.
    ///
    /// Programs that show nothing particular are alike in nothing, and are not remembered.
    pub(super) fn note(&self, execution: &Execution, wall: Duration) -> Option<String> {
        let estimate = execution.estimate.as_ref().filter(|estimate| !estimate.fired.is_empty())?;
        let kind = Kind {
            tenant: execution.tenant.clone(),
            language: execution.language.clone(),
            fired: estimate.fired.clone(),
        };
        let latest = self.add(kind, wall);
        if latest.len() < RUNS_MIN {
            return None;
        }
        let names: Vec<_> = estimate.fired.iter().map(|rule| &*rule.name).collect();
        Some(format!(
            "the wall time was estimated as {:?} ({}); of the last {} programs like this one, 95 in 100 took no more than \
             {:.3} s: set limits.wall_time to be told sooner",
            estimate.wall_time,
            names.join(", "),
            latest.len(),
            percentile_95(latest).as_secs_f64()
        ))
    }

    fn add(&self, kind: Kind, wall: Duration) -> Vec<Duration> {
        // What is behind the lock is whole after a panic too: figures for advice.
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.count += 1;
        let count = book.count;
        if book.kinds.len() >= KINDS_MAX && !book.kinds.contains_key(&kind) {
            let oldest = book.kinds.iter().min_by_key(|(_, runs)| runs.seen).map(|(kind, _)| kind.clone());
            oldest.and_then(|kind| book.kinds.remove(&kind));
        }
        let runs = book.kinds.entry(kind).or_default();
        runs.seen = count;
        if runs.latest.len() == RUNS_MAX {
            runs.latest.pop_front();
        }
        runs.latest.push_back(wall);
        runs.latest.iter().copied().collect()
    }
}

fn percentile_95(mut walls: Vec<Duration>) -> Duration {
    walls.sort_unstable();
    walls.get((walls.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(number: usize) -> Kind {
        let name = number.to_string();
        Kind { tenant: Tenant::new(&name), language: LanguageId::new("python"), fired: Vec::new() }
    }

    #[test]
    fn kinds_and_their_runs_are_bounded_and_the_oldest_goes() {
        let history = History::default();
        for number in 0..2 * KINDS_MAX {
            history.add(kind(number), Duration::ZERO);
        }
        assert_eq!(history.0.lock().unwrap().kinds.len(), KINDS_MAX);
        assert_eq!(history.add(kind(2 * KINDS_MAX - 1), Duration::ZERO).len(), 2, "the latest is known");
        assert_eq!(history.add(kind(0), Duration::ZERO).len(), 1, "the oldest is forgotten");
        for _ in 0..2 * RUNS_MAX {
            history.add(kind(0), Duration::ZERO);
        }
        assert_eq!(history.add(kind(0), Duration::ZERO).len(), RUNS_MAX);
    }

    #[test]
    fn the_percentile_is_one_of_the_runs() {
        let walls: Vec<_> = (1..=100).rev().map(Duration::from_secs).collect();
        assert_eq!(percentile_95(walls), Duration::from_secs(95));
        assert_eq!(percentile_95(vec![Duration::from_secs(7)]), Duration::from_secs(7));
    }
}
