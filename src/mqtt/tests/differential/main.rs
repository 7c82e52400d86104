//! Against two other codecs, `mqtt-proto` and `rumqttc`: what we encode they decode, what they encode we decode, and
//! where they judge damaged packets otherwise, it is for a reason that is known.

#[path = "../common/mod.rs"]
mod common;
mod generate;
mod known;
mod oracle;

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use common::{ROOMY, Random};
use mqtt_proto::v5 as proto;
use offpush_mqtt::{
    Connect, PublishOut, QoS, ReasonCode, Will, decode, encode_connect, encode_disconnect, encode_pingreq,
    encode_puback, encode_publish, encode_subscribe,
};
use oracle::{Theirs, Verdict};
use rumqttc::v5::mqttbytes::v5 as rumqttc_v5;

/// What another codec makes of bytes that it must understand.
#[track_caller]
fn understood<P: Theirs>(bytes: &[u8]) -> P {
    match P::decode(bytes) {
        Verdict::Accepted(packet) => packet,
        other => panic!("{bytes:02X?}: {other:?}"),
    }
}

fn qos(random: &mut Random) -> QoS {
    random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce])
}

fn id(random: &mut Random) -> NonZeroU16 {
    NonZeroU16::new(random.next() as u16).unwrap_or(NonZeroU16::MAX)
}

#[test]
fn they_decode_the_connect_that_we_encode() {
    // Every field, with and without a will, comes out as it went in.
    let mut random = Random(11);
    for _ in 0..3_000 {
        let (client_id, username, password) = (random.string(30), random.string(30), random.string(30));
        let (will_topic, will_payload) = (format!("w{}", random.string(30)), random.bytes(100));
        let will = random.one_in(2).then(|| Will {
            topic: &will_topic,
            payload: &will_payload,
            qos: qos(&mut random),
            delay_seconds: random.pick(&[0, 1, 30, u32::MAX]),
        });
        let connect = Connect {
            client_id: &client_id,
            username: &username,
            password: password.as_bytes(),
            keep_alive_seconds: random.next() as u16,
            clean_start: random.one_in(2),
            session_expiry_seconds: random.pick(&[0, 1, 86_400, u32::MAX]),
            receive_maximum: (random.next() as u16).max(1),
            maximum_packet_size: (random.next() as u32).max(1),
            will,
        };
        let mut bytes = Vec::new();
        encode_connect(&mut bytes, &connect).unwrap();
        let session_expiry = (connect.session_expiry_seconds != 0).then_some(connect.session_expiry_seconds);
        let delay = |will: &Will<'_>| (will.delay_seconds != 0).then_some(will.delay_seconds);

        let proto::Packet::Connect(theirs) = understood(&bytes) else { panic!("CONNECT") };
        assert_eq!(theirs.protocol, mqtt_proto::Protocol::V500);
        assert_eq!((theirs.clean_start, theirs.keep_alive), (connect.clean_start, connect.keep_alive_seconds));
        assert_eq!(&*theirs.client_id, client_id);
        assert_eq!(theirs.username.as_deref(), Some(&*username));
        assert_eq!(theirs.password.as_deref(), Some(password.as_bytes()));
        let expected = proto::ConnectProperties {
            session_expiry_interval: session_expiry,
            receive_max: Some(connect.receive_maximum),
            max_packet_size: Some(connect.maximum_packet_size),
            ..Default::default()
        };
        assert_eq!(theirs.properties, expected);
        assert_eq!(theirs.last_will.is_some(), will.is_some());
        if let (Some(theirs), Some(will)) = (theirs.last_will, will) {
            assert_eq!((theirs.qos as u8, theirs.retain), (will.qos as u8, false));
            assert_eq!((&*theirs.topic_name, &*theirs.payload), (will.topic, will.payload));
            let expected = proto::WillProperties { delay_interval: delay(&will), ..Default::default() };
            assert_eq!(theirs.properties, expected);
        }

        let rumqttc_v5::Packet::Connect(theirs, their_will, login) = understood(&bytes) else { panic!("CONNECT") };
        assert_eq!((theirs.clean_start, theirs.keep_alive), (connect.clean_start, connect.keep_alive_seconds));
        assert_eq!(theirs.client_id, client_id);
        // It takes an empty user name with an empty password for none.
        let sent =
            (!username.is_empty() || !password.is_empty()).then(|| rumqttc_v5::Login::new(&*username, &*password));
        assert_eq!(login, sent);
        let properties = theirs.properties.unwrap();
        assert_eq!(properties.session_expiry_interval, session_expiry);
        assert_eq!(properties.receive_maximum, Some(connect.receive_maximum));
        assert_eq!(properties.max_packet_size, Some(connect.maximum_packet_size));
        assert_eq!(their_will.is_some(), will.is_some());
        if let (Some(theirs), Some(will)) = (their_will, will) {
            assert_eq!((theirs.qos as u8, theirs.retain), (will.qos as u8, false));
            assert_eq!((&*theirs.topic, &*theirs.message), (will.topic.as_bytes(), will.payload));
            assert_eq!(theirs.properties.and_then(|properties| properties.delay_interval), delay(&will));
        }
    }
}

#[test]
fn they_decode_the_subscribe_that_we_encode() {
    // One filter and its options.
    let mut random = Random(12);
    for _ in 0..2_000 {
        let (id, qos) = (id(&mut random), qos(&mut random));
        let filter = format!("f{}{}", random.string(30), random.pick(&["", "/#", "/+", "/+/x"]));
        let mut bytes = Vec::new();
        encode_subscribe(&mut bytes, id, &filter, qos).unwrap();

        let proto::Packet::Subscribe(theirs) = understood(&bytes) else { panic!("SUBSCRIBE") };
        assert_eq!((theirs.pid.value(), theirs.properties), (id.get(), proto::SubscribeProperties::default()));
        let [(their_filter, options)] = &theirs.topics[..] else { panic!("one filter") };
        assert_eq!((&**their_filter, options.max_qos as u8), (&*filter, qos as u8));
        assert_eq!(options.retain_handling, proto::RetainHandling::DoNotSend);
        assert!(!options.no_local && !options.retain_as_published);

        let rumqttc_v5::Packet::Subscribe(theirs) = understood(&bytes) else { panic!("SUBSCRIBE") };
        assert_eq!((theirs.pkid, theirs.properties), (id.get(), None));
        let [their_filter] = &theirs.filters[..] else { panic!("one filter") };
        assert_eq!((&*their_filter.path, their_filter.qos as u8), (&*filter, qos as u8));
        assert_eq!(their_filter.retain_forward_rule, rumqttc_v5::RetainForwardRule::Never);
        assert!(!their_filter.nolocal && !their_filter.preserve_retain);
    }
}

#[test]
fn they_and_we_decode_the_publish_that_we_encode() {
    // PUBLISH goes both ways: our decoder takes part.
    let mut random = Random(13);
    for _ in 0..3_000 {
        let qos = qos(&mut random);
        let (topic, payload) = (format!("t{}", random.string(30)), random.bytes(500));
        let publish = PublishOut {
            topic: &topic,
            qos,
            packet_id: (qos == QoS::AtLeastOnce).then(|| id(&mut random)),
            duplicate: qos == QoS::AtLeastOnce && random.one_in(2),
            payload: &payload,
        };
        let mut bytes = Vec::new();
        encode_publish(&mut bytes, &publish).unwrap();

        let (ours, length) = decode(&bytes, ROOMY).unwrap().unwrap();
        assert_eq!(length, bytes.len());
        assert_eq!(understood::<proto::Packet>(&bytes).as_ours(&[]), Some(ours));
        assert_eq!(understood::<rumqttc_v5::Packet>(&bytes).as_ours(&[]), Some(ours));
        let offpush_mqtt::Packet::Publish(ours) = ours else { panic!("PUBLISH") };
        assert_eq!((ours.topic, ours.packet_id, ours.duplicate), (&*topic, publish.packet_id, publish.duplicate));
        assert_eq!((ours.payload, ours.retain), (&*payload, false));
    }
}

#[test]
fn they_and_we_decode_the_puback_and_disconnect_that_we_encode() {
    // Both go both ways, with every reason code that they may carry.
    let mut random = Random(14);
    for code in [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] {
        let id = id(&mut random);
        let mut bytes = Vec::new();
        encode_puback(&mut bytes, id, ReasonCode(code));
        let (ours, _) = decode(&bytes, ROOMY).unwrap().unwrap();
        let expected = offpush_mqtt::PubAck { packet_id: id, reason: ReasonCode(code), reason_string: None };
        assert_eq!(ours, offpush_mqtt::Packet::PubAck(expected));
        assert_eq!(understood::<proto::Packet>(&bytes).as_ours(&[]), Some(ours));
        assert_eq!(understood::<rumqttc_v5::Packet>(&bytes).as_ours(&[]), Some(ours));
    }
    for code in [0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99] {
        let mut bytes = Vec::new();
        encode_disconnect(&mut bytes, ReasonCode(code));
        let proto::Packet::Disconnect(theirs) = understood(&bytes) else { panic!("DISCONNECT") };
        assert_eq!((theirs.reason_code as u8, theirs.properties), (code, proto::DisconnectProperties::default()));
        let rumqttc_v5::Packet::Disconnect(theirs) = understood(&bytes) else { panic!("DISCONNECT") };
        assert_eq!((theirs.reason_code as u8, theirs.properties), (code, None));
    }
}

#[test]
fn they_decode_the_packets_of_two_bytes_that_we_encode() {
    // PINGREQ, and the normal disconnection, whose two bytes rumqttc refuses ("payload required") though it sends them.
    let mut bytes = Vec::new();
    encode_pingreq(&mut bytes);
    assert_eq!(understood::<proto::Packet>(&bytes), proto::Packet::Pingreq);
    assert_eq!(understood::<rumqttc_v5::Packet>(&bytes), rumqttc_v5::Packet::PingReq(rumqttc_v5::PingReq));
    bytes.clear();
    encode_disconnect(&mut bytes, ReasonCode::NORMAL_DISCONNECTION);
    let proto::Packet::Disconnect(theirs) = understood(&bytes) else { panic!("DISCONNECT") };
    assert_eq!(theirs.reason_code, proto::DisconnectReasonCode::NormalDisconnect);
    let refused: Verdict<rumqttc_v5::Packet> = Theirs::decode(&bytes);
    assert!(matches!(refused, Verdict::Refused(_)));
}

#[test]
fn we_decode_what_mqtt_proto_encodes() {
    // Every packet a server may send, every property, to the same values.
    let mut random = Random(21);
    for _ in 0..10_000 {
        let theirs = generate::server_packet(&mut random);
        let encoded = theirs.encode().unwrap();
        let bytes: &[u8] = encoded.as_ref();
        let reasons = theirs.suback_reasons();
        let expected = theirs.as_ours(&reasons).map(|packet| (packet, bytes.len()));
        assert_eq!(decode(bytes, ROOMY), Ok(expected), "{bytes:02X?}");
    }
}

#[test]
fn we_decode_what_rumqttc_encodes() {
    // It reads the same packets and writes them again in its own order.
    let mut random = Random(22);
    let mut written = 0;
    for _ in 0..10_000 {
        let encoded = generate::server_packet(&mut random).encode().unwrap();
        let Verdict::Accepted(theirs) = rumqttc_v5::Packet::decode(encoded.as_ref()) else { continue };
        let mut bytes = Default::default();
        theirs.write(&mut bytes, None).unwrap();
        let reasons = theirs.suback_reasons();
        let expected = theirs.as_ours(&reasons).map(|packet| (packet, bytes.len()));
        assert_eq!(decode(&bytes, ROOMY), Ok(expected), "{bytes:02X?}");
        written += 1;
    }
    assert!(written > 9_000, "only {written} of 10,000 were understood");
}

/// Damages packets and compares what they and we say. Every difference must have a name in `listed`, and every name
/// there must come up: the list says what is so, not what was so once.
fn compare_over_damaged_packets<P: Theirs>(seed: u64, listed: &[known::Known]) {
    let mut random = Random(seed);
    let mut seen = BTreeSet::new();
    for _ in 0..CASES {
        let mut packet = generate::server_packet(&mut random);
        if random.one_in(4) {
            generate::lead_astray(&mut packet, &mut random);
        }
        let mut bytes = Vec::from(packet.encode().expect("a packet within its limits").as_ref());
        if random.one_in(50) {
            bytes = random.pick(&generate::BEYOND_MQTT_PROTO).to_vec();
        }
        if !random.one_in(8) {
            random.mutate(&mut bytes);
        }
        // They have no limit, or another; neither have we here.
        let ours = decode(&bytes, u32::MAX);
        let theirs = P::decode(&bytes);
        let agree = match (&ours, &theirs) {
            (Ok(None), Verdict::More) | (Err(_), Verdict::Refused(_) | Verdict::Panicked) => true,
            (Ok(Some((ours, _))), Verdict::Accepted(theirs)) => {
                theirs.as_ours(&theirs.suback_reasons()).as_ref() == Some(ours)
            }
            _ => false,
        };
        if !agree {
            let name = known::name(&ours, &theirs);
            let is_listed = name.is_some_and(|name| listed.iter().any(|(known, _)| *known == name));
            assert!(is_listed, "{name:?} is not listed: {bytes:02X?}\nwe: {ours:?}\nthey: {theirs:?}");
            seen.extend(name);
        }
    }
    let gone: Vec<_> = listed.iter().filter(|(name, _)| !seen.contains(name)).collect();
    assert!(gone.is_empty(), "listed, and did not come up: {gone:?}");
}

/// Enough that every listed difference comes up, few enough for a second or two.
const CASES: usize = 60_000;

#[test]
fn every_difference_to_mqtt_proto_over_damaged_packets_is_known() {
    // Where it judges otherwise, it is for one of the listed reasons.
    compare_over_damaged_packets::<proto::Packet>(31, known::MQTT_PROTO);
}

#[test]
fn every_difference_to_rumqttc_over_damaged_packets_is_known() {
    // Where it judges otherwise, it is for one of the listed reasons.
    compare_over_damaged_packets::<rumqttc_v5::Packet>(32, known::RUMQTTC);
}
