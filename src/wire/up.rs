use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::command::{AcceptTime, Command};
use crate::entry::{Entry, RawContent, RawEntry, Undecodable, decode_body};
use crate::{Bindings, VERSION};

/// What a phone publishes, as the phone makes it ([`UpFrame::encode`]) or the gateway reads it
/// ([`UpFrame::decode`]).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpFrame<'a, E = RawEntry<'a>> {
    /// The frame's version, [`VERSION`].
    pub v: u16,
    /// The outbox under which the entries stand: random, drawn when the outbox was created. Another one means that
    /// numbers start again at 1.
    #[serde(borrow)]
    pub outbox: Cow<'a, str>,
    /// The phone's mark on the gateway's entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub have: Option<Have>,
    /// Made anew for each connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello: Option<Hello>,
    /// The connection's will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
    /// Entries in increasing order, without gaps.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<E>,
}

impl<'a> UpFrame<'a, RawEntry<'a>> {
    /// Reads a frame; its entries are decoded one by one with [`RawEntry::up`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

impl UpFrame<'_, Entry<Up>> {
    /// A frame with nothing in it yet.
    pub fn new(outbox: &str) -> UpFrame<'_, Entry<Up>> {
        UpFrame { v: VERSION, outbox: Cow::Borrowed(outbox), have: None, hello: None, gone: None, entries: Vec::new() }
    }

    /// The frame as JSON.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a frame has only string keys and cannot fail to serialise")
    }
}

/// The mark `have`: every entry of this epoch up to `up_to` is on disk. This is what `arrived` means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Have {
    /// The epoch the number belongs to.
    pub epoch: String,
    /// The highest number taken; 0 for none.
    pub up_to: u64,
}

/// The first frame of a connection; the gateway answers by publishing what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The random id of this connection, which its will carries too.
    pub connection: String,
    /// The identity of the entry numbered `have.upTo`, so that a gateway that has gone back in time notices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_of_up_to: Option<String>,
    /// The phone's software, such as `offpush/0.1.0`.
    pub version: String,
    /// What kind of network it is on: `wifi`, `cellular`, `ethernet`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The heartbeat interval in force, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<u32>,
}

/// A connection ended without a word. Ignored unless it names the current connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// The connection id that the hello carried.
    pub connection: String,
}

/// The content of an entry to the gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", content = "body", rename_all = "kebab-case")]
pub enum Up {
    /// What the app asked for; a result follows.
    Command(Command),
    /// What became of a message.
    Receipt(Receipt),
    /// The phone's whole state, first in an outbox that was created because the gateway has gone back in time.
    Snapshot(Snapshot),
}

impl Up {
    /// The content alone as JSON, to be kept until it is sent.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry has only string keys and cannot fail to serialise")
    }

    /// Reads what [`Up::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Undecodable> {
        let RawContent { kind, body } = serde_json::from_slice(bytes)
            .map_err(|e| Undecodable::Body { kind: "entry".to_owned(), error: e.to_string() })?;
        Self::read(&kind, body)
    }

    fn read(kind: &str, body: Option<&RawValue>) -> Result<Self, Undecodable> {
        Ok(match kind {
            "command" => Self::Command(decode_body(kind, body)?),
            "receipt" => Self::Receipt(decode_body(kind, body)?),
            "snapshot" => Self::Snapshot(decode_body(kind, body)?),
            other => return Err(Undecodable::Kind(other.to_owned())),
        })
    }
}

impl RawEntry<'_> {
    /// Decodes the content of an entry to the gateway.
    pub fn up(&self) -> Result<Up, Undecodable> {
        Up::read(&self.kind, self.body)
    }
}

/// What became of a message on the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The message's id; for an entry that was not understood, the entry's id.
    pub id: String,
    /// What happened.
    pub what: ReceiptKind,
    /// Why, where that is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When, by the phone's wall clock, in milliseconds since 1970, UTC.
    pub at: i64,
}

/// The kinds of receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptKind {
    /// The notification is shown; a pass-through message was handed to the app.
    Shown,
    /// It went into a summary.
    Folded,
    /// It was clicked.
    Clicked,
    /// It was swiped away.
    Dismissed,
    /// Its time was over before it could be shown.
    Expired,
    /// It will not be shown, for the reason given.
    Blocked,
}

impl ReceiptKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Folded => "folded",
            Self::Clicked => "clicked",
            Self::Dismissed => "dismissed",
            Self::Expired => "expired",
            Self::Blocked => "blocked",
        }
    }
}

/// The phone's state, for a gateway that lost it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Snapshot {
    /// Aliases set.
    pub aliases: Vec<String>,
    /// Accounts set.
    pub accounts: Vec<String>,
    /// Topics subscribed.
    pub topics: Vec<String>,
    /// The accept time, if one was ever set (a pause is an empty one).
    pub accept_time: Option<AcceptTime>,
    /// The bindings known: new ones must be numbered above `upTo`, and what is void here stays void.
    pub bindings: Bindings,
}
