//! The uids that jobs run as: each container has a block of its own, so that no two containers share one and no
//! container uses one twice.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Within the 65,536 that an engine with user namespaces maps, above what images and distributions use.
pub const UIDS: Range<u32> = 10_000..60_000;

/// All blocks of this daemon.
#[derive(Debug)]
pub struct Uids {
    /// First uid of each free block; the longest free is taken first.
    free: Mutex<VecDeque<u32>>,
    per_container: u32,
}

/// One container's uids. Free again when this is dropped, which is when the container is gone.
#[derive(Debug)]
pub struct UidBlock {
    first: u32,
    left: Range<u32>,
    home: Arc<Uids>,
}

impl Uids {
    /// Blocks of `per_container` uids each. `start` is any number: another daemon on the same engine begins elsewhere.
    #[must_use]
    pub fn new(per_container: u32, start: u32) -> Arc<Self> {
        let mut free: VecDeque<u32> = UIDS.step_by(per_container as usize).collect();
        // The last may be shorter than a block.
        free.retain(|first| first + per_container <= UIDS.end);
        let count = free.len().max(1);
        free.rotate_left(start as usize % count);
        Arc::new(Self { free: Mutex::new(free), per_container })
    }

    /// A block that no container has; `None` where all are taken, which the bound on pools excludes.
    #[must_use]
    pub fn take(self: &Arc<Self>) -> Option<UidBlock> {
        let first = self.free.lock().ok()?.pop_front()?;
        Some(UidBlock { first, left: first..first + self.per_container, home: Arc::clone(self) })
    }
}

impl UidBlock {
    /// A uid that this container has not had yet.
    pub fn next_uid(&mut self) -> Option<u32> {
        self.left.next()
    }

    /// Whether there is another one.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.left.is_empty()
    }
}

impl Drop for UidBlock {
    fn drop(&mut self) {
        if let Ok(mut free) = self.home.free.lock() {
            free.push_back(self.first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_uid_is_had_twice_and_no_block_by_two() {
        let uids = Uids::new(20_000, 1);
        let mut blocks: Vec<UidBlock> = std::iter::from_fn(|| uids.take()).collect();
        let mut seen: Vec<u32> =
            blocks.iter_mut().flat_map(|block| std::iter::from_fn(|| block.next_uid())).collect();
        assert_eq!(seen.len(), 40_000);
        assert_eq!(seen.first(), Some(&30_000), "it begins where it was told");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 40_000);
        assert!(seen.iter().all(|uid| UIDS.contains(uid)));
        assert!(uids.take().is_none());
        drop(blocks.remove(0));
        assert_eq!(uids.take().map(|block| block.first), Some(30_000));
    }
}
