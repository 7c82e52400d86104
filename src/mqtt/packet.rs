//! What a server sends, as types that borrow from the received bytes.

use core::fmt;
use core::num::NonZeroU16;

use crate::ReasonCode;

/// The type of a control packet: the upper half of its first byte (§2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PacketType {
    /// Opens a session; client to server.
    Connect = 1,
    /// Answers CONNECT; server to client.
    ConnAck = 2,
    /// Carries a message; both ways.
    Publish = 3,
    /// Acknowledges a QoS 1 message; both ways.
    PubAck = 4,
    /// First answer to a QoS 2 message; both ways.
    PubRec = 5,
    /// Second step of a QoS 2 message; both ways.
    PubRel = 6,
    /// Last step of a QoS 2 message; both ways.
    PubComp = 7,
    /// Asks for messages; client to server.
    Subscribe = 8,
    /// Answers SUBSCRIBE; server to client.
    SubAck = 9,
    /// Asks for no more messages; client to server.
    Unsubscribe = 10,
    /// Answers UNSUBSCRIBE; server to client.
    UnsubAck = 11,
    /// Asks for a sign of life; client to server.
    PingReq = 12,
    /// Answers PINGREQ; server to client.
    PingResp = 13,
    /// Ends the connection and says why; both ways.
    Disconnect = 14,
    /// Enhanced authentication; both ways.
    Auth = 15,
}

impl PacketType {
    /// The type in the first byte of a packet; `None` for the reserved type 0.
    pub(crate) fn from_first_byte(byte: u8) -> Option<Self> {
        Some(match byte >> 4 {
            1 => Self::Connect,
            2 => Self::ConnAck,
            3 => Self::Publish,
            4 => Self::PubAck,
            5 => Self::PubRec,
            6 => Self::PubRel,
            7 => Self::PubComp,
            8 => Self::Subscribe,
            9 => Self::SubAck,
            10 => Self::Unsubscribe,
            11 => Self::UnsubAck,
            12 => Self::PingReq,
            13 => Self::PingResp,
            14 => Self::Disconnect,
            15 => Self::Auth,
            _ => return None,
        })
    }

    /// The standard's name, for example `CONNACK`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::ConnAck => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::PubAck => "PUBACK",
            Self::PubRec => "PUBREC",
            Self::PubRel => "PUBREL",
            Self::PubComp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::SubAck => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::UnsubAck => "UNSUBACK",
            Self::PingReq => "PINGREQ",
            Self::PingResp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
            Self::Auth => "AUTH",
        }
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How surely a message is delivered (§4.3). QoS 2 is left out: this client neither asks for it nor sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum QoS {
    /// QoS 0: sent once, never acknowledged.
    AtMostOnce = 0,
    /// QoS 1: acknowledged with PUBACK; may come more than once.
    AtLeastOnce = 1,
}

/// A packet from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The answer to CONNECT.
    ConnAck(ConnAck<'a>),
    /// A message for this client.
    Publish(Publish<'a>),
    /// The server has taken a QoS 1 message, or refused it.
    PubAck(PubAck<'a>),
    /// The answer to SUBSCRIBE.
    SubAck(SubAck<'a>),
    /// The answer to PINGREQ.
    PingResp,
    /// The server ends the connection.
    Disconnect(Disconnect<'a>),
}

/// The server's answer to CONNECT (§3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnAck<'a> {
    /// The server goes on with a session it has kept. Never true in a refusal; after a clean start it breaks the
    /// protocol (MQTT-3.2.2-2), which only the caller can tell.
    pub session_present: bool,
    /// [`ReasonCode::SUCCESS`], or why the server refuses.
    pub reason: ReasonCode,
    /// What the server says about itself and this session.
    pub properties: ConnAckProperties<'a>,
}

/// The properties of a CONNACK (§3.2.2.3); `None` is "left out", and each field says what that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnAckProperties<'a> {
    /// How long the server keeps the session, in seconds; left out: as long as CONNECT asked for.
    pub session_expiry_seconds: Option<u32>,
    /// How many QoS 1 messages may wait for their PUBACK, 1 to 65,535; left out: 65,535.
    pub receive_maximum: Option<u16>,
    /// The highest QoS the server takes; left out: all.
    pub maximum_qos: Option<QoS>,
    /// Whether the server keeps retained messages; left out: it does.
    pub retain_available: Option<bool>,
    /// The largest packet the server takes, in bytes, at least 1; left out: no limit.
    pub maximum_packet_size: Option<u32>,
    /// The client identifier the server chose because CONNECT had an empty one.
    pub assigned_client_id: Option<&'a str>,
    /// How many topic aliases the server understands; left out: 0.
    pub topic_alias_maximum: Option<u16>,
    /// For people and logs only.
    pub reason_string: Option<&'a str>,
    /// Whether filters may contain wildcards; left out: they may.
    pub wildcard_subscription_available: Option<bool>,
    /// Whether subscriptions may carry identifiers; left out: they may.
    pub subscription_identifiers_available: Option<bool>,
    /// Whether there are shared subscriptions; left out: there are.
    pub shared_subscription_available: Option<bool>,
    /// The keep-alive to use instead of CONNECT's, in seconds, 0 for none; left out: CONNECT's.
    pub server_keep_alive_seconds: Option<u16>,
    /// Another server to use; goes with [`ReasonCode::USE_ANOTHER_SERVER`] and [`ReasonCode::SERVER_MOVED`].
    pub server_reference: Option<&'a str>,
    /// The user property [`RETRY_AFTER`]: for so many seconds the server does not want to see this client again. MQTT
    /// itself has no such property; this is HTTP's (RFC 9110 §10.2.3).
    pub retry_after_seconds: Option<u32>,
}

/// The name of the user property by which a server says how long to stay away; its value is a decimal number of seconds.
pub const RETRY_AFTER: &str = "retry-after";

/// A message from the server (§3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    /// The server has sent this packet identifier before. Never true at QoS 0.
    pub duplicate: bool,
    /// The message was kept by the server before this client subscribed.
    pub retain: bool,
    /// Not empty, and free of wildcards and U+0000.
    pub topic: &'a str,
    /// What PUBACK must carry: `Some` at QoS 1, `None` at QoS 0.
    pub packet_id: Option<NonZeroU16>,
    /// How long the message is still of use, in seconds; `None`: for ever.
    pub message_expiry_seconds: Option<u32>,
    /// The message itself.
    pub payload: &'a [u8],
}

/// The server's answer to a QoS 1 PUBLISH (§3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PubAck<'a> {
    /// That of the PUBLISH.
    pub packet_id: NonZeroU16,
    /// Success, [`ReasonCode::NO_MATCHING_SUBSCRIBERS`], or why the message was refused.
    pub reason: ReasonCode,
    /// For people and logs only.
    pub reason_string: Option<&'a str>,
}

/// The server's answer to SUBSCRIBE (§3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubAck<'a> {
    /// That of the SUBSCRIBE.
    pub packet_id: NonZeroU16,
    /// One [`ReasonCode`] for each filter, in order; at least one. Below 0x80 it is the granted QoS, 0 or 1.
    pub reasons: &'a [u8],
    /// For people and logs only.
    pub reason_string: Option<&'a str>,
}

/// The server ends the connection (§3.14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect<'a> {
    /// Why.
    pub reason: ReasonCode,
    /// For people and logs only.
    pub reason_string: Option<&'a str>,
    /// Another server to use; goes with [`ReasonCode::USE_ANOTHER_SERVER`] and [`ReasonCode::SERVER_MOVED`].
    pub server_reference: Option<&'a str>,
    /// The user property [`RETRY_AFTER`]: for so many seconds the server does not want to see this client again.
    pub retry_after_seconds: Option<u32>,
}
