//! The end of a regId, and a new beginning.

mod common;

use common::{Broker, HOUR, Input, MINUTE, Phone, SECOND, message, pass_through, refusal, wifi};
use offpush_engine::status::Phase;
use offpush_engine::{Callback, Network};
use offpush_wire::{Command, Up};

fn unregistered(phone: &Phone) -> usize {
    phone
        .callbacks
        .iter()
        .filter(
            |(_, callback)| matches!(callback, Callback::Result { command, code: 0, .. } if command == "unregister"),
        )
        .count()
}

fn unregister(phone: &mut Phone) {
    phone.input(Input::Command(Command::Unregister));
}

#[test]
fn unregister_stops_presentation_at_once_and_ends_with_the_result() {
    // Nothing is shown from the call on; the gateway's answer ends the identity and the connection.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    phone.push_message(message("shown"));
    phone.gateway.gives_results = false;
    unregister(&mut phone);
    assert_eq!(phone.showing_ids().len(), 0);
    phone.push_message(message("late"));
    phone.advance(SECOND);
    assert_eq!(phone.shown_ids(), ["shown"]);
    let n = phone.gateway.applied;
    let result = phone.gateway.result(n, &Command::Unregister);
    phone.push("", offpush_wire::Down::Result(result));
    phone.advance(SECOND);
    assert_eq!(phone.phase(), Phase::Unregistered);
    assert_eq!((phone.link(), unregistered(&phone)), (None, 1));
    phone.input(Input::Network(Network::None));
    phone.input(Input::Network(wifi()));
    phone.crash();
    phone.advance(HOUR);
    assert_eq!(phone.phase(), Phase::Unregistered);
    assert_eq!(phone.attempts.len() + phone.registrations.len(), 0);
}

#[test]
fn a_new_registration_has_its_own_identity_and_outbox() {
    // Nothing of the old one, least of all its end, reaches the new one.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    phone.alias("old");
    phone.gateway.tells_applied = false;
    unregister(&mut phone);
    phone.advance(SECOND);
    assert_eq!(phone.phase(), Phase::Unregistered);
    let old = phone.gateway.outbox.clone();
    phone.gateway.taken.clear();
    phone.gateway.tells_applied = true;
    phone.gateway.restore("epoch-of-the-new-device");
    phone.input(Input::Register);
    phone.advance(MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(phone.registrations[0].2.reg_id, None);
    assert_ne!(phone.gateway.outbox, old);
    assert!(!phone.gateway.taken.iter().any(|up| matches!(up, Up::Command(_))), "{:?}", phone.gateway.taken);
    assert_eq!(phone.status().aliases.len(), 0);
    phone.push_message(message("new"));
    assert_eq!(phone.showing_ids(), ["new"]);
}

#[test]
fn a_registration_asked_for_meanwhile_follows_the_end() {
    // The old identity reads its result first.
    let mut phone = Phone::connected();
    phone.gateway.present = false;
    phone.drop_link();
    unregister(&mut phone);
    phone.input(Input::Register);
    phone.advance(MINUTE);
    assert_eq!(phone.registrations.len(), 0);
    phone.gateway.present = true;
    phone.advance(10 * MINUTE);
    assert_eq!(phone.registrations.len(), 1);
    assert_eq!(phone.registrations[0].2.reg_id, None);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn refused_and_unknown_count_as_the_result() {
    // The credentials were removed before the phone could read it: the app gets its result all the same.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    phone.broker = Broker::Refuses(0x86, Vec::new());
    phone.registrar = refusal(10029);
    phone.drop_link();
    unregister(&mut phone);
    phone.advance(HOUR);
    assert_eq!(phone.phase(), Phase::Unregistered);
    assert_eq!(unregistered(&phone), 1);
    phone.registrar = common::Registrar::Accepts;
    phone.broker = Broker::Accepts;
    phone.gateway.taken.clear();
    phone.input(Input::Register);
    phone.advance(MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
    assert!(!phone.gateway.taken.contains(&Up::Command(Command::Unregister)));
}

#[test]
fn an_app_that_never_got_a_regid_unregisters_at_once() {
    // There is nobody to ask; and registering afterwards starts anew.
    let mut phone = Phone::new();
    phone.input(Input::App(true));
    unregister(&mut phone);
    assert_eq!(phone.phase(), Phase::Unregistered);
    assert_eq!(unregistered(&phone), 1);
    phone.input(Input::Network(wifi()));
    phone.advance(HOUR);
    assert_eq!(phone.registrations.len(), 0);
    phone.input(Input::Register);
    phone.advance(MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
    assert!(!phone.gateway.taken.contains(&Up::Command(Command::Unregister)));
}

#[test]
fn an_unregistration_survives_a_crash() {
    // It is durable before it is sent, and goes on after the restart.
    let mut phone = Phone::connected();
    phone.gateway.present = false;
    phone.drop_link();
    unregister(&mut phone);
    phone.crash();
    phone.gateway.present = true;
    phone.push_message(message("m"));
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Unregistered);
    assert_eq!(phone.shown.len(), 0);
}

#[test]
fn pass_through_messages_do_not_reach_an_app_that_unregistered() {
    // Local presentation has stopped for them too.
    let mut phone = Phone::connected();
    phone.push_message(pass_through("p"));
    unregister(&mut phone);
    phone.input(Input::App(true));
    phone.advance(SECOND);
    assert!(!phone.callbacks.iter().any(|(_, callback)| matches!(callback, Callback::PassThrough { .. })));
}

#[test]
fn a_phone_that_the_gateway_forgot_brings_its_names_along() {
    // The new registration answers to the same aliases, and still sends what waited.
    let mut phone = Phone::connected();
    phone.alias("a");
    phone.advance(SECOND);
    phone.broker = Broker::Refuses(0x86, Vec::new());
    phone.registrar = refusal(10029);
    phone.drop_link();
    phone.alias("b");
    phone.advance(3 * SECOND);
    while phone.registrations.is_empty() {
        phone.advance(SECOND);
    }
    phone.broker = Broker::Accepts;
    phone.registrar = common::Registrar::Accepts;
    phone.gateway.restore("epoch-of-the-new-device");
    phone.gateway.taken.clear();
    phone.advance(11 * SECOND);
    phone.input(Input::Register);
    phone.advance(HOUR);
    assert_eq!(phone.phase(), Phase::Connected);
    assert!(matches!(&phone.gateway.taken[0], Up::Snapshot(snapshot) if snapshot.aliases == ["a"]));
    assert_eq!(phone.status().aliases, ["a", "b"]);
}

#[test]
fn an_unregistration_that_the_gateway_refuses_lets_the_identity_go_on() {
    // The app learns it, messages are shown again, and a registration asked for meanwhile is that identity.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    phone.gateway.result_code = 1;
    phone.gateway.present = false;
    phone.drop_link();
    unregister(&mut phone);
    phone.input(Input::Register);
    phone.callbacks.clear();
    phone.gateway.present = true;
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
    assert!(phone.callbacks.iter().any(|(_, callback)| matches!(callback, Callback::Result { code: 1, .. })));
    assert!(phone.callbacks.iter().any(|(_, callback)| matches!(callback, Callback::Registered { code: 0, .. })));
    phone.push_message(message("m"));
    assert_eq!(phone.shown_ids(), ["m"]);
    // What was asked for then is settled: a later end is an end.
    phone.gateway.result_code = 0;
    unregister(&mut phone);
    phone.advance(MINUTE);
    assert_eq!((phone.phase(), phone.registrations.len()), (Phase::Unregistered, 0));
}

#[test]
fn nothing_follows_the_unregistration_in_its_outbox() {
    // It is the identity's last word: what is blocked, expires or is clicked afterwards is not reported.
    let mut phone = Phone::connected();
    phone.push_message(message("showing"));
    phone.push_message(pass_through("waiting"));
    phone.gateway.gives_results = false;
    phone.advance(SECOND);
    unregister(&mut phone);
    let _ = phone.try_input(Input::Clicked("showing".to_owned()));
    assert!(phone.try_input(Input::Command(Command::SetAlias { alias: "late".to_owned() })).is_err());
    phone.push_message(message("late"));
    phone.gateway.last += 1;
    let unknown = phone.raw_frame(&format!(r#"{{"n":{},"id":"x","kind":"unheard-of"}}"#, phone.gateway.last));
    phone.deliver(&unknown);
    phone.advance(25 * HOUR);
    assert_eq!(phone.gateway.taken.last(), Some(&Up::Command(Command::Unregister)));
    assert_eq!(phone.status().outbox, 0);
}
