use offpush_inspect::{App, Names, Problem, TimeWindow};
use serde_json::json;

use super::*;

fn event(at: i64, value: Value) -> HistoryItem {
    let mut value = value;
    value["at"] = at.into();
    serde_json::from_value(value).unwrap()
}

fn message() -> Notification {
    Notification {
        id: "m".to_owned(),
        state: "clicked".to_owned(),
        sent_at: Some(1_000),
        arrived_at: 5_000,
        shown_at: Some(5_200),
        clicked_at: Some(9_000),
        ..Notification::default()
    }
}

#[test]
fn the_way_of_a_message_tells_each_step_and_what_the_connection_did_meanwhile() {
    // Sent while there was no connection; what happened before and after, and to other messages, is not on its way.
    let state =
        |at, id: &str, state: &str| event(at, json!({ "event": "message", "id": id, "sequence": 1, "state": state }));
    let history = [
        event(900, json!({ "event": "disconnected", "cause": "ping-unanswered" })),
        event(4_000, json!({ "event": "connected", "took": 60 })),
        event(4_100, json!({ "event": "ping", "idle": 1 })),
        event(5_000, json!({ "event": "arrived", "id": "m", "sequence": 1 })),
        event(5_030, json!({ "event": "stored", "id": "m", "sequence": 1 })),
        state(5_050, "m", "presenting"),
        state(5_200, "m", "shown"),
        state(5_300, "n", "shown"),
        event(9_000, json!({ "event": "message", "id": "m", "sequence": 1, "state": "clicked", "reason": "r" })),
    ];
    let steps = steps(&message(), &history);
    assert_eq!(
        text(&message(), &steps),
        "\
Message m is clicked; it reached the screen 4 s after the gateway accepted it.
TIME (UTC)               AFTER   STEP
1970-01-01 00:00:01.000          accepted by the gateway, by the gateway's clock
1970-01-01 00:00:04.000  3 s       connected took=60 ms
1970-01-01 00:00:05.000  1 s     arrived over the connection
1970-01-01 00:00:05.030  30 ms   on disk
1970-01-01 00:00:05.050  20 ms   handed over to be shown
1970-01-01 00:00:05.200  150 ms  shown
1970-01-01 00:00:09.000  3 s     clicked: r
"
    );
    let json = serde_json::to_value(&steps).unwrap();
    let connected =
        json!({ "at": 4_000, "took": 3_000, "step": "connected", "details": "took=60 ms", "meanwhile": true });
    assert_eq!(json[1], connected);
    let names: Vec<&str> = steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(names, ["accepted", "connected", "arrived", "stored", "presenting", "shown", "clicked"]);
}

#[test]
fn a_message_that_the_history_has_forgotten_still_has_its_way() {
    // From the message's own record; a gateway's clock ahead of the phone's shows as a negative time.
    let ahead = Notification { sent_at: Some(6_000), clicked_at: None, ..message() };
    let steps = steps(&ahead, &[]);
    assert_eq!(steps.iter().map(|step| step.took).collect::<Vec<_>>(), [0, -1_000, 200]);
    let text = text(&ahead, &steps);
    assert!(text.starts_with("Message m is clicked.\n") && text.contains("  -1 s    arrived over"), "{text}");
}

#[test]
fn a_message_for_the_app_is_shown_to_nobody() {
    // The state has the same name in JSON; people read that the app has taken it.
    let message = Notification { pass_through: 1, state: "shown".to_owned(), clicked_at: None, ..message() };
    let text = text(&message, &steps(&message, &[]));
    assert!(text.starts_with("Message m is shown; it reached the app 4 s after"), "{text}");
    assert!(text.ends_with("200 ms  taken by the app\n"), "{text}");
}

#[test]
fn a_message_that_waits_says_for_what() {
    // Nobody to show it, nobody to take it, not now, or something that is wrong; one that was shown waits for nothing.
    let pending = Notification { state: "pending".to_owned(), ..message() };
    let for_the_app = Notification { pass_through: 1, ..pending.clone() };
    let window = |start: &str, end: &str| {
        let accept_time = Some(TimeWindow { start: start.to_owned(), end: end.to_owned() });
        StatusPage {
            names: Names { accept_time, ..Names::default() },
            state: State::Connected,
            ..StatusPage::default()
        }
    };
    let problem =
        Problem { severity: Severity::Error, title: "notifications: not allowed".to_owned(), ..Problem::default() };
    let denied = StatusPage { problems: vec![problem], ..window("00:00", "23:59") };
    let listening = StatusPage { app: App { listens: true }, ..window("00:00", "23:59") };
    let stopped = StatusPage { state: State::NotRunning, ..window("00:00", "00:00") };
    for (item, page, words) in [
        (&pending, &stopped, Some("no daemon runs")),
        (&pending, &window("00:00", "00:00"), Some("the app has paused messages")),
        (&pending, &window("08:00", "22:00"), Some("from 08:00 to 22:00")),
        (&pending, &denied, Some("notifications: not allowed")),
        (&for_the_app, &window("00:00", "23:59"), Some("the app does not run")),
        (&for_the_app, &listening, None),
        (&message(), &stopped, None),
    ] {
        let told = waits(item, page);
        assert!(told.as_deref().is_none_or(|told| told.contains(words.unwrap_or("nothing"))), "{told:?}");
        assert_eq!(told.is_some(), words.is_some(), "{words:?}");
    }
}
