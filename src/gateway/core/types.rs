//! The data that goes in and out of the core.

use std::collections::BTreeMap;
use std::fmt;

use offpush_wire::{Click, NotifyType};
use serde::{Deserialize, Serialize};

/// Why a call was refused: a code of the Mi Push API or of the IM side, and the reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: i64,
    pub(crate) reason: String,
}

impl ApiError {
    pub(crate) fn new(code: i64, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", self.reason, self.code)
    }
}

impl std::error::Error for ApiError {}

/// A new app with its keys. `app_secret` and `im_secret_key` are shown this once.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewApp {
    /// 19 decimal digits.
    pub(crate) app_id: String,
    /// 13 decimal digits; ships in the app.
    pub(crate) app_key: String,
    /// The server's key for the Mi Push API.
    pub(crate) app_secret: String,
    /// The IM side's number of the app.
    pub(crate) sdk_app_id: u32,
    /// The key that signs user tickets, 64 hexadecimal digits, used as text.
    pub(crate) im_secret_key: String,
}

/// An app without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct App {
    pub(crate) app_id: String,
    pub(crate) app_key: String,
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) sdk_app_id: u32,
    pub(crate) created_at: i64,
    /// Devices whose regId is valid.
    pub(crate) devices: i64,
}

/// What a click on an IM notification does, and its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Certificate {
    pub(crate) certificate_id: i64,
    pub(crate) app_id: String,
    pub(crate) click: Click,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel_id: Option<String>,
    pub(crate) updated_at: i64,
}

/// A message as a server's call describes it. The HTTP side has checked the lengths of its texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewMessage {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) payload: String,
    pub(crate) pass_through: u8,
    pub(crate) notify_type: NotifyType,
    pub(crate) notify_id: i32,
    /// Milliseconds from now, or from `time_to_send`; `None`: [`super::DEFAULT_TIME_TO_LIVE_MS`].
    pub(crate) time_to_live: Option<u64>,
    /// Milliseconds since 1970: not before this moment.
    pub(crate) time_to_send: Option<i64>,
    /// Every `extra.*` without the prefix.
    pub(crate) extra: BTreeMap<String, String>,
}

/// To whom a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Targets {
    RegIds(Vec<String>),
    Aliases(Vec<String>),
    Accounts(Vec<String>),
    Topic(String),
    /// 1 to 5 topics.
    Topics {
        topics: Vec<String>,
        op: TopicOp,
    },
    All,
    /// IM users; made by [`super::Core::send_im`].
    Users(Vec<String>),
}

/// How several topics are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TopicOp {
    Union,
    Intersection,
    /// In the first one and in none of the others.
    Except,
}

/// A message that is on disk with its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) message_id: String,
    /// Of a list of targets: those that name nothing. (A regId list of which all are invalid is refused.)
    pub(crate) invalid: Vec<String>,
}

/// Which messages are meant.
#[derive(Debug, Clone)]
pub(crate) enum Selector {
    Id(String),
    JobKey(String),
}

/// A device, for people and for `presence`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceView {
    pub(crate) reg_id: String,
    pub(crate) app_id: String,
    pub(crate) version: String,
    /// `valid`, `unregistered`, `unseen`.
    pub(crate) state: String,
    pub(crate) connected: bool,
    pub(crate) connected_since: Option<i64>,
    pub(crate) network: Option<String>,
    /// Seconds.
    pub(crate) heartbeat: Option<u32>,
    pub(crate) created_at: i64,
    pub(crate) last_seen: Option<i64>,
    pub(crate) epoch: String,
    pub(crate) last_n: i64,
    pub(crate) settled: i64,
    /// Entries that have no number yet.
    pub(crate) waiting: i64,
    /// `HH:mm-HH:mm UTC+m`, if one is set.
    pub(crate) accept_time: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) accounts: Vec<String>,
    pub(crate) topics: Vec<String>,
    /// Users logged in.
    pub(crate) users: Vec<String>,
}

/// A message and how far it has come.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageView {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) title: String,
    pub(crate) target: String,
    pub(crate) accepted_at: i64,
    pub(crate) send_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) withdrawn_at: Option<i64>,
    pub(crate) job_key: Option<String>,
    /// `scheduled`, `fanning-out`, `fanned-out`, `cancelled`.
    pub(crate) state: String,
    pub(crate) counts: MessageCounts,
}

/// To how many devices a message went, and how many are where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageCounts {
    /// Devices it was fanned out to.
    pub(crate) devices: i64,
    /// Without a number yet.
    pub(crate) waiting: i64,
    /// Under way.
    pub(crate) published: i64,
    /// Durably on the phone.
    pub(crate) arrived: i64,
    pub(crate) shown: i64,
    pub(crate) folded: i64,
    pub(crate) clicked: i64,
    pub(crate) dismissed: i64,
    pub(crate) blocked: i64,
    /// Over before it was there, or before it was shown.
    pub(crate) expired: i64,
    pub(crate) withdrawn: i64,
    /// Dropped for another reason.
    pub(crate) dropped: i64,
}

/// One step of a message's path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    /// Milliseconds since 1970, UTC.
    pub(crate) at: i64,
    /// `accepted`, `fanned-out`, `queued`, `numbered`, `published`, `arrived`, `shown`, `folded`, `clicked`,
    /// `dismissed`, `expired`, `blocked`, `withdrawn`, `void`, `dropped`, `cancelled`.
    pub(crate) step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reg_id: Option<String>,
    /// The number, the reason, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// A message's path; its per-device steps are those of the first devices only.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessagePath {
    #[serde(flatten)]
    pub(crate) message: MessageView,
    pub(crate) steps: Vec<Step>,
}

/// One day's counts of an app, as `/v1/stats/message/counters` gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DayCounters {
    /// `yyyyMMdd`, UTC.
    pub(crate) date: String,
    pub(crate) single_recipients: i64,
    pub(crate) broadcast_recipients: i64,
    pub(crate) received: i64,
    pub(crate) click: i64,
    pub(crate) regid_recipients: i64,
    pub(crate) alias_recipients: i64,
    pub(crate) useraccount_recipients: i64,
}
