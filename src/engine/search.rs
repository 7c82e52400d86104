//! How long one network lets a connection be silent: the search for the longest heartbeat that keeps it alive.
//!
//! The rule, in full. Two numbers are known of a network: the longest silence that was **proved** and the shortest one
//! that **failed**. The heartbeat is
//!
//! 1. [`START`] on a network that nothing is known of;
//! 2. while nothing failed, the [rung](RUNGS) about 1.75 times above what is proved, up to the [`CEILING`];
//! 3. then the rungs between, the lower half first, and then the geometric mean, until what is proved is
//!    [close enough](CLOSE_ENOUGH) to what failed: the network is settled, and what is proved is used;
//! 4. once in [288 heartbeats](ASK_AGAIN) what failed is asked again;
//! 5. a proved silence that kills is halved at once and tried once more; if it kills again, that is believed, and the
//!    search goes on below it.
//!
//! What counts is the silence that was made, not the one that was asked for: an alarm may be late. Where alarms come only
//! at marks, only the rungs at marks are tried, and a network is settled when none is left.
//!
//! What decides is a NAT on the way, which forgets a silent connection after a fixed time, most often a round number of
//! minutes: that is where the rungs are. Each heartbeat is a step; there is no second connection. A NAT of 60 s to
//! 40 min is found within 2.1 h of idle time (RFC 4787 asks NATs for 2 min and more, RFC 5382 for 2 h 4 min; carriers are
//! known for 4 and 5 min).

use serde::{Deserialize, Serialize};

use crate::time::{HOUR, MINUTE, SECOND};

/// Milliseconds of silence worth trying: 5 s below the time-outs that NATs, carriers and load balancers are known for
/// (30 s, 1 to 5 min, 350 s, 8, 10, 12, 15, 20, 25 min), and the ceiling.
const RUNGS: [u64; 15] = [
    FLOOR,
    55 * SECOND,
    85 * SECOND,
    115 * SECOND,
    175 * SECOND,
    START,
    295 * SECOND,
    345 * SECOND,
    475 * SECOND,
    595 * SECOND,
    715 * SECOND,
    895 * SECOND,
    1_195 * SECOND,
    1_495 * SECOND,
    CEILING,
];

/// The longest heartbeat: 28 min, Chromium's on cellular networks (`heartbeat_manager.cc`); the servers of Google's own
/// push are known to end a connection that is silent for 37 min (microG, GmsCore#882).
pub(crate) const CEILING: u64 = 28 * MINUTE;

/// The shortest: a NAT that forgets within 30 s is served, a worse one is not worth its battery.
const FLOOR: u64 = 25 * SECOND;

/// The first one on a network that nothing is known of: below the 4 min of the strictest common carriers.
const START: u64 = 235 * SECOND;

/// The search ends when the proved silence is at least this part, in percent, of the shortest one that killed. With it
/// at most 1.15 times as many heartbeats as needed are sent.
const CLOSE_ENOUGH: u64 = 87;

/// A settled network is asked whether it allows more now after so many heartbeats, and once a day at most: 7 times a week
/// at 5 min, 2.3 times at 15 min, 1.4 times at 25 min. Each time costs at most one connection and a silence of 13 % of
/// the heartbeat that nobody knows of, for that much more is tried: about five minutes a week, whatever the heartbeat.
const ASK_AGAIN: u64 = 288;

/// Rungs lie so far below the full minutes, in milliseconds.
const BELOW: u64 = 5 * SECOND;

/// A rung this close to what is proved or failed, in milliseconds, tells nothing new: [`BELOW`], and a second for the way
/// of an answer.
pub(crate) const NEAR: u64 = BELOW + SECOND;

/// What is known of one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Search {
    /// The longest silence survived, in milliseconds; 0 for none.
    pub(crate) proved: u64,
    /// The shortest silence that killed; 0 for none.
    pub(crate) failed: u64,
    /// When a silence killed last, wall time in milliseconds.
    pub(crate) failed_at: i64,
    /// Whether what was proved still holds.
    pub(crate) doubt: Doubt,
}

/// A silence that was proved has killed: the NAT may have changed, or it was something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Doubt {
    /// It holds.
    #[default]
    None,
    /// It killed once; half of it is used.
    Careful,
    /// The half was survived, and the whole is tried once more: another death is believed.
    Retrying,
}

impl Search {
    /// The heartbeat to use next, in milliseconds. `marks`: alarms come only at multiples of it.
    pub(crate) fn interval(&self, wall: i64, marks: Option<u64>) -> u64 {
        if self.doubt == Doubt::Careful {
            return self.half();
        }
        if let Some(next) = self.next(marks) {
            return next;
        }
        let settled = self.proved.max(FLOOR);
        let age = wall.saturating_sub(self.failed_at).max(0).unsigned_abs();
        if self.failed != 0 && age >= (settled * ASK_AGAIN).max(24 * HOUR) {
            return self.failed.min(CEILING);
        }
        settled
    }

    /// What to try next; `None`: the network is settled.
    fn next(&self, marks: Option<u64>) -> Option<u64> {
        let (proved, failed) = (self.proved, self.failed);
        let mut rungs = RUNGS.into_iter().filter(|rung| marks.is_none_or(|marks| (rung + BELOW).is_multiple_of(marks)));
        if failed == 0 {
            let leap = proved + proved / 4 * 3;
            let next = rungs.find(|rung| *rung >= leap.max(START)).unwrap_or(CEILING);
            return Some(next).filter(|_| proved < CEILING);
        }
        if proved * 100 >= failed * CLOSE_ENOUGH || failed <= FLOOR + 3 * SECOND {
            return None;
        }
        let between: Vec<u64> =
            rungs.filter(|rung| (proved + NEAR..failed.saturating_sub(NEAR)).contains(rung)).collect();
        // The lower half first: a silence that kills costs more than one that is survived.
        let lower = between.get(between.len().saturating_sub(1) / 2).copied();
        lower.or_else(|| marks.is_none().then(|| (proved.max(FLOOR) * failed).isqrt()))
    }

    /// The rung to step back to from what was proved.
    fn half(&self) -> u64 {
        RUNGS.iter().rev().copied().find(|rung| *rung <= self.proved / 2).unwrap_or(FLOOR)
    }

    /// The connection lived through this silence.
    pub(crate) fn survived(&mut self, silence: u64) {
        if self.doubt == Doubt::Careful && silence >= self.half() {
            self.doubt = Doubt::Retrying;
        }
        if silence >= self.proved {
            self.doubt = Doubt::None;
        }
        self.proved = self.proved.max(silence.min(CEILING));
        if self.failed <= silence {
            self.failed = 0;
        }
    }

    /// This silence killed the connection, and the network was there.
    pub(crate) fn died(&mut self, silence: u64, wall: i64) {
        self.failed_at = wall;
        if silence <= self.proved {
            match self.doubt {
                Doubt::None => {
                    self.doubt = Doubt::Careful;
                    return;
                }
                Doubt::Careful => self.proved = 0,
                Doubt::Retrying => self.proved = self.half().min(silence - 1),
            }
        }
        self.doubt = Doubt::None;
        self.failed = if self.failed == 0 { silence } else { self.failed.min(silence) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * HOUR as i64;

    /// Steps a search on a NAT that forgets after `timeout` until it is settled: the search, the idle time it took, and
    /// the longest and summed silence that nobody knew of.
    fn settle(search: &mut Search, timeout: u64) -> (u64, u64, u64) {
        let (mut idle, mut longest, mut sum) = (0, 0, 0);
        for _ in 0..60 {
            if search.next(None).is_none() && search.doubt == Doubt::None {
                return (idle, longest, sum);
            }
            let interval = search.interval(0, None);
            idle += interval;
            if interval < timeout {
                search.survived(interval);
            } else {
                search.died(interval, 0);
                longest = longest.max(interval - timeout);
                sum += interval - timeout;
            }
        }
        panic!("no end for a NAT of {timeout} ms: {search:?}");
    }

    #[test]
    fn every_nat_is_found_within_three_hours_of_idle_time() {
        // From 60 s to 40 min: within 15 % below the time-out or at the ceiling, and each death costs less than one leap.
        for timeout in (60..=2_400).map(|seconds| seconds * SECOND) {
            let mut search = Search::default();
            let (idle, longest, _) = settle(&mut search, timeout);
            assert!(idle <= 3 * HOUR, "{timeout}: {idle}");
            assert!(
                search.proved < timeout && search.proved * 100 >= timeout.min(CEILING) * 85,
                "{timeout}: {search:?}"
            );
            assert!(longest <= CEILING - START, "{timeout}: {longest}");
        }
    }

    #[test]
    fn a_nat_of_thirty_seconds_is_served_too() {
        // The floor is just below it.
        let mut search = Search::default();
        settle(&mut search, 30 * SECOND);
        assert!((FLOOR..30 * SECOND).contains(&search.interval(0, None)), "{search:?}");
    }

    #[test]
    fn the_usual_time_outs_are_met_within_five_seconds() {
        // A peer with a fixed heartbeat just below one of them must not sleep better than we do.
        for minutes in [1, 2, 3, 4, 5, 10, 12, 15, 20, 25] {
            let timeout = minutes * MINUTE;
            let mut search = Search::default();
            settle(&mut search, timeout);
            assert!(search.interval(0, None) >= timeout - 5 * SECOND, "{minutes} min: {search:?}");
        }
    }

    #[test]
    fn the_first_silent_death_of_a_proved_interval_steps_back_at_once_and_forgets_nothing() {
        // What happens once may be the weather: half of it is used, and what survives restores the old one.
        let mut search = Search { proved: 895 * SECOND, failed: 920 * SECOND, ..Search::default() };
        search.died(895 * SECOND, 0);
        assert_eq!(search.interval(0, None), 345 * SECOND);
        search.survived(10 * SECOND);
        assert_eq!(search.interval(0, None), 345 * SECOND, "a shorter silence proves nothing of it");
        search.survived(345 * SECOND);
        assert_eq!(search.interval(0, None), 895 * SECOND);
        search.survived(895 * SECOND);
        assert_eq!(search, Search { proved: 895 * SECOND, failed: 920 * SECOND, ..Search::default() });
    }

    #[test]
    fn a_nat_that_shrinks_is_followed() {
        // The second death is believed, and the search goes on below it: also from the ceiling, and to just below half.
        for (before, after) in [(20, 4), (40, 20), (40, 15), (40, 2), (5, 1)] {
            let (before, after) = (before * MINUTE, after * MINUTE);
            let mut search = Search::default();
            settle(&mut search, before);
            let mut deaths = 0;
            for _ in 0..40 {
                let interval = search.interval(0, None);
                if interval < after {
                    search.survived(interval);
                } else {
                    search.died(interval, 0);
                    deaths += 1;
                }
            }
            assert!(search.next(None).is_none() && search.doubt == Doubt::None, "{before} {after}: {search:?}");
            assert!(
                search.interval(0, None) < after && search.interval(0, None) * 100 >= after * 85,
                "{before} {after}: {search:?}"
            );
            assert!(deaths <= 8, "{before} {after}: {deaths}");
        }
    }

    #[test]
    fn the_longer_the_heartbeat_the_rarer_it_is_asked_for_more() {
        // Once in 288 heartbeats: of 4 min after a day, of 20 min after four.
        for (proved, days) in [(4 * MINUTE, 1), (20 * MINUTE, 4)] {
            let failed = proved + proved / 10;
            let search = Search { proved, failed, ..Search::default() };
            assert_eq!(search.interval(days * DAY - 1, None), proved);
            assert_eq!(search.interval(days * DAY, None), failed);
        }
    }

    #[test]
    fn a_nat_that_grows_is_noticed_when_asked_again() {
        // Once a day what killed is tried once more; each time costs 13 % of the heartbeat at most.
        let mut search = Search::default();
        settle(&mut search, 4 * MINUTE);
        let settled = search.interval(0, None);
        let asked = search.interval(DAY, None);
        assert!(asked > settled && asked * CLOSE_ENOUGH <= settled * 100, "{settled} {asked}");
        search.survived(asked);
        settle(&mut search, 20 * MINUTE);
        assert!(search.interval(0, None) >= 17 * MINUTE, "{search:?}");
        let mut stays = Search::default();
        settle(&mut stays, 4 * MINUTE);
        let again = stays.interval(DAY, None);
        stays.died(again, DAY);
        assert_eq!(stays.interval(DAY, None), settled, "a death at what was asked changes nothing");
    }

    #[test]
    fn where_alarms_come_only_at_marks_only_those_are_tried() {
        // A NAT of 18 min and marks of five: 30 and 20 min kill, 15 min is the longest silence that can be made.
        let marks = Some(5 * MINUTE);
        let mut search = Search::default();
        let mut made = Vec::new();
        while let Some(asked) = search.next(marks) {
            let silence = asked.next_multiple_of(5 * MINUTE) - 40;
            made.push(silence.div_ceil(MINUTE));
            if silence < 18 * MINUTE { search.survived(silence) } else { search.died(silence, 0) }
        }
        assert_eq!(made, [5, 10, 20, 15]);
        assert_eq!(search.interval(0, marks), 15 * MINUTE - 40);
    }
}
