//! Tencent Mars: a linear search for each network, with `setExact` alarms.
//!
//! Source: `mars/stn/config.h`, `smart_heartbeat.cc`, `longlink.cc`, `longlink_connect_monitor.cc` (anchors §3). Its
//! timer for an answer is taken as meant; the regression that anchors §3 tells of is not held against it.

use std::collections::BTreeMap;

use crate::client::AlarmKind;
use crate::peers::model::{AckWait, OnNetwork, Place, Rules};
use crate::time::{MINUTE, SECOND};

/// `MinHeartInterval`, `MaxHeartInterval`, `HeartStep`, `SuccessStep`.
const MINIMUM: u64 = 210 * SECOND;
const MAXIMUM: u64 = 10 * MINUTE;
const STEP: u64 = 60 * SECOND;
const MARGIN: u64 = 20 * SECOND;
/// `NetStableTestCount`: answers at the minimum after each connect.
const AFTER_CONNECT: u32 = 3;
/// `BaseSuccCount`, `MaxHeartFailCount`.
const SUCCESSES: u32 = 5;
const FAILURES: u32 = 2;
/// The wait for an answer, and how long the CPU is kept for it.
const ACK: u64 = 8 * SECOND;
/// The inactive app's waits between attempts: up a place if the last one was less than ten minutes ago, else down.
const LADDER: [u64; 7] = [0, 60, 120, 240, 360, 480, 600];
const LADDER_UP: u64 = 10 * MINUTE;
/// Up to so much is added at random.
const LADDER_RANDOM: f64 = 19_000.0;
/// The alarm after the end of a connection.
const AFTER_END: u64 = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Learned {
    interval: u64,
    successes: u32,
    failures: u32,
    is_stable: bool,
}

impl Default for Learned {
    fn default() -> Self {
        Self { interval: MINIMUM, successes: 0, failures: 0, is_stable: false }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Mars {
    networks: BTreeMap<u64, Learned>,
    /// Answers since the last connect.
    answers: u32,
    place_on_ladder: usize,
    last_attempt: Option<u64>,
}

impl Rules for Mars {
    fn interval(&self, place: Place) -> u64 {
        if place.screen_on || self.answers < AFTER_CONNECT {
            return MINIMUM;
        }
        self.networks.get(&place.network.key).copied().unwrap_or_default().interval
    }

    fn ack_wait(&self) -> AckWait {
        AckWait::Armed(ACK)
    }

    fn wake_lock(&self) -> Option<u64> {
        Some(ACK)
    }

    fn alive(&mut self, place: Place, _: u64, ping: bool) {
        if !ping {
            return;
        }
        let tried = self.interval(place);
        self.answers += 1;
        let learned = self.networks.entry(place.network.key).or_default();
        if learned.is_stable || tried != learned.interval || self.answers < AFTER_CONNECT {
            return;
        }
        learned.failures = 0;
        learned.successes += 1;
        if learned.interval >= MAXIMUM {
            *learned = Learned { interval: MAXIMUM - MARGIN, is_stable: true, ..Learned::default() };
        } else if learned.successes >= SUCCESSES {
            learned.interval = (learned.interval + STEP).min(MAXIMUM);
            learned.successes = 0;
        }
    }

    fn unanswered(&mut self, place: Place, _: u64) {
        let tried = self.interval(place);
        let learned = self.networks.entry(place.network.key).or_default();
        if tried != learned.interval || tried == MINIMUM {
            return;
        }
        learned.failures += 1;
        if learned.failures >= FAILURES {
            *learned = if learned.is_stable {
                Learned::default()
            } else {
                let interval = learned.interval.saturating_sub(STEP + MARGIN).max(MINIMUM);
                Learned { interval, is_stable: true, ..Learned::default() }
            };
        }
    }

    fn connected(&mut self, _: Place) {
        self.answers = 0;
    }

    fn retry_in(&mut self, now: u64, _: Option<u64>, random: f64) -> u64 {
        let soon = self.last_attempt.is_some_and(|last| now.saturating_sub(last) < LADDER_UP);
        self.place_on_ladder = if soon {
            (self.place_on_ladder + 1).min(LADDER.len() - 1)
        } else {
            self.place_on_ladder.saturating_sub(1)
        };
        let wait = LADDER[self.place_on_ladder] * SECOND + (random * LADDER_RANDOM) as u64;
        self.last_attempt = Some(now + wait);
        wait.max(AFTER_END)
    }

    fn network_changed(&mut self) -> OnNetwork {
        OnNetwork::Reconnect
    }

    fn alarm(&self) -> AlarmKind {
        AlarmKind::Exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::model::tests::wifi;

    fn answer(rules: &mut Mars) {
        let idle = rules.interval(wifi());
        rules.alive(wifi(), idle, true);
    }

    #[test]
    fn it_climbs_a_minute_each_five_answers_to_nine_forty() {
        // Anchors §3: 3.5 min, +60 s each five answers, settled at 10 min less 20 s.
        let mut rules = Mars::default();
        rules.connected(wifi());
        let mut seen = vec![rules.interval(wifi()) / 1_000];
        for _ in 0..60 {
            answer(&mut rules);
            let interval = rules.interval(wifi()) / 1_000;
            if seen.last() != Some(&interval) {
                seen.push(interval);
            }
        }
        assert_eq!(seen, [210, 270, 330, 390, 450, 510, 570, 600, 580]);
        assert_eq!(rules.ack_wait(), AckWait::Armed(8_000));
        assert_eq!(rules.alarm(), AlarmKind::Exact);
    }

    #[test]
    fn it_takes_almost_five_hours_to_the_top() {
        // Anchors §3: about 4.8 h of unbroken inactive time.
        let mut rules = Mars::default();
        rules.connected(wifi());
        let mut hours = 0.0;
        while rules.networks.get(&wifi().network.key).is_none_or(|learned| !learned.is_stable) {
            hours += rules.interval(wifi()) as f64 / 3_600_000.0;
            answer(&mut rules);
        }
        assert!((4.0..5.2).contains(&hours), "{hours}");
    }

    #[test]
    fn two_failures_settle_eighty_seconds_lower() {
        // Anchors §3: two failures while searching settle at the value less 80 s; two more start anew.
        let mut rules = Mars::default();
        rules.networks.insert(wifi().network.key, Learned { interval: 390_000, ..Learned::default() });
        rules.answers = AFTER_CONNECT;
        rules.unanswered(wifi(), 0);
        assert_eq!(rules.interval(wifi()), 390_000);
        rules.unanswered(wifi(), 0);
        assert_eq!(rules.interval(wifi()), 310_000);
        rules.unanswered(wifi(), 0);
        rules.unanswered(wifi(), 0);
        assert_eq!(rules.interval(wifi()), MINIMUM);
    }

    #[test]
    fn each_connect_and_the_screen_mean_the_minimum() {
        // Anchors §3: the first three heartbeats after a connect, and all while the app is active.
        let mut rules = Mars::default();
        rules.networks.insert(wifi().network.key, Learned { interval: 390_000, ..Learned::default() });
        rules.connected(wifi());
        for _ in 0..3 {
            assert_eq!(rules.interval(wifi()), MINIMUM);
            answer(&mut rules);
        }
        assert_eq!(rules.interval(wifi()), 390_000);
        assert_eq!(rules.interval(Place { screen_on: true, ..wifi() }), MINIMUM);
    }

    #[test]
    fn the_ladder_of_waits_is_that_of_its_source() {
        // Anchors §3: {0, 60, 120, 240, 360, 480, 600} s and up to 19 s more.
        let mut rules = Mars::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = rules.retry_in(now, None, 0.0);
            waits.push(wait / 1_000);
            now += wait;
        }
        assert_eq!(waits, [0, 60, 120, 240, 360, 480, 600, 600]);
        assert_eq!(Mars::default().retry_in(0, None, 1.0), 19_000);
    }
}
