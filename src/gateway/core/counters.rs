//! What happened and what was dropped, for `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts by name and label. Names and labels are literals of ours, so the map stays small.
#[derive(Default)]
pub(super) struct Counters(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl Counters {
    /// Adds to `name{reason="label"}`.
    pub(super) fn add(&self, name: &'static str, label: &'static str, by: u64) {
        if by > 0 {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((name, label)).or_default() += by;
        }
    }

    pub(super) fn all(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((name, label), count)| (*name, *label, *count)).collect()
    }
}

/// Entries that will not reach their phone, by reason.
pub(super) const DROPPED: &str = "entries_dropped";
/// Frames from phones that were not used, by reason.
pub(super) const FRAMES_IGNORED: &str = "frames_ignored";
/// Entries from phones, by kind.
pub(super) const UPWARD: &str = "entries_received";
/// Frames published, by cause.
pub(super) const PUBLISHED: &str = "frames_published";
/// Registrations, by outcome.
pub(super) const REGISTRATIONS: &str = "registrations";
/// Messages, by target.
pub(super) const ACCEPTED: &str = "messages_accepted";
/// Devices that got a new numbering, by cause.
pub(super) const NEW_GENERATION: &str = "epochs_drawn";

impl super::Core {
    /// Every counter as (name, label, count); the names have no prefix.
    pub(crate) fn counters(&self) -> Vec<(&'static str, &'static str, u64)> {
        self.0.counters.all()
    }
}
