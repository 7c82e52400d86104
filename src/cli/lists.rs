//! The lists: messages, events, networks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offpush_inspect::{
    HistoryItem, KnownNetwork, Notification, StatusPage, clock_text, confidence_text, details_text, duration_text,
    relative_text,
};
use serde_json::Value;

use crate::arguments::{At, History, Notifications};
use crate::show::{print_json, print_text};
use crate::source::Source;
use crate::table::Table;
use crate::{Failure, way};

pub(crate) fn notifications(options: &Notifications) -> Result<(), Failure> {
    let mut source = Source::open(&options.at)?;
    let mut items = source.notifications()?;
    if let Some(id) = &options.message {
        let page = source.status()?;
        let item = items.iter().find(|item| item.id == *id).ok_or_else(|| has_not_come(id, &page))?;
        let steps = way::steps(item, &source.history()?);
        if options.at.json {
            return print_json(&steps);
        }
        let waits = way::waits(item, &page).unwrap_or_default();
        return print_text(&(way::text(item, &steps) + &waits));
    }
    if let Some(since) = options.since {
        let first = before(since);
        items.retain(|item| item.arrived_at >= first);
    }
    if let Some(key) = &options.network {
        let history = source.history()?;
        let arrivals: BTreeSet<String> = on_network(history, key)?.iter().filter_map(arrival).collect();
        items.retain(|item| arrivals.contains(&item.id));
    }
    if options.at.json {
        return print_json(&items);
    }
    if items.is_empty() {
        return print_text(&nothing("messages", options.since.is_some() || options.network.is_some()));
    }
    let mut table = Table::new(["ARRIVED (UTC)", "STATE", "ID", "MESSAGE"]);
    for item in items {
        table.row([clock_text(item.arrived_at), item.state.clone(), item.id.clone(), content_text(&item)]);
    }
    print_text(&table)
}

fn has_not_come(id: &str, page: &StatusPage) -> String {
    // The gateway holds back what is not accepted.
    let why = way::not_accepted(page).map(|why| format!(" ({why})")).unwrap_or_default();
    format!(
        "no message with the id {id:?} has come to this phone{why}: see `offpush status` for what keeps messages away, \
         `offpush notifications` for those that came, and the gateway's console for what became of this one"
    )
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
        items = on_network(items, key)?;
    }
    if let Some(since) = options.since {
        let first = before(since);
        items.retain(|item| item.at >= first);
    }
    if let Some(id) = &options.message {
        items.retain(|item| is_about(item, id));
    }
    let older = items.len().saturating_sub(options.limit);
    items.drain(..older);
    if options.at.json {
        return print_json(&items);
    }
    if items.is_empty() {
        let is_filtered = options.since.is_some() || options.network.is_some() || options.message.is_some();
        return print_text(&nothing("events", is_filtered));
    }
    print_text(&history_table(&items))?;
    if older > 0 {
        eprintln!("offpush: {older} older events are left out: give --limit N for more");
    }
    Ok(())
}

fn nothing(what: &str, is_filtered: bool) -> String {
    if is_filtered { format!("no such {what}\n") } else { format!("no {what} yet\n") }
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

pub(crate) fn is_about(item: &HistoryItem, id: &str) -> bool {
    item.details.get("id").and_then(Value::as_str) == Some(id)
}

/// The message that an event tells the arrival of.
fn arrival(item: &HistoryItem) -> Option<String> {
    item.details.get("id").filter(|_| item.event == "arrived")?.as_str().map(str::to_owned)
}

/// What happened while this network was the default one; `key` is the beginning of its digits. It is an error if the history
/// has no such network.
fn on_network(items: Vec<HistoryItem>, key: &str) -> Result<Vec<HistoryItem>, Failure> {
    let key = key.to_ascii_lowercase();
    let mut is_current = false;
    let mut wanted = |item: &HistoryItem| {
        if item.event == "network-changed" {
            is_current = network_key(item).is_some_and(|network| network.starts_with(&key));
        }
        is_current
    };
    let items: Vec<HistoryItem> = items.into_iter().filter(|item| wanted(item)).collect();
    if items.is_empty() {
        return Err(
            format!("the history knows no network whose key begins with {key:?}: see `offpush networks`").into()
        );
    }
    Ok(items)
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
