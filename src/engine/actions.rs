//! What each MQTT reason code means to us: one table for CONNACK, SUBACK and DISCONNECT.

use offpush_mqtt::ReasonCode;

/// The answer to a broker that refuses or ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Try again after the back-off: a passing condition.
    BackOff,
    /// The gateway is asked, after a long back-off, to put our credentials right.
    RepeatRegistration,
    /// Another connection has our identity. Once is nothing; twice within a minute is a named state.
    TakenOver,
    /// No retry will change it soon: a long back-off.
    LongBackOff,
    /// The broker names another one, for the next attempts (0x9C) or for good (0x9D).
    Moved,
}

/// The action for a reason code of 0x80 or more, or of a DISCONNECT.
///
/// rmqtt answers 0x88 now and then on a fast reconnect, and mosquitto ends a takeover without a word; both are a
/// back-off (design §1).
pub(crate) fn action(code: ReasonCode) -> Action {
    match code {
        ReasonCode::CLIENT_IDENTIFIER_NOT_VALID
        | ReasonCode::BAD_USER_NAME_OR_PASSWORD
        | ReasonCode::NOT_AUTHORIZED => Action::RepeatRegistration,
        ReasonCode::SESSION_TAKEN_OVER => Action::TakenOver,
        ReasonCode::USE_ANOTHER_SERVER | ReasonCode::SERVER_MOVED => Action::Moved,
        ReasonCode::MALFORMED_PACKET
        | ReasonCode::PROTOCOL_ERROR
        | ReasonCode::UNSUPPORTED_PROTOCOL_VERSION
        | ReasonCode::BANNED
        | ReasonCode::BAD_AUTHENTICATION_METHOD
        | ReasonCode::TOPIC_FILTER_INVALID
        | ReasonCode::TOPIC_NAME_INVALID
        | ReasonCode::PACKET_TOO_LARGE
        | ReasonCode::PAYLOAD_FORMAT_INVALID
        | ReasonCode::RETAIN_NOT_SUPPORTED
        | ReasonCode::QOS_NOT_SUPPORTED => Action::LongBackOff,
        _ => Action::BackOff,
    }
}
