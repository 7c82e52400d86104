use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, RawEntry, Undecodable, decode_body};
use crate::{CommandResult, Message, VERSION};

/// What the gateway publishes to one device, as the gateway makes it ([`DownFrame::encode`]) or the phone reads it
/// ([`DownFrame::decode`]).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownFrame<'a, E = RawEntry<'a>> {
    /// The frame's version, [`VERSION`].
    pub v: u16,
    /// The numbering under which the entries stand. Opaque; another one means that numbers start again at 1.
    #[serde(borrow)]
    pub epoch: Cow<'a, str>,
    /// The gateway's mark on the phone's outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Applied>,
    /// The answer to a hello. Only such a frame makes a phone change its epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<HelloAnswer>,
    /// Entries in increasing order, without gaps.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<E>,
}

impl<'a> DownFrame<'a, RawEntry<'a>> {
    /// Reads a frame; its entries are decoded one by one with [`RawEntry::down`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

impl DownFrame<'_, Entry<Down>> {
    /// A frame with nothing in it yet.
    pub fn new(epoch: &str) -> DownFrame<'_, Entry<Down>> {
        DownFrame { v: VERSION, epoch: Cow::Borrowed(epoch), applied: None, answer: None, entries: Vec::new() }
    }

    /// The frame as JSON.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a frame has only string keys and cannot fail to serialise")
    }
}

/// The mark `applied`: every entry of this outbox up to `n` has been applied, durably.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The outbox the number belongs to.
    pub outbox: String,
    /// The highest number applied; 0 for none.
    pub n: u64,
}

/// The answer to a hello: what is missing follows, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloAnswer {
    /// The connection id of the hello that is answered.
    pub connection: String,
    /// The id of the connection before it. A phone that did not make that one shares its identity with another: brokers
    /// end a connection that is taken over without a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Which bindings hold.
    pub bindings: Bindings,
    /// The gateway's wall clock in milliseconds since 1970, UTC.
    pub time: i64,
    /// When the broker that the gateway is connected to now was reached, by the gateway's wall clock in milliseconds: what
    /// fell silent before and came back after has been cut off by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker_since: Option<i64>,
    /// Over how many seconds phones should spread when a server's end has cut them all off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect_window: Option<u32>,
}

/// Which bindings (a user's log-ins on this device) hold: every number up to `up_to` that is not listed is void;
/// higher ones are not known yet and are taken as holding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bindings {
    /// The highest binding ever made for this device; 0 for none.
    pub up_to: u64,
    /// Those that hold, ascending.
    pub valid: Vec<u64>,
}

impl Bindings {
    /// Whether what carries this binding must not be shown any more.
    pub fn is_void(&self, binding: u64) -> bool {
        binding <= self.up_to && !self.valid.contains(&binding)
    }
}

/// The content of an entry to a phone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "kebab-case")]
pub enum Down {
    /// A message to show or to hand to the app.
    Message(Box<Message>),
    /// Messages that must not be shown any more.
    Withdraw(Withdraw),
    /// Bindings that became void.
    Unbind(Bindings),
    /// What became of a command.
    Result(CommandResult),
    /// What the phone should do differently from now on.
    Settings(Settings),
    /// A number whose content is not wanted any more.
    Void,
}

impl RawEntry<'_> {
    /// Decodes the content of an entry to a phone.
    pub fn down(&self) -> Result<Down, Undecodable> {
        let (kind, body) = (&*self.kind, self.body);
        Ok(match kind {
            "message" => Down::Message(decode_body(kind, body)?),
            "withdraw" => Down::Withdraw(decode_body(kind, body)?),
            "unbind" => Down::Unbind(decode_body(kind, body)?),
            "result" => Down::Result(decode_body(kind, body)?),
            "settings" => Down::Settings(decode_body(kind, body)?),
            "void" => Down::Void,
            other => return Err(Undecodable::Kind(other.to_owned())),
        })
    }
}

/// Messages that are withdrawn: dropped if not shown yet, cancelled if showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    /// Their message ids.
    pub messages: Vec<String>,
}

/// Settings for the phone; a field left out changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Brokers to use from the next connection on, `mqtts://HOST:PORT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brokers: Option<Vec<String>>,
}
