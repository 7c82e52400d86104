//! What happened on a simulated day, with the times.

use std::ops::Range;

/// Everything that is counted or drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// The phone woke up for us.
    pub wakes: Vec<u64>,
    /// A ping went out.
    pub pings: Vec<u64>,
    /// The radio was on for us.
    pub radio: Vec<Range<u64>>,
    /// Bytes went over the air, both ways and with their headers.
    pub bytes: Vec<(u64, u64)>,
    /// An attempt to connect began.
    pub connects: Vec<u64>,
    /// The client had a connection and took it for alive.
    pub online: Vec<Range<u64>>,
    /// It was dead all the same, and there was a network.
    pub dark: Vec<Range<u64>>,
    /// The part of it in which the server had vanished without a word, which nothing on the wire tells before the next
    /// ping.
    pub vanished: Vec<Range<u64>>,
    /// There was no network.
    pub no_network: Vec<Range<u64>>,
    /// Ends of connections as the client sees them: when, and why.
    pub ends: Vec<(u64, String)>,
    /// Messages: when sent, when delivered.
    pub messages: Vec<(u64, Fate)>,
    /// Messages that reached the app a second time.
    pub repeated: usize,
    /// The interval in use: from when on, on which network under which time-out of its NAT.
    pub intervals: Vec<Interval>,
    /// Alarms that fired late, by how much.
    pub late_alarms: Vec<(u64, u64)>,
    /// The longest time by which an alarm fired after the moment it was set for, in milliseconds.
    pub worst_lateness: u64,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It reached the app then.
    Delivered(u64),
    /// Its time was over before that.
    Expired,
    /// It was still under way when the day ended.
    UnderWay,
}

/// A stretch with one interval on one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// From when on.
    pub from: u64,
    /// The network, by its place in the day's file; `None` while there is none.
    pub network: Option<usize>,
    /// The time-out of its NAT.
    pub nat: Option<u64>,
    /// The interval the client pings at.
    pub interval: u64,
}

/// Closes the last open range at `at`.
pub(crate) fn close(ranges: &mut [Range<u64>], at: u64) {
    if let Some(last) = ranges.last_mut().filter(|last| last.end == u64::MAX) {
        last.end = at;
    }
}

/// Opens a range if none is open.
pub(crate) fn open(ranges: &mut Vec<Range<u64>>, at: u64) {
    if ranges.last().is_none_or(|last| last.end != u64::MAX) {
        ranges.push(at..u64::MAX);
    }
}

/// Milliseconds of `ranges` within `window`.
pub(crate) fn overlap(ranges: &[Range<u64>], window: &Range<u64>) -> u64 {
    ranges.iter().map(|range| range.end.min(window.end).saturating_sub(range.start.max(window.start))).sum()
}
