//! From what a client wants to say to bytes.
//!
//! Every encoder checks its arguments and adds up the packet's length before it writes: an error leaves `out` as it was.

use core::fmt;
use core::num::NonZeroU16;

use crate::topic::{contains_wildcard, is_filter};
use crate::{PacketType, QoS, ReasonCode, VARIABLE_BYTE_INTEGER_MAX};

/// Opens a session (§3.1). User name and password are always sent.
///
/// It cannot be printed: a password does not belong in a log.
#[derive(Clone, Copy)]
pub struct Connect<'a> {
    /// At most 65,535 bytes; the server chooses one if empty.
    pub client_id: &'a str,
    /// At most 65,535 bytes.
    pub username: &'a str,
    /// At most 65,535 bytes.
    pub password: &'a [u8],
    /// The longest silence of this client, in seconds; 0 for no limit. The server waits half as long again.
    pub keep_alive_seconds: u16,
    /// Whether the server forgets a session it has kept for this client identifier.
    pub clean_start: bool,
    /// How long the server keeps the session after the connection has ended, in seconds; 0: not at all.
    pub session_expiry_seconds: u32,
    /// How many QoS 1 messages may wait for this client's PUBACK, at least 1.
    pub receive_maximum: u16,
    /// The largest packet this client takes, in bytes, at least 1; the value to give to [`decode`](crate::decode).
    pub maximum_packet_size: u32,
    /// What the server publishes when this client is gone.
    pub will: Option<Will<'a>>,
}

/// What the server publishes when the connection ends without a DISCONNECT that prevents it (§3.1.2.5). Not retained.
#[derive(Debug, Clone, Copy)]
pub struct Will<'a> {
    /// A topic name: 1 to 65,535 bytes, no wildcards.
    pub topic: &'a str,
    /// At most 65,535 bytes.
    pub payload: &'a [u8],
    /// How surely the server delivers it.
    pub qos: QoS,
    /// How long the server waits for this client to come back before, in seconds.
    pub delay_seconds: u32,
}

/// A message to the server (§3.3). Not retained.
#[derive(Debug, Clone, Copy)]
pub struct PublishOut<'a> {
    /// A topic name: 1 to 65,535 bytes, no wildcards.
    pub topic: &'a str,
    /// How surely it is delivered.
    pub qos: QoS,
    /// Set at QoS 1 and not in use by another message; `None` at QoS 0.
    pub packet_id: Option<NonZeroU16>,
    /// Whether this message was sent before. False at QoS 0.
    pub duplicate: bool,
    /// The message itself.
    pub payload: &'a [u8],
}

/// Why a packet cannot be encoded. The field is named by the standard's name in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// A string or binary field is longer than 65,535 bytes.
    TooLong {
        /// The field.
        field: &'static str,
    },
    /// A string contains U+0000.
    NullCharacter {
        /// The field.
        field: &'static str,
    },
    /// A topic name is empty or contains a wildcard, or a topic filter is empty or has a wildcard in the wrong place.
    InvalidTopic {
        /// The field.
        field: &'static str,
    },
    /// A number is 0 where the standard forbids it.
    Zero {
        /// The field.
        field: &'static str,
    },
    /// A QoS 1 message has no packet identifier, or a QoS 0 message has one or is marked as a duplicate.
    PacketIdAndQoS,
    /// The packet is longer than 268,435,455 bytes.
    PacketTooLarge,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { field } => write!(f, "{field}: longer than 65535 bytes"),
            Self::NullCharacter { field } => write!(f, "{field}: contains U+0000"),
            Self::InvalidTopic { field } => write!(f, "{field}: empty, or a wildcard where none may stand"),
            Self::Zero { field } => write!(f, "{field}: may not be 0"),
            Self::PacketIdAndQoS => {
                f.write_str("a packet identifier goes with QoS 1, and nothing but QoS 1 is repeated")
            }
            Self::PacketTooLarge => f.write_str("the packet is longer than 268435455 bytes"),
        }
    }
}

impl std::error::Error for EncodeError {}

const SESSION_EXPIRY_INTERVAL: u8 = 0x11;
const WILL_DELAY_INTERVAL: u8 = 0x18;
const RECEIVE_MAXIMUM: u8 = 0x21;
const MAXIMUM_PACKET_SIZE: u8 = 0x27;

/// The protocol name and version at the start of CONNECT (§3.1.2.1, §3.1.2.2).
const PROTOCOL: &[u8] = b"\x00\x04MQTT\x05";

/// Appends CONNECT.
///
/// # Errors
///
/// [`EncodeError`] if a field is outside the range its documentation gives; `out` is then unchanged.
pub fn encode_connect(out: &mut Vec<u8>, c: &Connect<'_>) -> Result<(), EncodeError> {
    const CLEAN_START: u8 = 0x02;
    const WILL: u8 = 0x04;
    const WILL_QOS_SHIFT: u8 = 3;
    const PASSWORD: u8 = 0x40;
    const USER_NAME: u8 = 0x80;

    let mut flags = USER_NAME | PASSWORD;
    if c.clean_start {
        flags |= CLEAN_START;
    }
    // Identifier and value of receive maximum and maximum packet size, and of the session expiry interval if sent.
    let properties_length: u8 = if c.session_expiry_seconds == 0 { 3 + 5 } else { 3 + 5 + 5 };
    // Flags, keep alive, property length.
    let mut length = PROTOCOL.len() + 1 + 2 + 1 + usize::from(properties_length);
    length += string_length("client identifier", c.client_id)?;
    length += string_length("user name", c.username)?;
    length += binary_length("password", c.password)?;
    if c.receive_maximum == 0 {
        return Err(EncodeError::Zero { field: "receive maximum" });
    }
    if c.maximum_packet_size == 0 {
        return Err(EncodeError::Zero { field: "maximum packet size" });
    }
    if let Some(will) = &c.will {
        flags |= WILL | (will.qos as u8) << WILL_QOS_SHIFT;
        length += 1 + usize::from(will_properties_length(will));
        length += topic_name_length("will topic", will.topic)?;
        length += binary_length("will payload", will.payload)?;
    }

    start(out, PacketType::Connect, 0, length)?;
    out.extend_from_slice(PROTOCOL);
    out.push(flags);
    put_u16(out, c.keep_alive_seconds);
    out.push(properties_length);
    if c.session_expiry_seconds != 0 {
        out.push(SESSION_EXPIRY_INTERVAL);
        put_u32(out, c.session_expiry_seconds);
    }
    out.push(RECEIVE_MAXIMUM);
    put_u16(out, c.receive_maximum);
    out.push(MAXIMUM_PACKET_SIZE);
    put_u32(out, c.maximum_packet_size);
    put_binary(out, c.client_id.as_bytes());
    if let Some(will) = &c.will {
        out.push(will_properties_length(will));
        if will.delay_seconds != 0 {
            out.push(WILL_DELAY_INTERVAL);
            put_u32(out, will.delay_seconds);
        }
        put_binary(out, will.topic.as_bytes());
        put_binary(out, will.payload);
    }
    put_binary(out, c.username.as_bytes());
    put_binary(out, c.password);
    Ok(())
}

/// The delay's identifier and value, if it is not the default of 0.
fn will_properties_length(will: &Will<'_>) -> u8 {
    if will.delay_seconds == 0 { 0 } else { 5 }
}

/// Appends SUBSCRIBE for one filter of 1 to 65,535 bytes and at most this QoS, without what is retained.
///
/// # Errors
///
/// [`EncodeError`] if `filter` is not a topic filter (§4.7.1); `out` is then unchanged.
pub fn encode_subscribe(out: &mut Vec<u8>, packet_id: NonZeroU16, filter: &str, qos: QoS) -> Result<(), EncodeError> {
    /// Do not send retained messages at the time of the subscribe (§3.8.3.1).
    const RETAIN_HANDLING_NONE: u8 = 2 << 4;
    const FIELD: &str = "topic filter";

    let filter_length = string_length(FIELD, filter)?;
    if !is_filter(filter) {
        return Err(EncodeError::InvalidTopic { field: FIELD });
    }
    // Packet identifier, property length, filter, options.
    start(out, PacketType::Subscribe, 0b0010, 2 + 1 + filter_length + 1)?;
    put_u16(out, packet_id.get());
    out.push(0);
    put_binary(out, filter.as_bytes());
    out.push(RETAIN_HANDLING_NONE | qos as u8);
    Ok(())
}

/// Appends PUBLISH.
///
/// # Errors
///
/// [`EncodeError`] if a field is outside the range its documentation gives, or the packet grows too long; `out` is then
/// unchanged.
pub fn encode_publish(out: &mut Vec<u8>, publish: &PublishOut<'_>) -> Result<(), EncodeError> {
    const DUPLICATE: u8 = 0b1000;
    const QOS_SHIFT: u8 = 1;

    let consistent = match publish.qos {
        QoS::AtMostOnce => publish.packet_id.is_none() && !publish.duplicate,
        QoS::AtLeastOnce => publish.packet_id.is_some(),
    };
    if !consistent {
        return Err(EncodeError::PacketIdAndQoS);
    }
    let mut flags = (publish.qos as u8) << QOS_SHIFT;
    if publish.duplicate {
        flags |= DUPLICATE;
    }
    // Topic, packet identifier at QoS 1, property length. A slice's length leaves room for this sum.
    let mut length = topic_name_length("topic name", publish.topic)? + 1 + publish.payload.len();
    if publish.packet_id.is_some() {
        length += 2;
    }
    start(out, PacketType::Publish, flags, length)?;
    put_binary(out, publish.topic.as_bytes());
    if let Some(packet_id) = publish.packet_id {
        put_u16(out, packet_id.get());
    }
    out.push(0);
    out.extend_from_slice(publish.payload);
    Ok(())
}

/// Appends PUBACK. `reason` is one that PUBACK may carry (table 3-4): success, no matching subscribers, or a refusal.
pub fn encode_puback(out: &mut Vec<u8>, packet_id: NonZeroU16, reason: ReasonCode) {
    let [high, low] = packet_id.get().to_be_bytes();
    let first = (PacketType::PubAck as u8) << 4;
    if reason == ReasonCode::SUCCESS {
        out.extend_from_slice(&[first, 2, high, low]);
    } else {
        out.extend_from_slice(&[first, 3, high, low, reason.0]);
    }
}

/// Appends PINGREQ.
pub fn encode_pingreq(out: &mut Vec<u8>) {
    out.extend_from_slice(&[(PacketType::PingReq as u8) << 4, 0]);
}

/// Appends DISCONNECT. `reason` is one that a client may send (table 3-13). Only
/// [`NORMAL_DISCONNECTION`](ReasonCode::NORMAL_DISCONNECTION) makes the server drop the will.
pub fn encode_disconnect(out: &mut Vec<u8>, reason: ReasonCode) {
    let first = (PacketType::Disconnect as u8) << 4;
    if reason == ReasonCode::NORMAL_DISCONNECTION {
        out.extend_from_slice(&[first, 0]);
    } else {
        // The property length could be left out too, but not every decoder knows that.
        out.extend_from_slice(&[first, 2, reason.0, 0]);
    }
}

/// Writes the fixed header of a packet with `length` bytes after it, and makes room for them.
fn start(out: &mut Vec<u8>, packet: PacketType, flags: u8, length: usize) -> Result<(), EncodeError> {
    let mut rest = match u32::try_from(length) {
        Ok(length) if length <= VARIABLE_BYTE_INTEGER_MAX => length,
        _ => return Err(EncodeError::PacketTooLarge),
    };
    // One byte of type and flags, at most four of length.
    out.reserve(5 + length);
    out.push((packet as u8) << 4 | flags);
    while rest > 0x7F {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    Ok(())
}

/// The encoded length, in bytes, of what [`put_binary`] writes.
fn binary_length(field: &'static str, bytes: &[u8]) -> Result<usize, EncodeError> {
    if bytes.len() > usize::from(u16::MAX) { Err(EncodeError::TooLong { field }) } else { Ok(2 + bytes.len()) }
}

fn string_length(field: &'static str, string: &str) -> Result<usize, EncodeError> {
    if string.as_bytes().contains(&0) {
        return Err(EncodeError::NullCharacter { field });
    }
    binary_length(field, string.as_bytes())
}

fn topic_name_length(field: &'static str, topic: &str) -> Result<usize, EncodeError> {
    if topic.is_empty() || contains_wildcard(topic) {
        return Err(EncodeError::InvalidTopic { field });
    }
    string_length(field, topic)
}

fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// A string or binary field; its length has been checked by [`binary_length`].
fn put_binary(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u16(out, bytes.len() as u16);
    out.extend_from_slice(bytes);
}
