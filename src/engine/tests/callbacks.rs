//! What the app is told, and what a person does with a notification.

mod common;

use common::{Disk, HOUR, Input, MINUTE, Phone, Refused, SECOND, Screen, message, pass_through};
use offpush_engine::record::MessageState;
use offpush_engine::{Callback, UnknownMessage};
use offpush_wire::{Down, Message, Withdraw};

fn clicked(id: &str) -> Input {
    Input::Clicked(id.to_owned())
}

fn dismissed(id: &str) -> Input {
    Input::Dismissed(id.to_owned())
}

#[test]
fn a_click_is_reported_and_waits_for_the_app() {
    // The app was killed: the callback is kept until it runs and has taken it, over crashes.
    let mut phone = Phone::connected();
    phone.push_message(message("m"));
    phone.input(clicked("m"));
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("m"), ["shown", "clicked"]);
    assert_eq!(phone.callbacks.len(), 0);
    phone.crash();
    phone.input(Input::App(true));
    assert!(matches!(phone.callbacks[..], [(Some(_), Callback::Clicked { sequence: 1 })]));
    phone.advance(SECOND);
    phone.crash();
    phone.input(Input::App(true));
    assert_eq!(phone.callbacks.len(), 1, "taken once is taken");
}

#[test]
fn a_callback_is_delivered_again_until_it_was_taken() {
    // An app that dies with it gets it again at its next start; one that listens is not told twice.
    let mut phone = Phone::connected();
    phone.takes_callbacks = false;
    phone.push_message(message("m"));
    phone.input(Input::App(true));
    phone.input(clicked("m"));
    phone.advance(HOUR);
    assert_eq!(phone.callbacks.len(), 1);
    phone.input(Input::App(false));
    phone.input(Input::App(true));
    assert_eq!(phone.callbacks.len(), 2);
    phone.crash();
    phone.takes_callbacks = true;
    phone.input(Input::App(true));
    assert_eq!(phone.callbacks.len(), 3);
    assert_eq!(phone.status().callbacks, 0);
}

#[test]
fn callbacks_come_in_order_and_only_once_durable() {
    // A click that the disk has not seen is not told.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    for id in ["a", "b", "c"] {
        phone.push_message(message(id));
    }
    phone.advance(SECOND);
    phone.callbacks.clear();
    phone.disk = Disk::Held;
    for id in ["c", "a", "b"] {
        phone.input(clicked(id));
    }
    assert_eq!(phone.callbacks.len(), 0);
    phone.disk = Disk::Works;
    phone.commit();
    let order: Vec<&Callback> = phone.callbacks.iter().map(|(_, callback)| callback).collect();
    let expected = [3, 1, 2].map(|sequence| Callback::Clicked { sequence });
    assert_eq!(order, expected.iter().collect::<Vec<_>>());
}

#[test]
fn a_second_click_on_the_same_notification_changes_nothing() {
    // One click, one receipt, one callback.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    phone.push_message(message("m"));
    phone.callbacks.clear();
    phone.input(clicked("m"));
    phone.input(clicked("m"));
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("m"), ["shown", "clicked"]);
    assert_eq!(phone.callbacks.len(), 1);
}

#[test]
fn a_click_that_opens_a_page_calls_nobody_back() {
    // Launcher, web and page clicks are reported, and the platform opens their target.
    for (effect, key, value) in
        [("1", "x", "y"), ("2", "intent_uri", "intent:#Intent;end"), ("3", "web_uri", "https://example.com")]
    {
        let mut phone = Phone::connected();
        let mut m: Message = message("m");
        m.extra.insert("notify_effect".to_owned(), effect.to_owned());
        m.extra.insert(key.to_owned(), value.to_owned());
        phone.push_message(m);
        phone.input(clicked("m"));
        phone.advance(SECOND);
        assert_eq!(phone.receipts_of("m"), ["shown", "clicked"]);
        assert_eq!(phone.status().callbacks, 0);
    }
}

#[test]
fn only_what_is_visible_can_be_clicked_or_dismissed() {
    // Unknown, waiting and pass-through messages, and withdrawn ones, are refused.
    let mut phone = Phone::connected();
    phone.push_message(pass_through("p"));
    phone.screen = Screen::Later("off".to_owned());
    phone.push_message(message("waiting"));
    for id in ["unknown", "p", "waiting", ""] {
        assert_eq!(phone.try_input(clicked(id)), Err(Refused::Message(UnknownMessage)), "{id}");
        assert_eq!(phone.try_input(dismissed(id)), Err(Refused::Message(UnknownMessage)), "{id}");
    }
}

#[test]
fn a_dismissal_is_reported_once() {
    // Swiped away, the server learns it; a click afterwards is one on nothing.
    let mut phone = Phone::connected();
    phone.push_message(message("m"));
    phone.input(dismissed("m"));
    phone.advance(SECOND);
    assert_eq!(phone.receipts_of("m"), ["shown", "dismissed"]);
    assert_eq!(phone.state("m"), Some(MessageState::Dismissed));
    assert_eq!(phone.try_input(dismissed("m")), Err(Refused::Message(UnknownMessage)));
    assert_eq!(phone.try_input(clicked("m")), Err(Refused::Message(UnknownMessage)));
    phone.advance(MINUTE);
    assert_eq!(phone.receipts_of("m"), ["shown", "dismissed"]);
}

#[test]
fn a_thousand_waiting_callbacks_stop_the_taking_and_none_is_lost() {
    // The app is away for long: the gateway keeps the rest until the app comes.
    let mut phone = Phone::connected();
    for index in 0..1_100 {
        phone.push_message(pass_through(&format!("p{index}")));
    }
    assert_eq!(phone.status().callbacks, 1_000);
    assert_eq!(phone.status().full, Some("callbacks waiting for the app"));
    phone.input(Input::App(true));
    phone.advance(MINUTE);
    assert_eq!(phone.callbacks.len(), 1_100);
    assert_eq!(phone.status().callbacks, 0);
}

#[test]
fn expired_pass_through_messages_make_room() {
    // An app that stays away does not keep the phone from showing notifications for longer than its messages live.
    let mut phone = Phone::connected();
    for index in 0..1_000 {
        phone.push_message(Message { expires_in: 10 * MINUTE, ..pass_through(&format!("p{index}")) });
    }
    phone.push_message(message("m"));
    assert_eq!(phone.shown.len(), 0);
    phone.advance(2 * HOUR);
    assert_eq!(phone.shown_ids().len(), 1);
    assert_eq!(phone.status().callbacks, 0);
    assert_eq!(phone.receipts_of("p999"), ["expired"]);
}

#[test]
fn a_message_that_a_waiting_callback_needs_is_not_forgotten() {
    // A thousand later messages do not take the content from a click that the app has not seen.
    let mut phone = Phone::connected();
    phone.push_message(message("clicked"));
    phone.input(clicked("clicked"));
    phone.push_many(1_100);
    phone.advance(SECOND);
    assert_eq!(phone.message_ids()[0], "clicked");
    phone.input(Input::App(true));
    assert!(phone.callbacks.iter().any(|(_, callback)| *callback == Callback::Clicked { sequence: 1 }));
}

#[test]
fn an_app_is_told_no_more_than_it_can_take() {
    // What waits for long may be megabytes: sixteen callbacks are on their way at most, and each one taken brings the next.
    let mut phone = Phone::connected();
    phone.takes_callbacks = false;
    for index in 0..100 {
        phone.push_message(pass_through(&format!("p{index}")));
    }
    phone.input(Input::App(true));
    assert_eq!(phone.callbacks.len(), 16);
    let first = phone.callbacks[0].0.expect("an id");
    phone.input(Input::CallbackTaken(first));
    assert_eq!(phone.callbacks.len(), 17);
    phone.input(Input::App(false));
    phone.takes_callbacks = true;
    phone.callbacks.clear();
    phone.input(Input::App(true));
    assert_eq!(phone.callbacks.len(), 99);
    assert!(phone.callbacks.is_sorted_by_key(|(id, _)| *id));
    assert_eq!(phone.status().callbacks, 0);
}

#[test]
fn withdrawn_pass_through_messages_make_room() {
    // An app that stays away does not keep the place of what it will never get.
    let mut phone = Phone::connected();
    let ids: Vec<String> = (0..900).map(|index| format!("p{index}")).collect();
    for id in &ids {
        phone.push_message(pass_through(id));
    }
    phone.push("w", Down::Withdraw(Withdraw { messages: ids[..500].to_vec() }));
    assert_eq!(phone.status().callbacks, 400);
}
