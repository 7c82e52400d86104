//! How the platform's alarms come, and when to ask for one so that it is in time.
//!
//! Where a vendor fires alarms only at marks of five minutes, the last mark before the silence is over is asked for. Else
//! the silence is shortened by what alarms were late lately; half of it is left in any case, for an alarm that is later
//! than that has its own reasons.

use crate::search::NEAR;
use crate::time::{MINUTE, SECOND};

/// Vendors move alarms to the next five minutes.
const MARKS: u64 = 5 * MINUTE;

/// Later than this is not a loaded system: the vendor or Doze.
const LATE: u64 = 5 * SECOND;

/// So many late alarms in a row at marks are no accident: within two seconds each, one in 20,000.
const SAMPLES: usize = 3;
const AT_MARK: u64 = 2 * SECOND;

/// The part of the known lateness that an alarm on time takes away: after about ten of them half of it is forgotten.
const FORGOTTEN: u64 = 16;

#[derive(Debug, Default)]
pub(crate) struct Alarms {
    /// By how much they are late, in milliseconds.
    lateness: u64,
    /// When late ones came last, boot time in milliseconds.
    late: [u64; SAMPLES],
    /// When one of the vendor's marks was, if alarms come only then.
    mark: Option<u64>,
}

impl Alarms {
    /// The alarm for `deadline` came now.
    pub(crate) fn came(&mut self, deadline: u64, now: u64) {
        let late = now.saturating_sub(deadline);
        self.lateness = late.max(self.lateness - self.lateness / FORGOTTEN);
        if late < LATE {
            return;
        }
        self.late.rotate_left(1);
        self.late[SAMPLES - 1] = now;
        let oldest = self.late[0];
        let at_mark = |at: &u64| (at - oldest + AT_MARK / 2) % MARKS < AT_MARK;
        self.mark = self.late.iter().all(at_mark).then_some(oldest).filter(|oldest| *oldest > 0);
    }

    /// The marks' distance in milliseconds, if alarms come only at marks.
    pub(crate) fn marks(&self) -> Option<u64> {
        self.mark.map(|_| MARKS)
    }

    /// When to ask to be woken so that a silence that began at `from` is broken after `silence`, or somewhat earlier.
    pub(crate) fn plan(&self, from: u64, silence: u64) -> u64 {
        let end = from + silence;
        // What is searched for lies just below full minutes; a mark that is nearer than that is meant.
        let mark = self.mark.map(|mark| end + NEAR - (end + NEAR - mark) % MARKS);
        match mark {
            Some(mark) if mark > from + silence / 4 => mark,
            _ => end - self.lateness.min(silence / 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_learned_from_three_late_alarms_and_aimed_at() {
        // Whatever their phase; the last mark before the end of the silence is asked for.
        let mut alarms = Alarms::default();
        let mark = 10_007 * SECOND;
        for (meant, came) in [(MINUTE, 0), (3 * MINUTE, 2 * MARKS), (30 * SECOND, 7 * MARKS)] {
            assert_eq!(alarms.mark, None);
            alarms.came(mark + came - meant, mark + came);
        }
        assert_eq!(alarms.plan(mark + 8 * MARKS, 22 * MINUTE), mark + 12 * MARKS);
        assert_eq!(alarms.plan(mark + 8 * MARKS + 4 * MINUTE, 22 * MINUTE), mark + 13 * MARKS);
        let heard = mark + 8 * MARKS + 40;
        assert_eq!(alarms.plan(heard, 4 * MARKS - 50), mark + 12 * MARKS, "the way of an answer is no five minutes");
    }

    #[test]
    fn a_silence_shorter_than_the_marks_is_broken_as_early_as_can_be() {
        // No mark is in time; asking for less than half would not help.
        let alarms = Alarms { mark: Some(MARKS), lateness: 4 * MINUTE, ..Alarms::default() };
        assert_eq!(alarms.plan(MARKS, MINUTE), MARKS + 30 * SECOND);
    }

    #[test]
    fn lateness_without_marks_shortens_what_is_asked_for_and_is_forgotten() {
        // The latest counts, half of the silence is left, and on-time alarms let it go.
        let mut alarms = Alarms::default();
        alarms.came(HOUR, HOUR + 4 * MINUTE);
        assert_eq!(alarms.plan(2 * HOUR, 20 * MINUTE), 2 * HOUR + 16 * MINUTE);
        assert_eq!(alarms.plan(2 * HOUR, 6 * MINUTE), 2 * HOUR + 3 * MINUTE);
        for _ in 0..40 {
            alarms.came(3 * HOUR, 3 * HOUR);
        }
        assert!(alarms.plan(4 * HOUR, 20 * MINUTE) > 4 * HOUR + 19 * MINUTE);
    }

    use crate::time::HOUR;
}
