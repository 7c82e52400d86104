//! The two other codecs, asked the same questions and heard in the same terms.

use std::cell::Cell;
use std::num::NonZeroU16;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use ::rumqttc::v5::mqttbytes::{self, v5 as rumqttc};
use mqtt_proto::v5 as proto;
use offpush_mqtt::{ConnAck, ConnAckProperties, Disconnect, Packet, PubAck, Publish, QoS, ReasonCode, SubAck};

/// What another codec says of some bytes.
#[derive(Debug)]
pub(crate) enum Verdict<P> {
    /// More bytes are needed.
    More,
    Accepted(P),
    /// With the error, for people.
    Refused(String),
    Panicked,
}

/// Another codec's packet.
pub(crate) trait Theirs: Sized + std::fmt::Debug {
    fn decode(bytes: &[u8]) -> Verdict<Self>;
    /// The reason codes, if it is a SUBACK.
    fn suback_reasons(&self) -> Vec<u8>;
    /// The same packet in our terms, `reasons` being those of `suback_reasons`; `None` if we have no terms for it.
    fn as_ours<'a>(&'a self, reasons: &'a [u8]) -> Option<Packet<'a>>;
}

impl Theirs for proto::Packet {
    fn decode(bytes: &[u8]) -> Verdict<Self> {
        match Self::decode(bytes) {
            Ok(None) => Verdict::More,
            Ok(Some(packet)) => Verdict::Accepted(packet),
            Err(error) => Verdict::Refused(error.to_string()),
        }
    }

    fn suback_reasons(&self) -> Vec<u8> {
        match self {
            Self::Suback(suback) => suback.topics.iter().map(|&reason| reason as u8).collect(),
            _ => Vec::new(),
        }
    }

    fn as_ours<'a>(&'a self, reasons: &'a [u8]) -> Option<Packet<'a>> {
        Some(match self {
            Self::Connack(connack) => {
                let theirs = &connack.properties;
                let properties = ConnAckProperties {
                    session_expiry_seconds: theirs.session_expiry_interval,
                    receive_maximum: theirs.receive_max,
                    maximum_qos: theirs.max_qos.map(|qos| our_qos(qos as u8)),
                    retain_available: theirs.retain_available,
                    maximum_packet_size: theirs.max_packet_size,
                    assigned_client_id: theirs.assigned_client_id.as_deref(),
                    topic_alias_maximum: theirs.topic_alias_max,
                    reason_string: theirs.reason_string.as_deref(),
                    wildcard_subscription_available: theirs.wildcard_subscription_available,
                    subscription_identifiers_available: theirs.subscription_id_available,
                    shared_subscription_available: theirs.shared_subscription_available,
                    server_keep_alive_seconds: theirs.server_keep_alive,
                    server_reference: theirs.server_reference.as_deref(),
                    retry_after_seconds: retry_after(
                        theirs.user_properties.iter().map(|p| (&p.name[..], &p.value[..])),
                    ),
                };
                let reason = ReasonCode(connack.reason_code as u8);
                Packet::ConnAck(ConnAck { session_present: connack.session_present, reason, properties })
            }
            Self::Publish(publish) => Packet::Publish(Publish {
                duplicate: publish.dup,
                retain: publish.retain,
                topic: &publish.topic_name,
                packet_id: match publish.qos_pid {
                    mqtt_proto::QosPid::Level0 => None,
                    mqtt_proto::QosPid::Level1(id) => NonZeroU16::new(id.value()),
                    mqtt_proto::QosPid::Level2(_) => return None,
                },
                message_expiry_seconds: publish.properties.message_expiry_interval,
                payload: &publish.payload,
            }),
            Self::Puback(puback) => Packet::PubAck(PubAck {
                packet_id: NonZeroU16::new(puback.pid.value())?,
                reason: ReasonCode(puback.reason_code as u8),
                reason_string: puback.properties.reason_string.as_deref(),
            }),
            Self::Suback(suback) => Packet::SubAck(SubAck {
                packet_id: NonZeroU16::new(suback.pid.value())?,
                reasons,
                reason_string: suback.properties.reason_string.as_deref(),
            }),
            Self::Pingresp => Packet::PingResp,
            Self::Disconnect(disconnect) => Packet::Disconnect(Disconnect {
                reason: ReasonCode(disconnect.reason_code as u8),
                reason_string: disconnect.properties.reason_string.as_deref(),
                server_reference: disconnect.properties.server_reference.as_deref(),
                retry_after_seconds: retry_after(
                    disconnect.properties.user_properties.iter().map(|p| (&p.name[..], &p.value[..])),
                ),
            }),
            _ => return None,
        })
    }
}

impl Theirs for rumqttc::Packet {
    fn decode(bytes: &[u8]) -> Verdict<Self> {
        let mut stream = bytes.into();
        match quietly(|| Self::read(&mut stream, None)) {
            None => Verdict::Panicked,
            Some(Ok(packet)) => Verdict::Accepted(packet),
            Some(Err(mqttbytes::Error::InsufficientBytes(_))) => Verdict::More,
            Some(Err(error)) => Verdict::Refused(error.to_string()),
        }
    }

    fn suback_reasons(&self) -> Vec<u8> {
        use rumqttc::SubscribeReasonCode as Code;
        let Self::SubAck(suback) = self else { return Vec::new() };
        let code = |code: &Code| match code {
            Code::Success(qos) => *qos as u8,
            Code::Failure | Code::Unspecified => 0x80,
            Code::ImplementationSpecific => 0x83,
            Code::NotAuthorized => 0x87,
            Code::TopicFilterInvalid => 0x8F,
            Code::PkidInUse => 0x91,
            Code::QuotaExceeded => 0x97,
            Code::SharedSubscriptionsNotSupported => 0x9E,
            Code::SubscriptionIdNotSupported => 0xA1,
            Code::WildcardSubscriptionsNotSupported => 0xA2,
        };
        suback.return_codes.iter().map(code).collect()
    }

    fn as_ours<'a>(&'a self, reasons: &'a [u8]) -> Option<Packet<'a>> {
        Some(match self {
            Self::ConnAck(connack) => {
                let properties = match &connack.properties {
                    None => ConnAckProperties::default(),
                    Some(theirs) => ConnAckProperties {
                        session_expiry_seconds: theirs.session_expiry_interval,
                        receive_maximum: theirs.receive_max,
                        maximum_qos: theirs.max_qos.map(our_qos),
                        retain_available: theirs.retain_available.map(|flag| flag != 0),
                        maximum_packet_size: theirs.max_packet_size,
                        assigned_client_id: theirs.assigned_client_identifier.as_deref(),
                        topic_alias_maximum: theirs.topic_alias_max,
                        reason_string: theirs.reason_string.as_deref(),
                        wildcard_subscription_available: theirs.wildcard_subscription_available.map(|flag| flag != 0),
                        subscription_identifiers_available: theirs
                            .subscription_identifiers_available
                            .map(|flag| flag != 0),
                        shared_subscription_available: theirs.shared_subscription_available.map(|flag| flag != 0),
                        server_keep_alive_seconds: theirs.server_keep_alive,
                        server_reference: theirs.server_reference.as_deref(),
                        retry_after_seconds: retry_after(theirs.user_properties.iter().map(|(n, v)| (&n[..], &v[..]))),
                    },
                };
                let reason = connack_reason(connack.code);
                Packet::ConnAck(ConnAck { session_present: connack.session_present, reason, properties })
            }
            Self::Publish(publish) => Packet::Publish(Publish {
                duplicate: publish.dup,
                retain: publish.retain,
                topic: std::str::from_utf8(&publish.topic).ok()?,
                packet_id: match publish.qos {
                    mqttbytes::QoS::AtMostOnce => None,
                    mqttbytes::QoS::AtLeastOnce => NonZeroU16::new(publish.pkid),
                    mqttbytes::QoS::ExactlyOnce => return None,
                },
                message_expiry_seconds: publish.properties.as_ref().and_then(|p| p.message_expiry_interval),
                payload: &publish.payload,
            }),
            Self::PubAck(puback) => Packet::PubAck(PubAck {
                packet_id: NonZeroU16::new(puback.pkid)?,
                reason: puback_reason(puback.reason),
                reason_string: puback.properties.as_ref().and_then(|p| p.reason_string.as_deref()),
            }),
            Self::SubAck(suback) => Packet::SubAck(SubAck {
                packet_id: NonZeroU16::new(suback.pkid)?,
                reasons,
                reason_string: suback.properties.as_ref().and_then(|p| p.reason_string.as_deref()),
            }),
            Self::PingResp(_) => Packet::PingResp,
            Self::Disconnect(disconnect) => Packet::Disconnect(Disconnect {
                reason: ReasonCode(disconnect.reason_code as u8),
                reason_string: disconnect.properties.as_ref().and_then(|p| p.reason_string.as_deref()),
                server_reference: disconnect.properties.as_ref().and_then(|p| p.server_reference.as_deref()),
                retry_after_seconds: disconnect
                    .properties
                    .as_ref()
                    .and_then(|p| retry_after(p.user_properties.iter().map(|(n, v)| (&n[..], &v[..])))),
            }),
            _ => return None,
        })
    }
}

fn our_qos(qos: u8) -> QoS {
    if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

fn connack_reason(code: rumqttc::ConnectReturnCode) -> ReasonCode {
    use rumqttc::ConnectReturnCode as Code;
    ReasonCode(match code {
        Code::Success => 0x00,
        Code::UnspecifiedError => 0x80,
        Code::MalformedPacket => 0x81,
        Code::ProtocolError => 0x82,
        Code::ImplementationSpecificError => 0x83,
        Code::UnsupportedProtocolVersion => 0x84,
        Code::ClientIdentifierNotValid => 0x85,
        Code::BadUserNamePassword => 0x86,
        Code::NotAuthorized => 0x87,
        Code::ServerUnavailable => 0x88,
        Code::ServerBusy => 0x89,
        Code::Banned => 0x8A,
        Code::BadAuthenticationMethod => 0x8C,
        Code::TopicNameInvalid => 0x90,
        Code::PacketTooLarge => 0x95,
        Code::QuotaExceeded => 0x97,
        Code::PayloadFormatInvalid => 0x99,
        Code::RetainNotSupported => 0x9A,
        Code::QoSNotSupported => 0x9B,
        Code::UseAnotherServer => 0x9C,
        Code::ServerMoved => 0x9D,
        Code::ConnectionRateExceeded => 0x9F,
        Code::RefusedProtocolVersion | Code::BadClientId | Code::ServiceUnavailable => panic!("a code of MQTT 3"),
    })
}

fn puback_reason(reason: rumqttc::PubAckReason) -> ReasonCode {
    use rumqttc::PubAckReason as Reason;
    ReasonCode(match reason {
        Reason::Success => 0x00,
        Reason::NoMatchingSubscribers => 0x10,
        Reason::UnspecifiedError => 0x80,
        Reason::ImplementationSpecificError => 0x83,
        Reason::NotAuthorized => 0x87,
        Reason::TopicNameInvalid => 0x90,
        Reason::PacketIdentifierInUse => 0x91,
        Reason::QuotaExceeded => 0x97,
        Reason::PayloadFormatInvalid => 0x99,
    })
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic and is none of our business; `None` if it does. Panics of this thread print nothing meanwhile.
fn quietly<T>(run: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                print(info);
            }
        }));
    });
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    result.ok()
}

/// What the last user property of that name says.
fn retry_after<'a>(user_properties: impl Iterator<Item = (&'a str, &'a str)>) -> Option<u32> {
    user_properties.filter(|(name, _)| *name == offpush_mqtt::RETRY_AFTER).last()?.1.parse().ok()
}
