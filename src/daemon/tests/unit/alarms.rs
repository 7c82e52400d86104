use super::*;

const MINUTE: u64 = 60_000;

fn wake(deadline: u64, latest: u64) -> Option<Wake> {
    Some(Wake { deadline, latest })
}

#[test]
fn an_alarm_is_asked_for_once_moved_when_it_would_not_serve_and_taken_back() {
    // Each asking is a call into another process; one that comes too late, or long before, is no use.
    let mut alarms = Alarms::default();
    assert_eq!(alarms.ask(0, None), None);
    assert_eq!(alarms.ask(0, wake(10 * MINUTE, 11 * MINUTE)), Some(wake(10 * MINUTE, 11 * MINUTE)));
    assert_eq!(alarms.ask(1_000, wake(10 * MINUTE, 11 * MINUTE)), None);
    assert_eq!(alarms.ask(1_000, wake(10 * MINUTE + 4_000, 12 * MINUTE)), None, "it comes 4 s early: near enough");
    assert_eq!(alarms.ask(1_000, wake(9 * MINUTE, 10 * MINUTE)), Some(wake(9 * MINUTE, 10 * MINUTE)));
    assert_eq!(alarms.ask(1_000, wake(20 * MINUTE, 20 * MINUTE)), Some(wake(20 * MINUTE, 20 * MINUTE)));
    assert_eq!(alarms.ask(1_000, None), Some(None));
    assert_eq!(alarms.ask(1_000, None), None);
}

#[test]
fn an_alarm_that_has_gone_off_is_asked_for_anew() {
    // It was for one time; so is one whose time has passed unnoticed.
    let mut alarms = Alarms::default();
    let wanted = wake(10 * MINUTE, 11 * MINUTE);
    assert_eq!(alarms.ask(0, wanted), Some(wanted));
    alarms.woken();
    assert_eq!(alarms.ask(0, wanted), Some(wanted));
    let overdue = 12 * MINUTE;
    assert_eq!(alarms.ask(overdue, wanted), Some(wake(overdue + MINIMUM, overdue + MINIMUM)));
}

#[test]
fn short_waits_outside_a_wake_lock_share_one_alarm() {
    // A device that falls asleep in a wait of a second must wake for it; Android does so after five.
    let mut alarms = Alarms::default();
    assert_eq!(alarms.ask(0, wake(1_000, 1_000)), Some(wake(MINIMUM, MINIMUM)));
    for boot in (1_000..MINIMUM).step_by(500) {
        assert_eq!(alarms.ask(boot, wake(boot + 500, boot + 500)), None, "at {boot}");
    }
    assert_eq!(alarms.ask(MINIMUM, wake(MINIMUM + 1, MINIMUM + 1)), Some(wake(2 * MINIMUM, 2 * MINIMUM)));
}

#[test]
fn while_the_wake_lock_is_held_no_alarm_is_needed_for_what_ends_with_it() {
    // The loop's timer does it; what comes after the lock needs the alarm.
    let mut alarms = Alarms::default();
    alarms.hold(1_000, Some(30_000));
    assert_eq!((alarms.held(1_000), alarms.held(30_999), alarms.held(31_000)), (Some(30_000), Some(1), None));
    assert_eq!(alarms.ask(1_000, wake(31_000, 31_000)), None);
    assert_eq!(alarms.ask(1_000, wake(31_000, 31_001)), Some(wake(31_000, 31_001)));
    alarms.hold(2_000, None);
    assert_eq!(alarms.held(2_000), None);
    assert_eq!(alarms.ask(2_000, wake(20_000, 20_000)), Some(wake(20_000, 20_000)));
}
