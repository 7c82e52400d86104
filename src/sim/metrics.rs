//! What a day comes to, in numbers; and how ours compares where the comparison is fair.

use std::ops::Range;

use serde::Serialize;

use crate::day::Day;
use crate::peers::CEILING;
use crate::strategy::Strategy;
use crate::time::{HOUR, MINUTE};
use crate::trace::{Fate, Interval, Trace, overlap};

/// An interval is right from so much below its limit on: within 15 % below the NAT's time-out, or at the ceiling.
const RIGHT: f64 = 0.85;

/// One strategy's day in numbers. Times in seconds, rounded to tenths.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Pings, a second connection's included.
    pub pings: usize,
    /// Wake-ups of the CPU for this client, each counted once whatever happens in it.
    pub wakes: usize,
    /// Seconds with the radio on, its tail included.
    pub radio_on: f64,
    /// Bytes over the air, both ways, with headers and retransmissions.
    pub bytes: u64,
    /// Attempts to connect.
    pub connects: usize,
    /// Minutes in which the connection was dead and the client did not know it, with a network.
    pub dark: f64,
    /// Of these, before the interval was right for the first time on that network under that NAT; none for a
    /// strategy that does not learn.
    pub dark_learning: f64,
    /// Of these, in which the server had vanished without a word.
    pub dark_server: f64,
    /// The longest dark stretch, in minutes.
    pub dark_longest: f64,
    /// Messages sent.
    pub sent: usize,
    /// Messages that reached the app.
    pub delivered: usize,
    /// Messages whose time was over before.
    pub expired: usize,
    /// Messages that reached the app twice.
    pub repeated: usize,
    /// The median time from the server's call to the app, in seconds; time without a network is left out.
    pub delay_median: Option<f64>,
    /// The longest, in seconds.
    pub delay_worst: Option<f64>,
    /// Minutes on the network where the phone was longest until the interval was right for good; `None`: never.
    pub converged_after: Option<f64>,
    /// The interval in use at the end, in seconds.
    pub interval: f64,
    /// The longest time by which a timer fired after the latest moment asked for, in seconds.
    pub worst_lateness: f64,
}

/// The limit that the interval should be near.
fn limit(nat: Option<u64>) -> u64 {
    nat.map_or(CEILING, |nat| nat.min(CEILING))
}

fn is_right(interval: &Interval) -> bool {
    let limit = limit(interval.nat);
    // As long as the time-out is too long; but at the ceiling is right, also where both are the same: the ceiling is the
    // keep-alive too, which counts from the ping before, a moment earlier than the answer passes the NAT.
    let below = interval.nat.is_none_or(|nat| interval.interval < nat) || interval.interval == CEILING;
    below && interval.interval <= limit && interval.interval as f64 >= limit as f64 * RIGHT
}

/// The stretches of a day on one network under one NAT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Regime {
    pub(crate) network: usize,
    pub(crate) nat: Option<u64>,
    /// With the interval in each.
    stretches: Vec<(Range<u64>, u64)>,
}

impl Regime {
    fn lasts(&self) -> u64 {
        self.stretches.iter().map(|(range, _)| range.end - range.start).sum()
    }

    /// When the interval became right for good, and the time on the network until then. Afterwards it may be shorter for a
    /// while, where a death gave reason to doubt it, but not longer than the network lets it be.
    pub(crate) fn converged(&self) -> Option<(u64, u64)> {
        let (mut since, mut before) = (None, 0);
        for (range, interval) in &self.stretches {
            let interval = Interval { from: 0, network: None, nat: self.nat, interval: *interval };
            if is_right(&interval) {
                since.get_or_insert((range.start, before));
            } else if since.is_none_or(|_| interval.interval > limit(self.nat)) {
                since = None;
            }
            before += range.end - range.start;
        }
        since
    }
}

/// The regimes in the order of their beginnings.
pub(crate) fn regimes(trace: &Trace, ends: u64) -> Vec<Regime> {
    let mut regimes: Vec<Regime> = Vec::new();
    for (place, interval) in trace.intervals.iter().enumerate() {
        let to = trace.intervals.get(place + 1).map_or(ends, |next| next.from);
        let Some(network) = interval.network.filter(|_| to > interval.from) else { continue };
        let stretch = (interval.from..to, interval.interval);
        match regimes.iter_mut().find(|regime| regime.network == network && regime.nat == interval.nat) {
            Some(regime) => regime.stretches.push(stretch),
            None => regimes.push(Regime { network, nat: interval.nat, stretches: vec![stretch] }),
        }
    }
    regimes
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn seconds(milliseconds: u64) -> f64 {
    tenths(milliseconds as f64 / 1_000.0)
}

fn minutes(milliseconds: u64) -> f64 {
    tenths(milliseconds as f64 / MINUTE as f64)
}

/// The numbers of a whole day that lasted `ends` milliseconds.
pub(crate) fn measure(strategy: Strategy, trace: &Trace, ends: u64) -> Metrics {
    let regimes = regimes(trace, ends);
    let mut delays: Vec<u64> = trace
        .messages
        .iter()
        .filter_map(|(sent, fate)| match fate {
            // The time without a network is nobody's doing.
            Fate::Delivered(at) => Some(at - sent - overlap(&trace.no_network, &(*sent..*at))),
            _ => None,
        })
        .collect();
    delays.sort_unstable();
    let length = |range: &Range<u64>| range.end - range.start;
    let learning = |range: &&Range<u64>| strategy.learns() && is_learning(&regimes, range.start);
    let main = regimes.iter().max_by_key(|regime| regime.lasts());
    Metrics {
        pings: trace.pings.len(),
        wakes: trace.wakes.len(),
        radio_on: seconds(trace.radio.iter().map(length).sum()),
        bytes: trace.bytes.iter().map(|(_, bytes)| bytes).sum(),
        connects: trace.connects.len(),
        dark: minutes(trace.dark.iter().map(length).sum()),
        dark_learning: minutes(trace.dark.iter().filter(learning).map(length).sum()),
        dark_server: minutes(trace.vanished.iter().map(length).sum()),
        dark_longest: minutes(trace.dark.iter().map(length).max().unwrap_or(0)),
        sent: trace.messages.len(),
        delivered: delays.len(),
        expired: trace.messages.iter().filter(|(_, fate)| *fate == Fate::Expired).count(),
        repeated: trace.repeated,
        delay_median: delays.get(delays.len() / 2).map(|delay| seconds(*delay)),
        delay_worst: delays.last().map(|delay| seconds(*delay)),
        converged_after: main.and_then(Regime::converged).map(|(_, after)| minutes(after)),
        interval: seconds(trace.intervals.last().map_or(0, |last| last.interval)),
        worst_lateness: seconds(trace.worst_lateness),
    }
}

/// Whether the interval had not been right yet, on the network and under the NAT of that moment.
fn is_learning(regimes: &[Regime], at: u64) -> bool {
    let here = |regime: &&Regime| regime.stretches.iter().any(|(range, _)| range.contains(&at));
    let Some(regime) = regimes.iter().find(here) else { return false };
    regime.converged().is_none_or(|(converged, _)| at < converged)
}

/// The parts of a day in which strategies are compared: on each network and under each NAT, from the first full hour
/// after ours converged there, and at once whenever the phone comes back to it.
///
/// There are none without a foreground service: the system freezes whoever has none, takes its network and tells it
/// nothing, so that what is dark and what wakes there is the system's doing, the oracle's too.
pub fn settled(day: &Day, ours: &Trace) -> Vec<Range<u64>> {
    match day.phone.foreground_service {
        true => settled_in(ours, day.lasts),
        false => Vec::new(),
    }
}

fn settled_in(ours: &Trace, ends: u64) -> Vec<Range<u64>> {
    let mut windows = Vec::new();
    for regime in regimes(ours, ends) {
        let Some((converged, _)) = regime.converged() else { continue };
        let from = converged.div_ceil(HOUR) * HOUR;
        for (range, _) in regime.stretches {
            let start = range.start.max(from);
            if start < range.end {
                windows.push(start..range.end);
            }
        }
    }
    windows.sort_by_key(|window| window.start);
    windows
}

/// Dark minutes and wake-ups within parts of a day. The dark time after a server vanished is left out: how long it is
/// depends on when in its interval a client was, and nobody on the wire can know before the next ping.
pub fn within(trace: &Trace, windows: &[Range<u64>]) -> (f64, usize) {
    let dark = |ranges| -> u64 { windows.iter().map(|window| overlap(ranges, window)).sum() };
    let dark = minutes(dark(&trace.dark) - dark(&trace.vanished));
    let inside = |at: &&u64| windows.iter().any(|window| window.contains(at));
    (dark, trace.wakes.iter().filter(inside).count())
}

impl Metrics {
    /// The mean of several runs of the same day; counts are rounded, "never converged" in one is never in all.
    pub(crate) fn mean(runs: &[Metrics]) -> Option<Metrics> {
        let last = runs.last()?;
        let count = runs.len();
        let mean = |value: &dyn Fn(&Metrics) -> f64| tenths(runs.iter().map(value).sum::<f64>() / count as f64);
        let whole = |value: &dyn Fn(&Metrics) -> usize| {
            (runs.iter().map(value).sum::<usize>() as f64 / count as f64).round() as usize
        };
        let all = |value: &dyn Fn(&Metrics) -> Option<f64>| {
            let values: Option<Vec<f64>> = runs.iter().map(value).collect();
            values.map(|values| tenths(values.iter().sum::<f64>() / count as f64))
        };
        let most = |value: &dyn Fn(&Metrics) -> f64| runs.iter().map(value).fold(0.0, f64::max);
        Some(Metrics {
            pings: whole(&|run| run.pings),
            wakes: whole(&|run| run.wakes),
            radio_on: mean(&|run| run.radio_on),
            bytes: runs.iter().map(|run| run.bytes).sum::<u64>() / count as u64,
            connects: whole(&|run| run.connects),
            dark: mean(&|run| run.dark),
            dark_learning: mean(&|run| run.dark_learning),
            dark_server: mean(&|run| run.dark_server),
            dark_longest: most(&|run| run.dark_longest),
            sent: whole(&|run| run.sent),
            delivered: whole(&|run| run.delivered),
            expired: whole(&|run| run.expired),
            repeated: runs.iter().map(|run| run.repeated).max().unwrap_or(0),
            delay_median: all(&|run| run.delay_median),
            delay_worst: runs.iter().filter_map(|run| run.delay_worst).reduce(f64::max),
            converged_after: all(&|run| run.converged_after),
            interval: last.interval,
            worst_lateness: most(&|run| run.worst_lateness),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u64, network: Option<usize>, nat: u64, interval: u64) -> Interval {
        Interval { from: minute * MINUTE, network, nat: Some(nat * MINUTE), interval: interval * MINUTE }
    }

    #[test]
    fn right_is_within_fifteen_per_cent_below_the_nat_or_at_the_ceiling() {
        // The time-out itself is too late; a longer NAT wants the ceiling of 28 min, and that is right behind its own too.
        let right = |nat, interval| is_right(&Interval { from: 0, network: Some(0), nat: Some(nat), interval });
        assert!(right(600_000, 510_000) && right(600_000, 599_999));
        assert!(!right(600_000, 509_999) && !right(600_000, 600_000) && right(1_680_000, 1_680_000));
        assert!(right(2_400_000, 1_680_000) && right(2_400_000, 1_428_000) && !right(2_400_000, 1_681_000));
    }

    #[test]
    fn converged_is_right_and_no_longer_than_that_any_more() {
        // Right for a while and too long again is not converged, a doubt afterwards is; time elsewhere is not counted.
        let trace = Trace {
            intervals: vec![
                at(0, Some(0), 10, 9),
                at(10, Some(0), 10, 12),
                at(20, Some(1), 10, 4),
                at(50, Some(0), 10, 5),
                at(60, Some(0), 10, 9),
                at(80, Some(0), 10, 4),
            ],
            ..Trace::default()
        };
        let regimes = regimes(&trace, 120 * MINUTE);
        assert_eq!(regimes[0].converged(), Some((60 * MINUTE, 30 * MINUTE)));
        assert_eq!(regimes[1].converged(), None);
    }

    #[test]
    fn strategies_are_compared_where_ours_is_settled() {
        // From the first full hour after convergence, and not any more once the NAT has changed.
        let trace = Trace {
            intervals: vec![at(0, Some(0), 30, 4), at(70, Some(0), 30, 27), at(300, Some(0), 5, 27)],
            ..Trace::default()
        };
        let expected: Vec<Range<u64>> = std::iter::once(2 * HOUR..5 * HOUR).collect();
        assert_eq!(settled_in(&trace, 600 * MINUTE), expected);
        let never = Trace { intervals: vec![at(0, Some(0), 30, 4)], ..Trace::default() };
        assert_eq!(settled_in(&never, 600 * MINUTE), []);
    }
}
