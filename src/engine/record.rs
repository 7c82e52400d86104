//! What the engine keeps. The driver stores each record under its key; the store knows nothing of its content.
//!
//! A record's fields are stored in order and without names: a change needs a new version, and the old one must go
//! on to be read (golden files of every released version are tested).

use offpush_wire::{AcceptTime, Bindings};
use serde::{Deserialize, Serialize};

use crate::input::Path;
use crate::search::Search;
use crate::status::WaitReason;

/// The kinds of records, the first half of their key. Never reused.
#[allow(missing_docs, reason = "named after the records")]
pub mod kind {
    pub const IDENTITY: u16 = 1;
    pub const MARK: u16 = 2;
    pub const MESSAGE: u16 = 3;
    pub const MESSAGE_STATE: u16 = 4;
    pub const OUTBOX: u16 = 5;
    pub const OUTBOX_ENTRY: u16 = 6;
    pub const NAMES: u16 = 7;
    pub const CALLBACK: u16 = 8;
    pub const GATEWAY_TIME: u16 = 9;
    pub const UNREACHED: u16 = 10;
    pub const NETWORK: u16 = 11;
    pub const WAIT: u16 = 12;
}

/// Where a record is kept: its kind, and which one of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// One of [`kind`].
    pub kind: u16,
    /// The sequence number of a message, the number of an outbox entry or callback; 0 where there is only one.
    pub id: u64,
}

/// One change to what is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Keep this record in place of the former one with the same key.
    Put(Record),
    /// Forget the record with this key.
    Delete(RecordKey),
}

/// Who this phone is to the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// 256 random bits, unpadded base64url.
    pub request_id: String,
    /// 256 random bits, unpadded base64url.
    pub secret: String,
    /// The AppID it was asked for with.
    pub app_id: String,
    /// The package it was asked for with.
    pub package: String,
    /// Set once registered.
    pub reg_id: Option<String>,
    /// The brokers the gateway named last.
    pub brokers: Vec<String>,
    /// The first level of the topics.
    pub topic_prefix: String,
    /// What the app wants of it.
    pub standing: Standing,
}

/// What the app wants of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// To receive.
    Active,
    /// Unregistered by the app: nothing is shown any more, and the identity ends with the result.
    Leaving,
    /// Ended. The app has to register again.
    Left,
}

/// The one number that tells what was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The gateway's numbering.
    pub epoch: String,
    /// The highest number taken.
    pub up_to: u64,
    /// The identity of the entry with that number.
    pub id: String,
}

/// A message as received; its state is another record, so that a change of state does not write the body again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMessage {
    /// What the engine needs to know of it.
    pub facts: MessageFacts,
    /// The entry's body, JSON: [`offpush_wire::Message`].
    #[serde(with = "bytes")]
    pub body: Vec<u8>,
}

/// What the engine needs to know of a message without reading its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFacts {
    /// The message's id.
    pub id: String,
    /// Handed to the app rather than shown.
    pub pass_through: bool,
    /// Its place in the notification bar: the same id replaces.
    pub notify_id: i32,
    /// The log-in it belongs to.
    pub binding: Option<u64>,
    /// A hash of its job key.
    pub job: Option<u64>,
    /// To be shown without a sound.
    pub silent: bool,
    /// A click calls the app back rather than opening something.
    pub click_calls_back: bool,
    /// How long it is worth showing from its arrival on, in milliseconds.
    pub time_to_live: u64,
    /// Its arrival in boot time, in milliseconds.
    pub arrived_boot: u64,
    /// The boot that counts in.
    pub boot_id: u64,
    /// Its arrival in wall time, in milliseconds since 1970, UTC.
    pub arrived_wall: i64,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    /// Not shown yet.
    Pending,
    /// Handed to the platform, which has not confirmed.
    Presenting,
    /// Showing, or it was; a pass-through message was handed to the app.
    Shown,
    /// In a summary.
    Folded,
    /// Clicked.
    Clicked,
    /// Swiped away.
    Dismissed,
    /// Its time was over before it could be shown.
    Expired,
    /// Withdrawn, unbound or replaced by its job key before or after it was shown.
    Cancelled,
    /// It cannot be shown.
    Blocked,
}

impl MessageState {
    /// Nothing more will be done for it unless a person clicks.
    pub fn is_done(self) -> bool {
        !matches!(self, Self::Pending | Self::Presenting)
    }

    /// It may be in the notification bar.
    pub fn is_showing(self) -> bool {
        matches!(self, Self::Presenting | Self::Shown | Self::Folded)
    }
}

/// A message's state, with when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRecord {
    /// The state.
    pub state: MessageState,
    /// When it was shown, wall time in milliseconds; 0 if it was not.
    pub shown_at: i64,
    /// When it was clicked, wall time in milliseconds; 0 if it was not.
    pub clicked_at: i64,
    /// It has to be shown without a sound: a crash left unclear whether it was.
    pub silent: bool,
    /// Why, where that is not plain.
    pub reason: Option<String>,
}

/// The outbox as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// Its random id.
    pub id: String,
    /// The gateway's mark.
    pub applied: u64,
}

/// One entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// Its number.
    pub n: u64,
    /// [`offpush_wire::Up`] as JSON.
    #[serde(with = "bytes")]
    pub content: Vec<u8>,
}

/// What the app has set, as far as the gateway confirmed it, and the bindings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Aliases.
    pub aliases: Vec<String>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Topics.
    pub topics: Vec<String>,
    /// The accept time.
    pub accept_time: Option<AcceptTime>,
    /// The bindings known.
    pub bindings: Bindings,
}

/// A callback that waits for the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredCallback {
    /// A command's result.
    Result {
        /// The command's name.
        command: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// 0 or why not.
        code: i64,
        /// In words.
        reason: Option<String>,
    },
    /// A click on the message with this number.
    Clicked(u64),
    /// The pass-through message with this number.
    PassThrough(u64),
}

/// A wait before the next attempt, so that a restart does not end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWait {
    /// Why.
    pub reason: WaitReason,
    /// How long it was drawn, in milliseconds.
    pub wait: u64,
    /// Its end, wall time in milliseconds.
    pub until: i64,
    /// The network it was drawn on.
    pub network: u64,
}

/// What is known of a network: how long it lets a connection be silent, and by which way brokers were reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// The longest silence survived, in milliseconds; 0 for none.
    pub proved: u64,
    /// The shortest silence that killed, in milliseconds; 0 for none.
    pub failed: u64,
    /// When a silence killed last, wall time in milliseconds.
    pub failed_at: i64,
    /// When the network was used last, wall time in milliseconds.
    pub used_at: i64,
    /// The way by which a broker was reached last.
    pub path: Option<Path>,
}

impl NetworkRecord {
    pub(crate) fn new(search: Search, path: Option<Path>, used_at: i64) -> Self {
        let Search { proved, failed, failed_at } = search;
        Self { proved, failed, failed_at, used_at, path }
    }

    pub(crate) fn search(&self) -> Search {
        let Self { proved, failed, failed_at, .. } = *self;
        Search { proved, failed, failed_at }
    }
}

/// A record, ready to be stored under [`Record::key`].
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Under id 0.
    Identity(Identity),
    /// Under id 0.
    Mark(Mark),
    /// Under its sequence number.
    Message(u64, StoredMessage),
    /// Under its sequence number.
    MessageState(u64, StateRecord),
    /// Under id 0.
    Outbox(Outbox),
    /// Under its number.
    OutboxEntry(OutboxEntry),
    /// Under id 0.
    Names(Names),
    /// Under its number.
    Callback(u64, StoredCallback),
    /// The last time a gateway told, wall time in milliseconds. Under id 0.
    GatewayTime(i64),
    /// For how many milliseconds, on a working network, no broker could be reached. Under id 0.
    Unreached(u64),
    /// What was learned of a network. Under its key.
    Network(u64, NetworkRecord),
    /// The wait before the next attempt. Under id 0.
    Wait(StoredWait),
}

impl Record {
    /// The version of every record written today.
    pub const VERSION: u16 = 1;

    /// Where it is kept.
    pub fn key(&self) -> RecordKey {
        let (kind, id) = match self {
            Self::Identity(_) => (kind::IDENTITY, 0),
            Self::Mark(_) => (kind::MARK, 0),
            Self::Message(sequence, _) => (kind::MESSAGE, *sequence),
            Self::MessageState(sequence, _) => (kind::MESSAGE_STATE, *sequence),
            Self::Outbox(_) => (kind::OUTBOX, 0),
            Self::OutboxEntry(entry) => (kind::OUTBOX_ENTRY, entry.n),
            Self::Names(_) => (kind::NAMES, 0),
            Self::Callback(id, _) => (kind::CALLBACK, *id),
            Self::GatewayTime(_) => (kind::GATEWAY_TIME, 0),
            Self::Unreached(_) => (kind::UNREACHED, 0),
            Self::Network(key, _) => (kind::NETWORK, *key),
            Self::Wait(_) => (kind::WAIT, 0),
        };
        RecordKey { kind, id }
    }
}

/// Bytes as one value rather than as a sequence of numbers: the same on disk, and a tenth of the work.
mod bytes {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }

        deserializer.deserialize_byte_buf(Bytes)
    }
}
