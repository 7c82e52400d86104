//! Bytes as they come from a connection: in pieces, several packets at once, and in every way broken.

mod common;

use common::{ROOMY, Random, field, packet, properties};
use offpush_mqtt::{DecodeError, Packet, PacketType, ReasonCode, decode};

/// One packet of each kind, with and without what may be left out.
fn samples() -> Vec<Vec<u8>> {
    let user_property = [&[0x26][..], &field("key"), &field("välue")].concat();
    let connack = properties(&[&[0x21, 0, 20], &user_property, &[0x1F], &field("fine"), &[0x27, 0, 1, 0, 0]]);
    let message = properties(&[&[0x02, 0, 0, 0, 60], &user_property, &[0x0B, 0x80, 0x01], &[0x08], &field("r")]);
    let explained = properties(&[&[0x1F], &field("because"), &user_property]);
    vec![
        packet(0x20, &[&[0, 0], &connack]),
        packet(0x20, &[&[0, 0x87, 0]]),
        packet(0x32, &[&field("op/d/x"), &[0, 7], &message, &[b'x'; 200]]),
        packet(0x31, &[&field("op/d/x"), &[0]]),
        packet(0x40, &[&[0, 7]]),
        packet(0x40, &[&[0, 7, 0x97], &explained]),
        packet(0x90, &[&[0, 7], &explained, &[1]]),
        packet(0xD0, &[]),
        packet(0xE0, &[]),
        packet(0xE0, &[&[0x8E], &explained]),
    ]
}

#[test]
fn a_packet_split_at_any_byte_is_awaited() {
    // Whatever has come so far is neither a packet nor an error.
    for bytes in samples() {
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length], ROOMY), Ok(None), "{length} bytes of {bytes:02X?}");
        }
        assert!(matches!(decode(&bytes, ROOMY), Ok(Some((_, length))) if length == bytes.len()), "{bytes:02X?}");
    }
}

#[test]
fn packets_are_taken_one_after_the_other() {
    // The length says where the next one starts; what follows does not change the packet.
    let stream = samples().concat();
    let mut rest = &stream[..];
    for bytes in samples() {
        let (with_more, length) = decode(rest, ROOMY).unwrap().unwrap();
        let (alone, _) = decode(&bytes, ROOMY).unwrap().unwrap();
        assert_eq!((with_more, length), (alone, bytes.len()));
        rest = &rest[length..];
    }
    assert_eq!(decode(rest, ROOMY), Ok(None));
}

#[test]
fn a_packet_borrows_from_the_input() {
    // Decoding copies nothing.
    let bytes = packet(0x30, &[&field("topic"), &[0], b"payload"]);
    let Ok(Some((Packet::Publish(message), _))) = decode(&bytes, ROOMY) else { panic!("a PUBLISH") };
    assert!(bytes.as_ptr_range().contains(&message.payload.as_ptr()));
    assert!(bytes.as_ptr_range().contains(&message.topic.as_ptr()));
}

#[test]
fn a_packet_of_exactly_the_maximum_size_is_taken_and_one_byte_more_refused() {
    // The whole packet counts, its header too (§2.1.4).
    let bytes = packet(0x30, &[&field("t"), &[0], &[b'x'; 300]]);
    let size = bytes.len() as u32;
    assert!(matches!(decode(&bytes, size), Ok(Some(_))));
    let error = DecodeError::PacketTooLarge { size, maximum: size - 1 };
    assert_eq!(decode(&bytes, size - 1), Err(error));
    assert_eq!(error.disconnect_reason(), ReasonCode::PACKET_TOO_LARGE);
}

#[test]
fn a_packet_that_will_be_too_large_is_refused_from_its_header() {
    // Nobody waits for, or makes room for, 256 MB.
    let error = DecodeError::PacketTooLarge { size: 268_435_460, maximum: ROOMY };
    assert_eq!(decode(&[0x30, 0xFF, 0xFF, 0xFF], ROOMY), Ok(None));
    assert_eq!(decode(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F], ROOMY), Err(error));
    assert_eq!(decode(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F], u32::MAX), Ok(None));
}

#[test]
fn what_the_first_byte_shows_is_reported_at_once() {
    // A server that speaks another protocol is not waited for: "HTTP/1.1 400" is a PUBACK with reserved flags.
    let error = decode(b"H", ROOMY).unwrap_err();
    assert!(matches!(error, DecodeError::Malformed { packet: PacketType::PubAck, field: "flags", .. }));
}

#[test]
fn no_damage_makes_the_decoder_panic_or_contradict_itself() {
    // Whatever comes: what a packet's beginning does not yet show is awaited, and a verdict once given stands.
    let samples = samples();
    let mut random = Random(1);
    for _ in 0..30_000 {
        let mut bytes = samples[random.below(samples.len())].clone();
        random.mutate(&mut bytes);
        let whole = decode(&bytes, ROOMY);
        let shorter = decode(&bytes[..random.below(bytes.len() + 1)], ROOMY);
        match whole {
            Ok(None) => assert_eq!(shorter, Ok(None), "{bytes:02X?}"),
            Ok(Some((_, length))) => {
                assert!(length <= bytes.len());
                assert_eq!(decode(&bytes[..length], ROOMY), whole, "{bytes:02X?}");
                assert_eq!(decode(&bytes[..length - 1], ROOMY), Ok(None), "{bytes:02X?}");
            }
            Err(error) => {
                assert!(matches!(shorter, Ok(None)) || shorter == Err(error), "{bytes:02X?}");
                assert!(error.disconnect_reason().is_error());
                bytes.push(0);
                assert_eq!(decode(&bytes, ROOMY), Err(error), "{bytes:02X?}");
            }
        }
    }
}

#[test]
fn random_bytes_never_make_the_decoder_panic() {
    // Bytes that never were a packet, half of them with a first byte and length that let the body be read.
    let mut random = Random(2);
    for _ in 0..30_000 {
        let mut bytes = random.bytes(40);
        if random.one_in(2) {
            bytes = packet(random.pick(&[0x20, 0x30, 0x32, 0x40, 0x90, 0xD0, 0xE0]), &[&bytes]);
        }
        let _ = decode(&bytes, ROOMY);
    }
}
