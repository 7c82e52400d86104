//! The engine's timers: one table, one wake-up.

use crate::time::Wake;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The end of an attempt to register or connect, or of waiting for CONNACK.
    Attempt,
    /// The next ping is due.
    Ping,
    /// The ping's answer is overdue.
    PingAnswer,
    /// A wait before the next attempt is over.
    Retry,
    /// A probe's answer is overdue.
    Probe,
    /// A hello or an entry had no answer.
    Resend,
    /// Writes that nobody waits for have waited for company long enough.
    LazyCommit,
    /// The disk is tried again.
    CommitRetry,
    /// A pending message's time is over.
    Expiry,
    /// The accept time begins.
    AcceptTime,
    /// A look at the network while there is none.
    NetworkRecheck,
}

impl Timer {
    pub(crate) const ALL: [Self; 11] = [
        Self::Attempt,
        Self::Ping,
        Self::PingAnswer,
        Self::Retry,
        Self::Probe,
        Self::Resend,
        Self::LazyCommit,
        Self::CommitRetry,
        Self::Expiry,
        Self::AcceptTime,
        Self::NetworkRecheck,
    ];
}

/// The deadlines of all timers, boot time in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Timers([Option<Wake>; Timer::ALL.len()]);

impl Timers {
    /// Arms a timer; it may fire up to `slack` milliseconds later.
    pub(crate) fn set(&mut self, timer: Timer, deadline: u64, slack: u64) {
        self.0[timer as usize] = Some(Wake { deadline, latest: deadline.saturating_add(slack) });
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(crate) fn get(&self, timer: Timer) -> Option<Wake> {
        self.0[timer as usize]
    }

    /// Disarms a timer whose deadline has come, and tells how it was armed.
    pub(crate) fn take_expired(&mut self, timer: Timer, now: u64) -> Option<Wake> {
        let slot = &mut self.0[timer as usize];
        slot.take_if(|wake| wake.deadline <= now)
    }

    /// The earliest deadline, and the earliest latest moment.
    pub(crate) fn next(&self) -> Option<Wake> {
        let armed = || self.0.iter().flatten();
        Some(Wake { deadline: armed().map(|w| w.deadline).min()?, latest: armed().map(|w| w.latest).min()? })
    }
}
