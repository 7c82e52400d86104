//! What is withheld, replaced, taken back: accept time, job key, bindings, withdrawal.

mod common;

use common::{DAY, Disk, HOUR, Input, MINUTE, Phone, SECOND, Screen, message, pass_through, wifi};
use offpush_engine::input::Presented;
use offpush_engine::record::{MessageState, Record};
use offpush_engine::{Network, Output};
use offpush_wire::{AcceptTime, Bindings, Command, Down, Message, Withdraw};

/// 1,700,000,000 s is 22:13:20 UTC.
const EVENING: u16 = 22 * 60 + 13;

fn accept(phone: &mut Phone, start: u16, end: u16) {
    let time = AcceptTime { start, end, utc_offset: 0 };
    phone.input(Input::Command(Command::AcceptTime(time)));
    phone.advance(SECOND);
}

fn bound(id: &str, binding: u64) -> Message {
    Message { binding: Some(binding), ..message(id) }
}

fn with_job(id: &str, job: &str) -> Message {
    let mut message = message(id);
    message.extra.insert("jobkey".to_owned(), job.to_owned());
    message
}

fn unbind(phone: &mut Phone, up_to: u64, valid: &[u64]) {
    phone.gateway.bindings = Bindings { up_to, valid: valid.to_vec() };
    let bindings = phone.gateway.bindings.clone();
    phone.push("unbind", Down::Unbind(bindings));
    phone.advance(SECOND);
}

fn withdraw(phone: &mut Phone, ids: &[&str]) {
    let messages = ids.iter().map(|id| (*id).to_owned()).collect();
    phone.push("withdraw", Down::Withdraw(Withdraw { messages }));
    phone.advance(SECOND);
}

#[test]
fn outside_the_accept_time_messages_wait_until_it_opens() {
    // What was under way when the window closed is shown at its opening, in order, and not before.
    let mut phone = Phone::connected();
    accept(&mut phone, 8 * 60, 20 * 60);
    phone.push_message(message("a"));
    phone.push_message(message("b"));
    assert_eq!(phone.status().accept_time, Some(AcceptTime { start: 480, end: 1200, utc_offset: 0 }));
    // Offline, so that nothing else wakes the phone up: the window alone does.
    phone.input(Input::Network(Network::None));
    phone.drop_link();
    let opens = 9 * HOUR + 46 * MINUTE + 40 * SECOND - (phone.now.wall - common::WALL) as u64;
    phone.advance(opens - 1);
    assert_eq!(phone.shown.len(), 0);
    phone.advance(1 + MINUTE);
    assert_eq!(phone.shown_ids(), ["a", "b"]);
    phone.input(Input::Network(wifi()));
    phone.push_message(message("c"));
    assert_eq!(phone.shown_ids(), ["a", "b", "c"]);
}

#[test]
fn inside_the_accept_time_messages_are_shown_at_once() {
    // A window over midnight contains this evening.
    let mut phone = Phone::connected();
    accept(&mut phone, 22 * 60, 6 * 60);
    phone.push_message(message("m"));
    assert_eq!(phone.shown_ids(), ["m"]);
}

#[test]
fn the_last_minute_of_the_accept_time_belongs_to_it() {
    // The window ends with the end of its minute.
    let mut phone = Phone::connected();
    accept(&mut phone, 8 * 60, EVENING);
    phone.advance(20 * SECOND);
    phone.push_message(message("a"));
    phone.advance(MINUTE);
    phone.push_message(message("b"));
    assert_eq!(phone.shown_ids(), ["a"]);
}

#[test]
fn a_pause_holds_everything_until_the_app_resumes() {
    // 0:00 to 0:00 is a pause, 0:00 to 23:59 its end; a restart does not end it.
    let mut phone = Phone::connected();
    accept(&mut phone, 0, 0);
    phone.push_message(message("m"));
    phone.advance(12 * HOUR);
    phone.crash();
    phone.advance(HOUR);
    assert_eq!(phone.shown.len(), 0);
    accept(&mut phone, 0, 1439);
    assert_eq!(phone.shown_ids(), ["m"]);
}

#[test]
fn an_accept_time_that_the_gateway_refused_does_not_hold() {
    // What the gateway confirmed is what counts, on both sides.
    let mut phone = Phone::connected();
    phone.gateway.result_code = 10017;
    accept(&mut phone, 0, 0);
    phone.push_message(message("m"));
    assert_eq!(phone.shown_ids(), ["m"]);
}

#[test]
fn an_expired_message_does_not_wait_for_the_window() {
    // Its time ends in the night: it is never shown.
    let mut phone = Phone::connected();
    accept(&mut phone, 8 * 60, 20 * 60);
    phone.push_message(Message { expires_in: HOUR, ..message("m") });
    phone.advance(DAY);
    assert_eq!(phone.shown.len(), 0);
    assert_eq!(phone.receipts_of("m"), ["expired"]);
}

#[test]
fn the_notify_id_is_kept_with_the_message() {
    // The platform replaces by it; the engine keeps it durably.
    let mut phone = Phone::connected();
    phone.push_message(Message { notify_id: 42, ..message("a") });
    phone.push_message(message("b"));
    let ids: Vec<i32> = phone
        .store
        .values()
        .filter_map(|record| match record {
            Record::Message(_, stored) => Some(stored.facts.notify_id),
            _ => None,
        })
        .collect();
    assert_eq!(ids, [42, 0]);
    assert_eq!(phone.shown_ids(), ["a", "b"], "replacing is the platform's: both are handed over");
}

#[test]
fn of_messages_with_the_same_job_key_the_first_is_shown() {
    // The others are reported blocked, also after a restart.
    let mut phone = Phone::connected();
    phone.push_message(with_job("a", "job"));
    phone.push_message(with_job("b", "job"));
    phone.push_message(with_job("c", "other"));
    phone.crash();
    phone.push_message(with_job("d", "job"));
    phone.push_message(with_job("e", ""));
    phone.push_message(with_job("f", ""));
    phone.advance(SECOND);
    assert_eq!(phone.shown_ids(), ["a", "c", "e", "f"]);
    assert_eq!(phone.receipts_of("b"), ["blocked"]);
    assert_eq!(phone.receipts_of("d"), ["blocked"]);
}

#[test]
fn unbind_drops_what_waits_and_cancels_what_is_showing() {
    // The user is logged out: of ten messages none is shown any more.
    let mut phone = Phone::connected();
    unbind(&mut phone, 2, &[1, 2]);
    phone.push_message(bound("shown", 1));
    phone.push_message(bound("other-user", 2));
    phone.screen = Screen::Held;
    phone.push_message(bound("presenting", 1));
    phone.input(Input::Command(Command::AcceptTime(AcceptTime { start: 0, end: 0, utc_offset: 0 })));
    for index in 0..10 {
        phone.push_message(bound(&format!("m{index}"), 1));
    }
    phone.screen = Screen::Shows;
    unbind(&mut phone, 2, &[2]);
    accept(&mut phone, 0, 1439);
    assert_eq!(phone.showing_ids(), ["other-user"]);
    assert_eq!(phone.state("m0"), Some(MessageState::Cancelled));
    assert_eq!(phone.state("presenting"), Some(MessageState::Cancelled));
    phone.push_message(bound("late", 1));
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("late"), ["blocked"]);
    assert_eq!(phone.shown_ids(), ["shown", "other-user"]);
}

#[test]
fn a_binding_higher_than_all_known_ones_is_taken_as_holding() {
    // The log-in is newer than what the gateway told last.
    let mut phone = Phone::connected();
    unbind(&mut phone, 2, &[]);
    phone.push_message(bound("void", 2));
    phone.push_message(bound("newer", 3));
    assert_eq!(phone.shown_ids(), ["newer"]);
}

#[test]
fn the_answer_to_hello_says_what_is_void_too() {
    // A log-out while the phone was away cancels as soon as it is back, before anything else is taken.
    let mut phone = Phone::connected();
    phone.gateway.bindings = Bindings { up_to: 1, valid: vec![1] };
    phone.push_message(bound("m", 1));
    assert_eq!(phone.showing_ids(), ["m"]);
    phone.drop_link();
    phone.gateway.bindings = Bindings { up_to: 1, valid: Vec::new() };
    phone.push_message(bound("waiting", 1));
    phone.advance(5 * SECOND);
    assert_eq!(phone.showing_ids().len(), 0);
    assert_eq!(phone.shown_ids(), ["m"]);
}

#[test]
fn bindings_survive_a_crash() {
    // What was void stays void.
    let mut phone = Phone::connected();
    unbind(&mut phone, 1, &[]);
    phone.gateway.present = false;
    phone.crash();
    phone.gateway.present = true;
    phone.push_message(bound("m", 1));
    phone.advance(MINUTE);
    assert_eq!(phone.shown.len(), 0);
}

#[test]
fn a_withdrawn_message_is_dropped_or_cancelled() {
    // Shown or not, it is gone; unknown ids are ignored.
    let mut phone = Phone::connected();
    phone.push_message(message("shown"));
    phone.screen = Screen::Later("off".to_owned());
    phone.push_message(message("waiting"));
    withdraw(&mut phone, &["shown", "waiting", "never-seen"]);
    phone.screen = Screen::Shows;
    phone.input(Input::CanPresent);
    assert_eq!(phone.showing_ids().len(), 0);
    assert_eq!(phone.shown_ids(), ["shown"]);
    assert_eq!(phone.gateway.settled, phone.gateway.last);
}

#[test]
fn a_message_withdrawn_while_the_disk_is_busy_is_not_shown() {
    // Its presentation waits for a commit; the withdrawal comes before.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    phone.push_message(message("m"));
    withdraw(&mut phone, &["m"]);
    phone.disk = Disk::Works;
    phone.commit();
    phone.advance(SECOND);
    assert_eq!(phone.shown.len(), 0);
    for index in 0..70 {
        phone.push_message(message(&format!("m{index}")));
    }
    assert_eq!(phone.shown.len(), 70, "its place with the platform is free again");
}

#[test]
fn a_message_withdrawn_while_the_platform_has_it_ends_cancelled() {
    // Whatever the platform says afterwards.
    for outcome in [Presented::Shown, Presented::Later { reason: "off".to_owned() }] {
        let mut phone = Phone::connected();
        phone.screen = Screen::Held;
        phone.push_message(message("m"));
        let frames = phone.gateway.accept("w", Down::Withdraw(Withdraw { messages: vec!["m".to_owned()] }));
        phone.disk = Disk::Held;
        phone.deliver(&frames[0]);
        phone.disk = Disk::Works;
        phone.commit();
        phone.input(Input::Presented(1, outcome));
        assert_eq!(phone.state("m"), Some(MessageState::Cancelled));
        assert!(phone.log.iter().any(|(_, output)| *output == Output::Cancel { sequence: 1 }));
    }
}

#[test]
fn a_crash_does_not_keep_a_withdrawn_notification_on_the_screen() {
    // Wherever the crash comes, the cancellation reaches the platform.
    for durable in [false, true] {
        let mut phone = Phone::connected();
        phone.push_message(message("m"));
        phone.advance(SECOND);
        phone.disk = Disk::Held;
        let frames = phone.gateway.accept("w", Down::Withdraw(Withdraw { messages: vec!["m".to_owned()] }));
        phone.deliver(&frames[0]);
        phone.disk = Disk::Works;
        if durable {
            phone.commit_and_crash();
        } else {
            phone.crash();
        }
        phone.advance(MINUTE);
        assert_eq!(phone.showing_ids().len(), 0, "durable {durable}");
    }
}

#[test]
fn a_pass_through_message_that_was_withdrawn_does_not_reach_the_app() {
    // It waited for the app and is not wanted any more.
    let mut phone = Phone::connected();
    phone.push_message(pass_through("p"));
    withdraw(&mut phone, &["p"]);
    phone.input(Input::App(true));
    assert_eq!(phone.callbacks.len(), 0);
    assert_eq!(phone.status().callbacks, 0);
}
