//! When the platform is to wake the device, and until when it is kept awake.
//!
//! The loop's own timer goes on in every case: it costs nothing while the device sleeps, and while it is awake it needs
//! no platform's leave. The platform's alarm is for the sleep: it is asked for whatever has to be done after the wake
//! lock ends. Setting one is a call into another process, so an alarm that stands is kept as long as it serves.

use offpush_engine::Wake;

/// Milliseconds before which Android lets no alarm go off, whatever is asked (`MIN_FUTURITY` in AlarmManagerService).
/// Short waits outside a wake lock thus share one alarm, and it may come this much before what it is for.
const MINIMUM: u64 = 5_000;

/// See the module's page.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    /// What the platform was asked for last, as long as it is to come.
    asked: Option<Wake>,
    /// The boot time until which the wake lock is held.
    awake_until: u64,
}

impl Alarms {
    /// The wake lock is held for so many milliseconds from now, or let go.
    pub(crate) fn hold(&mut self, boot: u64, longest: Option<u64>) {
        self.awake_until = longest.map_or(0, |longest| boot.saturating_add(longest));
    }

    /// For how many milliseconds from now the wake lock is held; `None`: it is not.
    pub(crate) fn held(&self, boot: u64) -> Option<u64> {
        self.awake_until.checked_sub(boot).filter(|rest| *rest > 0)
    }

    /// The platform has woken us: its alarm, if it was that, is used up.
    pub(crate) fn woken(&mut self) {
        self.asked = None;
    }

    /// What to ask the platform for, if that has to change: an alarm between two boot times, or none.
    pub(crate) fn ask(&mut self, boot: u64, wanted: Option<Wake>) -> Option<Option<Wake>> {
        // One whose time is over has gone off, or will any moment; either way it wakes nobody later.
        self.asked = self.asked.filter(|asked| asked.latest > boot);
        let asks = match (wanted, self.asked) {
            (None, None) => return None,
            (None, Some(_)) => None,
            (Some(wanted), _) if wanted.latest <= self.awake_until => return None,
            (Some(wanted), asked) => {
                let soonest = boot.saturating_add(MINIMUM);
                let wanted = Wake { deadline: wanted.deadline.max(soonest), latest: wanted.latest.max(soonest) };
                let serves = |asked: Wake| {
                    asked.deadline.saturating_add(MINIMUM) >= wanted.deadline && asked.latest <= wanted.latest
                };
                if asked.is_some_and(serves) {
                    return None;
                }
                Some(wanted)
            }
        };
        self.asked = asks;
        Some(asks)
    }
}

#[cfg(test)]
#[path = "tests/unit/alarms.rs"]
mod tests;
