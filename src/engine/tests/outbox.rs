//! Commands, receipts, and the results that come back.

mod common;

use common::packets::Sent;
use common::{DAY, Disk, HOUR, Input, MINUTE, Phone, Refused, SECOND, message};
use offpush_engine::{Callback, CommandRefused};
use offpush_wire::{AcceptTime, Command, Up, UpFrame};

/// The numbers of the entries sent, in order.
fn numbers(phone: &Phone) -> Vec<u64> {
    let entries = |packet: Sent| match packet {
        Sent::Publish { payload, .. } => {
            UpFrame::decode(&payload).expect("a frame").entries.iter().map(|entry| entry.n).collect()
        }
        _ => Vec::new(),
    };
    phone.packets().into_iter().flat_map(entries).collect()
}

fn results(phone: &Phone) -> Vec<(String, Vec<String>, i64)> {
    let result = |(_, callback): &(Option<u64>, Callback)| match callback {
        Callback::Result { command, arguments, code, .. } => Some((command.clone(), arguments.clone(), *code)),
        _ => None,
    };
    phone.callbacks.iter().filter_map(result).collect()
}

#[test]
fn every_command_gets_its_result_as_a_callback_in_order() {
    // The names and arguments are those that the app's callback expects; a ticket is none of them.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    let alias = || "a".to_owned();
    for command in [
        Command::SetAlias { alias: alias() },
        Command::UnsetAlias { alias: alias() },
        Command::SetAccount { account: alias() },
        Command::UnsetAccount { account: alias() },
        Command::SubscribeTopic { topic: alias() },
        Command::UnsubscribeTopic { topic: alias() },
        Command::AcceptTime(AcceptTime { start: 480, end: 1200, utc_offset: 0 }),
        Command::ReportToken { certificate: 5, user: alias(), sig: "ticket".to_owned() },
        Command::Logout { user: alias() },
    ] {
        phone.input(Input::Command(command));
    }
    phone.advance(SECOND);
    let a = || vec!["a".to_owned()];
    let expected = [
        ("set-alias", a()),
        ("unset-alias", a()),
        ("set-account", a()),
        ("unset-account", a()),
        ("subscribe-topic", a()),
        ("unsubscibe-topic", a()),
        ("accept-time", vec!["08:00".to_owned(), "20:00".to_owned()]),
        ("report-token", vec!["5".to_owned(), "a".to_owned()]),
        ("logout", a()),
    ]
    .map(|(command, arguments)| (command.to_owned(), arguments, 0));
    assert_eq!(results(&phone), expected);
    assert_eq!(phone.status().outbox, 0);
}

#[test]
fn what_the_gateway_confirmed_is_what_the_status_shows() {
    // A refused command changes nothing; a confirmed one survives a restart.
    let mut phone = Phone::connected();
    phone.alias("yes");
    phone.gateway.result_code = 10017;
    phone.alias("no");
    phone.gateway.result_code = 0;
    phone.input(Input::Command(Command::SubscribeTopic { topic: "news".to_owned() }));
    phone.advance(SECOND);
    phone.crash();
    assert_eq!(phone.status().aliases, ["yes"]);
    assert_eq!(phone.status().topics, ["news"]);
    phone.input(Input::Command(Command::UnsetAlias { alias: "yes".to_owned() }));
    phone.advance(SECOND);
    assert_eq!(phone.status().aliases.len(), 0);
}

#[test]
fn a_command_is_sent_only_once_it_is_durable() {
    // What the gateway applies, the phone must remember having asked for.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    phone.alias("a");
    assert_eq!(numbers(&phone).len(), 0);
    phone.commit();
    assert_eq!(numbers(&phone), [1]);
}

#[test]
fn commands_given_while_away_go_out_in_order_after_the_hello() {
    // They wait on disk, over a restart too.
    let mut phone = Phone::connected();
    phone.input(Input::Network(offpush_engine::Network::None));
    phone.drop_link();
    for index in 0..10 {
        phone.alias(&format!("a{index}"));
    }
    phone.crash();
    phone.advance(MINUTE);
    let sent: Vec<String> = phone
        .gateway
        .taken
        .iter()
        .filter_map(|up| match up {
            Up::Command(command) => Some(command.arguments()[0].clone()),
            _ => None,
        })
        .collect();
    let expected: Vec<String> = (0..10).map(|index| format!("a{index}")).collect();
    assert_eq!(sent, expected);
}

#[test]
fn entries_that_nobody_applied_are_sent_again_with_growing_waits() {
    // After 30 s, a minute, two: the gateway may be away while the broker is there.
    let mut phone = Phone::connected();
    phone.gateway.tells_applied = false;
    phone.gateway.gives_results = false;
    phone.alias("a");
    assert_eq!(numbers(&phone).len(), 1);
    phone.advance(29 * SECOND);
    assert_eq!(numbers(&phone).len(), 1);
    phone.advance(SECOND);
    assert_eq!(numbers(&phone).len(), 2);
    phone.advance(59 * SECOND);
    assert_eq!(numbers(&phone).len(), 2);
    phone.advance(DAY);
    assert!((20..40).contains(&numbers(&phone).len()), "{} in a day", numbers(&phone).len());
    assert_eq!(phone.gateway.taken.len(), 1, "taken once all the same");
    phone.gateway.tells_applied = true;
    phone.advance(2 * HOUR);
    assert_eq!(phone.status().outbox, 0);
}

#[test]
fn at_most_two_hundred_and_fifty_six_entries_are_under_way() {
    // A slow gateway is not flooded; its mark lets the next ones go.
    let mut phone = Phone::connected();
    phone.gateway.tells_applied = false;
    phone.gateway.gives_results = false;
    for index in 0..600 {
        phone.alias(&format!("a{index}"));
    }
    assert_eq!(numbers(&phone).last(), Some(&256));
    phone.gateway.tells_applied = true;
    let frame = phone.gateway.applied_frame();
    phone.deliver(&frame);
    phone.advance(SECOND);
    assert_eq!(phone.status().outbox, 0);
    assert_eq!(phone.gateway.taken.len(), 600);
}

#[test]
fn a_broker_that_does_not_acknowledge_holds_back_more_frames() {
    // At most 16 PUBLISH packets without PUBACK, and never more than the broker's Receive Maximum.
    let mut phone = Phone::connected();
    phone.properties = vec![0x21, 0, 4];
    phone.drop_link();
    phone.advance(5 * SECOND);
    phone.broker_answers = false;
    phone.forget();
    for index in 0..30 {
        phone.alias(&format!("a{index}"));
    }
    let at_qos_1 =
        phone.packets().iter().filter(|packet| matches!(packet, Sent::Publish { packet_id: Some(_), .. })).count();
    assert_eq!(at_qos_1, 4);
}

#[test]
fn a_mark_higher_than_any_entry_gives_a_new_outbox() {
    // Our storage went back in time: the gateway gets our state under a new outbox.
    let mut phone = Phone::connected();
    phone.alias("a");
    phone.advance(SECOND);
    let before = phone.gateway.outbox.clone();
    phone.gateway.applied = 99;
    let frame = phone.gateway.applied_frame();
    phone.deliver(&frame);
    phone.alias("b");
    phone.advance(MINUTE);
    assert_ne!(phone.gateway.outbox, before);
    assert!(phone.gateway.taken.iter().any(|up| matches!(up, Up::Snapshot(snapshot) if snapshot.aliases == ["a"])));
    assert_eq!(phone.status().aliases, ["a", "b"]);
    assert_eq!(phone.status().outbox, 0);
}

#[test]
fn a_mark_of_another_outbox_is_ignored() {
    // It belongs to a past of this phone.
    let mut phone = Phone::connected();
    phone.gateway.tells_applied = false;
    phone.gateway.gives_results = false;
    phone.alias("a");
    phone.deliver(br#"{"v":1,"epoch":"epoch-1","applied":{"outbox":"another","n":77}}"#);
    assert_eq!(phone.status().outbox, 1);
}

#[test]
fn an_outbox_with_a_gap_on_disk_is_renewed() {
    // A gap would never be passed: what can be read goes on under a new outbox.
    let mut phone = Phone::connected();
    phone.input(Input::Network(offpush_engine::Network::None));
    phone.drop_link();
    for name in ["a", "b", "c"] {
        phone.alias(name);
    }
    phone.die();
    let key =
        *phone.store.keys().filter(|key| key.kind == offpush_engine::record::kind::OUTBOX_ENTRY).nth(1).expect("b");
    phone.store.remove(&key);
    phone.restart();
    phone.advance(MINUTE);
    assert_eq!(phone.status().aliases, ["a", "c"]);
    assert_eq!(phone.status().outbox, 0);
}

#[test]
fn commands_that_cannot_be_are_refused_at_once() {
    // Names that are empty, too long or have control characters, and commands without a registration.
    let mut phone = Phone::connected();
    for alias in [String::new(), "x".repeat(513), "a\nb".to_owned(), "\0".to_owned()] {
        let refused = phone.try_input(Input::Command(Command::SetAlias { alias }));
        assert_eq!(refused, Err(Refused::Command(CommandRefused::InvalidName)));
    }
    let ticket = Command::ReportToken { certificate: 1, user: "u".to_owned(), sig: "x".repeat(4_097) };
    let refused = phone.try_input(Input::Command(ticket));
    assert_eq!(refused, Err(Refused::Command(CommandRefused::InvalidName)), "it would fit no frame");
    phone.alias(&"x".repeat(512));
    phone.input(Input::Command(Command::Unregister));
    phone.advance(SECOND);
    let refused = phone.try_input(Input::Command(Command::SetAlias { alias: "a".to_owned() }));
    assert_eq!(refused, Err(Refused::Command(CommandRefused::NotRegistered)));
}

#[test]
fn a_full_outbox_refuses_commands_and_takes_no_more_messages() {
    // Nothing is forgotten: the app is told, the gateway keeps what it has.
    let mut phone = Phone::connected();
    phone.gateway.tells_applied = false;
    phone.gateway.gives_results = false;
    for _ in 0..4_096 {
        phone.alias("a");
    }
    let refused = phone.try_input(Input::Command(Command::SetAlias { alias: "a".to_owned() }));
    assert_eq!(refused, Err(Refused::Command(CommandRefused::OutboxFull)));
    phone.push_message(message("m"));
    assert_eq!(phone.status().full, Some("entries waiting for the gateway"));
    assert_eq!(phone.message_ids().len(), 0);
    phone.gateway.tells_applied = true;
    let frame = phone.gateway.applied_frame();
    phone.deliver(&frame);
    phone.advance(MINUTE);
    assert_eq!(phone.status().full, None);
    assert_eq!(phone.shown_ids(), ["m"]);
    assert_eq!(phone.gateway.taken.len(), 4_096 + 1);
}

#[test]
fn a_receipt_is_kept_until_the_gateway_has_it() {
    // What became of a message is known in the end, over crashes and reconnects.
    let mut phone = Phone::connected();
    phone.gateway.tells_applied = false;
    phone.push_message(message("m"));
    phone.advance(SECOND);
    phone.crash();
    phone.gateway.tells_applied = true;
    phone.advance(MINUTE);
    assert_eq!(phone.receipts_of("m"), ["shown"]);
    assert_eq!(phone.status().outbox, 0);
}
