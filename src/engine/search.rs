//! How long one network lets a connection be silent: the search for the longest heartbeat that keeps it alive.
//!
//! What decides is a NAT on the way, which forgets a silent connection after a fixed time, most often a round number of
//! minutes. So the search tries the [rungs](RUNGS) just below the usual time-outs: upwards by leaps until a silence
//! kills or the ceiling is reached, then the rungs between, and then halves what is left until the proved silence is
//! close enough to the shortest one that killed.
//!
//! Each heartbeat is a step; there is no second connection. A NAT of 60 s to 40 min is found within 2.1 h of idle time
//! (RFC 4787 asks NATs for 2 min and more, RFC 5382 for 2 h 4 min; carriers are known for 4 and 5 min).

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

/// Milliseconds after which a settled network is asked whether it allows more now: twice a week. It costs at most one
/// connection and a silence of 13 % of the heartbeat that nobody knows of, for that much more is tried.
const ASK_AGAIN: i64 = 84 * HOUR as i64;

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
    /// The heartbeat to use next, in milliseconds.
    pub(crate) fn interval(&self, wall: i64) -> u64 {
        if self.doubt == Doubt::Careful {
            return self.half();
        }
        match (self.proved, self.failed) {
            (0, 0) => START,
            (proved, 0) => RUNGS.iter().copied().find(|rung| *rung >= proved + proved / 4 * 3).unwrap_or(CEILING),
            (proved, failed) if self.is_settled() => {
                if wall.saturating_sub(self.failed_at) >= ASK_AGAIN {
                    failed.min(CEILING)
                } else {
                    proved.max(FLOOR)
                }
            }
            (proved, failed) => {
                let between = RUNGS.iter().copied().filter(|rung| *rung > proved && *rung < failed);
                let count = between.clone().count();
                // The lower half first: a silence that kills costs more than one that is survived.
                between.clone().nth(count.saturating_sub(1) / 2).unwrap_or((proved.max(FLOOR) * failed).isqrt())
            }
        }
    }

    /// The rung to step back to from what was proved.
    fn half(&self) -> u64 {
        RUNGS.iter().rev().copied().find(|rung| *rung <= self.proved / 2).unwrap_or(FLOOR)
    }

    /// Nothing more is tried until [`ASK_AGAIN`].
    pub(crate) fn is_settled(&self) -> bool {
        match self.failed {
            0 => self.proved >= CEILING,
            failed => self.proved * 100 >= failed * CLOSE_ENOUGH || failed <= FLOOR + 3 * SECOND,
        }
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

    /// Steps a search on a NAT that forgets after `timeout` until it is settled: the search, the idle time it took, and
    /// the longest and summed silence that nobody knew of.
    fn settle(search: &mut Search, timeout: u64) -> (u64, u64, u64) {
        let (mut idle, mut longest, mut sum) = (0, 0, 0);
        for _ in 0..60 {
            if search.is_settled() && search.doubt == Doubt::None {
                return (idle, longest, sum);
            }
            let interval = search.interval(0);
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
        assert!((FLOOR..30 * SECOND).contains(&search.interval(0)), "{search:?}");
    }

    #[test]
    fn the_usual_time_outs_are_met_within_five_seconds() {
        // A peer with a fixed heartbeat just below one of them must not sleep better than we do.
        for minutes in [1, 2, 3, 4, 5, 10, 12, 15, 20, 25] {
            let timeout = minutes * MINUTE;
            let mut search = Search::default();
            settle(&mut search, timeout);
            assert!(search.interval(0) >= timeout - 5 * SECOND, "{minutes} min: {search:?}");
        }
    }

    #[test]
    fn the_first_silent_death_of_a_proved_interval_steps_back_at_once_and_forgets_nothing() {
        // What happens once may be the weather: half of it is used, and what survives restores the old one.
        let mut search = Search { proved: 895 * SECOND, failed: 920 * SECOND, ..Search::default() };
        search.died(895 * SECOND, 0);
        assert_eq!(search.interval(0), 345 * SECOND);
        search.survived(10 * SECOND);
        assert_eq!(search.interval(0), 345 * SECOND, "a shorter silence proves nothing of it");
        search.survived(345 * SECOND);
        assert_eq!(search.interval(0), 895 * SECOND);
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
                let interval = search.interval(0);
                if interval < after {
                    search.survived(interval);
                } else {
                    search.died(interval, 0);
                    deaths += 1;
                }
            }
            assert!(search.is_settled() && search.doubt == Doubt::None, "{before} {after}: {search:?}");
            assert!(
                search.interval(0) < after && search.interval(0) * 100 >= after * 85,
                "{before} {after}: {search:?}"
            );
            assert!(deaths <= 8, "{before} {after}: {deaths}");
        }
    }

    #[test]
    fn a_nat_that_grows_is_noticed_when_asked_again() {
        // Twice a week what killed is tried once more; each time costs 13 % of the heartbeat at most.
        let mut search = Search::default();
        settle(&mut search, 4 * MINUTE);
        let settled = search.interval(0);
        let asked = search.interval(ASK_AGAIN);
        assert!(asked > settled && asked * CLOSE_ENOUGH <= settled * 100, "{settled} {asked}");
        search.survived(asked);
        settle(&mut search, 20 * MINUTE);
        assert!(search.interval(0) >= 17 * MINUTE, "{search:?}");
        let mut stays = Search::default();
        settle(&mut stays, 4 * MINUTE);
        stays.died(stays.interval(ASK_AGAIN), ASK_AGAIN);
        assert_eq!(stays.interval(ASK_AGAIN), settled, "a death at what was asked changes nothing");
    }
}
