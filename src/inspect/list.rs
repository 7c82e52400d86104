//! The items of the lists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::page::Learned;

/// A message, as `notifications` lists it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Notification {
    /// The message's id, the same on all its devices.
    pub id: String,
    /// Its number on this phone, in the order of arrival.
    pub seq: u64,
    /// `pending`, `presenting`, `shown`, `folded`, `clicked`, `dismissed`, `expired`, `cancelled` or `blocked`.
    pub state: String,
    /// The title.
    pub title: String,
    /// The text.
    pub description: String,
    /// What the app gets as content.
    pub payload: String,
    /// 0: a notification; 1: handed to the app.
    pub pass_through: u8,
    /// A notification with the same id replaces this one.
    pub notify_id: i32,
    /// `extra.*` of the server's call without the prefix.
    pub extra: BTreeMap<String, String>,
    /// What a click does: `{"type":"app"}`, `{"type":"launcher"}`, `{"type":"web","url"}` or
    /// `{"type":"page","intentUri"}`.
    pub click: Value,
    /// When the gateway accepted it, by its own clock; `null` if its content cannot be read.
    pub sent_at: Option<i64>,
    /// When it arrived.
    pub arrived_at: i64,
    /// When it was shown; `null` if it was not.
    pub shown_at: Option<i64>,
    /// When it was clicked; `null` if it was not.
    pub clicked_at: Option<i64>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct HistoryItem {
    /// When.
    pub at: i64,
    /// What, in kebab-case.
    pub event: String,
    /// What there is to say about it; the fields depend on `event`.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}

impl TryFrom<Map<String, Value>> for HistoryItem {
    type Error = &'static str;

    fn try_from(fields: Map<String, Value>) -> Result<Self, Self::Error> {
        let (mut at, mut event, mut details) = (None, None, Map::new());
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("at", value) => at = value.as_i64(),
                ("event", Value::String(value)) => event = Some(value),
                ("event", _) => {}
                (_, value) => drop(details.insert(name, value)),
            }
        }
        Ok(Self { at: at.ok_or("it has no `at`")?, event: event.ok_or("it has no `event`")?, details })
    }
}

/// What is known of a network, as `networks` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KnownNetwork {
    /// Which one, 16 hexadecimal digits: the same when the same network returns.
    pub key: String,
    /// It is the default network now.
    pub current: bool,
    /// The heartbeat that would be used on it now, in milliseconds.
    pub heartbeat: u64,
    /// What that rests on.
    pub learned: Learned,
    /// When a silence killed a connection last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<i64>,
    /// When it was used last, to a day.
    pub used_at: i64,
    /// The broker that was reached last on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<String>,
    /// By which version of IP: `v4` or `v6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}
