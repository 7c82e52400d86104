//! The JSON of what is read by hand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use offpush_wire::{AcceptTime, Bindings, Command, Receipt, ReceiptKind, Snapshot, Target, Undecodable, Up};
use serde_json::{Value, json};

fn commands() -> Vec<Command> {
    let text = || "t".to_owned();
    let commands = vec![
        Command::SetAlias { alias: text() },
        Command::UnsetAlias { alias: text() },
        Command::SetAccount { account: text() },
        Command::UnsetAccount { account: text() },
        Command::SubscribeTopic { topic: text() },
        Command::UnsubscribeTopic { topic: text() },
        Command::AcceptTime(AcceptTime { start: 60, end: 120, utc_offset: -30 }),
        Command::ReportToken { certificate: 7, user: text(), sig: text() },
        Command::Logout { user: text() },
        Command::Unregister,
        Command::Echo { text: text() },
    ];
    // One that is added must be added above.
    for command in &commands {
        match command {
            Command::SetAlias { .. }
            | Command::UnsetAlias { .. }
            | Command::SetAccount { .. }
            | Command::UnsetAccount { .. }
            | Command::SubscribeTopic { .. }
            | Command::UnsubscribeTopic { .. }
            | Command::AcceptTime(_)
            | Command::ReportToken { .. }
            | Command::Logout { .. }
            | Command::Unregister
            | Command::Echo { .. } => {}
        }
    }
    commands
}

#[test]
fn every_command_is_read_as_it_was_written_and_named_as_it_says() {
    // Writing is derived, reading is not: both must know the same names and fields.
    for command in commands() {
        let value = serde_json::to_value(&command).unwrap();
        assert_eq!(value["command"], command.name());
        assert_eq!(serde_json::from_value::<Command>(value).unwrap(), command);
    }
}

#[test]
fn a_command_without_one_of_its_fields_is_refused_with_the_fields_name() {
    // Each field left out, each with a value of another type, and a name that nobody knows.
    for command in commands() {
        let Value::Object(whole) = serde_json::to_value(&command).unwrap() else { panic!("no object") };
        for name in whole.keys() {
            let mut part = whole.clone();
            part.remove(name);
            let error = serde_json::from_value::<Command>(part.into()).unwrap_err().to_string();
            assert!(error.contains(&format!("missing field `{name}`")), "{error}");
            let mut part = whole.clone();
            part.insert(name.clone(), json!([]));
            assert!(serde_json::from_value::<Command>(part.into()).is_err(), "{name}");
        }
    }
    let error = serde_json::from_value::<Command>(json!({"command": "dance"})).unwrap_err().to_string();
    assert!(error.contains("unknown command `dance`"), "{error}");
}

#[test]
fn every_target_is_read_as_it_was_written() {
    // With its value where there is one, and refused without it.
    let text = || "t".to_owned();
    for target in [Target::RegId, Target::All] {
        let value = serde_json::to_value(&target).unwrap();
        assert_eq!(serde_json::from_value::<Target>(value).unwrap(), target);
    }
    for target in [Target::Alias(text()), Target::Topic(text()), Target::Account(text()), Target::User(text())] {
        let value = serde_json::to_value(&target).unwrap();
        assert_eq!(value["value"], "t");
        assert_eq!(serde_json::from_value::<Target>(value.clone()).unwrap(), target);
        assert!(serde_json::from_value::<Target>(json!({"kind": value["kind"]})).is_err());
    }
    assert!(serde_json::from_value::<Target>(json!({"kind": "everybody"})).is_err());
}

#[test]
fn what_waits_for_the_gateway_is_read_as_it_was_written() {
    // The stored form of each kind of entry, and of none.
    let receipt = Receipt { id: "m".to_owned(), what: ReceiptKind::Shown, reason: None, at: 5 };
    let bindings = Bindings { up_to: 2, valid: vec![1] };
    let snapshot = Snapshot { aliases: vec!["a".to_owned()], bindings, ..Snapshot::default() };
    for up in [Up::Command(Command::Unregister), Up::Receipt(receipt), Up::Snapshot(snapshot)] {
        assert_eq!(Up::decode(&up.encode()).unwrap(), up);
    }
    assert_eq!(Up::decode(br#"{"kind":"song","body":1}"#), Err(Undecodable::Kind("song".to_owned())));
    for wrong in [&br#"{"kind":"command"}"#[..], br#"{"body":{}}"#, b"", b"\xff", br#"{"kind":"receipt","body":[]}"#] {
        assert!(matches!(Up::decode(wrong), Err(Undecodable::Body { .. })), "{wrong:?}");
    }
}
