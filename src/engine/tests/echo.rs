//! The round trip that a person may ask for.

mod common;

use common::{Input, MINUTE, Phone, Refused, SECOND, message};
use offpush_engine::config::limit;
use offpush_engine::{CommandRefused, Event, Network};
use offpush_wire::{Command, Up};

fn echo(text: &str) -> Input {
    Input::Command(Command::Echo { text: text.to_owned() })
}

fn echoed(phone: &Phone) -> Vec<String> {
    let text = |event| match event {
        Event::Echoed { text } => Some(text),
        _ => None,
    };
    phone.events().into_iter().filter_map(text).collect()
}

const REFUSED: Result<(), Refused> = Err(Refused::Command(CommandRefused::NoEcho));

#[test]
fn an_echo_comes_back_as_an_event_and_is_no_message() {
    // It goes through outbox, gateway, window and mark; no app is told, nothing is listed, nothing is kept.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    let (callbacks, mark) = (phone.callbacks.len(), phone.status().mark);
    phone.input(echo("one"));
    phone.input(echo("two"));
    phone.advance(SECOND);
    assert_eq!(echoed(&phone), ["one", "two"]);
    assert_eq!(phone.gateway.taken.iter().filter(|up| matches!(up, Up::Command(_))).count(), 2);
    assert_eq!(phone.gateway.window.len(), 0, "the phone's mark covers the results");
    assert_ne!(phone.status().mark, mark);
    assert_eq!((phone.callbacks.len(), phone.status().callbacks), (callbacks, 0));
    assert_eq!((phone.status().outbox, phone.message_ids().len()), (0, 0));
    phone.advance(MINUTE);
    phone.crash();
    assert_eq!((phone.status().outbox, phone.message_ids().len()), (0, 0), "nor after a restart");
}

#[test]
fn an_echo_that_the_gateway_refuses_is_an_event_with_the_reason() {
    // An older gateway does not know it, one that has invalidated the regId says so; no app is told of either.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    phone.gateway.result_code = offpush_wire::code::NOT_SUPPORTED;
    phone.input(echo("one"));
    phone.advance(SECOND);
    assert_eq!(echoed(&phone).len(), 0);
    let refusals =
        |event: &Event| matches!(event, Event::CommandResult { command, code: 10021, .. } if command == "echo");
    assert_eq!(phone.events().iter().filter(|event| refusals(event)).count(), 1);
    assert_eq!(phone.status().callbacks, 0);
}

#[test]
fn an_echo_is_refused_where_nothing_would_come_back() {
    // Without a network, without a gateway behind the broker: a question must not wait for better days.
    let mut phone = Phone::connected();
    let network = phone.status().network;
    phone.input(Input::Network(Network::None));
    assert_eq!(phone.try_input(echo("no network")), REFUSED);
    phone.gateway.present = false;
    phone.drop_link();
    phone.input(Input::Network(network));
    phone.advance(MINUTE);
    assert_eq!(phone.try_input(echo("no gateway")), REFUSED);
    assert_eq!(phone.status().outbox, 0);
}

#[test]
fn echoes_never_take_the_room_of_what_has_to_be_said() {
    // A script that asks without end while the gateway is silent: commands are still taken, and messages too.
    let mut phone = Phone::connected();
    phone.gateway.tells_applied = false;
    phone.gateway.gives_results = false;
    let taken = (0..limit::OUTBOX).take_while(|n| phone.try_input(echo(&n.to_string())).is_ok()).count();
    assert_eq!(taken, limit::OUTBOX / 2);
    phone.alias("still");
    phone.push_message(message("still"));
    assert_eq!(phone.shown_ids(), ["still"]);
}

#[test]
fn an_echo_has_a_text_of_bounded_size() {
    // Empty, too long or with control characters it is refused.
    let mut phone = Phone::connected();
    for text in ["", "a\nb", &"x".repeat(limit::NAME + 1)] {
        assert_eq!(phone.try_input(echo(text)), Err(Refused::Command(CommandRefused::InvalidName)));
    }
    phone.input(echo(&"x".repeat(limit::NAME)));
    phone.advance(SECOND);
    assert_eq!(echoed(&phone).len(), 1);
}
