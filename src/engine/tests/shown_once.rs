//! Shown once, whatever happens between arrival and receipt.

mod common;

use common::{Disk, MINUTE, Phone, SECOND, Screen, message};
use offpush_engine::Output;
use offpush_engine::input::Presented;
use offpush_engine::record::{MessageState, RecordKey, kind};

/// Runs the main job with a crash at one place: before or after the commit with this number is durable.
fn run_with_crash(crash_at: usize, durable: bool) -> (Phone, bool) {
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    for id in ["a", "b", "c"] {
        phone.push_message(message(id));
    }
    let mut crashed = false;
    for step in 0..200 {
        if step == crash_at {
            crashed = true;
            if durable && phone.has_held_commit() {
                phone.commit_and_crash();
            } else {
                phone.crash();
            }
        } else if phone.has_held_commit() {
            phone.commit();
        } else {
            phone.advance(SECOND);
        }
    }
    phone.disk = Disk::Works;
    phone.commit();
    phone.advance(MINUTE);
    (phone, crashed)
}

#[test]
fn a_crash_at_any_commit_boundary_loses_nothing_and_shows_nothing_twice() {
    // Every commit from arrival to receipt is lost once, and made durable just before a crash once.
    for crash_at in 0..60 {
        for durable in [false, true] {
            let (phone, crashed) = run_with_crash(crash_at, durable);
            assert!(crashed);
            let place = format!("crash at step {crash_at}, durable {durable}");
            assert_eq!(phone.shown_ids(), ["a", "b", "c"], "{place}");
            assert_eq!(phone.gateway.settled, phone.gateway.last, "{place}");
            for id in ["a", "b", "c"] {
                assert_eq!(phone.receipts_of(id), ["shown"], "{place}");
            }
            assert_eq!(phone.status().outbox, 0, "{place}");
        }
    }
}

#[test]
fn presenting_is_on_disk_before_the_platform_is_called() {
    // What a crash leaves in this state can be asked for.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    phone.push_message(message("m"));
    phone.crash();
    assert!(
        phone.log.iter().any(|(_, output)| matches!(output, Output::AskShowing { sequences } if sequences == &[1]))
    );
}

#[test]
fn what_was_shown_before_the_crash_is_not_shown_again() {
    // The platform remembers: the message is marked as shown and its receipt goes out.
    let mut phone = Phone::connected();
    phone.screen = Screen::ShowsSilently;
    phone.push_message(message("m"));
    assert_eq!(phone.state("m"), Some(MessageState::Presenting));
    phone.screen = Screen::Shows;
    phone.crash();
    phone.advance(MINUTE);
    assert_eq!(phone.shown_ids(), ["m"]);
    assert_eq!(phone.receipts_of("m"), ["shown"]);
}

#[test]
fn what_is_still_unclear_after_a_crash_is_shown_silently() {
    // It may have been shown and swiped away: it comes without a sound.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    phone.push_message(message("m"));
    phone.screen = Screen::Shows;
    phone.crash();
    assert_eq!(phone.shown, [(1, true)]);
    assert_eq!(phone.receipts_of("m"), ["shown"]);
}

#[test]
fn any_rhythm_of_crashes_loses_nothing_and_shows_nothing_twice() {
    // A crash every few commits, again and again, before or after the commit is durable.
    for rhythm in 2..12 {
        for durable in [false, true] {
            let mut phone = Phone::connected();
            phone.disk = Disk::Held;
            for id in ["a", "b", "c", "d", "e"] {
                phone.push_message(message(id));
            }
            for step in 1..100 {
                if step % rhythm == 0 && durable && phone.has_held_commit() {
                    phone.commit_and_crash();
                } else if step % rhythm == 0 {
                    phone.crash();
                } else if phone.has_held_commit() {
                    phone.commit();
                } else {
                    phone.advance(SECOND);
                }
            }
            phone.disk = Disk::Works;
            phone.commit();
            phone.advance(MINUTE);
            assert_eq!(phone.shown_ids(), ["a", "b", "c", "d", "e"], "every {rhythm}, durable {durable}");
            for id in ["a", "b", "c", "d", "e"] {
                assert_eq!(phone.receipts_of(id), ["shown"], "every {rhythm}, durable {durable}");
            }
        }
    }
}

#[test]
fn nothing_is_presented_before_the_platform_has_said_what_is_showing() {
    // Else a message could overtake the question.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    for index in 0..70 {
        phone.push_message(message(&format!("m{index}")));
    }
    phone.crash();
    phone.forget();
    phone.push_message(message("new"));
    phone.advance(MINUTE);
    assert!(!phone.log.iter().any(|(_, output)| matches!(output, Output::Present { .. })));
    phone.screen = Screen::Shows;
    phone.input(common::Input::Showing(vec![]));
    assert_eq!(phone.shown.len(), 71);
    assert!(phone.shown.is_sorted(), "in order of arrival");
}

#[test]
fn at_most_sixty_four_are_with_the_platform() {
    // A slow platform is not flooded.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    for index in 0..100 {
        phone.push_message(message(&format!("m{index}")));
    }
    let count = |phone: &Phone| phone.log.iter().filter(|(_, output)| matches!(output, Output::Present { .. })).count();
    assert_eq!(count(&phone), 64);
    phone.present(Presented::Shown);
    assert_eq!(count(&phone), 65);
}

#[test]
fn a_message_that_waits_for_long_is_shown_once_after_many_restarts() {
    // Restarts alone show nothing and lose nothing.
    let mut phone = Phone::connected();
    phone.screen = Screen::Later("off".to_owned());
    phone.push_message(message("m"));
    phone.advance(SECOND);
    for _ in 0..10 {
        phone.crash();
        phone.advance(MINUTE);
    }
    assert_eq!(phone.shown.len(), 0);
    phone.screen = Screen::Shows;
    phone.input(common::Input::CanPresent);
    phone.crash();
    assert_eq!(phone.shown, [(1, false)]);
}

#[test]
fn what_a_crash_left_unclear_stays_silent_over_more_crashes() {
    // It may have been shown before the first one, so no later start may let it make a sound.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    phone.push_message(message("m"));
    phone.screen = Screen::Later("notifications are off".to_owned());
    phone.crash();
    phone.advance(MINUTE);
    assert_eq!(phone.state("m"), Some(MessageState::Pending));
    phone.screen = Screen::Shows;
    phone.crash();
    assert_eq!(phone.shown, [(1, true)]);
}

#[test]
fn a_platform_that_cannot_show_is_asked_with_one_message_at_a_time() {
    // What keeps it from showing may last for hours: a look every some seconds must not write dozens of states.
    let mut phone = Phone::connected();
    phone.screen = Screen::Later("no space left".to_owned());
    let count = |phone: &Phone| phone.log.iter().filter(|(_, output)| matches!(output, Output::Present { .. })).count();
    phone.push_many(40);
    phone.advance(SECOND);
    for _ in 0..10 {
        let before = count(&phone);
        phone.input(common::Input::CanPresent);
        assert_eq!(count(&phone) - before, 1);
    }
    phone.screen = Screen::Shows;
    phone.input(common::Input::CanPresent);
    assert_eq!(phone.shown.len(), 40);
    assert!(phone.shown.is_sorted(), "in order of arrival");
}

#[test]
fn the_number_of_a_message_is_never_given_again() {
    // The platform knows notifications by it: neither forgetting old messages nor a restart gives it to another.
    let mut phone = Phone::connected();
    phone.push_many(1_100);
    phone.advance(SECOND);
    phone.screen = Screen::Later("off".to_owned());
    phone.push_message(message("waits"));
    phone.push_many(1_100);
    phone.advance(SECOND);
    let used = phone.store.keys().map(|key| key.id).max();
    assert_eq!(used, Some(2_201));
    phone.crash();
    phone.screen = Screen::Shows;
    phone.input(common::Input::CanPresent);
    phone.advance(SECOND);
    phone.crash();
    phone.push_message(message("next"));
    assert_eq!(phone.shown.last(), Some(&(2_202, false)));

    // Nor does damage: here the newest message could not be read, while its state could.
    phone.store.remove(&RecordKey { kind: kind::MESSAGE, id: 2_202 });
    phone.advance(SECOND);
    phone.crash();
    phone.push_message(message("another"));
    assert_eq!(phone.shown.last(), Some(&(2_203, false)));
}
