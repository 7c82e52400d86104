//! A message is shown only while it is worth showing.

mod common;

use common::{DAY, HOUR, Input, MINUTE, Phone, SECOND, Screen, message, pass_through};
use offpush_engine::record::MessageState;
use offpush_wire::Message;

fn later() -> Phone {
    let mut phone = Phone::connected();
    phone.screen = Screen::Later("off".to_owned());
    phone.push_message(message("first"));
    phone
}

fn with_life(id: &str, expires_in: u64) -> Message {
    Message { expires_in, ..message(id) }
}

#[test]
fn a_message_whose_time_is_over_is_not_shown_and_reported_expired() {
    // It waited too long: the server learns it, the person is not disturbed.
    let mut phone = later();
    phone.push_message(with_life("m", 10 * MINUTE));
    phone.advance(10 * MINUTE);
    phone.advance(HOUR);
    phone.screen = Screen::Shows;
    phone.input(Input::CanPresent);
    phone.advance(SECOND);
    assert_eq!(phone.shown_ids(), ["first"]);
    assert_eq!(phone.receipts_of("m"), ["expired"]);
    assert_eq!(phone.state("m"), Some(MessageState::Expired));
}

#[test]
fn a_message_that_is_over_is_not_shown_even_if_its_timer_has_not_fired() {
    // The check stands before the screen, not only behind a timer.
    let mut phone = later();
    phone.push_message(with_life("m", 10 * MINUTE));
    phone.jump(11 * MINUTE);
    phone.screen = Screen::Shows;
    phone.input(Input::CanPresent);
    assert_eq!(phone.shown_ids(), ["first"]);
}

#[test]
fn expiry_counts_in_boot_time_whatever_the_wall_clock_does() {
    // A clock set forward or back by a day changes no message's life.
    for jump in [DAY as i64, -(DAY as i64)] {
        let mut phone = later();
        phone.push_message(with_life("m", HOUR));
        phone.now.wall += jump;
        phone.advance(50 * MINUTE);
        phone.screen = Screen::Shows;
        phone.input(Input::CanPresent);
        assert_eq!(phone.shown_ids(), ["first", "m"]);
    }
}

#[test]
fn across_a_reboot_the_wall_difference_counts_and_is_clamped() {
    // Boot time starts anew; a wall clock that went back gives no longer life than the message had.
    for (elapsed, is_shown) in
        [(30 * MINUTE as i64, true), (2 * HOUR as i64, false), (-5 * DAY as i64, true), (400 * DAY as i64, false)]
    {
        let mut phone = later();
        phone.push_message(with_life("m", HOUR));
        phone.die();
        phone.now.boot = 5 * SECOND;
        phone.now.wall += elapsed;
        phone.screen = Screen::Shows;
        phone.restart_with(|config| config.boot_id = 2);
        assert_eq!(phone.shown_ids().contains(&"m".to_owned()), is_shown, "after {elapsed} ms");
    }
    let mut phone = later();
    phone.push_message(with_life("m", HOUR));
    phone.die();
    phone.now.boot = 5 * SECOND;
    phone.now.wall -= 5 * DAY as i64;
    phone.restart_with(|config| config.boot_id = 2);
    phone.now.wall += 5 * DAY as i64;
    phone.advance(2 * HOUR);
    assert_eq!(phone.state("m"), Some(MessageState::Expired), "clamped to its time to live");
}

#[test]
fn a_message_that_arrives_expired_is_taken_and_reported() {
    // Nothing to live means nothing to show; the numbers go on.
    let mut phone = Phone::connected();
    phone.push_message(with_life("m", 0));
    phone.push_message(message("next"));
    phone.advance(SECOND);
    assert_eq!(phone.shown_ids(), ["next"]);
    assert_eq!(phone.receipts_of("m"), ["expired"]);
}

#[test]
fn a_life_without_end_is_no_overflow() {
    // The largest number a gateway can send is only a long time.
    let mut phone = later();
    phone.push_message(with_life("m", u64::MAX));
    phone.advance(DAY);
    assert_eq!(phone.state("m"), Some(MessageState::Pending));
}

#[test]
fn a_pass_through_message_that_is_over_does_not_reach_the_app() {
    // The app that starts too late gets what still counts.
    let mut phone = Phone::connected();
    phone.push_message(Message { expires_in: MINUTE, ..pass_through("old") });
    phone.push_message(pass_through("new"));
    phone.advance(HOUR);
    phone.input(Input::App(true));
    phone.advance(SECOND);
    assert_eq!(phone.callbacks.len(), 1);
    assert_eq!(phone.receipts_of("old"), ["expired"]);
    assert_eq!(phone.receipts_of("new"), ["shown"]);
}
