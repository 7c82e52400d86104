//! Messages in the summary: what becomes of them later.

mod common;

use common::{Input, MINUTE, Phone, SECOND, Screen, message};
use offpush_engine::input::Presented;
use offpush_engine::record::MessageState;
use offpush_engine::{Callback, Output};

fn folded(ids: &[&str]) -> Phone {
    let mut phone = Phone::connected();
    phone.screen = Screen::Folds;
    for id in ids {
        phone.push_message(message(id));
    }
    phone.advance(SECOND);
    phone
}

fn names(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn a_folded_message_with_a_place_of_its_own_is_shown() {
    // Its second receipt comes after the first, across a restart too, and only once.
    for restarts in [false, true] {
        let mut phone = folded(&["m"]);
        assert_eq!(phone.receipts_of("m"), ["folded"]);
        if restarts {
            phone.crash();
            phone.advance(MINUTE);
        }
        phone.input(Input::Presented(1, Presented::Shown));
        phone.input(Input::Presented(1, Presented::Shown));
        phone.advance(SECOND);
        assert_eq!(phone.state("m"), Some(MessageState::Shown), "restarts {restarts}");
        assert_eq!(phone.receipts_of("m"), ["folded", "shown"], "restarts {restarts}");
    }
}

#[test]
fn a_folded_message_that_was_replaced_is_cancelled() {
    // The server knows that it was folded; nothing more happened to it.
    let mut phone = folded(&["m"]);
    phone.input(Input::Presented(1, Presented::Cancelled));
    phone.advance(SECOND);
    assert_eq!(phone.state("m"), Some(MessageState::Cancelled));
    assert_eq!(phone.receipts_of("m"), ["folded"]);
}

#[test]
fn no_other_outcome_moves_a_folded_message() {
    // It was answered for: it neither waits again nor is blocked.
    let mut phone = folded(&["m"]);
    let reason = || "off".to_owned();
    for outcome in [Presented::Folded, Presented::Blocked { reason: reason() }, Presented::Later { reason: reason() }] {
        phone.input(Input::Presented(1, outcome));
    }
    phone.advance(SECOND);
    assert_eq!(phone.state("m"), Some(MessageState::Folded));
    assert_eq!(phone.receipts_of("m"), ["folded"]);
}

#[test]
fn a_folded_message_that_is_shown_makes_no_room_at_the_platform() {
    // The platform was asked for 64 and has answered one: one more is handed over, not two.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    for index in 0..100 {
        phone.push_message(message(&format!("m{index}")));
    }
    phone.present(Presented::Folded);
    phone.input(Input::Presented(1, Presented::Shown));
    let handed = phone.log.iter().filter(|(_, output)| matches!(output, Output::Present { .. })).count();
    assert_eq!(handed, 65);
}

#[test]
fn a_click_on_the_summary_clicks_all_and_calls_back_once() {
    // One tap is one callback, the newest message's; unknown ids are passed over.
    let mut phone = folded(&["a", "b", "c"]);
    phone.input(Input::App(true));
    phone.callbacks.clear();
    phone.input(Input::SummaryClicked(names(&["c", "unknown", "b", "a"])));
    phone.advance(SECOND);
    for id in ["a", "b", "c"] {
        assert_eq!(phone.state(id), Some(MessageState::Clicked), "{id}");
        assert_eq!(phone.receipts_of(id), ["folded", "clicked"], "{id}");
    }
    assert!(matches!(phone.callbacks[..], [(Some(_), Callback::Clicked { sequence: 3 })]), "{:?}", phone.callbacks);
}

#[test]
fn a_summary_swiped_away_takes_its_messages_with_it() {
    // Each is reported dismissed, once.
    let mut phone = folded(&["a", "b"]);
    for _ in 0..2 {
        phone.input(Input::SummaryDismissed(names(&["b", "a", "unknown"])));
    }
    phone.advance(SECOND);
    for id in ["a", "b"] {
        assert_eq!(phone.state(id), Some(MessageState::Dismissed), "{id}");
        assert_eq!(phone.receipts_of(id), ["folded", "dismissed"], "{id}");
    }
}
