//! Over what time phones come back when a broker's end has cut them all off: every answer to a hello tells it.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Core;
use crate::db::DbError;

/// The shortest window, in seconds: a handful of phones is back at once.
const SHORTEST: u32 = 2;
/// The longest, in seconds: the longest that a phone accepts.
const LONGEST: u32 = 3600;

/// The window in force.
#[derive(Debug)]
pub(super) struct ReconnectWindow {
    /// Connections a second that the broker should get.
    rate: u32,
    seconds: AtomicU32,
}

impl ReconnectWindow {
    pub(super) fn new(rate: u32) -> Self {
        Self { rate: rate.max(1), seconds: AtomicU32::new(SHORTEST) }
    }

    pub(super) fn seconds(&self) -> u32 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// Twice as long as the broker needs for all: those who came while it was still away come again, among the others
    /// (`offpush sim --storm` shows it).
    fn follow(&self, connected: u64) {
        let needed = connected.div_ceil(u64::from(self.rate));
        let seconds = u32::try_from(needed.saturating_mul(2)).unwrap_or(LONGEST);
        self.seconds.store(seconds.clamp(SHORTEST, LONGEST), Ordering::Relaxed);
    }
}

impl Core {
    /// Fits the window to the phones that are connected now.
    pub(super) async fn count_connected(&self) -> Result<(), DbError> {
        let connected: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM devices WHERE connection IS NOT NULL")
            .fetch_one(self.0.db.readers())
            .await?;
        self.0.reconnect_window.follow(connected.unsigned_abs());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_grows_with_the_phones_that_are_connected() {
        // At the rate asked for, and within what a phone accepts.
        let window = ReconnectWindow::new(2_000);
        for (connected, seconds) in [(0, 2), (100, 2), (4_001, 6), (1_000_000, 1_000), (u64::MAX, 3_600)] {
            window.follow(connected);
            assert_eq!(window.seconds(), seconds, "{connected}");
        }
        ReconnectWindow::new(0).follow(10);
    }
}
