//! Writes on their way to the disk, and what must wait for them.

use std::num::NonZeroU16;

use crate::input::{CommitId, LinkId};
use crate::record::{Mark, Write};

/// What may happen only once the writes before it are durable.
#[derive(Debug)]
pub(crate) enum After {
    /// Acknowledge this PUBLISH of the current link.
    Acknowledge { link: u64, packet_id: NonZeroU16 },
    /// This mark is durable: tell the gateway.
    Mark(Mark),
    /// Tell the gateway the mark again.
    TellMark,
    /// Hand the message to the platform.
    Present { sequence: u64, silent: bool },
    /// The message will be shown whatever happens: a step of its way.
    Stored { sequence: u64 },
    /// Tell a listening app that it arrived.
    Arrived { sequence: u64 },
    /// Outbox entries up to this one may be sent.
    OutboxDurable { outbox: String, n: u64 },
    /// Callbacks up to this id may be delivered.
    CallbacksDurable { id: u64 },
    /// The identity may be registered, with this request.
    Register { link: LinkId },
}

/// Writes that become durable together, and what waits for them.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) writes: Vec<Write>,
    pub(crate) after: Vec<After>,
}

/// One group collects while at most one other is with the store.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    collecting: Group,
    /// Somebody waits for what is collected.
    urgent: bool,
    in_flight: Option<(CommitId, Vec<After>, Vec<Write>)>,
    next_id: u64,
    failure: Option<String>,
}

impl Journal {
    /// A write that may wait for company.
    pub(crate) fn write(&mut self, write: Write) {
        self.collecting.writes.push(write);
    }

    /// Something waits for all that was written so far: the commit does not wait.
    pub(crate) fn then(&mut self, after: After) {
        self.collecting.after.push(after);
        self.urgent = true;
    }

    /// Something waits for all that was written so far, but has time.
    pub(crate) fn then_lazily(&mut self, after: After) {
        self.collecting.after.push(after);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.collecting.writes.is_empty() && self.collecting.after.is_empty()
    }

    /// Whether there is something that a commit should not wait for.
    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent
    }

    pub(crate) fn make_urgent(&mut self) {
        self.urgent = true;
    }

    pub(crate) fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Hands out what was collected as one commit.
    pub(crate) fn start(&mut self) -> (CommitId, Vec<Write>) {
        let group = std::mem::take(&mut self.collecting);
        self.urgent = false;
        let id = CommitId(self.next_id);
        self.next_id += 1;
        self.in_flight = Some((id, group.after, group.writes.clone()));
        (id, group.writes)
    }

    /// The commit is durable: gives what waited for it.
    pub(crate) fn committed(&mut self, id: CommitId) -> Vec<After> {
        match self.in_flight.take_if(|(waiting, ..)| *waiting == id) {
            Some((_, after, _)) => {
                self.failure = None;
                after
            }
            None => Vec::new(),
        }
    }

    /// The disk refused: the group comes first in the next attempt, and nothing that waits for it happens.
    pub(crate) fn failed(&mut self, id: CommitId, error: String) {
        if let Some((_, mut after, mut writes)) = self.in_flight.take_if(|(waiting, ..)| *waiting == id) {
            writes.append(&mut self.collecting.writes);
            after.append(&mut self.collecting.after);
            self.collecting = Group { writes, after };
            self.urgent = true;
            self.failure = Some(error);
        }
    }
}
