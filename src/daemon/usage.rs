//! What a day costs: wake-ups, bytes, and for how long the radio was up, which is an estimate.
//!
//! The model of the radio: each time bytes go either way it is up, and stays up for its tail; what comes within the tail
//! begins it anew. What other apps do meanwhile is not known, so this is what the daemon would cost alone.
//!
//! The count is kept in a file beside the store, because a phone ends and starts the process several times a day. It is not
//! synced, and lost with a file that cannot be read: it is worth no more.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use offpush_engine::Now;
use offpush_inspect::Today;

/// Milliseconds that the radio stays up after the last byte on a cellular network: LTE's 11.6 s (Huang et al., "A Close
/// Examination of Performance and Power Characteristics of 4G LTE Networks", MobiSys 2012, table 3).
const CELLULAR_TAIL: u64 = 11_600;

/// The same on Wi-Fi with power saving: 240 ms (the same table).
const WIFI_TAIL: u64 = 240;

/// Milliseconds of a day.
const DAY: i64 = 24 * 3_600_000;

/// The file's name in the data directory.
const FILE: &str = "today.json";

/// What it is called until it is whole.
const NEW_FILE: &str = "today.json.new";

/// The file is written at most once in so many milliseconds, on a wake-up that happens anyway: what a kill may cost the
/// count, against what a phone's flash takes.
const KEEP_EVERY: u64 = 10 * 60_000;

/// See the module's page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// Local days since 1970.
    day: i64,
    today: Today,
    /// The totals when they were looked at last.
    seen: Totals,
    /// The boot time until which the radio counts as up.
    up_until: u64,
    /// The boot time at which the file was written last.
    kept_at: u64,
}

/// Counts since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) wake_ups: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Usage {
    /// Goes on where the process before ended, if that was on this day; else begins to count.
    pub(crate) fn open(directory: &Path, now: Now) -> Self {
        let today = kept(directory, now).unwrap_or_else(|| Today { since: now.wall, ..Today::default() });
        Self { day: local_day(now), today, kept_at: now.boot, ..Self::default() }
    }

    /// Writes the file if it is time to.
    pub(crate) fn keep_at_times(&mut self, directory: &Path, now: Now) {
        if now.boot >= self.kept_at.saturating_add(KEEP_EVERY) {
            self.keep(directory, now);
        }
    }

    /// Writes the file.
    pub(crate) fn keep(&mut self, directory: &Path, now: Now) {
        self.kept_at = now.boot;
        if let Err(error) = write(directory, &self.today) {
            log::debug!("{FILE} cannot be written: {error}");
        }
    }

    /// The totals are these now; what has come since the last call happened now, over this transport.
    pub(crate) fn note(&mut self, now: Now, totals: Totals, transport: Option<&str>) {
        let day = local_day(now);
        if day != self.day {
            let since = day * DAY - i64::from(now.utc_offset) * 60_000;
            self.today = Today { since, ..Today::default() };
            self.day = day;
        }
        let before = std::mem::replace(&mut self.seen, totals);
        self.today.wake_ups += totals.wake_ups.saturating_sub(before.wake_ups);
        let bytes_in = totals.bytes_in.saturating_sub(before.bytes_in);
        let bytes_out = totals.bytes_out.saturating_sub(before.bytes_out);
        if bytes_in + bytes_out == 0 {
            return;
        }
        self.today.bytes_in += bytes_in;
        self.today.bytes_out += bytes_out;
        let until = now.boot + tail(transport);
        self.today.radio_estimate += until.saturating_sub(self.up_until.max(now.boot));
        self.up_until = until.max(self.up_until);
    }

    /// This day so far.
    pub(crate) fn today(&self) -> Today {
        self.today.clone()
    }
}

/// What the file says of this day.
pub(crate) fn kept(directory: &Path, now: Now) -> Option<Today> {
    let today: Today = serde_json::from_slice(&std::fs::read(directory.join(FILE)).ok()?).ok()?;
    let is_today = local_day(Now { wall: today.since, ..now }) == local_day(now) && today.since <= now.wall;
    is_today.then_some(today)
}

fn write(directory: &Path, today: &Today) -> io::Result<()> {
    let new = directory.join(NEW_FILE);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(today)?)?;
    std::fs::rename(new, directory.join(FILE))
}

fn local_day(now: Now) -> i64 {
    (now.wall + i64::from(now.utc_offset) * 60_000).div_euclid(DAY)
}

fn tail(transport: Option<&str>) -> u64 {
    match transport {
        Some("cellular") => CELLULAR_TAIL,
        Some("wifi") => WIFI_TAIL,
        _ => 0,
    }
}

#[cfg(test)]
#[path = "tests/unit/usage.rs"]
mod tests;
