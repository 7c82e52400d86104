//! The three clocks that an input carries.

use serde::{Deserialize, Serialize};

/// The moment at which an input happens.
///
/// Deadlines are kept in boot time, which never jumps and goes on while the device sleeps. Wall time is for what
/// people and servers mean by time: expiry across a reboot, accept time, history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// `CLOCK_BOOTTIME` in milliseconds.
    pub boot: u64,
    /// Milliseconds since 1970, UTC, by the device's clock; it may be wrong.
    pub wall: i64,
    /// Local time minus UTC, in minutes.
    pub utc_offset: i16,
}

impl Now {
    /// The wall time of another moment in boot time.
    pub(crate) fn wall_at(&self, boot: u64) -> i64 {
        self.wall + (boot as i64 - self.boot as i64)
    }
}

/// When the engine wants to be called again.
///
/// Arm the clock for `latest`; a driver that is awake anyway at or after `deadline` calls then, and saves a wake-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// Boot time in milliseconds from which [`Engine::handle_timeout`](crate::Engine::handle_timeout) has work.
    pub deadline: u64,
    /// The latest boot time at which that work is still in time; between the two a platform may batch.
    pub latest: u64,
}

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
