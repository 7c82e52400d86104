//! The same inputs give the same outputs, byte for byte.

mod common;

use common::{
    Broker, HOUR, Input, MINUTE, Phone, Registrar, SECOND, Screen, apply, cellular, config, entropy, message,
    pass_through, wifi,
};
use offpush_engine::{Engine, LinkFailure, Network, Now};
use offpush_wire::{Command, Down, Message, Withdraw};

/// A run with something of everything.
fn eventful_run(seed: u64) -> Phone {
    let mut phone = Phone::with(config(), seed);
    phone.registrar = Registrar::Fails(LinkFailure::Refused);
    phone.input(Input::Network(wifi()));
    phone.advance(MINUTE);
    phone.registrar = Registrar::Accepts;
    phone.advance(10 * MINUTE);
    phone.input(Input::App(true));
    for round in 0..20 {
        phone.push_message(message(&format!("m{round}")));
        phone.push_message(Message { expires_in: 5 * MINUTE, ..pass_through(&format!("p{round}")) });
        phone.alias(&format!("a{round}"));
        phone.screen = if round % 3 == 0 { Screen::Later("off".to_owned()) } else { Screen::Shows };
        if phone.link().is_some() && round % 4 == 1 {
            phone.drop_link();
        }
        phone.input(Input::App(round % 5 != 0));
        phone.input(Input::CanPresent);
        phone.advance(3 * MINUTE + 7 * SECOND);
        drop(phone.try_input(Input::Clicked(format!("m{round}"))));
        phone.push("w", Down::Withdraw(Withdraw { messages: vec![format!("m{}", round / 2)] }));
        if round == 9 {
            phone.input(Input::Network(Network::None));
            phone.advance(HOUR);
            phone.input(Input::Network(cellular()));
        }
        if round == 12 {
            phone.gateway.restore("epoch-2");
            phone.broker = Broker::Fails(LinkFailure::Reset);
        }
        if round == 15 {
            phone.broker = Broker::Accepts;
            phone.advance(HOUR);
        }
    }
    phone.input(Input::Command(Command::Unregister));
    phone.input(Input::Register);
    phone.advance(HOUR);
    phone.input(Input::Stop);
    phone
}

fn text(phone: &Phone) -> Vec<String> {
    phone.log.iter().map(|(_, output)| format!("{output:?}")).collect()
}

#[test]
fn a_recorded_run_replays_byte_for_byte() {
    // The inputs alone, told to a new engine, give the very same outputs in the very same order.
    let phone = eventful_run(7);
    let start = Now { boot: 10 * HOUR, wall: common::WALL, utc_offset: 0 };
    let mut engine = Engine::new(config(), [], entropy(7), start);
    let mut outputs = Vec::new();
    let mut poll = |engine: &mut Engine| {
        while let Some(output) = engine.poll_output() {
            outputs.push(format!("{output:?}"));
        }
    };
    poll(&mut engine);
    for (now, input) in phone.recorded.clone() {
        drop(apply(&mut engine, now, input));
        poll(&mut engine);
    }
    let recorded = text(&phone);
    assert!(recorded.len() > 500, "{} outputs", recorded.len());
    for (index, (first, second)) in recorded.iter().zip(&outputs).enumerate() {
        assert_eq!(first, second, "output {index}");
    }
    assert_eq!(recorded.len(), outputs.len());
}

#[test]
fn two_runs_with_the_same_seed_are_the_same() {
    // Nothing but the inputs and the entropy decides.
    assert_eq!(text(&eventful_run(3)), text(&eventful_run(3)));
    assert_ne!(text(&eventful_run(3)), text(&eventful_run(4)), "the seed does");
}

#[test]
fn splitting_what_is_received_changes_no_state() {
    // Bytes in one read or in many: the same messages, the same marks.
    let mut whole = Phone::connected();
    let mut split = Phone::connected();
    let mut frames = Vec::new();
    for index in 0..50 {
        let id = format!("m{index}");
        frames.extend(whole.gateway.accept(&id, Down::Message(Box::new(message(&id)))));
        drop(split.gateway.accept(&id, Down::Message(Box::new(message(&id)))));
    }
    whole.deliver_together(&frames);
    for frame in &frames {
        split.deliver(frame);
    }
    whole.advance(SECOND);
    split.advance(SECOND);
    assert_eq!(whole.shown_ids(), split.shown_ids());
    assert_eq!(whole.status().mark, split.status().mark);
    assert_eq!(whole.gateway.settled, split.gateway.settled);
}
