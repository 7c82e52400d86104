use serde_json::json;

use super::*;

fn event(at: i64, value: Value) -> HistoryItem {
    let mut item: HistoryItem = serde_json::from_value(value).unwrap();
    item.at = at;
    item
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
    let times = |key: &str| on_network(items.clone(), key).unwrap().iter().map(|item| item.at).collect::<Vec<_>>();
    assert_eq!(times("FFff"), [1, 2]);
    assert_eq!(times("0000000000000007"), [3, 4]);
    let unknown = on_network(items.clone(), "1").unwrap_err().to_string();
    assert!(unknown.contains("begins with \"1\": see `offpush networks`"), "{unknown}");
    assert_eq!(transports(&items).get("0000000000000007").map(String::as_str), Some("wifi"));
}
