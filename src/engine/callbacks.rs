//! What the app is told, kept until it has taken it.

use std::collections::VecDeque;

use crate::config::limit;
use crate::journal::{After, Journal};
use crate::record::{Record, RecordKey, StoredCallback, Write, kind};

#[derive(Debug, Default)]
pub(crate) struct Callbacks {
    /// In the order of their ids. They come at the end and go at the front, nearly always.
    waiting: VecDeque<(u64, StoredCallback)>,
    next: u64,
    durable: u64,
    /// The highest id given to the app that listens now.
    delivered: u64,
    app_listens: bool,
}

impl Callbacks {
    pub(crate) fn restore(mut waiting: Vec<(u64, StoredCallback)>) -> Self {
        waiting.sort_unstable_by_key(|(id, _)| *id);
        let last = waiting.last().map_or(0, |(id, _)| *id);
        Self { waiting: waiting.into(), next: last + 1, durable: last, ..Self::default() }
    }

    pub(crate) fn push(&mut self, journal: &mut Journal, callback: StoredCallback) {
        let id = self.next;
        self.next += 1;
        journal.write(Write::Put(Record::Callback(id, callback.clone())));
        journal.then(After::CallbacksDurable { id });
        self.waiting.push_back((id, callback));
    }

    pub(crate) fn durable(&mut self, id: u64) {
        self.durable = self.durable.max(id);
    }

    pub(crate) fn app_listens(&self) -> bool {
        self.app_listens
    }

    /// An app that begins to listen gets everything that was not taken.
    pub(crate) fn set_app_listens(&mut self, listens: bool) {
        self.app_listens = listens;
        self.delivered = 0;
    }

    /// The next callback to deliver.
    pub(crate) fn next_to_deliver(&mut self) -> Option<(u64, StoredCallback)> {
        if !self.app_listens || self.delivered >= self.durable {
            return None;
        }
        let delivered = self.waiting.partition_point(|(id, _)| *id <= self.delivered);
        if delivered >= limit::DELIVERED {
            return None;
        }
        let (id, callback) = self.waiting.get(delivered).filter(|(id, _)| *id <= self.durable)?;
        self.delivered = *id;
        Some((*id, callback.clone()))
    }

    pub(crate) fn take(&mut self, journal: &mut Journal, id: u64) -> Option<StoredCallback> {
        let place = self.waiting.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        let (_, taken) = self.waiting.remove(place)?;
        journal.write(Write::Delete(RecordKey { kind: kind::CALLBACK, id }));
        Some(taken)
    }

    /// The pass-through message with this number is over, if it is one that waits.
    pub(crate) fn forget(&mut self, journal: &mut Journal, sequence: u64) {
        let waits = |(_, callback): &&(u64, StoredCallback)| *callback == StoredCallback::PassThrough(sequence);
        if let Some(id) = self.waiting.iter().find(waits).map(|(id, _)| *id) {
            self.take(journal, id);
        }
    }

    /// Whether a callback that waits needs this message.
    pub(crate) fn needs(&self, sequence: u64) -> bool {
        self.waiting.iter().any(|(_, callback)| match callback {
            StoredCallback::Clicked(message) | StoredCallback::PassThrough(message) => *message == sequence,
            StoredCallback::Result { .. } => false,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}
