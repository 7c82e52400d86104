//! The properties of the packets a server sends (§2.2.2).

use crate::reader::Reader;
use crate::topic::contains_wildcard;
use crate::{ConnAckProperties, DecodeError, Malformation, QoS, RETRY_AFTER, Violation};

// Identifiers (table 2-4) of what a server may send.
const PAYLOAD_FORMAT_INDICATOR: u8 = 0x01;
const MESSAGE_EXPIRY_INTERVAL: u8 = 0x02;
const CONTENT_TYPE: u8 = 0x03;
const RESPONSE_TOPIC: u8 = 0x08;
const CORRELATION_DATA: u8 = 0x09;
const SUBSCRIPTION_IDENTIFIER: u8 = 0x0B;
const SESSION_EXPIRY_INTERVAL: u8 = 0x11;
const ASSIGNED_CLIENT_IDENTIFIER: u8 = 0x12;
const SERVER_KEEP_ALIVE: u8 = 0x13;
const AUTHENTICATION_METHOD: u8 = 0x15;
const AUTHENTICATION_DATA: u8 = 0x16;
const RESPONSE_INFORMATION: u8 = 0x1A;
const SERVER_REFERENCE: u8 = 0x1C;
const REASON_STRING: u8 = 0x1F;
const RECEIVE_MAXIMUM: u8 = 0x21;
const TOPIC_ALIAS_MAXIMUM: u8 = 0x22;
const TOPIC_ALIAS: u8 = 0x23;
const MAXIMUM_QOS: u8 = 0x24;
const RETAIN_AVAILABLE: u8 = 0x25;
const USER_PROPERTY: u8 = 0x26;
const MAXIMUM_PACKET_SIZE: u8 = 0x27;
const WILDCARD_SUBSCRIPTION_AVAILABLE: u8 = 0x28;
const SUBSCRIPTION_IDENTIFIER_AVAILABLE: u8 = 0x29;
const SHARED_SUBSCRIPTION_AVAILABLE: u8 = 0x2A;

/// A set of property identifiers. The standard assigns none above 0x2A, so each is one bit.
#[derive(Clone, Copy)]
pub(crate) struct PropertySet(u64);

impl PropertySet {
    const fn of(identifiers: &[u8]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < identifiers.len() {
            bits |= 1 << identifiers[index];
            index += 1;
        }
        Self(bits)
    }

    fn contains(self, identifier: u8) -> bool {
        identifier < 64 && self.0 & (1 << identifier) != 0
    }

    fn insert(&mut self, identifier: u8) {
        self.0 |= 1 << identifier;
    }
}

/// §3.2.2.3.
pub(crate) const CONNACK: PropertySet = PropertySet::of(&[
    SESSION_EXPIRY_INTERVAL,
    ASSIGNED_CLIENT_IDENTIFIER,
    SERVER_KEEP_ALIVE,
    AUTHENTICATION_METHOD,
    AUTHENTICATION_DATA,
    RESPONSE_INFORMATION,
    SERVER_REFERENCE,
    REASON_STRING,
    RECEIVE_MAXIMUM,
    TOPIC_ALIAS_MAXIMUM,
    MAXIMUM_QOS,
    RETAIN_AVAILABLE,
    USER_PROPERTY,
    MAXIMUM_PACKET_SIZE,
    WILDCARD_SUBSCRIPTION_AVAILABLE,
    SUBSCRIPTION_IDENTIFIER_AVAILABLE,
    SHARED_SUBSCRIPTION_AVAILABLE,
]);

/// §3.3.2.3.
pub(crate) const PUBLISH: PropertySet = PropertySet::of(&[
    PAYLOAD_FORMAT_INDICATOR,
    MESSAGE_EXPIRY_INTERVAL,
    CONTENT_TYPE,
    RESPONSE_TOPIC,
    CORRELATION_DATA,
    SUBSCRIPTION_IDENTIFIER,
    TOPIC_ALIAS,
    USER_PROPERTY,
]);

/// PUBACK and SUBACK: §3.4.2.2, §3.9.2.1.
pub(crate) const ACKNOWLEDGEMENT: PropertySet = PropertySet::of(&[REASON_STRING, USER_PROPERTY]);

/// §3.14.2.2; the session expiry interval is a client's to send (MQTT-3.14.2-2).
pub(crate) const DISCONNECT: PropertySet = PropertySet::of(&[REASON_STRING, USER_PROPERTY, SERVER_REFERENCE]);

/// A message may match several subscriptions (§3.3.2.3.8), and user properties may always repeat (§2.2.2.2).
const REPEATABLE: PropertySet = PropertySet::of(&[USER_PROPERTY, SUBSCRIPTION_IDENTIFIER]);

/// What a packet's properties said, whichever packet it is.
#[derive(Default)]
pub(crate) struct Properties<'a> {
    pub(crate) message_expiry_seconds: Option<u32>,
    /// Where CONNACK, PUBACK, SUBACK and DISCONNECT put theirs: the last three use a few of CONNACK's.
    pub(crate) connack: ConnAckProperties<'a>,
}

impl<'a> Properties<'a> {
    /// Reads the property length and the properties, each of which must be in `allowed`.
    ///
    /// Properties this client has no use for are checked like the others, then dropped.
    pub(crate) fn read(packet: &mut Reader<'a>, allowed: PropertySet) -> Result<Self, DecodeError> {
        let mut reader = packet.section("property length")?;
        let mut properties = Self::default();
        let mut seen = PropertySet(0);
        while reader.len() > 0 {
            // A variable byte integer in name: every identifier there is fits one byte, and a longer one is unknown.
            let identifier = reader.u8("property identifier")?;
            if !allowed.contains(identifier) {
                return Err(reader.malformed("property identifier", Malformation::UnknownProperty));
            }
            if seen.contains(identifier) && !REPEATABLE.contains(identifier) {
                return Err(reader.violation(name(identifier), Violation::DuplicateProperty));
            }
            seen.insert(identifier);
            properties.read_value(&mut reader, identifier)?;
        }
        Ok(properties)
    }

    fn read_value(&mut self, reader: &mut Reader<'a>, identifier: u8) -> Result<(), DecodeError> {
        let field = name(identifier);
        let connack = &mut self.connack;
        match identifier {
            MESSAGE_EXPIRY_INTERVAL => self.message_expiry_seconds = Some(reader.u32(field)?),
            SESSION_EXPIRY_INTERVAL => connack.session_expiry_seconds = Some(reader.u32(field)?),
            RECEIVE_MAXIMUM => connack.receive_maximum = Some(reader.nonzero_u16(field, Violation::OutOfRange)?.get()),
            MAXIMUM_QOS => {
                let at_least_once = reader.bool(field)?;
                connack.maximum_qos = Some(if at_least_once { QoS::AtLeastOnce } else { QoS::AtMostOnce });
            }
            RETAIN_AVAILABLE => connack.retain_available = Some(reader.bool(field)?),
            MAXIMUM_PACKET_SIZE => match reader.u32(field)? {
                0 => return Err(reader.violation(field, Violation::OutOfRange)),
                size => connack.maximum_packet_size = Some(size),
            },
            ASSIGNED_CLIENT_IDENTIFIER => connack.assigned_client_id = Some(reader.string(field)?),
            TOPIC_ALIAS_MAXIMUM => connack.topic_alias_maximum = Some(reader.u16(field)?),
            REASON_STRING => connack.reason_string = Some(reader.string(field)?),
            WILDCARD_SUBSCRIPTION_AVAILABLE => connack.wildcard_subscription_available = Some(reader.bool(field)?),
            SUBSCRIPTION_IDENTIFIER_AVAILABLE => {
                connack.subscription_identifiers_available = Some(reader.bool(field)?);
            }
            SHARED_SUBSCRIPTION_AVAILABLE => connack.shared_subscription_available = Some(reader.bool(field)?),
            SERVER_KEEP_ALIVE => connack.server_keep_alive_seconds = Some(reader.u16(field)?),
            SERVER_REFERENCE => connack.server_reference = Some(reader.string(field)?),
            PAYLOAD_FORMAT_INDICATOR => {
                reader.bool(field)?;
            }
            CONTENT_TYPE => {
                reader.string(field)?;
            }
            RESPONSE_TOPIC => {
                if contains_wildcard(reader.string(field)?) {
                    return Err(reader.violation(field, Violation::WildcardInTopicName));
                }
            }
            CORRELATION_DATA => {
                reader.binary(field)?;
            }
            SUBSCRIPTION_IDENTIFIER => {
                if reader.variable_byte_integer(field)? == 0 {
                    return Err(reader.violation(field, Violation::OutOfRange));
                }
            }
            USER_PROPERTY => {
                let (name, value) = (reader.string(field)?, reader.string(field)?);
                if name == RETRY_AFTER {
                    connack.retry_after_seconds = value.parse().ok();
                }
            }
            // This client's Topic Alias Maximum is 0 (MQTT-3.1.2-26).
            TOPIC_ALIAS => return Err(reader.violation(field, Violation::TopicAlias)),
            // This client names no authentication method and asks for no response information (MQTT-4.12.0-6,
            // MQTT-3.1.2-28).
            _ => return Err(reader.violation(field, Violation::UnsolicitedProperty)),
        }
        Ok(())
    }
}

/// What the standard calls a property, in lower case.
fn name(identifier: u8) -> &'static str {
    match identifier {
        PAYLOAD_FORMAT_INDICATOR => "payload format indicator",
        MESSAGE_EXPIRY_INTERVAL => "message expiry interval",
        CONTENT_TYPE => "content type",
        RESPONSE_TOPIC => "response topic",
        CORRELATION_DATA => "correlation data",
        SUBSCRIPTION_IDENTIFIER => "subscription identifier",
        SESSION_EXPIRY_INTERVAL => "session expiry interval",
        ASSIGNED_CLIENT_IDENTIFIER => "assigned client identifier",
        SERVER_KEEP_ALIVE => "server keep alive",
        AUTHENTICATION_METHOD => "authentication method",
        AUTHENTICATION_DATA => "authentication data",
        RESPONSE_INFORMATION => "response information",
        SERVER_REFERENCE => "server reference",
        REASON_STRING => "reason string",
        RECEIVE_MAXIMUM => "receive maximum",
        TOPIC_ALIAS_MAXIMUM => "topic alias maximum",
        TOPIC_ALIAS => "topic alias",
        MAXIMUM_QOS => "maximum qos",
        RETAIN_AVAILABLE => "retain available",
        USER_PROPERTY => "user property",
        MAXIMUM_PACKET_SIZE => "maximum packet size",
        WILDCARD_SUBSCRIPTION_AVAILABLE => "wildcard subscription available",
        SUBSCRIPTION_IDENTIFIER_AVAILABLE => "subscription identifier available",
        SHARED_SUBSCRIPTION_AVAILABLE => "shared subscription available",
        _ => "property",
    }
}
