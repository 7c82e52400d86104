//! The control protocol: what goes over the control socket, one JSON document a line.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::list::{HistoryItem, KnownNetwork, Notification};
use crate::page::{SCHEMA, StatusPage};
use crate::request::Fields;

/// The control socket's name in the daemon's data directory.
pub const SOCKET_FILE: &str = "control.sock";

/// The longest line a daemon accepts, in bytes without the newline. The largest request is a token report, whose
/// ticket is below 4 KiB.
pub const MAXIMUM_REQUEST_BYTES: usize = 64 * 1024;

/// The longest line a daemon sends, in bytes without the newline. A callback carries one message, of at most 120 KiB
/// on the wire; lists are cut into pages far below this.
pub const MAXIMUM_ANSWER_BYTES: usize = 2 * 1024 * 1024;

/// A line to the daemon. Each gets one answer, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Request {
    /// [`SCHEMA`]; taken for it if left out.
    pub schema: u32,
    /// What is asked for.
    #[serde(flatten)]
    pub operation: Operation,
}

impl Request {
    /// Reads a line.
    pub fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}

impl From<Operation> for Request {
    fn from(operation: Operation) -> Self {
        Self { schema: SCHEMA, operation }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Operation {
    /// The status page: [`Answer::Status`].
    Status,
    /// The messages by number: [`Answer::Notifications`], a page at a time.
    Notifications {
        /// Only those with a higher number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// One message as callbacks carry it: [`Answer::Message`].
    Message {
        /// Its number.
        seq: u64,
    },
    /// The newest events, oldest first: [`Answer::History`].
    History {
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// What was learned of each network: [`Answer::Networks`].
    Networks,
    /// From now on every event as a [`Line::Event`]; the answer is [`Answer::Done`].
    Watch,
    /// A person clicks a notification.
    Click {
        /// The message's id.
        id: String,
    },
    /// A person swipes a notification away.
    Dismiss {
        /// The message's id.
        id: String,
    },
    /// A person clicks the summary of these messages: all of them are clicked, and the first calls back.
    ClickSummary {
        /// The messages' ids, the newest first; those that are unknown are passed over.
        ids: Vec<String>,
    },
    /// A person swipes the summary of these messages away.
    DismissSummary {
        /// The messages' ids; those that are unknown are passed over.
        ids: Vec<String>,
    },
    /// The app asks the gateway for something. [`Answer::Done`] says that it is on its way; its result is a callback.
    Command(Command),
    /// The gateway says this text back (at most 256 bytes, no comma, no control character); [`Answer::Done`] says that it is on
    /// its way, an event `echoed` that it has come back. Refused while the gateway is not reached.
    Echo {
        /// Random, to know the answer by.
        text: String,
    },
    /// The app registers (`registerPush`); the result is a callback.
    Register,
    /// This client is the app: it registers and from now on gets [`Line::Callback`]s.
    Listen,
    /// The app has dealt with a callback, which will not be repeated.
    Taken {
        /// The callback's id.
        #[serde(rename = "id")]
        callback: u64,
    },
    /// One that this version does not know.
    Unknown,
}

/// What the app asks of the gateway. The names are those of Mi Push's `MiPushClient.COMMAND_*`.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "command", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the fields' names say what they are")]
pub enum Command {
    /// The device answers to this alias; the last device to set it keeps it.
    SetAlias { alias: String },
    /// The device no longer answers to this alias.
    UnsetAlias { alias: String },
    /// The device belongs to this account.
    SetAccount { account: String },
    /// The device leaves this account.
    UnsetAccount { account: String },
    /// The device hears this topic.
    SubscribeTopic { topic: String },
    /// The device no longer hears this topic.
    #[serde(rename = "unsubscibe-topic")]
    UnsubscribeTopic { topic: String },
    /// When messages may be shown: from `start` to the end of the minute `end`, minutes since local midnight.
    AcceptTime { start: u16, end: u16 },
    /// No message is shown until `resume`.
    Pause,
    /// Messages are shown at any time.
    Resume,
    /// A user is logged in on this device and gets messages through this certificate. `sig` is the user's ticket.
    ReportToken { certificate: u64, user: String, sig: String },
    /// The user is logged out on this device.
    Logout { user: String },
    /// The regId becomes invalid.
    Unregister,
}

impl fmt::Debug for Command {
    /// A ticket is left out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::SetAlias { .. } => "set-alias",
            Self::UnsetAlias { .. } => "unset-alias",
            Self::SetAccount { .. } => "set-account",
            Self::UnsetAccount { .. } => "unset-account",
            Self::SubscribeTopic { .. } => "subscribe-topic",
            Self::UnsubscribeTopic { .. } => "unsubscribe-topic",
            Self::AcceptTime { .. } => "accept-time",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::ReportToken { .. } => "report-token",
            Self::Logout { .. } => "logout",
            Self::Unregister => "unregister",
        };
        write!(formatter, "Command({name})")
    }
}

/// A line from the daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// The answer to a request that was carried out.
    Ok(Answer),
    /// The answer to one that was not.
    Error(ControlError),
    /// Something happened; for clients that watch.
    Event(HistoryItem),
    /// For the app.
    Callback(CallbackLine),
}

/// What a request brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Answer {
    /// It was carried out; there is nothing more to say.
    Done,
    /// The status page.
    Status(Box<StatusPage>),
    /// One page of the messages.
    Notifications {
        /// By number, ascending.
        items: Vec<Notification>,
        /// There are more: ask again with this as `after`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    },
    /// A message.
    Message(Box<AppMessage>),
    /// Events, oldest first.
    History(Vec<HistoryItem>),
    /// Networks, the last used first.
    Networks(Vec<KnownNetwork>),
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlError {
    /// Which error.
    pub code: ErrorCode,
    /// What is wrong and what to do, in one sentence.
    pub message: String,
}

impl fmt::Display for ControlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ControlError {}

/// Which error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The line is no request, or too long. The connection is closed.
    BadRequest,
    /// An operation that this daemon does not know.
    UnknownOperation,
    /// Only the daemon's own user and root may speak to it. The connection is closed.
    NotAllowed,
    /// There are too many clients. The connection is closed.
    TooManyClients,
    /// There is no message with that id.
    UnknownMessage,
    /// The command was not taken.
    CommandRefused,
    /// The daemon could not read its files.
    Storage,
    /// One that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A callback. It is repeated to the next listening client until it was taken; at most sixteen are on their way untaken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallbackLine {
    /// To be confirmed with [`Operation::Taken`]; `None` for a callback that is not repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What the app is told.
    #[serde(flatten)]
    pub callback: AppCallback,
}

/// What the app is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AppCallback {
    /// `onReceiveRegisterResult`.
    Registered {
        /// 0, or why not: 22006 (AppID), 22007 (AppKey), 22022 (package), …
        code: i64,
        /// The code in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The regId, whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reg_id: Option<String>,
    },
    /// `onCommandResult`.
    CommandResult {
        /// The command's name.
        command: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// 0 or why not.
        code: i64,
        /// The code in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// `onNotificationMessageArrived`.
    NotificationArrived {
        /// The message.
        message: Box<AppMessage>,
    },
    /// `onNotificationMessageClicked`.
    NotificationClicked {
        /// The message.
        message: Box<AppMessage>,
    },
    /// `onReceivePassThroughMessage`.
    PassThroughMessage {
        /// The message.
        message: Box<AppMessage>,
    },
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A message as the app gets it, Mi Push's `MiPushMessage`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppMessage {
    /// `messageId`.
    pub id: String,
    /// Its number on this phone.
    pub seq: u64,
    /// `title`.
    pub title: String,
    /// `description`.
    pub description: String,
    /// `content`: the payload.
    pub content: String,
    /// `extra`, with an IM message's `ext` among it.
    pub extra: BTreeMap<String, String>,
    /// `passThrough`: 0 for a notification, 1 for a message to the app.
    pub pass_through: u8,
    /// `notifyId`.
    pub notify_id: i32,
    /// `notifyType`.
    pub notify_type: i32,
    /// `notified`: a notification was shown for it.
    pub notified: bool,
    /// `alias`, if it was addressed to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// `topic`, if it was addressed to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// `userAccount`, if it was addressed to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_account: Option<String>,
    /// When the gateway accepted it.
    pub sent_at: i64,
}
