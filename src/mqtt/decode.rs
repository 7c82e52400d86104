//! From received bytes to a packet.

use crate::property::{self, Properties};
use crate::reader::{Reader, variable_byte_integer};
use crate::topic::contains_wildcard;
use crate::{
    ConnAck, DecodeError, Disconnect, Malformation, Packet, PacketType, PubAck, Publish, ReasonCode, SubAck, Violation,
};

/// CONNACK (§3.2.2.2, table 3-1).
const CONNACK_REASONS: &[u8] = &[
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B,
    0x9C, 0x9D, 0x9F,
];
/// PUBACK (§3.4.2.1, table 3-4).
const PUBACK_REASONS: &[u8] = &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
/// SUBACK (§3.9.3, table 3-8), without 0x02: QoS 2 is more than this client asks for, and a server may only grant less.
const SUBACK_REASONS: &[u8] = &[0x00, 0x01, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
/// DISCONNECT (§3.14.2.1, table 3-13), as a server sends it: without 0x04, which speaks of the client's will.
const DISCONNECT_REASONS: &[u8] = &[
    0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
    0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
];

/// Takes the first packet from `input`, the bytes received and not yet taken.
///
/// Gives the packet, which borrows from `input`, and its length in bytes: drop as many before the next call. `Ok(None)`
/// means that the packet is not yet whole. `maximum_packet_size` is what CONNECT told the server, in bytes, counting the
/// whole packet (§2.1.4).
///
/// # Errors
///
/// [`DecodeError`] if the server breaks the protocol; the connection cannot go on. What the first bytes show is
/// reported at once, without waiting for the rest: a forbidden packet type, reserved flags, and a packet that is too
/// large.
pub fn decode(input: &[u8], maximum_packet_size: u32) -> Result<Option<(Packet<'_>, usize)>, DecodeError> {
    let Some((&first_byte, after_type)) = input.split_first() else {
        return Ok(None);
    };
    let packet = PacketType::from_first_byte(first_byte).ok_or(DecodeError::ReservedPacketType)?;
    let flags = first_byte & 0x0F;
    check_header(packet, flags)?;

    let Some((remaining_length, length_bytes)) = variable_byte_integer(after_type)
        .map_err(|problem| DecodeError::Malformed { packet, field: "remaining length", problem })?
    else {
        return Ok(None);
    };
    let header_length = 1 + length_bytes;
    // Five bytes of header at most, and less than 2^28 bytes after it: the sum fits.
    let size = remaining_length + header_length as u32;
    if size > maximum_packet_size {
        return Err(DecodeError::PacketTooLarge { size, maximum: maximum_packet_size });
    }
    let Some(body) = input.get(header_length..size as usize) else {
        return Ok(None);
    };

    let reader = Reader::new(packet, body);
    let packet = match packet {
        PacketType::ConnAck => Packet::ConnAck(connack(reader)?),
        PacketType::Publish => Packet::Publish(publish(reader, flags)?),
        PacketType::PubAck => Packet::PubAck(puback(reader)?),
        PacketType::SubAck => Packet::SubAck(suback(reader)?),
        PacketType::PingResp => {
            reader.finish()?;
            Packet::PingResp
        }
        PacketType::Disconnect => Packet::Disconnect(disconnect(reader)?),
        _ => return Err(DecodeError::UnexpectedPacket { packet }),
    };
    Ok(Some((packet, size as usize)))
}

const DUPLICATE: u8 = 0b1000;
const QOS: u8 = 0b0110;
const QOS_1: u8 = 0b0010;
const QOS_2: u8 = 0b0100;
const RETAIN: u8 = 0b0001;

/// What the first byte alone tells.
fn check_header(packet: PacketType, flags: u8) -> Result<(), DecodeError> {
    const FIELD: &str = "flags";
    let reserved = DecodeError::Malformed { packet, field: FIELD, problem: Malformation::ReservedBits };
    match packet {
        PacketType::Publish => match flags & QOS {
            0 if flags & DUPLICATE != 0 => Err(reserved), // MQTT-3.3.1-2
            0 | QOS_1 => Ok(()),
            QOS_2 => Err(DecodeError::ProtocolError { packet, field: FIELD, problem: Violation::QoS2 }),
            _ => Err(reserved), // MQTT-3.3.1-4
        },
        PacketType::ConnAck
        | PacketType::PubAck
        | PacketType::SubAck
        | PacketType::PingResp
        | PacketType::Disconnect => {
            if flags == 0 {
                Ok(())
            } else {
                Err(reserved)
            }
        }
        // A client's own packets, and answers to QoS 2, UNSUBSCRIBE and AUTH, which this client does not send.
        _ => Err(DecodeError::UnexpectedPacket { packet }),
    }
}

fn connack(mut reader: Reader<'_>) -> Result<ConnAck<'_>, DecodeError> {
    let flags = reader.u8("connect acknowledge flags")?;
    if flags > 1 {
        return Err(reader.malformed("connect acknowledge flags", Malformation::ReservedBits));
    }
    let session_present = flags == 1;
    // MQTT 3 has no properties here, and other codes: without this a server that speaks nothing newer looks broken.
    if reader.len() == 1 {
        return Err(reader.violation("property length", Violation::OlderProtocol));
    }
    let reason = reason_code(&mut reader, CONNACK_REASONS)?;
    if session_present && reason.is_error() {
        return Err(reader.violation("session present", Violation::SessionPresentWithError));
    }
    let properties = Properties::read(&mut reader, property::CONNACK)?.connack;
    reader.finish()?;
    Ok(ConnAck { session_present, reason, properties })
}

fn publish(mut reader: Reader<'_>, flags: u8) -> Result<Publish<'_>, DecodeError> {
    const TOPIC: &str = "topic name";
    let topic = reader.string(TOPIC)?;
    let packet_id = if flags & QOS == QOS_1 { Some(reader.packet_id()?) } else { None };
    let properties = Properties::read(&mut reader, property::PUBLISH)?;
    // Only a topic alias could stand in for it, and there is none (§3.3.2.1).
    if topic.is_empty() {
        return Err(reader.violation(TOPIC, Violation::EmptyTopicName));
    }
    if contains_wildcard(topic) {
        return Err(reader.violation(TOPIC, Violation::WildcardInTopicName));
    }
    Ok(Publish {
        duplicate: flags & DUPLICATE != 0,
        retain: flags & RETAIN != 0,
        topic,
        packet_id,
        message_expiry_seconds: properties.message_expiry_seconds,
        payload: reader.into_rest(),
    })
}

fn puback(mut reader: Reader<'_>) -> Result<PubAck<'_>, DecodeError> {
    let packet_id = reader.packet_id()?;
    let (reason, properties) = optional_reason(reader, PUBACK_REASONS, property::ACKNOWLEDGEMENT)?;
    Ok(PubAck { packet_id, reason, reason_string: properties.connack.reason_string })
}

fn suback(mut reader: Reader<'_>) -> Result<SubAck<'_>, DecodeError> {
    const REASONS: &str = "reason code";
    let packet_id = reader.packet_id()?;
    let reason_string = Properties::read(&mut reader, property::ACKNOWLEDGEMENT)?.connack.reason_string;
    let reasons = reader.into_rest();
    if reasons.is_empty() {
        return Err(reader.malformed(REASONS, Malformation::Truncated));
    }
    if !reasons.iter().all(|reason| SUBACK_REASONS.contains(reason)) {
        return Err(reader.violation(REASONS, Violation::UnknownReasonCode));
    }
    Ok(SubAck { packet_id, reasons, reason_string })
}

fn disconnect(reader: Reader<'_>) -> Result<Disconnect<'_>, DecodeError> {
    let (reason, properties) = optional_reason(reader, DISCONNECT_REASONS, property::DISCONNECT)?;
    let properties = properties.connack;
    Ok(Disconnect {
        reason,
        reason_string: properties.reason_string,
        server_reference: properties.server_reference,
        retry_after_seconds: properties.retry_after_seconds,
    })
}

fn reason_code(reader: &mut Reader<'_>, allowed: &[u8]) -> Result<ReasonCode, DecodeError> {
    const FIELD: &str = "reason code";
    let code = reader.u8(FIELD)?;
    if allowed.contains(&code) {
        Ok(ReasonCode(code))
    } else {
        Err(reader.violation(FIELD, Violation::UnknownReasonCode))
    }
}

/// The end of a packet that may leave out its properties, or its reason code 0x00 too (§3.4.2.1, §3.14.2.1).
fn optional_reason<'a>(
    mut reader: Reader<'a>,
    allowed_reasons: &[u8],
    allowed_properties: property::PropertySet,
) -> Result<(ReasonCode, Properties<'a>), DecodeError> {
    if reader.len() == 0 {
        return Ok((ReasonCode::SUCCESS, Properties::default()));
    }
    let reason = reason_code(&mut reader, allowed_reasons)?;
    if reader.len() == 0 {
        return Ok((reason, Properties::default()));
    }
    let properties = Properties::read(&mut reader, allowed_properties)?;
    reader.finish()?;
    Ok((reason, properties))
}
