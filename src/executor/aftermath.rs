//! What is to be done of an execution when its reply has left: its container is settled, and then its figures are written down.

use crate::pool::Settlement;
use crate::record::{Note, Record};

/// Does it when it is dropped.
#[derive(Debug)]
pub struct Aftermath {
    /// First, as somebody may wait for the container.
    _settlement: Option<Settlement>,
    _noting: Noting,
}

#[derive(Debug)]
struct Noting {
    record: Record,
    /// `None` only while this is dropped.
    note: Option<Note>,
}

impl Aftermath {
    pub(super) fn new(settlement: Option<Settlement>, record: Record, note: Note) -> Self {
        Self { _settlement: settlement, _noting: Noting { record, note: Some(note) } }
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        if let Some(note) = self.note.take() {
            self.record.add(note);
        }
    }
}
