//! Who knows the network: pings just before the NAT would forget, at most at our ceiling; is told when a NAT has forgotten
//! a connection and when a server can be reached, and connects at once. The bound that no real client can beat by more than
//! luck.
//!
//! What it does not know is the death of a server that says nothing: no network shows it, so the oracle too finds out at
//! its next ping. How long that takes depends on where in its interval a client was. That time is counted apart
//! ([`Trace::vanished`](crate::Trace::vanished)) and not compared; that it ends with the next ping is a test of its own.

use crate::client::Wake;
use crate::peers::model::{AckWait, OnNetwork, Place, Rules};
use crate::time::{MINUTE, SECOND};

/// Our ceiling: Chromium's 28 min, below the 37 min at which Google's server ends idle connections (anchors §2, §7).
pub(crate) const CEILING: u64 = 28 * MINUTE;

/// So much before the NAT forgets: an ack and a bad radio moment.
const MARGIN: u64 = 2 * SECOND;

const ACK: u64 = 10 * SECOND;

#[derive(Debug)]
pub(crate) struct Oracle {
    nat: Option<u64>,
    /// The vendor's alignment of alarms, and the time of the day at which the day begins.
    align: Option<u64>,
    begins: u64,
}

impl Oracle {
    pub(crate) fn new(align: Option<u64>, begins: u64) -> Self {
        Self { nat: None, align, begins }
    }
}

impl Rules for Oracle {
    fn interval(&self, _: Place) -> u64 {
        self.nat.map_or(CEILING, |nat| nat.saturating_sub(MARGIN.min(nat / 10)).min(CEILING))
    }

    fn ack_wait(&self) -> AckWait {
        AckWait::Armed(ACK)
    }

    fn wake_lock(&self) -> Option<u64> {
        Some(ACK)
    }

    /// It sets the alarm so that what the vendor makes of it is still in time.
    fn wake(&self, due: u64) -> Wake {
        let silent_since = due.saturating_sub(self.nat.map_or(CEILING, |nat| nat.min(CEILING)));
        let aligned = self.align.map(|align| ((self.begins + due) / align * align).saturating_sub(self.begins));
        let at = aligned.filter(|at| *at > silent_since).unwrap_or(due);
        Wake { deadline: at, latest: at }
    }

    fn retry_in(&mut self, _: u64, _: Option<u64>, _: f64) -> u64 {
        0
    }

    fn network_changed(&mut self) -> OnNetwork {
        OnNetwork::Reconnect
    }

    fn knows_all(&self) -> bool {
        true
    }

    fn blind_retry(&self) -> u64 {
        CEILING
    }

    fn reveal(&mut self, nat: Option<u64>) {
        self.nat = nat;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::model::tests::wifi;

    #[test]
    fn it_pings_just_before_the_nat_forgets_and_at_the_ceiling_at_the_latest() {
        // The NAT's time-out less two seconds, at most 28 min.
        let mut rules = Oracle::new(None, 0);
        assert_eq!(rules.interval(wifi()), 28 * 60_000);
        rules.reveal(Some(240_000));
        assert_eq!(rules.interval(wifi()), 238_000);
        rules.reveal(Some(3_600_000));
        assert_eq!(rules.interval(wifi()), 28 * 60_000);
    }
}
