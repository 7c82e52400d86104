//! For how long no broker could be reached although there was a network: what decides when a phone asks the gateway
//! for its brokers again. It survives restarts, for many phones end their background processes more often than that.

use crate::journal::Journal;
use crate::record::{Record, RecordKey, Write, kind};
use crate::time::MINUTE;

/// Milliseconds by which the time has to grow before it is written again: it decides after hours, and a write costs a
/// sync.
const WRITTEN_EVERY: u64 = 10 * MINUTE;

#[derive(Debug)]
pub(crate) struct Contact {
    /// When the current stretch without contact began, boot time; moved on by the time without a network.
    since: u64,
    offline_since: Option<u64>,
    /// Milliseconds without contact before that.
    before: u64,
    written: u64,
}

impl Contact {
    /// What an earlier process had counted goes on; there is no network until one is told.
    pub(crate) fn new(now: u64, before: u64) -> Self {
        Self { since: now, offline_since: Some(now), before, written: before }
    }

    pub(crate) fn network_lost(&mut self, now: u64) {
        self.offline_since.get_or_insert(now);
    }

    pub(crate) fn network_gained(&mut self, now: u64) {
        if let Some(since) = self.offline_since.take() {
            self.since += now.saturating_sub(since);
        }
    }

    /// A broker or the gateway was reached.
    pub(crate) fn made(&mut self, journal: &mut Journal, now: u64) {
        self.since = now;
        self.before = 0;
        if std::mem::take(&mut self.written) > 0 {
            journal.write(Write::Delete(RecordKey { kind: kind::UNREACHED, id: 0 }));
        }
    }

    /// Milliseconds without contact on a working network.
    pub(crate) fn unreached(&self, now: u64) -> u64 {
        self.before + self.offline_since.unwrap_or(now).saturating_sub(self.since)
    }

    /// An attempt failed.
    pub(crate) fn failed(&mut self, journal: &mut Journal, now: u64) {
        let unreached = self.unreached(now);
        if unreached >= self.written + WRITTEN_EVERY {
            self.written = unreached;
            journal.write(Write::Put(Record::Unreached(unreached)));
        }
    }
}
