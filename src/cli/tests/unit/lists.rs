use serde_json::json;

use super::*;

fn event(at: i64, value: Value) -> HistoryItem {
    let mut item: HistoryItem = serde_json::from_value(value).unwrap();
    item.at = at;
    item
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
    let history = [
        event(900, json!({ "at": 0, "event": "disconnected", "cause": "ping-unanswered" })),
        event(4_000, json!({ "at": 0, "event": "connected", "took": 60 })),
        event(4_100, json!({ "at": 0, "event": "ping", "idle": 1 })),
        event(5_200, json!({ "at": 0, "event": "message", "id": "m", "sequence": 1, "state": "shown" })),
        event(5_300, json!({ "at": 0, "event": "message", "id": "n", "sequence": 2, "state": "shown" })),
        event(
            9_000,
            json!({ "at": 0, "event": "message", "id": "m", "sequence": 1, "state": "clicked", "reason": "r" }),
        ),
    ];
    let steps = way(&message(), &history);
    let told: Vec<(i64, &str)> = steps.iter().map(|step| (step.took, step.step.as_str())).collect();
    assert_eq!(
        told,
        [
            (0, "accepted by the gateway, by the gateway's clock"),
            (3_000, "  connected took=60 ms"),
            (1_000, "arrived over the connection"),
            (200, "shown"),
            (3_800, "clicked: r"),
        ]
    );
    let text = way_text(&message(), &steps);
    assert!(text.starts_with("Message m is clicked.\n"), "{text}");
    assert!(text.contains("1970-01-01 00:00:05.200  200 ms  shown\n"), "{text}");
}

#[test]
fn a_message_that_the_history_has_forgotten_still_has_its_way() {
    // From the message's own record; a gateway's clock ahead of the phone's shows as a negative time.
    let ahead = Notification { sent_at: Some(6_000), clicked_at: None, ..message() };
    let steps = way(&ahead, &[]);
    assert_eq!(steps.iter().map(|step| step.took).collect::<Vec<_>>(), [0, -1_000, 200]);
    assert!(way_text(&ahead, &steps).contains("  -1 s    arrived over"));
}

#[test]
fn events_are_told_apart_by_the_network_they_happened_on() {
    // From the change to that network up to the next change; the key's first digits are enough.
    let network = |at, key: u64| {
        event(at, json!({ "at": 0, "event": "network-changed", "network": "up", "key": key, "transport": "wifi" }))
    };
    let ping = |at| event(at, json!({ "at": 0, "event": "ping", "idle": 1 }));
    let none = event(5, json!({ "at": 0, "event": "network-changed", "network": "none" }));
    let items = vec![ping(0), network(1, u64::MAX), ping(2), network(3, 7), ping(4), none, ping(6)];
    let times = |key: &str| on_network(items.clone(), key).iter().map(|item| item.at).collect::<Vec<_>>();
    assert_eq!(times("ffff"), [1, 2]);
    assert_eq!(times("0000000000000007"), [3, 4]);
    assert_eq!(times("1"), [0; 0]);
    assert_eq!(transports(&items).get("0000000000000007").map(String::as_str), Some("wifi"));
}
