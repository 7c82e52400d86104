//! What was learned of each network, kept for the day it returns.

use crate::config::limit;
use crate::input::Path;
use crate::journal::Journal;
use crate::record::{NetworkRecord, Record, RecordKey, Write, kind};
use crate::search::Search;
use crate::time::HOUR;

/// Milliseconds after which what was learned of a network that was not used is forgotten: 30 days. Its NAT may be
/// another by then, and the search is short.
const FORGOTTEN_AFTER: i64 = 30 * 24 * HOUR as i64;

/// Wall time in milliseconds by which the last use has to change before it is written: nothing hangs on the hour.
const USE_WRITTEN_EVERY: i64 = 24 * HOUR as i64;

/// What a search has found. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// The longest silence survived; 0 for none.
    pub proved: u64,
    /// The shortest silence that killed; 0 for none.
    pub failed: u64,
    /// The heartbeat that follows.
    pub interval: u64,
    /// What is proved is used, until more is asked for again.
    pub settled: bool,
}

impl Learned {
    /// `scale`: by how much the search's rules are longer than what is done.
    pub(crate) fn new(search: Search, wall: i64, marks: Option<u64>, scale: u64) -> Self {
        let interval = search.interval(wall, marks);
        Self {
            proved: search.proved / scale,
            failed: search.failed / scale,
            interval: interval / scale,
            settled: interval <= search.proved,
        }
    }
}

/// A network, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownNetwork<'a> {
    /// Which one.
    pub key: u64,
    /// What is kept of it.
    pub record: &'a NetworkRecord,
    /// What that means now.
    pub learned: Learned,
}

impl<'a> KnownNetwork<'a> {
    /// From a record that was read from a store; `wall` is the wall time in milliseconds.
    pub fn from_record(key: u64, record: &'a NetworkRecord, wall: i64) -> Self {
        Self { key, record, learned: Learned::new(record.search(), wall, None, 1) }
    }
}

/// By their keys; so few ([`limit::NETWORKS`]) that looking through them is finding one.
#[derive(Debug, Default)]
pub(crate) struct Networks(Vec<(u64, NetworkRecord)>);

impl Networks {
    pub(crate) fn restore(known: Vec<(u64, NetworkRecord)>) -> Self {
        Self(known)
    }

    fn get(&self, key: u64) -> Option<&NetworkRecord> {
        self.0.iter().find(|(other, _)| *other == key).map(|(_, record)| record)
    }

    fn known(&self, key: u64, wall: i64) -> Option<&NetworkRecord> {
        self.get(key).filter(|known| wall.saturating_sub(known.used_at) < FORGOTTEN_AFTER)
    }

    pub(crate) fn search(&self, key: u64, wall: i64) -> Search {
        self.known(key, wall).map(NetworkRecord::search).unwrap_or_default()
    }

    pub(crate) fn all(&self, wall: i64, marks: Option<u64>, scale: u64) -> impl Iterator<Item = KnownNetwork<'_>> {
        self.0.iter().map(move |(key, record)| {
            let learned = Learned::new(record.search(), wall, marks, scale);
            KnownNetwork { key: *key, record, learned }
        })
    }

    /// The way by which a broker was reached last on this network.
    pub(crate) fn path(&self, key: u64) -> Option<Path> {
        self.get(key)?.path.clone()
    }

    /// A broker was reached by this way.
    pub(crate) fn worked(&mut self, journal: &mut Journal, key: u64, path: Path, wall: i64) {
        if self.path(key).as_ref() != Some(&path) {
            self.keep(journal, key, NetworkRecord::new(self.search(key, wall), Some(path), wall));
        }
    }

    /// Lets the search of a network take note of something, and keeps it if it changed.
    pub(crate) fn note(&mut self, journal: &mut Journal, key: u64, wall: i64, note: impl FnOnce(&mut Search)) -> bool {
        let before = self.search(key, wall);
        let mut search = before;
        note(&mut search);
        let used_lately = self.get(key).is_some_and(|known| (wall - known.used_at).abs() < USE_WRITTEN_EVERY);
        if search == before && used_lately {
            return false;
        }
        self.keep(journal, key, NetworkRecord::new(search, self.path(key), wall));
        search != before
    }

    fn keep(&mut self, journal: &mut Journal, key: u64, record: NetworkRecord) {
        match self.0.iter_mut().find(|(other, _)| *other == key) {
            Some((_, known)) => known.clone_from(&record),
            None => self.0.push((key, record.clone())),
        }
        journal.write(Write::Put(Record::Network(key, record)));
        while self.0.len() > limit::NETWORKS
            && let Some(oldest) = (0..self.0.len()).min_by_key(|place| self.0[*place].1.used_at)
        {
            let (id, _) = self.0.swap_remove(oldest);
            journal.write(Write::Delete(RecordKey { kind: kind::NETWORK, id }));
        }
    }
}
