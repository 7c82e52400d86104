//! microG's McsService: an interval learned for each kind of network, grown and shrunk by a few per cent.
//!
//! Source: `GcmPrefs.kt`, `SettingsProvider.kt`, `McsService.java` (anchors §2).

use crate::day::Transport;
use crate::peers::model::{AckWait, OnNetwork, Place, Rules};
use crate::time::{MINUTE, SECOND};

/// `SettingsProvider.kt`: 300000 ms.
const START: u64 = 5 * MINUTE;
const MINIMUM: u64 = 5 * MINUTE;
const MAXIMUM: u64 = 15 * MINUTE;
/// `GcmPrefs.kt`: an answer after more than three quarters of the interval, and a time-out.
const GROW: f64 = 1.02;
const SHRINK: f64 = 0.95;
const COUNTS_AFTER: f64 = 0.75;
/// The wait for an answer, which no alarm watches.
const ACK: u64 = 90 * SECOND;
/// `getCurrentDelay`: 5 s, then steps of 10 s up to a minute and of a minute up to ten.
const FIRST_DELAY: u64 = 5 * SECOND;
const STEP: u64 = 10 * SECOND;
const STEP_UNTIL: u64 = MINUTE;
const LONG_STEP: u64 = MINUTE;
const CAP: u64 = 10 * MINUTE;
/// The RECONNECT alarm after a change of the network; on a link taken for alive it only sends a heartbeat.
const RECONNECT: u64 = 5 * SECOND;
/// `WAKELOCK_TIMEOUT`.
const WAKE_LOCK: u64 = 5 * SECOND;

#[derive(Debug)]
pub(crate) struct MicroG {
    mobile: u64,
    wifi: u64,
    other: u64,
    delay: u64,
}

impl Default for MicroG {
    fn default() -> Self {
        Self { mobile: START, wifi: START, other: START, delay: 0 }
    }
}

impl MicroG {
    fn learned(&mut self, place: Place) -> &mut u64 {
        match place.network.transport {
            Transport::Cellular => &mut self.mobile,
            Transport::Wifi => &mut self.wifi,
            Transport::Ethernet => &mut self.other,
        }
    }

    fn scale(&mut self, place: Place, factor: f64) {
        let learned = self.learned(place);
        *learned = ((*learned as f64 * factor) as u64).clamp(MINIMUM, MAXIMUM);
    }
}

impl Rules for MicroG {
    fn interval(&self, place: Place) -> u64 {
        match place.network.transport {
            Transport::Cellular => self.mobile,
            Transport::Wifi => self.wifi,
            Transport::Ethernet => self.other,
        }
    }

    fn ack_wait(&self) -> AckWait {
        AckWait::AtNextBeat(ACK)
    }

    fn wake_lock(&self) -> Option<u64> {
        Some(WAKE_LOCK)
    }

    fn alive(&mut self, place: Place, idle: u64, ping: bool) {
        self.delay = 0;
        if ping && idle as f64 > self.interval(place) as f64 * COUNTS_AFTER {
            self.scale(place, GROW);
        }
    }

    fn unanswered(&mut self, place: Place, _: u64) {
        self.scale(place, SHRINK);
    }

    fn retry_in(&mut self, _: u64, _: Option<u64>, _: f64) -> u64 {
        let delay = if self.delay == 0 { FIRST_DELAY } else { self.delay };
        if self.delay < STEP_UNTIL {
            self.delay += STEP;
        }
        if (STEP_UNTIL..CAP).contains(&self.delay) {
            self.delay += LONG_STEP;
        }
        delay
    }

    fn network_changed(&mut self) -> OnNetwork {
        self.delay = 0;
        OnNetwork::PingAfter(RECONNECT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::model::tests::{cellular, wifi};

    #[test]
    fn it_takes_fifty_six_answers_from_five_to_fifteen_minutes() {
        // Anchors §2: ×1.02 an answer within 5 to 15 min, which is 56 answers.
        let mut rules = MicroG::default();
        assert_eq!(rules.interval(wifi()), 300_000);
        let mut answers = 0;
        while rules.interval(wifi()) < 900_000 {
            rules.alive(wifi(), rules.interval(wifi()), true);
            answers += 1;
        }
        assert_eq!(answers, 56);
        assert_eq!(rules.interval(cellular()), 300_000, "each kind of network has its own");
    }

    #[test]
    fn an_early_answer_teaches_nothing_and_a_time_out_takes_five_per_cent() {
        // Anchors §2: only after three quarters of the interval; ×0.95 and never below 5 min.
        let mut rules = MicroG { wifi: 600_000, ..MicroG::default() };
        rules.alive(wifi(), 450_000, true);
        assert_eq!(rules.interval(wifi()), 600_000);
        rules.unanswered(wifi(), 600_000);
        assert_eq!(rules.interval(wifi()), 570_000);
        for _ in 0..50 {
            rules.unanswered(wifi(), 0);
        }
        assert_eq!(rules.interval(wifi()), 300_000);
    }

    #[test]
    fn the_wait_grows_by_tens_of_seconds_then_by_minutes() {
        // Anchors §2: 5 s, +10 s to 60 s, +60 s to 600 s; anything that comes in resets it.
        let mut rules = MicroG::default();
        let waits: Vec<u64> = (0..16).map(|_| rules.retry_in(0, None, 0.0) / 1_000).collect();
        assert_eq!(waits, [5, 10, 20, 30, 40, 50, 120, 180, 240, 300, 360, 420, 480, 540, 600, 600]);
        rules.alive(wifi(), 0, false);
        assert_eq!(rules.retry_in(0, None, 0.0), 5_000);
        assert_eq!(rules.ack_wait(), AckWait::AtNextBeat(90_000));
    }
}
