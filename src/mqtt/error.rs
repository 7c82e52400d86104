//! Why received bytes are refused, and where in the packet.

use core::fmt;

use crate::{PacketType, ReasonCode};

/// Why [`decode`](crate::decode) refuses what a server sent. Each of these ends the connection (§4.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The first byte has the reserved packet type 0.
    ReservedPacketType,
    /// The packet is one that only a client sends, or that answers something this client never sends.
    UnexpectedPacket {
        /// The type in the packet's first byte.
        packet: PacketType,
    },
    /// The packet is larger than the client has said it takes. Known from the header, before the rest has come.
    PacketTooLarge {
        /// The whole packet, in bytes.
        size: u32,
        /// What was allowed, in bytes.
        maximum: u32,
    },
    /// The bytes do not follow the format.
    Malformed {
        /// The packet they are in.
        packet: PacketType,
        /// The field, by the standard's name in lower case.
        field: &'static str,
        /// What is wrong with it.
        problem: Malformation,
    },
    /// The bytes follow the format, and say what the standard forbids here.
    ProtocolError {
        /// The packet they are in.
        packet: PacketType,
        /// The field, by the standard's name in lower case.
        field: &'static str,
        /// What is wrong with it.
        problem: Violation,
    },
}

/// How bytes fail to follow the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformation {
    /// Reserved bits are set, or bits form a combination that is reserved.
    ReservedBits,
    /// The field runs past the end of what it stands in.
    Truncated,
    /// Bytes follow where the packet should end.
    TrailingBytes,
    /// A variable byte integer has more than four bytes, or more than it needs.
    VariableByteInteger,
    /// A string is not UTF-8.
    InvalidUtf8,
    /// A string contains U+0000.
    NullCharacter,
    /// A property is unknown, or not one of this packet.
    UnknownProperty,
}

/// What the standard forbids a server to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// The server answers as MQTT 3 does: it does not speak MQTT 5.
    OlderProtocol,
    /// A packet identifier is 0.
    ZeroPacketId,
    /// A property that may stand once is repeated.
    DuplicateProperty,
    /// A property answers something this client never asks for or offers.
    UnsolicitedProperty,
    /// A value is outside the range the standard gives it.
    OutOfRange,
    /// A reason code is not one that this packet may carry.
    UnknownReasonCode,
    /// A refusal claims that a session is present.
    SessionPresentWithError,
    /// A topic name is empty.
    EmptyTopicName,
    /// A topic name contains `+` or `#`.
    WildcardInTopicName,
    /// A topic alias, while this client has allowed none.
    TopicAlias,
    /// A message at QoS 2, while this client subscribes at QoS 1 at most.
    QoS2,
}

impl DecodeError {
    /// What to say to the server in DISCONNECT before closing the connection. Always a code a client may send (table
    /// 3-13), which "QoS not supported" is not.
    pub fn disconnect_reason(&self) -> ReasonCode {
        match self {
            Self::ReservedPacketType | Self::Malformed { .. } => ReasonCode::MALFORMED_PACKET,
            Self::PacketTooLarge { .. } => ReasonCode::PACKET_TOO_LARGE,
            Self::ProtocolError { problem: Violation::WildcardInTopicName, .. } => ReasonCode::TOPIC_NAME_INVALID,
            Self::ProtocolError { problem: Violation::TopicAlias, .. } => ReasonCode::TOPIC_ALIAS_INVALID,
            Self::UnexpectedPacket { .. } | Self::ProtocolError { .. } => ReasonCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedPacketType => f.write_str("packet type 0 is reserved"),
            Self::UnexpectedPacket { packet } => write!(f, "a server may not send {packet} to this client"),
            Self::PacketTooLarge { size, maximum } => {
                write!(f, "a packet of {size} bytes, at most {maximum} are allowed")
            }
            Self::Malformed { packet, field, problem } => write!(f, "{packet}, {field}: {problem}"),
            Self::ProtocolError { packet, field, problem } => write!(f, "{packet}, {field}: {problem}"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for Malformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBits => "reserved bits are set",
            Self::Truncated => "runs past the end",
            Self::TrailingBytes => "bytes follow the end",
            Self::VariableByteInteger => "a variable byte integer that is too long",
            Self::InvalidUtf8 => "not UTF-8",
            Self::NullCharacter => "contains U+0000",
            Self::UnknownProperty => "not a property of this packet",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OlderProtocol => "the server does not speak MQTT 5",
            Self::ZeroPacketId => "is 0",
            Self::DuplicateProperty => "stands more than once",
            Self::UnsolicitedProperty => "was not asked for",
            Self::OutOfRange => "a value that is not allowed",
            Self::UnknownReasonCode => "not a reason code of this packet",
            Self::SessionPresentWithError => "set in a refusal",
            Self::EmptyTopicName => "empty",
            Self::WildcardInTopicName => "contains a wildcard",
            Self::TopicAlias => "none was allowed",
            Self::QoS2 => "QoS 2 was not asked for",
        })
    }
}
