//! Every packet a server may send, as the standard lays it out.

mod common;

use std::num::NonZeroU16;

use common::{ROOMY, field, packet, properties};
use offpush_mqtt::{ConnAck, ConnAckProperties, Disconnect, Packet, PubAck, Publish, QoS, ReasonCode, SubAck, decode};

const ID: NonZeroU16 = NonZeroU16::new(0x1234).unwrap();
const USER_PROPERTY: &[u8] = b"\x26\x00\x01k\x00\x02vv";

#[track_caller]
fn assert_decodes(bytes: &[u8], expected: Packet<'_>) {
    assert_eq!(decode(bytes, ROOMY), Ok(Some((expected, bytes.len()))));
}

#[test]
fn the_shortest_connack_is_decoded() {
    // No properties: all defaults.
    let answer = |session_present, reason| {
        Packet::ConnAck(ConnAck { session_present, reason, properties: ConnAckProperties::default() })
    };
    assert_decodes(&[0x20, 3, 0, 0, 0], answer(false, ReasonCode::SUCCESS));
    assert_decodes(&[0x20, 3, 1, 0, 0], answer(true, ReasonCode::SUCCESS));
    assert_decodes(&[0x20, 3, 0, 0x88, 0], answer(false, ReasonCode::SERVER_UNAVAILABLE));
}

#[test]
fn every_connack_property_is_decoded() {
    // Each kind of value, in no particular order, user properties repeated.
    let section = properties(&[
        USER_PROPERTY,
        &[0x11, 0, 0, 0x0E, 0x10],
        &[0x21, 0, 10],
        &[0x24, 1],
        &[0x25, 0],
        &[0x27, 0, 1, 0, 0],
        &[&[0x12][..], &field("id-1")].concat(),
        &[0x22, 0, 5],
        &[&[0x1F][..], &field("because")].concat(),
        USER_PROPERTY,
        &[0x28, 1],
        &[0x29, 0],
        &[0x2A, 1],
        &[0x13, 0x01, 0x2C],
        &[&[0x1C][..], &field("other:8883")].concat(),
    ]);
    let properties = ConnAckProperties {
        session_expiry_seconds: Some(3600),
        receive_maximum: Some(10),
        maximum_qos: Some(QoS::AtLeastOnce),
        retain_available: Some(false),
        maximum_packet_size: Some(65536),
        assigned_client_id: Some("id-1"),
        topic_alias_maximum: Some(5),
        reason_string: Some("because"),
        wildcard_subscription_available: Some(true),
        subscription_identifiers_available: Some(false),
        shared_subscription_available: Some(true),
        server_keep_alive_seconds: Some(300),
        server_reference: Some("other:8883"),
        retry_after_seconds: None,
    };
    let connack = ConnAck { session_present: true, reason: ReasonCode::SUCCESS, properties };
    assert_decodes(&packet(0x20, &[&[1, 0], &section]), Packet::ConnAck(connack));
}

#[test]
fn a_publish_at_either_qos_is_decoded() {
    // QoS 1 has a packet identifier; the payload is what is left.
    let message = Publish {
        duplicate: false,
        retain: false,
        topic: "a/b",
        packet_id: None,
        message_expiry_seconds: None,
        payload: b"hi",
    };
    assert_decodes(b"\x30\x08\x00\x03a/b\x00hi", Packet::Publish(message));
    let repeated = Publish { duplicate: true, retain: true, packet_id: Some(ID), ..message };
    assert_decodes(b"\x3B\x0A\x00\x03a/b\x12\x34\x00hi", Packet::Publish(repeated));
    let empty = Publish { payload: b"", ..message };
    assert_decodes(b"\x30\x06\x00\x03a/b\x00", Packet::Publish(empty));
}

#[test]
fn every_publish_property_is_decoded() {
    // Several subscription identifiers are fine: a message may match several subscriptions.
    let section = properties(&[
        &[0x01, 1],
        &[0x02, 0, 0, 0x0E, 0x10],
        &[&[0x03][..], &field("text/plain")].concat(),
        &[&[0x08][..], &field("reply/to")].concat(),
        &[&[0x09][..], &field([0, 0xFF])].concat(),
        &[0x0B, 1],
        &[0x0B, 0xFF, 0xFF, 0xFF, 0x7F],
        USER_PROPERTY,
        USER_PROPERTY,
    ]);
    let message = Publish {
        duplicate: false,
        retain: false,
        topic: "t",
        packet_id: Some(ID),
        message_expiry_seconds: Some(3600),
        payload: b"\x00\xFFbinary",
    };
    let bytes = packet(0x32, &[&field("t"), &[0x12, 0x34], &section, b"\x00\xFFbinary"]);
    assert_decodes(&bytes, Packet::Publish(message));
}

#[test]
fn all_three_lengths_of_puback_are_decoded() {
    // Success may leave out the reason code, and no properties the property length (§3.4.2.1).
    let puback = PubAck { packet_id: ID, reason: ReasonCode::SUCCESS, reason_string: None };
    assert_decodes(&[0x40, 2, 0x12, 0x34], Packet::PubAck(puback));
    let none_there = PubAck { reason: ReasonCode::NO_MATCHING_SUBSCRIBERS, ..puback };
    assert_decodes(&[0x40, 3, 0x12, 0x34, 0x10], Packet::PubAck(none_there));
    assert_decodes(&[0x40, 4, 0x12, 0x34, 0x10, 0], Packet::PubAck(none_there));
    let section = properties(&[USER_PROPERTY, b"\x1F\x00\x03why"]);
    let refused = PubAck { reason: ReasonCode::QUOTA_EXCEEDED, reason_string: Some("why"), ..puback };
    assert_decodes(&packet(0x40, &[&[0x12, 0x34, 0x97], &section]), Packet::PubAck(refused));
}

#[test]
fn a_suback_is_decoded() {
    // One reason code for each filter, in order.
    let suback = SubAck { packet_id: ID, reasons: &[1, 0, 0x87], reason_string: None };
    assert_decodes(&[0x90, 6, 0x12, 0x34, 0, 1, 0, 0x87], Packet::SubAck(suback));
    let section = properties(&[b"\x1F\x00\x03why", USER_PROPERTY]);
    let explained = SubAck { reasons: &[0x8F], reason_string: Some("why"), ..suback };
    assert_decodes(&packet(0x90, &[&[0x12, 0x34], &section, &[0x8F]]), Packet::SubAck(explained));
}

#[test]
fn a_pingresp_is_decoded() {
    // Two bytes, nothing else.
    assert_decodes(&[0xD0, 0], Packet::PingResp);
}

#[test]
fn all_three_lengths_of_disconnect_are_decoded() {
    // A normal disconnection may leave out everything, any other its property length (§3.14.2.1).
    let normal = Disconnect {
        reason: ReasonCode::NORMAL_DISCONNECTION,
        reason_string: None,
        server_reference: None,
        retry_after_seconds: None,
    };
    assert_decodes(&[0xE0, 0], Packet::Disconnect(normal));
    let takeover = Disconnect { reason: ReasonCode::SESSION_TAKEN_OVER, ..normal };
    assert_decodes(&[0xE0, 1, 0x8E], Packet::Disconnect(takeover));
    assert_decodes(&[0xE0, 2, 0x8E, 0], Packet::Disconnect(takeover));
    let section = properties(&[b"\x1C\x00\x05other", USER_PROPERTY, b"\x1F\x00\x03why"]);
    let moved = Disconnect {
        reason: ReasonCode::SERVER_MOVED,
        reason_string: Some("why"),
        server_reference: Some("other"),
        ..normal
    };
    assert_decodes(&packet(0xE0, &[&[0x9D], &section]), Packet::Disconnect(moved));
}

#[test]
fn text_beyond_ascii_is_decoded_unchanged() {
    // Any scalar value but U+0000, and a byte order mark is part of the string (MQTT-1.5.4-3).
    let text = "\u{FEFF}é中🙂\u{10FFFF}\u{1}";
    let bytes = packet(0xE0, &[&[0x8B], &properties(&[&[0x1F], &field(text)])]);
    let reason = ReasonCode::SERVER_SHUTTING_DOWN;
    assert_decodes(
        &bytes,
        Packet::Disconnect(Disconnect {
            reason,
            reason_string: Some(text),
            server_reference: None,
            retry_after_seconds: None,
        }),
    );
}

#[test]
fn how_long_to_stay_away_is_read_from_the_user_property_of_that_name() {
    // Decimal seconds; anything else under that name, and any other name, says nothing.
    let property = |name: &str, value: &str| [&[0x26][..], &field(name), &field(value)].concat();
    for (name, value, seconds) in [
        ("retry-after", "30", Some(30)),
        ("retry-after", "0", Some(0)),
        ("retry-after", "4294967296", None),
        ("retry-after", "soon", None),
        ("retry-after", "", None),
        ("Retry-After", "30", None),
    ] {
        let section = properties(&[&property("a", "b"), &property(name, value)]);
        let busy = Disconnect {
            reason: ReasonCode::SERVER_BUSY,
            reason_string: None,
            server_reference: None,
            retry_after_seconds: seconds,
        };
        assert_decodes(&packet(0xE0, &[&[0x89], &section]), Packet::Disconnect(busy));
        let refused = ConnAck {
            session_present: false,
            reason: ReasonCode::SERVER_BUSY,
            properties: ConnAckProperties { retry_after_seconds: seconds, ..ConnAckProperties::default() },
        };
        assert_decodes(&packet(0x20, &[&[0, 0x89], &section]), Packet::ConnAck(refused));
    }
}
