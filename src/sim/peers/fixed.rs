//! A fixed interval: 4 min (ours without learning), 5 min (what the Mi Push client is reported to use, anchors §4.7)
//! or 15 min. Otherwise the rules that serve it best: our ping deadline, a quick back-off.

use crate::peers::model::{AckWait, OnNetwork, Place, Rules};
use crate::time::{MINUTE, SECOND};

/// Our own deadline for an answer.
const ACK: u64 = 10 * SECOND;
/// Doubled from a second up to ten minutes.
const FIRST: u64 = SECOND;
const CAP: u64 = 10 * MINUTE;

#[derive(Debug)]
pub(crate) struct Fixed {
    interval: u64,
    failures: u32,
}

impl Fixed {
    pub(crate) fn minutes(minutes: u64) -> Self {
        Self { interval: minutes * MINUTE, failures: 0 }
    }
}

impl Rules for Fixed {
    fn interval(&self, _: Place) -> u64 {
        self.interval
    }

    fn ack_wait(&self) -> AckWait {
        AckWait::Armed(ACK)
    }

    fn wake_lock(&self) -> Option<u64> {
        Some(ACK)
    }

    fn connected(&mut self, _: Place) {
        self.failures = 0;
    }

    fn retry_in(&mut self, _: u64, _: Option<u64>, random: f64) -> u64 {
        self.failures += 1;
        let doubled = (FIRST << self.failures.min(16)).min(CAP);
        doubled / 2 + (random * (doubled / 2) as f64) as u64
    }

    fn network_changed(&mut self) -> OnNetwork {
        OnNetwork::Reconnect
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::model::tests::{cellular, wifi};

    #[test]
    fn its_interval_is_the_same_everywhere() {
        // Four, five and fifteen minutes, on any network.
        for minutes in [4, 5, 15] {
            assert_eq!(Fixed::minutes(minutes).interval(wifi()), minutes * 60_000);
            assert_eq!(Fixed::minutes(minutes).interval(cellular()), minutes * 60_000);
        }
    }
}
