//! What a server must not send: the error says what and where, and what to tell the server.

mod common;

use common::{ROOMY, field, packet, properties};
use offpush_mqtt::{DecodeError, Malformation, PacketType, ReasonCode, Violation, decode};

#[track_caller]
fn assert_malformed(bytes: &[u8], packet: PacketType, field: &'static str, problem: Malformation) {
    let error = DecodeError::Malformed { packet, field, problem };
    assert_eq!(decode(bytes, ROOMY), Err(error), "{bytes:02X?}");
    assert_eq!(error.disconnect_reason(), ReasonCode::MALFORMED_PACKET);
}

#[track_caller]
fn assert_violation(bytes: &[u8], packet: PacketType, field: &'static str, problem: Violation, reason: ReasonCode) {
    let error = DecodeError::ProtocolError { packet, field, problem };
    assert_eq!(decode(bytes, ROOMY), Err(error), "{bytes:02X?}");
    assert_eq!(error.disconnect_reason(), reason);
}

/// A CONNACK with these properties.
fn connack(section: &[&[u8]]) -> Vec<u8> {
    packet(0x20, &[&[0, 0], &properties(section)])
}

/// A QoS 0 message on topic `t` with these properties.
fn publish(section: &[&[u8]]) -> Vec<u8> {
    packet(0x30, &[&field("t"), &properties(section), b"payload"])
}

#[test]
fn the_reserved_packet_type_is_refused() {
    // Type 0 is forbidden (table 2-1); the first byte is enough to know.
    for first_byte in 0x00..=0x0F {
        assert_eq!(decode(&[first_byte], ROOMY), Err(DecodeError::ReservedPacketType));
    }
    assert_eq!(DecodeError::ReservedPacketType.disconnect_reason(), ReasonCode::MALFORMED_PACKET);
}

#[test]
fn packets_that_a_server_may_not_send_to_this_client_are_refused() {
    // A client's own, and answers to QoS 2, UNSUBSCRIBE and AUTH, none of which this client sends.
    for (first_byte, packet) in [
        (0x10, PacketType::Connect),
        (0x50, PacketType::PubRec),
        (0x62, PacketType::PubRel),
        (0x70, PacketType::PubComp),
        (0x82, PacketType::Subscribe),
        (0xA2, PacketType::Unsubscribe),
        (0xB0, PacketType::UnsubAck),
        (0xC0, PacketType::PingReq),
        (0xF0, PacketType::Auth),
    ] {
        let error = DecodeError::UnexpectedPacket { packet };
        assert_eq!(decode(&[first_byte], ROOMY), Err(error));
        assert_eq!(error.disconnect_reason(), ReasonCode::PROTOCOL_ERROR);
    }
}

#[test]
fn reserved_flags_are_refused() {
    // All but PUBLISH have fixed flags (table 2-2); the first byte is enough to know.
    for packet in
        [PacketType::ConnAck, PacketType::PubAck, PacketType::SubAck, PacketType::PingResp, PacketType::Disconnect]
    {
        for flags in 1..=0x0F {
            assert_malformed(&[(packet as u8) << 4 | flags], packet, "flags", Malformation::ReservedBits);
        }
    }
}

#[test]
fn a_publish_at_qos_0_cannot_be_a_duplicate_and_qos_3_does_not_exist() {
    // MQTT-3.3.1-2 and MQTT-3.3.1-4.
    for flags in [0b1000, 0b1001, 0b0110, 0b0111, 0b1110, 0b1111] {
        assert_malformed(&[0x30 | flags], PacketType::Publish, "flags", Malformation::ReservedBits);
    }
}

#[test]
fn a_publish_at_qos_2_is_an_error_of_its_own() {
    // This client subscribes at QoS 1 at most. A client may not answer "QoS not supported": that is a server's to say.
    for flags in [0b0100, 0b0101, 0b1100, 0b1101] {
        let first_byte = 0x30 | flags;
        assert_violation(&[first_byte], PacketType::Publish, "flags", Violation::QoS2, ReasonCode::PROTOCOL_ERROR);
    }
}

#[test]
fn a_remaining_length_must_be_minimal_and_at_most_four_bytes() {
    // MQTT-1.5.5-1; known before the rest of the packet has come.
    for length in [&[0x80, 0x00][..], &[0x83, 0x00], &[0x80, 0x80, 0x00], &[0x80, 0x80, 0x80, 0x80], &[0xFF; 4]] {
        let bytes = [&[0x30], length].concat();
        assert_malformed(&bytes, PacketType::Publish, "remaining length", Malformation::VariableByteInteger);
    }
}

#[test]
fn a_property_length_must_be_minimal_and_within_the_packet() {
    // Too long in itself, longer than the packet, or cut off by its end.
    let (connack, field) = (PacketType::ConnAck, "property length");
    assert_malformed(&[0x20, 4, 0, 0, 0x80, 0x00], connack, field, Malformation::VariableByteInteger);
    assert_malformed(&[0x20, 7, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], connack, field, Malformation::VariableByteInteger);
    assert_malformed(&[0x20, 3, 0, 0, 0x80], connack, field, Malformation::Truncated);
    assert_malformed(&[0x20, 3, 0, 0, 1], connack, field, Malformation::Truncated);
    assert_malformed(&[0x20, 5, 0, 0, 3, 0x24, 1], connack, field, Malformation::Truncated);
    assert_malformed(b"\x30\x03\x00\x01t", PacketType::Publish, field, Malformation::Truncated);
    assert_malformed(&[0x90, 2, 0, 1], PacketType::SubAck, field, Malformation::Truncated);
}

#[test]
fn a_property_must_end_within_the_properties() {
    // Its bytes would be those of the payload.
    let (publish, truncated) = (PacketType::Publish, Malformation::Truncated);
    for (section, name) in [
        (&[1, 0x01][..], "payload format indicator"),
        (&[4, 0x02, 0, 0, 0], "message expiry interval"),
        (&[1, 0x03], "content type"),
        (&[2, 0x03, 0], "content type"),
        (&[4, 0x03, 0, 2, b'a'], "content type"),
        (&[4, 0x09, 0, 2, 0], "correlation data"),
        (&[2, 0x0B, 0x80], "subscription identifier"),
        (&[4, 0x26, 0, 1, b'k'], "user property"),
        (&[6, 0x26, 0, 1, b'k', 0, 1], "user property"),
    ] {
        assert_malformed(&packet(0x30, &[&field("t"), section, b"payload"]), publish, name, truncated);
    }
}

#[test]
fn fields_must_end_within_the_packet() {
    // A packet that its remaining length cuts short.
    let truncated = Malformation::Truncated;
    assert_malformed(&[0x20, 0], PacketType::ConnAck, "connect acknowledge flags", truncated);
    assert_malformed(&[0x20, 1, 0], PacketType::ConnAck, "reason code", truncated);
    assert_malformed(&[0x30, 0], PacketType::Publish, "topic name", truncated);
    assert_malformed(&[0x30, 1, 0], PacketType::Publish, "topic name", truncated);
    assert_malformed(b"\x30\x03\x00\x02t", PacketType::Publish, "topic name", truncated);
    assert_malformed(b"\x32\x04\x00\x01t\x00", PacketType::Publish, "packet identifier", truncated);
    assert_malformed(&[0x40, 0], PacketType::PubAck, "packet identifier", truncated);
    assert_malformed(&[0x40, 1, 1], PacketType::PubAck, "packet identifier", truncated);
    assert_malformed(&[0x90, 3, 0, 1, 0], PacketType::SubAck, "reason code", truncated);
}

#[test]
fn bytes_after_the_end_are_refused() {
    // Only PUBLISH and SUBACK have something after their properties.
    let trailing = Malformation::TrailingBytes;
    assert_malformed(&[0x20, 4, 0, 0, 0, 0], PacketType::ConnAck, "end of packet", trailing);
    assert_malformed(&[0x40, 5, 0, 1, 0, 0, 0], PacketType::PubAck, "end of packet", trailing);
    assert_malformed(&[0xD0, 1, 0], PacketType::PingResp, "end of packet", trailing);
    assert_malformed(&[0xE0, 3, 0, 0, 0], PacketType::Disconnect, "end of packet", trailing);
}

#[test]
fn reserved_connack_flags_are_refused() {
    // Only the lowest bit means something (MQTT-3.2.2-1).
    for flags in 2..=0xFF {
        let field = "connect acknowledge flags";
        assert_malformed(&[0x20, 3, flags, 0, 0], PacketType::ConnAck, field, Malformation::ReservedBits);
    }
}

#[test]
fn a_string_must_be_utf_8_without_the_null_character() {
    // Wherever a string stands; surrogates, overlong forms and what is above U+10FFFF are not UTF-8 (MQTT-1.5.4-1).
    for text in [&b"\xFF"[..], b"a\xC3", b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80"] {
        let invalid = Malformation::InvalidUtf8;
        assert_malformed(&packet(0x30, &[&field(text), &[0]]), PacketType::Publish, "topic name", invalid);
        assert_malformed(&connack(&[&[0x1F], &field(text)]), PacketType::ConnAck, "reason string", invalid);
        let user_property = [&[0x26][..], &field("k"), &field(text)].concat();
        assert_malformed(&connack(&[&user_property]), PacketType::ConnAck, "user property", invalid);
    }
    let null = Malformation::NullCharacter;
    assert_malformed(&packet(0x30, &[&field("a\0b"), &[0]]), PacketType::Publish, "topic name", null);
    assert_malformed(&connack(&[&[0x12], &field("\0")]), PacketType::ConnAck, "assigned client identifier", null);
    let user_property = [&[0x26][..], &field("k\0"), &field("v")].concat();
    assert_malformed(&publish(&[&user_property]), PacketType::Publish, "user property", null);
}

#[test]
fn a_property_that_does_not_belong_to_the_packet_is_refused() {
    // Each packet has its own list (table 2-4); an identifier that does not exist is in none.
    for (first_byte, before, allowed) in [
        (
            0x20,
            &[0, 0][..],
            &[0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A][..],
        ),
        (0x30, b"\x00\x01t", &[0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26]),
        (0x40, &[0, 1, 0], &[0x1F, 0x26]),
        (0x90, &[0, 1], &[0x1F, 0x26]),
        (0xE0, &[0x8B], &[0x1C, 0x1F, 0x26]),
    ] {
        for identifier in 0..=0xFF {
            // The value is left out: whether the identifier is known shows before that.
            let bytes = packet(first_byte, &[before, &properties(&[&[identifier]])]);
            let unknown = matches!(
                decode(&bytes, ROOMY),
                Err(DecodeError::Malformed {
                    field: "property identifier",
                    problem: Malformation::UnknownProperty,
                    ..
                })
            );
            assert_eq!(unknown, !allowed.contains(&identifier), "{identifier:02X} in {first_byte:02X}");
        }
    }
}

#[test]
fn the_session_expiry_interval_in_a_servers_disconnect_is_refused() {
    // MQTT-3.14.2-2: it is a client's to send.
    let bytes = packet(0xE0, &[&[0x8B], &properties(&[&[0x11, 0, 0, 0, 1]])]);
    assert_malformed(&bytes, PacketType::Disconnect, "property identifier", Malformation::UnknownProperty);
}

#[test]
fn a_property_that_stands_twice_is_refused() {
    // All but user properties, and subscription identifiers in PUBLISH.
    let (duplicate, reason) = (Violation::DuplicateProperty, ReasonCode::PROTOCOL_ERROR);
    for (property, name) in [
        (&[0x11, 0, 0, 0, 1][..], "session expiry interval"),
        (&[0x12, 0, 1, b'i'], "assigned client identifier"),
        (&[0x13, 0, 1], "server keep alive"),
        (&[0x1C, 0, 1, b's'], "server reference"),
        (&[0x1F, 0, 1, b'r'], "reason string"),
        (&[0x21, 0, 1], "receive maximum"),
        (&[0x22, 0, 1], "topic alias maximum"),
        (&[0x24, 1], "maximum qos"),
        (&[0x25, 1], "retain available"),
        (&[0x27, 0, 0, 0, 1], "maximum packet size"),
        (&[0x28, 1], "wildcard subscription available"),
        (&[0x29, 1], "subscription identifier available"),
        (&[0x2A, 1], "shared subscription available"),
    ] {
        assert!(decode(&connack(&[property]), ROOMY).is_ok(), "once: {name}");
        assert_violation(&connack(&[property, property]), PacketType::ConnAck, name, duplicate, reason);
    }
    for (property, name) in [
        (&[0x01, 0][..], "payload format indicator"),
        (&[0x02, 0, 0, 0, 1], "message expiry interval"),
        (&[0x03, 0, 1, b'c'], "content type"),
        (&[0x08, 0, 1, b'r'], "response topic"),
        (&[0x09, 0, 1, b'd'], "correlation data"),
    ] {
        assert!(decode(&publish(&[property]), ROOMY).is_ok(), "once: {name}");
        assert_violation(&publish(&[property, &[0x0B, 1], property]), PacketType::Publish, name, duplicate, reason);
    }
}

#[test]
fn a_value_out_of_its_range_is_refused() {
    // Flags are 0 or 1, limits are not 0 (§3.2.2.3, §3.3.2.3).
    let (range, reason) = (Violation::OutOfRange, ReasonCode::PROTOCOL_ERROR);
    for (property, name) in [
        (&[0x21, 0, 0][..], "receive maximum"),
        (&[0x27, 0, 0, 0, 0], "maximum packet size"),
        (&[0x24, 2], "maximum qos"),
        (&[0x25, 2], "retain available"),
        (&[0x28, 0xFF], "wildcard subscription available"),
        (&[0x29, 2], "subscription identifier available"),
        (&[0x2A, 2], "shared subscription available"),
    ] {
        assert_violation(&connack(&[property]), PacketType::ConnAck, name, range, reason);
    }
    assert_violation(&publish(&[&[0x01, 2]]), PacketType::Publish, "payload format indicator", range, reason);
    assert_violation(&publish(&[&[0x0B, 0]]), PacketType::Publish, "subscription identifier", range, reason);
    let overlong = publish(&[&[0x0B, 0x81, 0x00]]);
    let problem = Malformation::VariableByteInteger;
    assert_malformed(&overlong, PacketType::Publish, "subscription identifier", problem);
}

#[test]
fn a_packet_identifier_of_zero_is_refused() {
    // §2.2.1: never 0 where there is one.
    let (zero, reason) = (Violation::ZeroPacketId, ReasonCode::PROTOCOL_ERROR);
    assert_violation(b"\x32\x06\x00\x01t\x00\x00\x00", PacketType::Publish, "packet identifier", zero, reason);
    assert_violation(&[0x40, 2, 0, 0], PacketType::PubAck, "packet identifier", zero, reason);
    assert_violation(&[0x90, 4, 0, 0, 0, 0], PacketType::SubAck, "packet identifier", zero, reason);
}

#[test]
fn a_topic_name_that_is_empty_or_has_a_wildcard_is_refused() {
    // MQTT-3.3.2-2, and §3.3.2.1: only a topic alias could stand for an empty one.
    for topic in ["#", "a/+", "a#"] {
        let bytes = packet(0x30, &[&field(topic), &[0]]);
        let (problem, reason) = (Violation::WildcardInTopicName, ReasonCode::TOPIC_NAME_INVALID);
        assert_violation(&bytes, PacketType::Publish, "topic name", problem, reason);
        let response = publish(&[&[0x08], &field(topic)]);
        assert_violation(&response, PacketType::Publish, "response topic", problem, reason);
    }
    let (problem, reason) = (Violation::EmptyTopicName, ReasonCode::PROTOCOL_ERROR);
    assert_violation(&packet(0x30, &[&field(""), &[0]]), PacketType::Publish, "topic name", problem, reason);
}

#[test]
fn a_topic_alias_is_refused() {
    // This client's topic alias maximum is 0 (MQTT-3.1.2-26).
    for topic in ["t", ""] {
        let bytes = packet(0x30, &[&field(topic), &properties(&[&[0x23, 0, 1]])]);
        let (problem, reason) = (Violation::TopicAlias, ReasonCode::TOPIC_ALIAS_INVALID);
        assert_violation(&bytes, PacketType::Publish, "topic alias", problem, reason);
    }
}

#[test]
fn answers_to_questions_never_asked_are_refused() {
    // This client uses no authentication method and requests no response information.
    let (unsolicited, reason) = (Violation::UnsolicitedProperty, ReasonCode::PROTOCOL_ERROR);
    for (identifier, name) in
        [(0x15, "authentication method"), (0x16, "authentication data"), (0x1A, "response information")]
    {
        let bytes = connack(&[&[identifier], &field("x")]);
        assert_violation(&bytes, PacketType::ConnAck, name, unsolicited, reason);
    }
}

#[test]
fn a_reason_code_that_the_packet_may_not_carry_is_refused() {
    // Each packet has its own table; a server's DISCONNECT does not speak of the will, and no server grants QoS 2 here.
    let cases: [(&[u8], &[u8], &[u8]); 4] = [
        (
            &[0x20, 3, 0],
            &[0],
            &[
                0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99,
                0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
            ],
        ),
        (&[0x40, 3, 0, 1], &[], &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]),
        (&[0x90, 4, 0, 1, 0], &[], &[0x00, 0x01, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2]),
        (
            &[0xE0, 1],
            &[],
            &[
                0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
                0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
            ],
        ),
    ];
    for (before, after, allowed) in cases {
        for code in 0..=0xFF {
            let bytes = [before, &[code], after].concat();
            let refused = matches!(
                decode(&bytes, ROOMY),
                Err(DecodeError::ProtocolError { problem: Violation::UnknownReasonCode, field: "reason code", .. })
            );
            assert_eq!(refused, !allowed.contains(&code), "{bytes:02X?}");
        }
    }
    let second = [0x90, 5, 0, 1, 0, 1, 0x02];
    let (problem, reason) = (Violation::UnknownReasonCode, ReasonCode::PROTOCOL_ERROR);
    assert_violation(&second, PacketType::SubAck, "reason code", problem, reason);
}

#[test]
fn a_refusal_cannot_have_a_session() {
    // MQTT-3.2.2-6.
    let (problem, reason) = (Violation::SessionPresentWithError, ReasonCode::PROTOCOL_ERROR);
    assert_violation(&[0x20, 3, 1, 0x87, 0], PacketType::ConnAck, "session present", problem, reason);
}

#[test]
fn a_server_that_speaks_only_mqtt_3_is_recognised() {
    // Its CONNACK has two bytes: the codes 0 to 5 of MQTT 3.1.1, and no properties.
    for code in 0..=5 {
        let (problem, reason) = (Violation::OlderProtocol, ReasonCode::PROTOCOL_ERROR);
        assert_violation(&[0x20, 2, 0, code], PacketType::ConnAck, "property length", problem, reason);
    }
}

#[test]
fn a_decode_error_says_what_is_wrong_and_where() {
    // The text is for logs and the status page.
    let text = |bytes: &[u8]| decode(bytes, 64).unwrap_err().to_string();
    assert_eq!(text(&[0x00]), "packet type 0 is reserved");
    assert_eq!(text(&[0xF0]), "a server may not send AUTH to this client");
    assert_eq!(text(&[0x30, 63]), "a packet of 65 bytes, at most 64 are allowed");
    assert_eq!(text(&[0x40, 2, 0, 0]), "PUBACK, packet identifier: is 0");
    assert_eq!(text(&[0x30, 3, 0, 1, 0xFF]), "PUBLISH, topic name: not UTF-8");
}
