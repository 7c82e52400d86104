//! The differences between the other codecs and this one over damaged packets: each by name, with its reason.

use offpush_mqtt::{DecodeError, Malformation, Packet, PacketType, Violation};

use crate::oracle::Verdict;

/// A kind of difference, and why it is there.
pub(crate) type Known = (&'static str, &'static str);

/// `mqtt-proto` reads fields from the stream as they come, serves clients and servers alike, and leaves what needs the
/// standard's text rather than its tables to its user.
pub(crate) const MQTT_PROTO: &[Known] = &[
    (ACCEPTED_BEFORE_WHOLE, "it looks at the remaining length in PUBLISH and where fields may be left out only"),
    (REFUSED_BEFORE_WHOLE, "it judges each field as it reads it"),
    (WAITS_FOR_WRONG_START, "a first byte is judged after the length"),
    (WAITS_BEYOND_PACKET, "a field that runs past the end of the packet is read from what follows"),
    ("accepts a field that runs past the end", "the same, where enough follows"),
    ("accepts trailing bytes", "it stops after the last field"),
    ("accepts integers that are not minimal", "it checks that they have four bytes at most"),
    ("accepts the null character", "it checks it in topics only"),
    ("accepts a duplicate at QoS 0", "it takes the flag as it comes"),
    ("accepts an empty topic name", "it leaves it to its user, who may know the topic alias"),
    ("accepts what a server does not send here", "it is a server's codec too"),
    ("accepts QoS 2", "it is for clients of QoS 2 too"),
    ("accepts a grant of QoS 2", "it is for clients of QoS 2 too"),
    ("accepts a topic alias", "it is for clients that allow them"),
    ("accepts unsolicited properties", "it is for clients that use enhanced authentication"),
    ("accepts a subscription identifier of zero", "it checks the range of single bytes only"),
    ("accepts limits of zero", "it checks the range of single bytes only"),
    ("accepts a session in a refusal", "it looks at each field alone"),
    ("accepts a client's reason code", "one list of reason codes for both directions"),
    ("accepts a client's property", "one list of properties for both directions"),
    ("refuses a payload that is not the UTF-8 it says", "the standard allows it (§3.3.2.3.2); we hand on the bytes"),
    ("refuses several subscription identifiers", "it holds one"),
];

/// `rumqttc` takes the packet off the stream first, then reads its fields with few checks.
pub(crate) const RUMQTTC: &[Known] = &[
    (WAITS_FOR_WRONG_START, "nothing is judged before the packet is whole"),
    (WAITS_BEYOND_PACKET, "a length that is cut off by the end of the packet counts as one that has not come yet"),
    ("accepts a field that runs past the end", "the last property may run past the property length"),
    ("accepts trailing bytes", "it stops after the last field"),
    ("accepts integers that are not minimal", "it checks that they have four bytes at most"),
    ("accepts the null character", "it checks for UTF-8 only"),
    ("accepts a topic that is not UTF-8", "a topic is bytes to it"),
    ("accepts reserved flags", "it looks at the flags of PUBLISH and DISCONNECT only"),
    ("accepts reserved CONNACK flags", "it looks at the lowest bit only"),
    ("accepts a duplicate at QoS 0", "it takes the flag as it comes"),
    ("accepts an unknown property", "it counts a subscription identifier one byte too long and stops before the last"),
    ("accepts an empty topic name", "it leaves it to its user, who may know the topic alias"),
    ("accepts a wildcard in a topic name", "it does not look"),
    ("accepts a packet identifier of zero", "it checks it in PUBLISH only"),
    ("accepts a property twice", "the last one wins"),
    ("accepts flags that are neither 0 nor 1", "they are bytes to it"),
    ("accepts limits of zero", "it checks no ranges"),
    ("accepts a subscription identifier of zero", "it checks no ranges"),
    ("accepts what a server does not send here", "it has a server's packets too"),
    ("accepts QoS 2", "it is for clients of QoS 2 too"),
    ("accepts a grant of QoS 2", "it is for clients of QoS 2 too"),
    ("accepts a topic alias", "it is for clients that allow them"),
    ("accepts unsolicited properties", "it is for clients that use enhanced authentication"),
    ("accepts a session in a refusal", "it looks at each field alone"),
    ("accepts a client's reason code", "one list of reason codes for both directions"),
    ("accepts a client's property", "one list of properties for both directions"),
    ("refuses a DISCONNECT of two bytes", "it expects a body, though it sends such packets"),
    ("waits for a DISCONNECT of three bytes to go on", "it expects the property length, which may be left out"),
];

const ACCEPTED_BEFORE_WHOLE: &str = "accepts a packet before it is whole";
const REFUSED_BEFORE_WHOLE: &str = "refuses a packet before it is whole";
const WAITS_FOR_WRONG_START: &str = "waits for the rest of a packet that starts wrong";
const WAITS_BEYOND_PACKET: &str = "waits for bytes beyond the end of the packet";

/// The name of a difference; whether it may come from this codec is for its list to say.
pub(crate) fn name<P>(
    ours: &Result<Option<(Packet<'_>, usize)>, DecodeError>,
    theirs: &Verdict<P>,
) -> Option<&'static str> {
    match (ours, theirs) {
        (Ok(None), Verdict::Accepted(_)) => Some(ACCEPTED_BEFORE_WHOLE),
        (Ok(None), Verdict::Refused(_)) => Some(REFUSED_BEFORE_WHOLE),
        (Err(error), Verdict::More) if is_seen_in_the_header(error) => Some(WAITS_FOR_WRONG_START),
        (Err(_), Verdict::More) => Some(WAITS_BEYOND_PACKET),
        (Err(error), Verdict::Accepted(_)) => Some(leniency(error)),
        (Ok(Some((Packet::Publish(_), _))), Verdict::Refused(error)) if error.contains("payload format") => {
            Some("refuses a payload that is not the UTF-8 it says")
        }
        (Ok(Some((Packet::Publish(_), _))), Verdict::Refused(error)) if error.contains("`SubscriptionIdentifier`") => {
            Some("refuses several subscription identifiers")
        }
        (Ok(Some((Packet::Disconnect(_), 2))), Verdict::Refused(_)) => Some("refuses a DISCONNECT of two bytes"),
        (Ok(Some((Packet::Disconnect(_), 3))), Verdict::More) => Some("waits for a DISCONNECT of three bytes to go on"),
        _ => None,
    }
}

fn is_seen_in_the_header(error: &DecodeError) -> bool {
    match error {
        DecodeError::ReservedPacketType | DecodeError::UnexpectedPacket { .. } | DecodeError::PacketTooLarge { .. } => {
            true
        }
        DecodeError::Malformed { field, .. } | DecodeError::ProtocolError { field, .. } => {
            matches!(*field, "flags" | "remaining length")
        }
    }
}

/// What one must overlook to accept a packet with this error.
fn leniency(error: &DecodeError) -> &'static str {
    match *error {
        DecodeError::ReservedPacketType => "accepts the reserved packet type",
        DecodeError::UnexpectedPacket { .. } => "accepts what a server does not send here",
        DecodeError::PacketTooLarge { .. } => "accepts a packet that is too large",
        DecodeError::Malformed { packet, field, problem } => match problem {
            Malformation::ReservedBits if packet == PacketType::Publish => "accepts a duplicate at QoS 0",
            Malformation::ReservedBits if field == "flags" => "accepts reserved flags",
            Malformation::ReservedBits => "accepts reserved CONNACK flags",
            Malformation::Truncated => "accepts a field that runs past the end",
            Malformation::TrailingBytes => "accepts trailing bytes",
            Malformation::VariableByteInteger => "accepts integers that are not minimal",
            Malformation::InvalidUtf8 if field == "topic name" => "accepts a topic that is not UTF-8",
            Malformation::InvalidUtf8 => "accepts a string that is not UTF-8",
            Malformation::NullCharacter => "accepts the null character",
            Malformation::UnknownProperty if packet == PacketType::Disconnect => "accepts a client's property",
            Malformation::UnknownProperty => "accepts an unknown property",
        },
        DecodeError::ProtocolError { packet, field, problem } => match problem {
            // A property length that is missing: it takes the next bytes for one.
            Violation::OlderProtocol => "accepts a field that runs past the end",
            Violation::ZeroPacketId => "accepts a packet identifier of zero",
            Violation::DuplicateProperty => "accepts a property twice",
            Violation::UnsolicitedProperty => "accepts unsolicited properties",
            Violation::OutOfRange if field == "subscription identifier" => "accepts a subscription identifier of zero",
            Violation::OutOfRange if matches!(field, "receive maximum" | "maximum packet size") => {
                "accepts limits of zero"
            }
            Violation::OutOfRange => "accepts flags that are neither 0 nor 1",
            Violation::UnknownReasonCode if packet == PacketType::SubAck => "accepts a grant of QoS 2",
            Violation::UnknownReasonCode if packet == PacketType::Disconnect => "accepts a client's reason code",
            Violation::UnknownReasonCode => "accepts an unknown reason code",
            Violation::SessionPresentWithError => "accepts a session in a refusal",
            Violation::EmptyTopicName => "accepts an empty topic name",
            Violation::WildcardInTopicName => "accepts a wildcard in a topic name",
            Violation::TopicAlias => "accepts a topic alias",
            Violation::QoS2 => "accepts QoS 2",
        },
    }
}
