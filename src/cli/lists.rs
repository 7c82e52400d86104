//! The lists: messages, the way of one of them, events, networks.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offpush_inspect::{
    HistoryItem, KnownNetwork, Notification, clock_text, confidence_text, details_text, duration_text, relative_text,
};
use serde_json::Value;

use crate::Failure;
use crate::arguments::{At, History, Notifications};
use crate::show::{print_json, print_text};
use crate::source::Source;
use crate::table::Table;

pub(crate) fn notifications(options: &Notifications) -> Result<(), Failure> {
    let mut source = Source::open(&options.at)?;
    let mut items = source.notifications()?;
    if let Some(id) = &options.message {
        let item = items.iter().find(|item| item.id == *id);
        let item =
            item.ok_or_else(|| format!("there is no message with the id {id:?}: see `offpush notifications`"))?;
        let steps = way(item, &source.history()?);
        return if options.at.json { print_json(&steps) } else { print_text(&way_text(item, &steps)) };
    }
    if let Some(since) = options.since {
        let first = before(since);
        items.retain(|item| item.arrived_at >= first);
    }
    if options.at.json {
        return print_json(&items);
    }
    if items.is_empty() {
        let when = if options.since.is_some() { "within that time" } else { "yet" };
        return print_text(&format!("no messages {when}\n"));
    }
    let mut table = Table::new(["ARRIVED (UTC)", "STATE", "ID", "MESSAGE"]);
    for item in items {
        table.row([clock_text(item.arrived_at), item.state.clone(), item.id.clone(), content_text(&item)]);
    }
    print_text(&table)
}

fn content_text(item: &Notification) -> String {
    match (item.title.as_str(), item.description.as_str()) {
        ("", "") => format!("({} bytes for the app)", item.payload.len()),
        ("", text) | (text, "") => text.to_owned(),
        (title, description) => format!("{title}: {description}"),
    }
}

pub(crate) fn history(options: &History) -> Result<(), Failure> {
    let mut items = Source::open(&options.at)?.history()?;
    if let Some(key) = &options.network {
        items = on_network(items, &key.to_ascii_lowercase());
    }
    if let Some(since) = options.since {
        let first = before(since);
        items.retain(|item| item.at >= first);
    }
    if let Some(id) = &options.message {
        items.retain(|item| is_about(item, id));
    }
    items.drain(..items.len().saturating_sub(options.limit));
    if options.at.json {
        return print_json(&items);
    }
    print_text(&history_table(&items))
}

/// Events for people.
pub(crate) fn history_table(items: &[HistoryItem]) -> Table {
    let mut table = Table::new(["TIME (UTC)", "EVENT", "DETAILS"]);
    for item in items {
        table.row([clock_text(item.at), item.event.clone(), details_text(item)]);
    }
    table
}

pub(crate) fn networks(at: &At) -> Result<(), Failure> {
    let mut source = Source::open(at)?;
    let networks = source.networks()?;
    if at.json {
        return print_json(&networks);
    }
    if networks.is_empty() {
        return print_text(&"nothing was learned of any network yet\n");
    }
    let transports = transports(&source.history()?);
    let now = now();
    let mut table = Table::new(["NETWORK", "KIND", "USED", "HEARTBEAT", "WHAT THAT RESTS ON", "REACHED"]);
    for known in networks {
        let used = if known.current { "now".to_owned() } else { relative_text(known.used_at, now) };
        let kind = transports.get(&known.key).cloned().unwrap_or_default();
        let confidence = confidence_text(&known.learned);
        table.row([known.key.clone(), kind, used, duration_text(known.heartbeat), confidence, reached(&known)]);
    }
    print_text(&table)
}

fn reached(known: &KnownNetwork) -> String {
    match (&known.broker, &known.family) {
        (Some(broker), Some(family)) => format!("{broker} over IP{family}"),
        _ => String::new(),
    }
}

/// A step of a message's way.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Step {
    /// When, in milliseconds since 1970.
    at: i64,
    /// Milliseconds since the step before.
    took: i64,
    /// What happened.
    step: String,
}

/// The way of a message: the message's own steps, and what happened to the connection while it was under way.
fn way(item: &Notification, history: &[HistoryItem]) -> Vec<Step> {
    let mut steps: Vec<(i64, String)> = Vec::new();
    if let Some(sent) = item.sent_at {
        steps.push((sent, "accepted by the gateway, by the gateway's clock".to_owned()));
        let link = |event: &HistoryItem| {
            matches!(event.event.as_str(), "network-changed" | "connecting" | "connected" | "disconnected" | "started")
        };
        let meanwhile = |event: &&HistoryItem| link(event) && (sent..item.arrived_at).contains(&event.at);
        let said = |event: &HistoryItem| (event.at, format!("  {} {}", event.event, details_text(event)));
        steps.extend(history.iter().filter(meanwhile).map(said));
    }
    steps.push((item.arrived_at, "arrived over the connection".to_owned()));
    let own = history.iter().filter(|event| event.event == "message" && is_about(event, &item.id));
    let before_own = steps.len();
    steps.extend(own.map(|event| {
        let text = |name: &str| event.details.get(name).and_then(Value::as_str);
        let reason = text("reason").map(|reason| format!(": {reason}")).unwrap_or_default();
        (event.at, format!("{}{reason}", text("state").unwrap_or("?")))
    }));
    if steps.len() == before_own {
        // The history has forgotten it; the message has not.
        let known = [(item.shown_at, "shown"), (item.clicked_at, "clicked")];
        steps.extend(known.into_iter().filter_map(|(at, state)| Some((at?, state.to_owned()))));
    }
    let mut last = None;
    let step = |(at, step): (i64, String)| {
        let took = last.replace(at).map_or(0, |last: i64| at.saturating_sub(last));
        Step { at, took, step: step.trim_end().to_owned() }
    };
    steps.into_iter().map(step).collect()
}

fn way_text(item: &Notification, steps: &[Step]) -> String {
    let mut table = Table::new(["TIME (UTC)", "AFTER", "STEP"]);
    for (index, step) in steps.iter().enumerate() {
        let after = match (index, step.took) {
            (0, _) => String::new(),
            // Two clocks, of which one is wrong.
            (_, ..0) => format!("-{}", duration_text(step.took.unsigned_abs())),
            (_, took) => duration_text(took.unsigned_abs()),
        };
        table.row([clock_text(step.at), after, step.step.clone()]);
    }
    format!("Message {} is {}.\n{table}", offpush_inspect::printable(&item.id), offpush_inspect::printable(&item.state))
}

fn is_about(item: &HistoryItem, id: &str) -> bool {
    item.details.get("id").and_then(Value::as_str) == Some(id)
}

/// What happened while this network was the default one; `key` is the beginning of its digits.
fn on_network(items: Vec<HistoryItem>, key: &str) -> Vec<HistoryItem> {
    let mut is_current = false;
    let mut wanted = |item: &HistoryItem| {
        if item.event == "network-changed" {
            is_current = network_key(item).is_some_and(|network| network.starts_with(key));
        }
        is_current
    };
    items.into_iter().filter(|item| wanted(item)).collect()
}

fn network_key(item: &HistoryItem) -> Option<String> {
    item.details.get("key").and_then(Value::as_u64).map(|key| format!("{key:016x}"))
}

/// The kind of each network that the history has seen.
pub(crate) fn transports(history: &[HistoryItem]) -> BTreeMap<String, String> {
    let seen = history.iter().filter(|item| item.event == "network-changed");
    seen.filter_map(|item| Some((network_key(item)?, item.details.get("transport")?.as_str()?.to_owned()))).collect()
}

/// The moment so long ago, in milliseconds since 1970.
fn before(since: Duration) -> i64 {
    now().saturating_sub(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Now, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "tests/unit/lists.rs"]
mod tests;
