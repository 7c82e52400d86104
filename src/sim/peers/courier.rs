//! Gojek's Courier: a second, expendable connection finds the interval, in whole minutes.
//!
//! Source: `AdaptiveKeepAliveStateHandler.kt`, `docs/AdaptiveKeepAlive.md` and the sample app (anchors §5).

use std::collections::BTreeMap;

use crate::peers::model::{AckWait, OnNetwork, Place, Rules};
use crate::time::{MINUTE, SECOND};

/// The sample's window, in minutes.
const LOWER: u64 = 1;
const UPPER: u64 = 9;
/// `step: Int = 1`: halved at each failure while it is above 1.
const STEP: u64 = 1;
/// Failures at the optimum after which the search starts again (the sample's N).
const RESET_AFTER: u32 = 10;
/// The ping's wait.
const ACK: u64 = 30 * SECOND;
/// The waits: 5 s and 1 to 15 s at random ten times, then doubled up to 180 s; anew 300 s after a success.
const RETRY: u64 = 5 * SECOND;
const RETRY_RANDOM: u64 = 15;
const RETRIES: u32 = 10;
const CAP: u64 = 180 * SECOND;
const STABLE: u64 = 300 * SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Search {
    /// Minutes that held; below the lower bound at first.
    last_success: u64,
    upper: u64,
    step: u64,
    found: bool,
    failures: u32,
}

impl Default for Search {
    fn default() -> Self {
        Self { last_success: LOWER - STEP, upper: UPPER, step: STEP, found: false, failures: 0 }
    }
}

impl Search {
    fn next(&self) -> Option<u64> {
        (!self.found).then(|| (self.last_success + self.step).min(self.upper))
    }

    fn tried(&mut self, minutes: u64, alive: bool) {
        if alive {
            self.last_success = minutes;
            self.found = minutes == self.upper;
        } else if minutes == LOWER {
            (self.last_success, self.found) = (LOWER, true);
        } else {
            self.upper = minutes - 1;
            if self.last_success >= self.upper {
                self.found = true;
            } else if self.step > 1 {
                self.step /= 2;
            }
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Courier {
    networks: BTreeMap<u64, Search>,
    failures: u32,
}

impl Rules for Courier {
    fn interval(&self, place: Place) -> u64 {
        let search = self.networks.get(&place.network.key).copied().unwrap_or_default();
        search.last_success.max(LOWER) * MINUTE
    }

    fn ack_wait(&self) -> AckWait {
        AckWait::Armed(ACK)
    }

    fn unanswered(&mut self, place: Place, _: u64) {
        let search = self.networks.entry(place.network.key).or_default();
        if search.found {
            search.failures += 1;
            if search.failures >= RESET_AFTER {
                *search = Search::default();
            }
        }
    }

    fn probe(&self, place: Place) -> Option<u64> {
        self.networks.get(&place.network.key).copied().unwrap_or_default().next().map(|minutes| minutes * MINUTE)
    }

    fn probed(&mut self, place: Place, silence: u64, alive: bool) {
        self.networks.entry(place.network.key).or_default().tried(silence / MINUTE, alive);
    }

    fn retry_in(&mut self, _: u64, lasted: Option<u64>, random: f64) -> u64 {
        if lasted.is_some_and(|lasted| lasted >= STABLE) {
            self.failures = 0;
        }
        self.failures += 1;
        if self.failures <= RETRIES {
            return RETRY + (1 + (random * RETRY_RANDOM as f64) as u64).min(RETRY_RANDOM) * SECOND;
        }
        (RETRY << (self.failures - RETRIES).min(10)).min(CAP)
    }

    fn network_changed(&mut self) -> OnNetwork {
        OnNetwork::Reconnect
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::model::tests::wifi;

    #[test]
    fn it_tries_minute_after_minute_up_to_nine() {
        // Anchors §5 and its source: from 1 min in steps of 1 to the sample's 9 min, then settled.
        let mut rules = Courier::default();
        let mut tried = Vec::new();
        while let Some(silence) = rules.probe(wifi()) {
            tried.push(silence / MINUTE);
            rules.probed(wifi(), silence, true);
        }
        assert_eq!(tried, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(rules.interval(wifi()), 9 * MINUTE);
        assert_eq!(rules.ack_wait(), AckWait::Armed(30_000));
    }

    #[test]
    fn the_first_failure_settles_at_what_held() {
        // Its source: a failure one step above what held ends the search; ten more start it again.
        let mut rules = Courier::default();
        while let Some(silence) = rules.probe(wifi()) {
            rules.probed(wifi(), silence, silence <= 4 * MINUTE);
        }
        assert_eq!(rules.interval(wifi()), 4 * MINUTE);
        for _ in 0..RESET_AFTER {
            rules.unanswered(wifi(), 0);
        }
        assert_eq!(rules.probe(wifi()), Some(MINUTE));
    }

    #[test]
    fn the_waits_are_those_of_its_source() {
        // Anchors §8b: 5 s and 1 to 15 s ten times, then doubled up to 180 s, anew after 300 s of success.
        let mut rules = Courier::default();
        for _ in 0..10 {
            assert_eq!(rules.retry_in(0, None, 0.0), 6_000);
        }
        let later: Vec<u64> = (0..7).map(|_| rules.retry_in(0, None, 0.0) / 1_000).collect();
        assert_eq!(later, [10, 20, 40, 80, 160, 180, 180]);
        assert_eq!(rules.retry_in(0, Some(300_000), 0.999), 20_000);
    }
}
