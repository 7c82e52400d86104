//! Server packets in mqtt-proto's types, every field of which is chosen at random within what the standard allows.

use mqtt_proto::v5::{
    Connack, ConnackProperties, ConnectReasonCode, Disconnect, DisconnectProperties, DisconnectReasonCode, Packet,
    Puback, PubackProperties, PubackReasonCode, Publish, PublishProperties, Suback, SubackProperties,
    SubscribeReasonCode, UserProperty, VarByteInt,
};
use mqtt_proto::{Pid, QoS, QosPid, TopicName};
use offpush_mqtt::RETRY_AFTER;

use crate::common::Random;

/// Makes optional fields that are there about half of the time.
fn maybe<T>(random: &mut Random, value: impl FnOnce(&mut Random) -> T) -> Option<T> {
    random.one_in(2).then(|| value(random))
}

fn text(random: &mut Random) -> std::sync::Arc<str> {
    random.string(12).into()
}

fn topic(random: &mut Random) -> TopicName {
    TopicName::try_from(format!("t{}", random.string(12)).as_str()).expect("a topic name")
}

fn number(random: &mut Random) -> u32 {
    random.next() as u32
}

fn flag(random: &mut Random) -> bool {
    random.one_in(2)
}

fn pid(random: &mut Random) -> Pid {
    Pid::try_from((random.next() as u16).max(1)).expect("not 0")
}

fn user_properties(random: &mut Random) -> Vec<UserProperty> {
    let property = |random: &mut Random| match random.below(3) {
        0 => UserProperty { name: RETRY_AFTER.into(), value: number(random).to_string().into() },
        _ => UserProperty { name: text(random), value: text(random) },
    };
    (0..random.below(3)).map(|_| property(random)).collect()
}

/// One of the reason codes that `known` knows.
fn reason<T>(random: &mut Random, known: impl Fn(u8) -> Option<T>) -> T {
    loop {
        if let Some(reason) = known(random.pick(&[random.0 as u8, 0, 0x80 | random.0 as u8 & 0x3F])) {
            return reason;
        }
        random.next();
    }
}

/// A packet that a server may send to this client.
pub(crate) fn server_packet(random: &mut Random) -> Packet {
    match random.below(12) {
        0..3 => connack(random).into(),
        3..7 => publish(random).into(),
        7 => Puback {
            pid: pid(random),
            reason_code: reason(random, PubackReasonCode::from_u8),
            properties: PubackProperties {
                reason_string: maybe(random, text),
                user_properties: user_properties(random),
            },
        }
        .into(),
        8 | 9 => Suback {
            pid: pid(random),
            properties: SubackProperties {
                reason_string: maybe(random, text),
                user_properties: user_properties(random),
            },
            topics: (0..=random.below(3))
                .map(|_| reason(random, |code| SubscribeReasonCode::from_u8(code).filter(|_| code != 2)))
                .collect(),
        }
        .into(),
        10 => Packet::Pingresp,
        _ => Disconnect {
            reason_code: reason(random, |code| DisconnectReasonCode::from_u8(code).filter(|_| code != 4)),
            properties: DisconnectProperties {
                session_expiry_interval: None,
                reason_string: maybe(random, text),
                user_properties: user_properties(random),
                server_reference: maybe(random, text),
            },
        }
        .into(),
    }
}

fn connack(random: &mut Random) -> Connack {
    let reason_code = reason(random, ConnectReasonCode::from_u8);
    Connack {
        session_present: reason_code == ConnectReasonCode::Success && flag(random),
        reason_code,
        properties: ConnackProperties {
            session_expiry_interval: maybe(random, number),
            receive_max: maybe(random, |random| (random.next() as u16).max(1)),
            max_qos: maybe(random, |random| random.pick(&[QoS::Level0, QoS::Level1])),
            retain_available: maybe(random, flag),
            max_packet_size: maybe(random, |random| number(random).max(1)),
            assigned_client_id: maybe(random, text),
            topic_alias_max: maybe(random, |random| random.next() as u16),
            reason_string: maybe(random, text),
            user_properties: user_properties(random),
            wildcard_subscription_available: maybe(random, flag),
            subscription_id_available: maybe(random, flag),
            shared_subscription_available: maybe(random, flag),
            server_keep_alive: maybe(random, |random| random.next() as u16),
            response_info: None,
            server_reference: maybe(random, text),
            auth_method: None,
            auth_data: None,
        },
    }
}

fn publish(random: &mut Random) -> Publish {
    let qos_pid = if flag(random) { QosPid::Level1(pid(random)) } else { QosPid::Level0 };
    let payload_is_utf8 = maybe(random, flag);
    let payload = if payload_is_utf8 == Some(true) { random.string(40).into_bytes() } else { random.bytes(200) };
    Publish {
        dup: qos_pid != QosPid::Level0 && flag(random),
        retain: flag(random),
        qos_pid,
        topic_name: topic(random),
        payload: payload.into(),
        properties: PublishProperties {
            payload_is_utf8,
            message_expiry_interval: maybe(random, number),
            topic_alias: None,
            response_topic: maybe(random, topic),
            correlation_data: maybe(random, |random| random.bytes(8).into()),
            user_properties: user_properties(random),
            subscription_id: maybe(random, |random| {
                let bits = random.pick(&[7, 14, 21, 28]);
                VarByteInt::try_from((number(random) & ((1 << bits) - 1)).max(1)).expect("28 bits")
            }),
            content_type: maybe(random, text),
        },
    }
}

/// Packets that mqtt-proto's types cannot say: packet identifier 0, and two subscription identifiers.
pub(crate) const BEYOND_MQTT_PROTO: [&[u8]; 3] =
    [&[0x40, 2, 0, 0], &[0x90, 4, 0, 0, 0, 1], b"\x30\x09\x00\x01t\x04\x0B\x01\x0B\x02x"];

/// Makes a packet say one thing that is well-formed and that a server may not say to this client.
pub(crate) fn lead_astray(packet: &mut Packet, random: &mut Random) {
    match packet {
        Packet::Connack(connack) => match random.below(5) {
            0 => connack.session_present = true,
            1 => connack.properties.receive_max = Some(0),
            2 => connack.properties.max_packet_size = Some(0),
            3 => connack.properties.response_info = Some(text(random)),
            _ => connack.properties.auth_method = Some(text(random)),
        },
        Packet::Publish(publish) => match random.below(4) {
            0 => publish.properties.topic_alias = Some(random.next() as u16),
            1 => publish.properties.subscription_id = Some(VarByteInt::default()),
            2 => publish.topic_name = TopicName::try_from("").expect("a topic name"),
            _ => publish.qos_pid = QosPid::Level2(pid(random)),
        },
        Packet::Suback(suback) => suback.topics.push(SubscribeReasonCode::GrantedQoS2),
        Packet::Disconnect(disconnect) => match random.below(2) {
            0 => disconnect.reason_code = DisconnectReasonCode::DisconnectWithWillMessage,
            _ => disconnect.properties.session_expiry_interval = Some(number(random)),
        },
        _ => {}
    }
}
