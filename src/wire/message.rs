use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The title of an IM message that has none (reference document, step 3).
pub const DEFAULT_IM_TITLE: &str = "a new message";

/// A message for one device, as the server's call described it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message's id, the same for all its devices.
    pub id: String,
    /// How it was addressed.
    pub target: Target,
    /// 0: a notification; 1: handed to the app (`pass_through`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub pass_through: u8,
    /// The notification's title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The notification's text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What the app gets as content.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub payload: String,
    /// Sound, vibration, lights.
    #[serde(default)]
    pub notify_type: NotifyType,
    /// A notification with the same id replaces this one; 0 is the default id.
    #[serde(default, skip_serializing_if = "is_default")]
    pub notify_id: i32,
    /// How long it is still worth showing, in milliseconds from the moment it was published.
    pub expires_in: u64,
    /// When the gateway accepted it, in milliseconds since 1970, UTC.
    pub sent_at: i64,
    /// The log-in it belongs to; IM messages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<u64>,
    /// Every `extra.*` of the server's call without the prefix, and `ext` of an IM message.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
    /// The whole `OfflinePushInfo` of an IM message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline_push_info: Option<Box<RawValue>>,
    /// The gateway may have sent it before, under a numbering that was lost: to be shown without a sound.
    #[serde(default, skip_serializing_if = "is_default")]
    pub again: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl PartialEq for Message {
    /// Compares the wire form: `OfflinePushInfo` travels as text.
    fn eq(&self, other: &Self) -> bool {
        serde_json::to_string(self).ok() == serde_json::to_string(other).ok()
    }
}

impl Message {
    /// Reads a message's body.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The batch id: of the messages with the same one, a device shows the first.
    pub fn job_key(&self) -> Option<&str> {
        self.extra.get("jobkey").map(String::as_str).filter(|key| !key.is_empty())
    }

    /// What a click opens, from `extra.notify_effect` and its companions.
    ///
    /// An effect without what it needs opens the app: a notification that does nothing helps nobody.
    pub fn click(&self) -> Click {
        let get = |key: &str| self.extra.get(key).filter(|value| !value.is_empty());
        match (get("notify_effect").map(String::as_str), get("web_uri"), get("intent_uri")) {
            (Some("1"), ..) => Click::Launcher,
            (Some("2"), _, Some(intent_uri)) => Click::Page { intent_uri: intent_uri.clone() },
            (Some("3"), Some(url), _) => Click::Web { url: url.clone() },
            _ => Click::App,
        }
    }
}

/// What a click on a notification does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Click {
    /// The app is started and gets `onNotificationMessageClicked`.
    App,
    /// The app's launcher activity is opened, without a callback.
    Launcher,
    /// A web page is opened.
    Web {
        /// An http or https URL.
        url: String,
    },
    /// A page of the app is opened.
    Page {
        /// The text of `Intent.toUri`, unparsed.
        intent_uri: String,
    },
}

/// How a message was addressed to this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "lowercase", try_from = "TargetFields")]
pub enum Target {
    /// To its regId.
    RegId,
    /// To an alias.
    Alias(String),
    /// To a topic.
    Topic(String),
    /// To an account.
    Account(String),
    /// To every device of the app.
    All,
    /// To an IM user.
    User(String),
}

/// Read flat, as a command is and for the same reason.
#[derive(Deserialize)]
struct TargetFields {
    kind: String,
    value: Option<String>,
}

impl TryFrom<TargetFields> for Target {
    type Error = String;

    fn try_from(TargetFields { kind, value }: TargetFields) -> Result<Self, String> {
        let value = || value.ok_or_else(|| "missing field `value`".to_owned());
        Ok(match kind.as_str() {
            "regid" => Self::RegId,
            "alias" => Self::Alias(value()?),
            "topic" => Self::Topic(value()?),
            "account" => Self::Account(value()?),
            "all" => Self::All,
            "user" => Self::User(value()?),
            other => return Err(format!("unknown target `{other}`")),
        })
    }
}

/// Mi Push's `notify_type`: −1 for all, else the sum of 1 (sound), 2 (vibration) and 4 (lights); 0 is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotifyType(pub i32);

impl Default for NotifyType {
    fn default() -> Self {
        Self(-1)
    }
}
