//! The bytes of what a client sends, worked out by hand from the standard, and what is refused.

use std::num::NonZeroU16;

use offpush_mqtt::{
    Connect, EncodeError, PublishOut, QoS, ReasonCode, Will, encode_connect, encode_disconnect, encode_pingreq,
    encode_puback, encode_publish, encode_subscribe,
};

const ID: NonZeroU16 = NonZeroU16::new(0x1234).unwrap();

fn connect() -> Connect<'static> {
    Connect {
        client_id: "id",
        username: "user",
        password: b"\x00pw",
        keep_alive_seconds: 300,
        clean_start: true,
        session_expiry_seconds: 0,
        receive_maximum: 20,
        maximum_packet_size: 65536,
        will: None,
    }
}

fn publish() -> PublishOut<'static> {
    PublishOut { topic: "t/u", qos: QoS::AtMostOnce, packet_id: None, duplicate: false, payload: b"hi" }
}

fn encoded<T>(encode: impl FnOnce(&mut Vec<u8>) -> T) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

/// Checks that encoding fails with `error` and leaves what is in the buffer alone.
#[track_caller]
fn assert_refused(error: EncodeError, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) {
    let mut out = b"before".to_vec();
    assert_eq!(encode(&mut out), Err(error));
    assert_eq!(out, b"before");
}

#[test]
fn connect_without_a_will_has_these_bytes() {
    // A clean session that ends with the connection needs two properties.
    let bytes = encoded(|out| encode_connect(out, &connect()));
    let expected = [
        &[0x10, 34][..],               // CONNECT, remaining length
        b"\x00\x04MQTT\x05",           // protocol name and version
        &[0b1100_0010, 0x01, 0x2C],    // user name, password, clean start; keep alive 300 s
        &[8],                          // property length
        &[0x21, 0, 20],                // receive maximum
        &[0x27, 0, 1, 0, 0],           // maximum packet size
        b"\x00\x02id",                 // client identifier
        b"\x00\x04user\x00\x03\x00pw", // user name, password
    ]
    .concat();
    assert_eq!(bytes, expected);
}

#[test]
fn connect_with_a_will_and_a_session_has_these_bytes() {
    // The will stands between the client identifier and the user name.
    let will = Will { topic: "w", payload: b"gone", qos: QoS::AtLeastOnce, delay_seconds: 30 };
    let c = Connect { clean_start: false, session_expiry_seconds: 7200, will: Some(will), ..connect() };
    let bytes = encoded(|out| encode_connect(out, &c));
    let expected = [
        &[0x10, 54][..],
        b"\x00\x04MQTT\x05",
        &[0b1100_1100, 0x01, 0x2C], // user name, password, will QoS 1, will
        &[13],
        &[0x11, 0, 0, 0x1C, 0x20], // session expiry interval
        &[0x21, 0, 20],
        &[0x27, 0, 1, 0, 0],
        b"\x00\x02id",
        &[5, 0x18, 0, 0, 0, 30], // will properties: delay interval
        b"\x00\x01w\x00\x04gone",
        b"\x00\x04user\x00\x03\x00pw",
    ]
    .concat();
    assert_eq!(bytes, expected);
}

#[test]
fn a_will_without_delay_has_no_properties() {
    // The default is left out.
    let will = Will { topic: "w", payload: b"", qos: QoS::AtMostOnce, delay_seconds: 0 };
    let bytes = encoded(|out| encode_connect(out, &Connect { will: Some(will), ..connect() }));
    assert_eq!(bytes[9], 0b1100_0110);
    assert!(bytes.windows(10).any(|window| window == b"\x00\x02id\x00\x00\x01w\x00\x00"));
}

#[test]
fn subscribe_has_these_bytes() {
    // One filter, QoS 1, and nothing that is retained.
    let bytes = encoded(|out| encode_subscribe(out, ID, "op/d/x", QoS::AtLeastOnce));
    assert_eq!(bytes, b"\x82\x0C\x12\x34\x00\x00\x06op/d/x\x21");
}

#[test]
fn publish_has_these_bytes() {
    // QoS 0 has no packet identifier, QoS 1 has one, a repeat is marked.
    assert_eq!(encoded(|out| encode_publish(out, &publish())), b"\x30\x08\x00\x03t/u\x00hi");
    let qos_1 = PublishOut { qos: QoS::AtLeastOnce, packet_id: Some(ID), ..publish() };
    assert_eq!(encoded(|out| encode_publish(out, &qos_1)), b"\x32\x0A\x00\x03t/u\x12\x34\x00hi");
    let again = PublishOut { duplicate: true, ..qos_1 };
    assert_eq!(encoded(|out| encode_publish(out, &again))[0], 0x3A);
}

#[test]
fn a_long_packet_has_a_remaining_length_of_as_many_bytes_as_needed() {
    // The four sizes of a variable byte integer, at both of their ends.
    let cases: [(usize, &[u8]); 6] = [
        (127, &[0x7F]),
        (128, &[0x80, 0x01]),
        (16_383, &[0xFF, 0x7F]),
        (16_384, &[0x80, 0x80, 0x01]),
        (2_097_151, &[0xFF, 0xFF, 0x7F]),
        (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
    ];
    for (remaining_length, expected) in cases {
        let payload = vec![b'x'; remaining_length - 6];
        let bytes = encoded(|out| encode_publish(out, &PublishOut { payload: &payload, ..publish() }));
        assert_eq!(&bytes[1..=expected.len()], expected);
        assert_eq!(bytes.len(), 1 + expected.len() + remaining_length);
    }
}

#[test]
fn the_small_packets_have_these_bytes() {
    // Success is left out of PUBACK and DISCONNECT.
    assert_eq!(encoded(|out| encode_puback(out, ID, ReasonCode::SUCCESS)), [0x40, 2, 0x12, 0x34]);
    assert_eq!(encoded(|out| encode_puback(out, ID, ReasonCode::NOT_AUTHORIZED)), [0x40, 3, 0x12, 0x34, 0x87]);
    assert_eq!(encoded(encode_pingreq), [0xC0, 0]);
    assert_eq!(encoded(|out| encode_disconnect(out, ReasonCode::NORMAL_DISCONNECTION)), [0xE0, 0]);
    let with_will = ReasonCode::DISCONNECT_WITH_WILL_MESSAGE;
    assert_eq!(encoded(|out| encode_disconnect(out, with_will)), [0xE0, 2, 4, 0]);
}

#[test]
fn packets_are_appended() {
    // CONNECT, SUBSCRIBE and hello go out in one write.
    let mut out = Vec::new();
    encode_pingreq(&mut out);
    encode_publish(&mut out, &publish()).unwrap();
    encode_pingreq(&mut out);
    assert_eq!(out, b"\xC0\x00\x30\x08\x00\x03t/u\x00hi\xC0\x00");
}

#[test]
fn a_field_of_65535_bytes_fits_and_one_more_is_refused() {
    // The length of a string or binary field has two bytes.
    let fits = "x".repeat(65_535);
    let too_long = "x".repeat(65_536);
    assert!(encode_connect(&mut Vec::new(), &Connect { client_id: &fits, ..connect() }).is_ok());
    assert!(encode_publish(&mut Vec::new(), &PublishOut { topic: &fits, ..publish() }).is_ok());
    assert!(encode_subscribe(&mut Vec::new(), ID, &fits, QoS::AtMostOnce).is_ok());

    let will = Will { topic: "w", payload: b"", qos: QoS::AtMostOnce, delay_seconds: 0 };
    let connects = [
        ("client identifier", Connect { client_id: &too_long, ..connect() }),
        ("user name", Connect { username: &too_long, ..connect() }),
        ("password", Connect { password: too_long.as_bytes(), ..connect() }),
        ("will topic", Connect { will: Some(Will { topic: &too_long, ..will }), ..connect() }),
        ("will payload", Connect { will: Some(Will { payload: too_long.as_bytes(), ..will }), ..connect() }),
    ];
    for (field, c) in connects {
        assert_refused(EncodeError::TooLong { field }, |out| encode_connect(out, &c));
    }
    assert_refused(EncodeError::TooLong { field: "topic name" }, |out| {
        encode_publish(out, &PublishOut { topic: &too_long, ..publish() })
    });
    assert_refused(EncodeError::TooLong { field: "topic filter" }, |out| {
        encode_subscribe(out, ID, &too_long, QoS::AtMostOnce)
    });
}

#[test]
fn a_null_character_in_a_string_is_refused() {
    // U+0000 may stand in no string (MQTT-1.5.4-2); a password is binary.
    assert_refused(EncodeError::NullCharacter { field: "client identifier" }, |out| {
        encode_connect(out, &Connect { client_id: "a\0", ..connect() })
    });
    assert_refused(EncodeError::NullCharacter { field: "user name" }, |out| {
        encode_connect(out, &Connect { username: "\0", ..connect() })
    });
    assert_refused(EncodeError::NullCharacter { field: "topic name" }, |out| {
        encode_publish(out, &PublishOut { topic: "a\0b", ..publish() })
    });
    assert_refused(EncodeError::NullCharacter { field: "topic filter" }, |out| {
        encode_subscribe(out, ID, "a\0b", QoS::AtMostOnce)
    });
}

#[test]
fn a_topic_name_that_is_empty_or_has_a_wildcard_is_refused() {
    // A message has one topic.
    for topic in ["", "a/+", "#", "a#b"] {
        assert_refused(EncodeError::InvalidTopic { field: "topic name" }, |out| {
            encode_publish(out, &PublishOut { topic, ..publish() })
        });
        let will = Will { topic, payload: b"", qos: QoS::AtMostOnce, delay_seconds: 0 };
        assert_refused(EncodeError::InvalidTopic { field: "will topic" }, |out| {
            encode_connect(out, &Connect { will: Some(will), ..connect() })
        });
    }
}

#[test]
fn wildcards_in_a_filter_must_be_whole_levels() {
    // The examples of §4.7.1.
    for filter in ["a", "/", "#", "+", "a/b/#", "+/tennis/#", "sport/+/player1", "/+", "$share/g/a"] {
        assert!(encode_subscribe(&mut Vec::new(), ID, filter, QoS::AtMostOnce).is_ok(), "{filter}");
    }
    for filter in ["", "sport/tennis#", "sport/tennis/#/ranking", "sport+", "a/#/", "++", "+#"] {
        assert_refused(EncodeError::InvalidTopic { field: "topic filter" }, |out| {
            encode_subscribe(out, ID, filter, QoS::AtMostOnce)
        });
    }
}

#[test]
fn a_limit_of_zero_is_refused() {
    // Either would be a protocol error (§3.1.2.11.3, §3.1.2.11.4).
    assert_refused(EncodeError::Zero { field: "receive maximum" }, |out| {
        encode_connect(out, &Connect { receive_maximum: 0, ..connect() })
    });
    assert_refused(EncodeError::Zero { field: "maximum packet size" }, |out| {
        encode_connect(out, &Connect { maximum_packet_size: 0, ..connect() })
    });
}

#[test]
fn qos_packet_identifier_and_duplicate_must_agree() {
    // A packet identifier stands in QoS 1 packets and only there; QoS 0 is never repeated.
    let (qos, packet_id) = (QoS::AtLeastOnce, Some(ID));
    for wrong in [
        PublishOut { qos, ..publish() },
        PublishOut { packet_id, ..publish() },
        PublishOut { duplicate: true, ..publish() },
    ] {
        assert_refused(EncodeError::PacketIdAndQoS, |out| encode_publish(out, &wrong));
    }
}

#[test]
fn a_packet_longer_than_the_format_allows_is_refused() {
    // The remaining length ends at 268,435,455. Zeroed memory costs nothing until it is written.
    let payload = vec![0; 268_435_456 - 6];
    assert_refused(EncodeError::PacketTooLarge, |out| {
        encode_publish(out, &PublishOut { payload: &payload, ..publish() })
    });
}

#[test]
fn an_encode_error_names_the_field() {
    // The text is for logs: it must say what to look at.
    let text = EncodeError::TooLong { field: "topic name" }.to_string();
    assert_eq!(text, "topic name: longer than 65535 bytes");
}
