//! The uids that jobs run as: each container has a block of its own, so that no two containers of an engine share one and
//! no container uses one twice.
//!
//! Within a daemon that is this module's promise. Between daemons it is the engine's: a container is named after its
//! block, a name is given once, and all daemons cut the same blocks.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Where uids are taken from, and how many a container gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UidSpace {
    first: u32,
    end: u32,
    per_container: u32,
}

impl UidSpace {
    /// Those that no distribution, user directory or container manager gives to anybody: between systemd's range for
    /// containers and 2^31 (<https://systemd.io/UIDS-GIDS/>).
    pub const WIDE: Self = Self { first: 0x7000_0000, end: 0x8000_0000, per_container: 2_000 };
    /// Within the 65,536 that an engine in a user namespace has, above what images and distributions use.
    pub const NARROW: Self = Self { first: 10_000, end: 60_000, per_container: 250 };

    /// Containers that it is enough for.
    #[must_use]
    pub const fn blocks(self) -> u32 {
        (self.end - self.first) / self.per_container
    }

    /// How many a container gets, which bounds how many jobs it can have.
    #[must_use]
    pub const fn per_container(self) -> u32 {
        self.per_container
    }
}

/// All blocks of this daemon.
#[derive(Debug)]
pub struct Uids(Mutex<Blocks>);

#[derive(Debug)]
struct Blocks {
    /// Counts on; which block is next follows from it, so that the one that was had longest ago is taken first.
    next: u64,
    /// First uids.
    taken: HashSet<u32>,
}

/// One container's uids. Free again when this is dropped, which is when the container is gone.
#[derive(Debug)]
pub struct UidBlock {
    space: UidSpace,
    first: u32,
    left: Range<u32>,
    home: Arc<Uids>,
}

impl Uids {
    /// `start` is any number: daemons that begin at different ones seldom want the same block.
    #[must_use]
    pub fn new(start: u32) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Blocks { next: start.into(), taken: HashSet::new() })))
    }

    /// A block that no container of this daemon has; `None` where all are taken.
    #[must_use]
    pub fn take(self: &Arc<Self>, space: UidSpace) -> Option<UidBlock> {
        let mut blocks = self.0.lock().ok()?;
        for _ in 0..space.blocks() {
            let block = (blocks.next % u64::from(space.blocks())) as u32;
            let first = space.first + block * space.per_container;
            blocks.next += 1;
            if blocks.taken.insert(first) {
                let left = first..first + space.per_container;
                return Some(UidBlock { space, first, left, home: Arc::clone(self) });
            }
        }
        None
    }
}

impl UidBlock {
    /// The name of the container whose uids these are.
    #[must_use]
    pub fn container_name(&self) -> String {
        format!("kiln-{}", self.first)
    }

    /// A uid that this container has not had yet.
    pub fn next_uid(&mut self) -> Option<u32> {
        self.left.next()
    }

    /// Whether there is another one.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.left.is_empty()
    }

    /// Another block in the place of this one; `None` where there is none.
    #[must_use]
    pub fn another(&self) -> Option<Self> {
        self.home.take(self.space)
    }
}

impl Drop for UidBlock {
    fn drop(&mut self) {
        if let Ok(mut blocks) = self.home.0.lock() {
            blocks.taken.remove(&self.first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: UidSpace = UidSpace { first: 10_000, end: 59_999, per_container: 20_000 };

    #[test]
    fn no_uid_is_had_twice_and_no_block_by_two() {
        let uids = Uids::new(1);
        let mut blocks: Vec<UidBlock> = std::iter::from_fn(|| uids.take(SPACE)).collect();
        let mut seen: Vec<u32> =
            blocks.iter_mut().flat_map(|block| std::iter::from_fn(|| block.next_uid())).collect();
        assert_eq!(seen.len(), 40_000);
        assert_eq!(seen.first(), Some(&30_000), "it begins where it was told");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 40_000);
        assert!(seen.iter().all(|uid| (SPACE.first..SPACE.end).contains(uid)));
        assert!(uids.take(SPACE).is_none() && blocks[0].another().is_none());
        drop(blocks.remove(0));
        assert_eq!(blocks[0].another().map(|block| block.first), Some(30_000));
    }

    #[test]
    fn a_block_that_is_free_again_is_not_the_next() {
        let uids = Uids::new(u32::MAX);
        let names: Vec<_> = std::iter::repeat_with(|| uids.take(UidSpace::WIDE).unwrap().container_name())
            .take(100)
            .collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 100, "{names:?}");
    }

    #[test]
    fn daemons_cut_the_same_blocks() {
        let [one, another] = [Uids::new(7), Uids::new(7)];
        let [one, another] = [&one, &another].map(|uids| uids.take(UidSpace::WIDE).unwrap());
        assert_eq!(one.container_name(), another.container_name());
        assert_eq!(one.left, another.left);
    }
}
