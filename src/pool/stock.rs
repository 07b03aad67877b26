//! The warm containers of one language: fresh ones for anybody, used and proven ones for whom they belong to.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use deadpool::unmanaged::{Object, Pool};

use crate::domain::Affinity;
use crate::sandbox::Warm;

/// What a container in stock may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing has run in it.
    Fresh,
    /// It has served and is kept for those it belongs to.
    Kept,
}

#[derive(Debug)]
pub(super) struct Stock {
    fresh: Pool<Warm>,
    kept: Mutex<HashMap<Affinity, Pool<Warm>>>,
    /// Containers that can exist: no pool here is ever full.
    max: usize,
}

impl Stock {
    pub(super) fn new(max: usize) -> Self {
        Self { fresh: Pool::new(max), kept: Mutex::default(), max }
    }

    /// Containers that nothing has run in.
    pub(super) fn fresh(&self) -> &Pool<Warm> {
        &self.fresh
    }

    /// Containers kept for `affinity`, if any ever were.
    pub(super) fn find(&self, affinity: &Affinity) -> Option<Pool<Warm>> {
        self.kept().get(affinity).cloned()
    }

    /// The same, to wait for one.
    pub(super) fn of(&self, affinity: &Affinity) -> Pool<Warm> {
        self.kept().entry(affinity.clone()).or_insert_with(|| Pool::new(self.max)).clone()
    }

    /// Takes in a container that was just made. After [`Stock::close`] it is dropped, which buries it.
    pub(super) fn add_fresh(&self, warm: Warm) {
        let _ = self.fresh.try_add(warm);
    }

    /// Takes in a container that is proven clean. After [`Stock::close`] it is dropped, which buries it.
    pub(super) fn keep(&self, affinity: &Affinity, warm: Warm) {
        if !self.fresh.is_closed() {
            let _ = self.of(affinity).try_add(warm);
        }
    }

    pub(super) fn fresh_count(&self) -> u32 {
        self.fresh.status().available as u32
    }

    pub(super) fn count(&self) -> u32 {
        let kept: usize = self.kept().values().map(|pool| pool.status().available).sum();
        self.fresh_count() + kept as u32
    }

    /// Gives up the kept container that has been idle longest.
    pub(super) fn take_idlest(&self) -> Option<Warm> {
        let kept = self.kept();
        let mut idle: Vec<Object<Warm>> =
            kept.values().flat_map(|pool| std::iter::from_fn(|| pool.try_get().ok())).collect();
        idle.sort_by_key(|object| object.idle());
        idle.pop().map(Object::take)
    }

    /// Looks at each idle container, the longest idle first, and gives up those of which `is_done` says so. Holds them
    /// back for microseconds only: it awaits nothing.
    pub(super) fn sift(&self, mut is_done: impl FnMut(Kind, &mut Warm) -> bool) {
        let kept = self.kept();
        let pools =
            std::iter::once((Kind::Fresh, &self.fresh)).chain(kept.values().map(|pool| (Kind::Kept, pool)));
        let mut idle: Vec<(Kind, Object<Warm>)> = pools
            .flat_map(|(kind, pool)| std::iter::from_fn(move || Some((kind, pool.try_get().ok()?))))
            .collect();
        idle.sort_by_key(|(_, object)| std::cmp::Reverse(object.idle()));
        for (kind, mut object) in idle {
            if is_done(kind, &mut object) {
                drop(Object::take(object));
            }
        }
    }

    /// Forgets those that nothing is kept for. Nobody may wait.
    pub(super) fn tidy(&self) {
        self.kept().retain(|_, pool| pool.status().size > 0);
    }

    pub(super) fn close(&self) {
        self.fresh.close();
        for pool in self.kept().values() {
            pool.close();
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Affinity, Pool<Warm>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
