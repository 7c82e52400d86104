//! The lines of the control protocol, which stay as they are.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use offpush_inspect::{
    Answer, AppCallback, CallbackLine, Command, ControlError, ErrorCode, HistoryItem, KnownNetwork, Line, Notification,
    Operation, Problem, Request, State, StatusPage,
};
use serde_json::{Value, json};

/// A request's JSON, which has to be read as what it was made from.
fn request(operation: Operation) -> Value {
    let request = Request::from(operation);
    let value = serde_json::to_value(&request).unwrap();
    assert_eq!(serde_json::from_value::<Request>(value.clone()).unwrap(), request);
    value
}

#[test]
fn requests_have_these_forms() {
    // Each operation and each command, as scripts write them.
    assert_eq!(request(Operation::Status), json!({"schema": 1, "op": "status"}));
    assert_eq!(
        request(Operation::Notifications { after: Some(7), limit: None }),
        json!({"schema": 1, "op": "notifications", "after": 7})
    );
    assert_eq!(request(Operation::History { limit: Some(2) }), json!({"schema": 1, "op": "history", "limit": 2}));
    assert_eq!(request(Operation::Click { id: "m".into() }), json!({"schema": 1, "op": "click", "id": "m"}));
    assert_eq!(
        request(Operation::ClickSummary { ids: vec!["m".into()] }),
        json!({"schema": 1, "op": "click-summary", "ids": ["m"]})
    );
    assert_eq!(
        request(Operation::DismissSummary { ids: vec![] }),
        json!({"schema": 1, "op": "dismiss-summary", "ids": []})
    );
    assert_eq!(request(Operation::Dismiss { id: "m".into() }), json!({"schema": 1, "op": "dismiss", "id": "m"}));
    assert_eq!(request(Operation::Echo { text: "t".into() }), json!({"schema": 1, "op": "echo", "text": "t"}));
    assert_eq!(request(Operation::Taken { callback: 3 }), json!({"schema": 1, "op": "taken", "id": 3}));
    for (operation, name) in [
        (Operation::Networks, "networks"),
        (Operation::Watch, "watch"),
        (Operation::Listen, "listen"),
        (Operation::Register, "register"),
    ] {
        assert_eq!(request(operation), json!({"schema": 1, "op": name}));
    }
    let command = |command, value: Value| {
        let mut expected = json!({"schema": 1, "op": "command"});
        expected.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        assert_eq!(request(Operation::Command(command)), expected);
    };
    command(Command::SetAlias { alias: "a".into() }, json!({"command": "set-alias", "alias": "a"}));
    command(Command::UnsetAlias { alias: "a".into() }, json!({"command": "unset-alias", "alias": "a"}));
    command(Command::SetAccount { account: "a".into() }, json!({"command": "set-account", "account": "a"}));
    command(Command::UnsetAccount { account: "a".into() }, json!({"command": "unset-account", "account": "a"}));
    command(Command::SubscribeTopic { topic: "t".into() }, json!({"command": "subscribe-topic", "topic": "t"}));
    command(Command::UnsubscribeTopic { topic: "t".into() }, json!({"command": "unsubscibe-topic", "topic": "t"}));
    command(Command::AcceptTime { start: 1, end: 2 }, json!({"command": "accept-time", "start": 1, "end": 2}));
    command(Command::Pause, json!({"command": "pause"}));
    command(Command::Resume, json!({"command": "resume"}));
    command(Command::Logout { user: "u".into() }, json!({"command": "logout", "user": "u"}));
    command(Command::Unregister, json!({"command": "unregister"}));
    command(
        Command::ReportToken { certificate: 1, user: "u".into(), sig: "s".into() },
        json!({"command": "report-token", "certificate": 1, "user": "u", "sig": "s"}),
    );
}

#[test]
fn a_request_may_leave_out_the_schema_and_carry_more() {
    // What a person types by hand, and what a newer tool sends.
    let read = |text: &str| serde_json::from_str::<Request>(text).map(|request| request.operation).ok();
    assert_eq!(read(r#"{"op":"status"}"#), Some(Operation::Status));
    assert_eq!(read(r#"{"schema":2,"op":"status","colour":"red"}"#), Some(Operation::Status));
    assert_eq!(read(r#"{"op":"dream"}"#), Some(Operation::Unknown));
    assert_eq!(read(r#"{"schema":1}"#), None);
    let spelled = r#"{"op":"command","command":"unsubscribe-topic","topic":"t"}"#;
    assert_eq!(read(spelled), Some(Operation::Command(Command::UnsubscribeTopic { topic: "t".into() })));
}

#[test]
fn a_request_without_what_its_operation_needs_is_refused() {
    // Missing, of another type, unknown, or not even an object.
    for wrong in [
        r#"{"op":"click"}"#,
        r#"{"op":"click","id":3}"#,
        r#"{"op":"dismiss","id":null}"#,
        r#"{"op":"taken","id":"3"}"#,
        r#"{"op":"taken","id":-1}"#,
        r#"{"op":"echo"}"#,
        r#"{"op":"message"}"#,
        r#"{"op":"click-summary"}"#,
        r#"{"op":"command"}"#,
        r#"{"op":"command","command":"dance"}"#,
        r#"{"op":"command","command":"set-alias"}"#,
        r#"{"op":"command","command":"accept-time","start":1}"#,
        r#"{"op":"command","command":"accept-time","start":1,"end":70000}"#,
        r#"{"op":"command","command":"report-token","certificate":"1","user":"u","sig":"s"}"#,
        r#"{"op":0}"#,
        r#"{"schema":-1,"op":"status"}"#,
        r#""status""#,
        "",
    ] {
        assert!(Request::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn answers_have_these_forms() {
    // `ok`, `error`, `event` and `callback`, each with its content.
    let line = |line: &Line, expected: Value| {
        assert_eq!(serde_json::to_value(line).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Line>(expected).unwrap(), *line);
    };
    line(&Line::Ok(Answer::Done), json!({"ok": "done"}));
    line(
        &Line::Ok(Answer::Notifications { items: Vec::new(), next: Some(5) }),
        json!({"ok": {"notifications": {"items": [], "next": 5}}}),
    );
    line(
        &Line::Error(ControlError { code: ErrorCode::UnknownMessage, message: "no".into() }),
        json!({"error": {"code": "unknown-message", "message": "no"}}),
    );
    let details = [("took".to_owned(), json!(12))].into_iter().collect();
    line(
        &Line::Event(HistoryItem { at: 1, event: "connected".into(), details }),
        json!({"event": {"at": 1, "event": "connected", "took": 12}}),
    );
    let registered = AppCallback::Registered { code: 0, reason: None, reg_id: Some("r".into()) };
    line(
        &Line::Callback(CallbackLine { id: None, callback: registered }),
        json!({"callback": {"kind": "registered", "code": 0, "regId": "r"}}),
    );
    let result =
        AppCallback::CommandResult { command: "set-alias".into(), arguments: vec!["a".into()], code: 0, reason: None };
    line(
        &Line::Callback(CallbackLine { id: Some(3), callback: result }),
        json!({"callback": {"id": 3, "kind": "command-result", "command": "set-alias", "arguments": ["a"], "code": 0}}),
    );
}

#[test]
fn what_a_newer_daemon_says_is_understood_as_far_as_possible() {
    // Unknown states, codes, callbacks and fields have a place.
    let page = json!({"ok": {"status": {"schema": 1, "state": "hibernating", "mood": "good"}}});
    let Line::Ok(Answer::Status(page)) = serde_json::from_value(page).unwrap() else { panic!("no page") };
    assert_eq!(*page, StatusPage { schema: 1, state: State::Unknown, ..StatusPage::default() });
    let error = json!({"error": {"code": "too-late", "message": "m"}});
    let Line::Error(error) = serde_json::from_value(error).unwrap() else { panic!("no error") };
    assert_eq!(error.code, ErrorCode::Unknown);
    let callback = json!({"callback": {"id": 1, "kind": "sneezed", "loud": true}});
    let Line::Callback(callback) = serde_json::from_value(callback).unwrap() else { panic!("no callback") };
    assert_eq!(callback, CallbackLine { id: Some(1), callback: AppCallback::Unknown });
}

#[test]
fn a_listed_message_has_exactly_these_fields() {
    // Scripts depend on them; what did not happen is null.
    let item = Notification {
        id: "m".into(),
        seq: 1,
        state: "shown".into(),
        extra: BTreeMap::from([("ext".into(), "x".into())]),
        click: json!({"type": "app"}),
        arrived_at: 1,
        shown_at: Some(2),
        ..Notification::default()
    };
    let expected = json!({
        "id": "m", "seq": 1, "state": "shown", "title": "", "description": "", "payload": "", "passThrough": 0,
        "notifyId": 0, "extra": {"ext": "x"}, "click": {"type": "app"}, "sentAt": null, "arrivedAt": 1, "shownAt": 2,
        "clickedAt": null,
    });
    assert_eq!(serde_json::to_value(item).unwrap(), expected);
}

#[test]
fn a_ticket_is_not_printed() {
    // Requests may end up in a log; a user's ticket must not.
    let command = Command::ReportToken { certificate: 1, user: "u".into(), sig: "SECRET".into() };
    assert!(!format!("{:?}", Operation::Command(command)).contains("SECRET"));
}

#[test]
fn a_known_network_and_a_problem_have_exactly_these_fields() {
    // What is not known, and what an older daemon does not say, is left out and read as nothing.
    let known =
        KnownNetwork { key: "0a".into(), heartbeat: 3, used_at: 4, family: Some("v6".into()), ..Default::default() };
    let expected = json!({
        "key": "0a", "current": false, "heartbeat": 3, "learned": {"proved": 0, "failed": 0, "settled": false},
        "usedAt": 4, "family": "v6",
    });
    assert_eq!(serde_json::to_value(known).unwrap(), expected);
    let old = json!({"code": "full", "severity": "error", "title": "t", "action": "a"});
    let problem: Problem = serde_json::from_value(old.clone()).unwrap();
    assert_eq!((problem.impact.as_str(), problem.depends_on.len()), ("", 0));
    assert_eq!(serde_json::to_value(&problem).unwrap(), old);
    let problem = Problem { depends_on: vec!["no-network".into()], impact: "i".into(), since: Some(1), ..problem };
    let mut expected = old;
    let more = json!({"since": 1, "dependsOn": ["no-network"], "impact": "i"});
    expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(serde_json::to_value(problem).unwrap(), expected);
}
