//! Chromium's GCM client: a fixed interval for each kind of network.
//!
//! Source: `google_apis/gcm/engine/heartbeat_manager.cc`, `gcm_backoff_policy.cc`, `connection_factory_impl.cc`
//! (anchors §1).

use crate::day::Transport;
use crate::peers::model::{AckWait, OnNetwork, Place, Rules};
use crate::time::{MINUTE, SECOND};

/// `kWifiHeartbeatDefaultMs`, also for Ethernet.
const WIFI: u64 = 15 * MINUTE;
/// `kCellHeartbeatDefaultMs`.
const CELLULAR: u64 = 28 * MINUTE;
/// `kHeartbeatAckTimeoutMs`.
const ACK: u64 = MINUTE;
/// The back-off policy: initial delay, factor, fuzz, cap.
const INITIAL: u64 = 30 * SECOND;
const FACTOR: u64 = 2;
const FUZZ: f64 = 0.33;
const CAP: u64 = 10 * MINUTE;
/// `kConnectionResetWindowSecs`: a connection that lasted less restores the back-off before it.
const RESET_WINDOW: u64 = 10 * SECOND;

#[derive(Debug, Default)]
pub(crate) struct Chromium {
    failures: u32,
    /// The back-off before the last success.
    before: u32,
}

impl Rules for Chromium {
    fn interval(&self, place: Place) -> u64 {
        match place.network.transport {
            Transport::Cellular => CELLULAR,
            Transport::Wifi | Transport::Ethernet => WIFI,
        }
    }

    fn ack_wait(&self) -> AckWait {
        AckWait::Armed(ACK)
    }

    fn connected(&mut self, _: Place) {
        self.before = std::mem::take(&mut self.failures);
    }

    fn retry_in(&mut self, _: u64, lasted: Option<u64>, random: f64) -> u64 {
        match lasted {
            // A connection that served ends: the next attempt is at once.
            Some(lasted) if lasted >= RESET_WINDOW => return 0,
            Some(_) => self.failures = self.before + 1,
            None => self.failures += 1,
        }
        let doubled = INITIAL.saturating_mul(FACTOR.saturating_pow(self.failures - 1)).min(CAP);
        doubled - (doubled as f64 * FUZZ * random) as u64
    }

    /// The canary: one attempt at once, which bypasses the back-off without resetting it.
    fn network_changed(&mut self) -> OnNetwork {
        OnNetwork::Reconnect
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::model::tests::{cellular, wifi};

    #[test]
    fn the_intervals_and_waits_are_those_of_its_source() {
        // Anchors §1: 28 min on cellular, 15 min on Wi-Fi, 1 min for the ack.
        let rules = Chromium::default();
        assert_eq!(rules.interval(cellular()), 28 * 60_000);
        assert_eq!(rules.interval(wifi()), 15 * 60_000);
        assert_eq!(rules.ack_wait(), AckWait::Armed(60_000));
    }

    #[test]
    fn the_back_off_doubles_from_thirty_seconds_to_ten_minutes() {
        // Anchors §1: initial 30 s, ×2, cap 10 min, and up to a third less.
        let mut rules = Chromium::default();
        let waits: Vec<u64> = (0..7).map(|_| rules.retry_in(0, None, 0.0) / 1_000).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(Chromium::default().retry_in(0, None, 1.0), 20_100);
    }

    #[test]
    fn a_connection_that_ends_within_ten_seconds_restores_the_back_off() {
        // Anchors §1: connect-then-drop still backs off, a connection that served does not.
        let mut rules = Chromium::default();
        for _ in 0..3 {
            rules.retry_in(0, None, 0.0);
        }
        rules.connected(wifi());
        assert_eq!(rules.retry_in(0, Some(9_999), 0.0), 240_000);
        rules.connected(wifi());
        assert_eq!(rules.retry_in(0, Some(10_000), 0.0), 0);
    }
}
