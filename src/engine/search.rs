//! How long one network lets a connection be silent: the search for the longest heartbeat that keeps it alive.
//!
//! The rule, in full. Two numbers are known of a network: the longest silence that was **proved** and the shortest one
//! that **failed**. The heartbeat is
//!
//! 1. [`START`] on a network that nothing is known of;
//! 2. then the next [rung](RUNGS) above what is proved, up to the [`CEILING`] or until one kills: the network is settled,
//!    and what is proved is used;
//! 3. once in [288 heartbeats](ASK_AGAIN) more is asked for: half the way to what failed, and half of what is left,
//!    until one kills;
//! 4. when a proved silence kills, nothing is proved any more, and the steps begin again at once: a NAT that has shrunk
//!    costs one death more, just above its new time-out; if it was something else, all is as before some pings later.
//!
//! What counts is the silence that was made, not the one that was asked for: an alarm may be late. Where alarms come only
//! at marks, only silences that end at marks are tried, and a network is settled when none is left.
//!
//! What decides is a NAT on the way, which forgets a silent connection after a fixed time, most often a round number of
//! minutes (RFC 4787 asks for 2 min and more, RFC 5382 for 2 h 4 min; carriers are known for 4 and 5 min). Each heartbeat
//! is a step; there is no second connection, so what a step costs if it kills is the silence nobody knows of. Hence small
//! steps: they find any NAT from 4 to 28 min with a single death, at most 18 % beyond its time-out, and within 3 h of
//! idle time. Leaps with a bisection after them would take 2 h and four deaths, up to 13 min beyond. A shorter NAT costs
//! one death more, at [`START`]; beginning at its rungs would cost everybody else 19 min more.

use crate::time::{HOUR, MINUTE, SECOND};

/// Milliseconds of silence worth trying: each is at least 85 % of the next, so that whatever kills, what was proved before
/// it is close enough. Where there is room they lie 5 s below the time-outs that NATs, carriers and load balancers are
/// known for: 1 to 5 min, 350 s, 10 and 15 min.
const RUNGS: [u64; 25] = [
    FLOOR,
    55 * SECOND,
    64 * SECOND,
    74 * SECOND,
    86 * SECOND,
    100 * SECOND,
    115 * SECOND,
    132 * SECOND,
    152 * SECOND,
    175 * SECOND,
    203 * SECOND,
    START,
    251 * SECOND,
    295 * SECOND,
    345 * SECOND,
    367 * SECOND,
    431 * SECOND,
    507 * SECOND,
    595 * SECOND,
    647 * SECOND,
    761 * SECOND,
    895 * SECOND,
    1_033 * SECOND,
    1_214 * SECOND,
    1_428 * SECOND,
];

/// The longest heartbeat: 28 min, Chromium's on cellular networks (`heartbeat_manager.cc`); the servers of Google's own
/// push are known to end a connection that is silent for 37 min (microG, GmsCore#882).
pub(crate) const CEILING: u64 = 28 * MINUTE;

/// The shortest: a NAT that forgets within 30 s is served, a worse one is not worth its battery.
const FLOOR: u64 = 26 * SECOND;

/// The first one on a network that nothing is known of: below the 4 min of the strictest common carriers.
const START: u64 = 235 * SECOND;

/// A settled network is asked whether it allows more now after so many heartbeats, and once a day at most: 7 times a week
/// at 5 min, 2.3 times at 15 min, 1.4 times at 25 min. Each time costs at most one connection and a silence of 10 % of
/// the heartbeat that nobody knows of, for that much more is tried: about three minutes a week, whatever the heartbeat.
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
}

impl Search {
    /// The heartbeat to use next, in milliseconds. `marks`: alarms come only at multiples of it.
    pub(crate) fn interval(&self, wall: i64, marks: Option<u64>) -> u64 {
        if let Some(next) = self.next(marks) {
            return next;
        }
        let settled = self.proved.max(FLOOR);
        let age = wall.saturating_sub(self.failed_at).max(0).unsigned_abs();
        if self.failed != 0 && age >= (settled * ASK_AGAIN).max(24 * HOUR) {
            let is_near = self.failed <= settled + settled / 50;
            return if is_near || marks.is_some() { self.failed } else { (settled * self.failed).isqrt() }.min(CEILING);
        }
        settled
    }

    /// What to try next; `None`: the network is settled.
    fn next(&self, marks: Option<u64>) -> Option<u64> {
        let is_open = |rung: &u64| self.failed == 0 || rung + NEAR < self.failed;
        // A message that came soon proves nothing worth a start.
        let least = match (self.proved, self.failed) {
            (FLOOR.., 1..) => 0,
            _ => [START, RUNGS[1]].into_iter().find(is_open).unwrap_or(FLOOR),
        };
        let above = |rung: &u64| *rung >= least.max(self.proved + NEAR);
        let next = match marks {
            Some(marks) => (self.proved + NEAR).next_multiple_of(marks).saturating_sub(BELOW).min(CEILING),
            None => RUNGS.into_iter().find(above).unwrap_or(CEILING),
        };
        Some(next).filter(|next| is_open(next) && *next > self.proved)
    }

    /// The connection lived through this silence.
    pub(crate) fn survived(&mut self, silence: u64) {
        self.proved = self.proved.max(silence.min(CEILING));
        if self.failed <= silence {
            self.failed = 0;
        }
    }

    /// This silence killed the connection, and the network was there.
    pub(crate) fn died(&mut self, silence: u64, wall: i64) {
        self.failed_at = wall;
        if silence <= self.proved {
            // Once may be the weather: it is not said to have failed, and is reached again step by step if it holds.
            self.proved = 0;
        } else {
            self.failed = if self.failed == 0 { silence } else { self.failed.min(silence) };
        }
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
            if search.next(None).is_none() {
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
        // From 60 s to 40 min: within 15 % below the time-out or at the ceiling. From 4 min on there is a single death, so
        // that all that is dark is one heartbeat less the time-out; below that a second one costs another 20 % of it.
        for timeout in (60..=2_400).map(|seconds| seconds * SECOND) {
            let mut search = Search::default();
            let (idle, longest, sum) = settle(&mut search, timeout);
            assert!(idle <= 3 * HOUR, "{timeout}: {idle}");
            assert!(search.proved < timeout, "{timeout}: {search:?}");
            assert!(search.proved * 100 >= timeout.min(CEILING) * 85, "{timeout}: {search:?}");
            assert!(longest <= (timeout / 5).max(START.saturating_sub(timeout)), "{timeout}: {longest}");
            let second = if timeout <= START { timeout / 5 } else { 0 };
            assert!(sum <= longest + second, "{timeout}: {sum}");
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
        for minutes in [1, 2, 3, 4, 5, 10, 15] {
            let timeout = minutes * MINUTE;
            let mut search = Search::default();
            settle(&mut search, timeout);
            assert!(search.interval(0, None) >= timeout - 5 * SECOND, "{minutes} min: {search:?}");
        }
    }

    #[test]
    fn the_first_silent_death_of_a_proved_interval_steps_back_at_once_and_forgets_nothing() {
        // What happens once may be the weather: step by step the old interval is reached again.
        let settled = Search { proved: 895 * SECOND, failed: 920 * SECOND, ..Search::default() };
        let mut search = settled;
        search.died(895 * SECOND, 0);
        assert_eq!(search.interval(0, None), START);
        let mut pings = 0;
        while let Some(interval) = search.next(None) {
            search.survived(interval);
            pings += 1;
        }
        assert_eq!(search, settled);
        assert!(pings <= 11, "{pings}");
    }

    #[test]
    fn a_nat_that_shrinks_is_followed_at_the_cost_of_one_death_above_it() {
        // The first death costs the old interval less the new time-out; the second is the step just above that, and below
        // 235 s there is a third at the start.
        for (before, after) in [(20, 4), (40, 20), (40, 15), (40, 5), (40, 2), (5, 1)] {
            let (before, after) = (before * MINUTE, after * MINUTE);
            let mut search = Search::default();
            settle(&mut search, before);
            let old = search.interval(0, None);
            search.died(old, 0);
            let (_, longest, sum) = settle(&mut search, after);
            let found = search.interval(0, None);
            assert!(found < after && found * 100 >= after * 85, "{before} {after}: {search:?}");
            assert!(longest <= START.saturating_sub(after).max(after * 18 / 100), "{before} {after}: {longest}");
            assert!(sum <= START.saturating_sub(after) + after * 18 / 100, "{before} {after}: {sum}");
        }
    }

    #[test]
    fn the_longer_the_heartbeat_the_rarer_it_is_asked_for_more() {
        // Once in 288 heartbeats: of 4 min after a day, of 20 min after four.
        for (proved, failed, due) in [(START, 251 * SECOND, DAY), (1_214 * SECOND, 1_428 * SECOND, 349_632_000)] {
            let search = Search { proved, failed, ..Search::default() };
            assert_eq!(search.interval(due - 1, None), proved);
            assert_eq!(search.interval(due, None), (proved * failed).isqrt());
        }
    }

    #[test]
    fn a_nat_that_grows_is_noticed_when_asked_again() {
        // Once a day more is tried, by at most 10 % of the heartbeat; what lives is followed by more at once.
        let mut search = Search::default();
        settle(&mut search, 4 * MINUTE);
        let settled = search.interval(0, None);
        let mut steps = 0;
        while search.failed != 0 {
            let asked = search.interval(DAY, None);
            assert!(asked > search.proved && asked * 100 <= search.proved * 110, "{search:?} {asked}");
            search.survived(asked);
            steps += 1;
        }
        assert!(steps < 6, "{steps}");
        settle(&mut search, 20 * MINUTE);
        assert!(search.interval(0, None) >= 17 * MINUTE, "{search:?}");

        let mut stays = Search::default();
        settle(&mut stays, 4 * MINUTE);
        let again = stays.interval(DAY, None);
        stays.died(again, DAY);
        assert_eq!(stays.interval(DAY, None), settled, "a death at what was asked changes nothing");
    }

    #[test]
    fn asking_again_finds_what_lies_between_the_rungs() {
        // 20 min lies between 17:13 and 20:14: after some weeks less than half a minute is missing.
        let mut search = Search::default();
        settle(&mut search, 20 * MINUTE);
        for day in (0..28).map(|day| day * DAY) {
            let asked = search.interval(day, None);
            if asked < 20 * MINUTE { search.survived(asked) } else { search.died(asked, day) }
        }
        assert!((19 * MINUTE + 30 * SECOND..20 * MINUTE).contains(&search.proved), "{search:?}");
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
        assert_eq!(made, [5, 10, 15, 20]);
        assert_eq!(search.interval(0, marks), 15 * MINUTE - 40);
    }
}
