//! Waiting for events.

use std::thread;
use std::time::{Duration, Instant};

/// The deadline of an event that follows at once. Generous: only a failing test waits so long, and a machine that
/// builds something else at the same time is slow.
pub const SOON: Duration = Duration::from_secs(30);
/// The deadline of an event that may need several back-offs of the phone, or thousands of messages.
pub const LATER: Duration = Duration::from_secs(180);
/// How often is looked.
const PACE: Duration = Duration::from_millis(20);

/// Looks until there is something; panics after `within`, naming `what` was waited for.
pub fn until<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {} s in vain for: {what}", within.as_secs());
        thread::park_timeout(PACE);
    }
}

/// Looks until `condition` holds; see [`until`].
pub fn until_true(what: &str, within: Duration, mut condition: impl FnMut() -> bool) {
    until(what, within, || condition().then_some(()));
}

/// Looks for `during` and panics as soon as `condition` does not hold: for what must not happen, such as a second
/// presentation. It costs this time in every run.
pub fn while_true(what: &str, during: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + during;
    while Instant::now() < deadline {
        assert!(condition(), "no longer true: {what}");
        thread::park_timeout(PACE);
    }
}
