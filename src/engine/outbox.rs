//! Numbered entries to the gateway, kept until its mark covers them.

use std::collections::VecDeque;

use offpush_wire::{Entry, Up, UpFrame};

use crate::config::limit;
use crate::entropy::{Entropy, token};
use crate::journal::{After, Journal};
use crate::record::{self, OutboxEntry, Record, RecordKey, Write, kind};

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    id: String,
    applied: u64,
    entries: VecDeque<OutboxEntry>,
    durable: u64,
    /// The highest number sent on this connection since the last resend.
    sent: u64,
}

impl Outbox {
    /// The outbox as stored, and whether it is whole. One that is not (part of it could not be read) has to be
    /// renewed: a gap in its numbers would never be passed.
    pub(crate) fn restore(stored: Option<record::Outbox>, mut entries: Vec<OutboxEntry>) -> (Self, bool) {
        let record::Outbox { id, applied } = stored.unwrap_or_default();
        let found = entries.len();
        entries.retain(|entry| entry.n > applied && Up::decode(&entry.content).is_ok());
        entries.sort_by_key(|entry| entry.n);
        let whole = !id.is_empty()
            && found == entries.len()
            && entries.iter().zip(applied + 1..).all(|(entry, expected)| entry.n == expected);
        let durable = entries.last().map_or(applied, |entry| entry.n);
        (Self { id, applied, entries: entries.into(), durable, sent: applied }, whole)
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= limit::OUTBOX
    }

    fn last(&self) -> u64 {
        self.entries.back().map_or(self.applied, |entry| entry.n)
    }

    /// Draws a new outbox; what waits is numbered anew behind `first`.
    pub(crate) fn renew(&mut self, journal: &mut Journal, entropy: &mut dyn Entropy, first: Option<Up>) {
        let waiting = std::mem::take(&mut self.entries);
        for entry in &waiting {
            journal.write(Write::Delete(RecordKey { kind: kind::OUTBOX_ENTRY, id: entry.n }));
        }
        *self = Self { id: token(entropy, 16), ..Self::default() };
        journal.write(Write::Put(Record::Outbox(record::Outbox { id: self.id.clone(), applied: 0 })));
        if let Some(first) = first {
            self.push_content(journal, first.encode());
        }
        for entry in waiting {
            self.push_content(journal, entry.content);
        }
        journal.make_urgent();
    }

    /// Forgets what waits: its identity has ended.
    pub(crate) fn clear(&mut self, journal: &mut Journal) {
        self.applied = self.last();
        for entry in self.entries.drain(..) {
            journal.write(Write::Delete(RecordKey { kind: kind::OUTBOX_ENTRY, id: entry.n }));
        }
        journal.write(Write::Put(Record::Outbox(record::Outbox { id: self.id.clone(), applied: self.applied })));
    }

    /// Adds an entry; it is sent once it is durable.
    pub(crate) fn push(&mut self, journal: &mut Journal, content: &Up) {
        self.push_content(journal, content.encode());
    }

    fn push_content(&mut self, journal: &mut Journal, content: Vec<u8>) {
        let entry = OutboxEntry { n: self.last() + 1, content };
        journal.write(Write::Put(Record::OutboxEntry(entry.clone())));
        journal.then_lazily(After::OutboxDurable { outbox: self.id.clone(), n: entry.n });
        self.entries.push_back(entry);
    }

    pub(crate) fn durable(&mut self, outbox: &str, n: u64) {
        if outbox == self.id {
            self.durable = self.durable.max(n);
        }
    }

    /// Takes the gateway's mark. `false`: it covers entries that were never made, so this is not its outbox.
    pub(crate) fn applied(&mut self, journal: &mut Journal, n: u64) -> bool {
        if n > self.last() {
            return false;
        }
        if n <= self.applied {
            return true;
        }
        while self.entries.front().is_some_and(|entry| entry.n <= n) {
            if let Some(entry) = self.entries.pop_front() {
                journal.write(Write::Delete(RecordKey { kind: kind::OUTBOX_ENTRY, id: entry.n }));
            }
        }
        self.applied = n;
        self.sent = self.sent.max(n);
        journal.write(Write::Put(Record::Outbox(record::Outbox { id: self.id.clone(), applied: n })));
        true
    }

    /// What was sent may not have arrived: it is sent again.
    pub(crate) fn rewind(&mut self) {
        self.sent = self.applied;
    }

    /// Whether sent entries wait for the gateway's mark.
    pub(crate) fn is_waiting(&self) -> bool {
        self.sent > self.applied
    }

    /// Puts the next entries into a frame, as many as fit into `room` bytes (at least one). `false` if there is nothing to send.
    pub(crate) fn fill(&mut self, frame: &mut UpFrame<'_, Entry<Up>>, room: usize) -> bool {
        let mut bytes = 0;
        let in_flight_limit = self.applied + limit::OUTBOX_IN_FLIGHT as u64;
        for entry in &self.entries {
            if entry.n <= self.sent {
                continue;
            }
            let full = !frame.entries.is_empty() && bytes + entry.content.len() > room;
            if entry.n > self.durable || entry.n > in_flight_limit || full {
                break;
            }
            bytes += entry.content.len();
            self.sent = entry.n;
            // Checked when it was restored.
            if let Ok(content) = Up::decode(&entry.content) {
                frame.entries.push(Entry { n: entry.n, id: String::new(), content });
            }
        }
        !frame.entries.is_empty()
    }
}
