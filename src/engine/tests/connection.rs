//! The life of a connection: what opens it, what each end of it means, and when the next attempt comes.

mod common;

use common::packets::{self, Sent, conn_ack, disconnect, field, sub_ack};
use common::{BROKER, Broker, HOUR, Input, MINUTE, Phone, REG_ID, SECOND, message, path, wifi};
use offpush_engine::config::limit::RECONNECT_WINDOW;
use offpush_engine::status::{NextAction, Phase, WaitReason};
use offpush_engine::{Disconnected, LinkFailure, Output};
use offpush_wire::UpFrame;

/// The action that a reason code leads to, as the test sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Soon,
    Later,
    Registration,
    TakenOver,
    Moved,
}

use Expected::{Later, Moved, Registration, Soon, TakenOver};

/// CONNACK (MQTT 5, table 3-1).
const CONNACK: &[(u8, Expected)] = &[
    (0x80, Soon),
    (0x81, Later),
    (0x82, Later),
    (0x83, Soon),
    (0x84, Later),
    (0x85, Registration),
    (0x86, Registration),
    (0x87, Registration),
    (0x88, Soon),
    (0x89, Soon),
    (0x8A, Later),
    (0x8C, Later),
    (0x90, Later),
    (0x95, Later),
    (0x97, Soon),
    (0x99, Later),
    (0x9A, Later),
    (0x9B, Later),
    (0x9C, Moved),
    (0x9D, Moved),
    (0x9F, Soon),
];

/// DISCONNECT as a server sends it (MQTT 5, table 3-13).
const DISCONNECT: &[(u8, Expected)] = &[
    (0x00, Soon),
    (0x80, Soon),
    (0x81, Later),
    (0x82, Later),
    (0x83, Soon),
    (0x87, Registration),
    (0x89, Soon),
    (0x8B, Soon),
    (0x8D, Soon),
    (0x8E, TakenOver),
    (0x8F, Later),
    (0x90, Later),
    (0x93, Soon),
    (0x94, Soon),
    (0x95, Later),
    (0x96, Soon),
    (0x97, Soon),
    (0x98, Soon),
    (0x99, Later),
    (0x9A, Later),
    (0x9B, Later),
    (0x9C, Moved),
    (0x9D, Moved),
    (0x9E, Soon),
    (0x9F, Soon),
    (0xA0, Soon),
    (0xA1, Soon),
    (0xA2, Soon),
];

/// SUBACK (MQTT 5, table 3-8).
const SUBACK: &[(u8, Expected)] = &[
    (0x80, Soon),
    (0x83, Soon),
    (0x87, Registration),
    (0x8F, Later),
    (0x91, Soon),
    (0x97, Soon),
    (0x9E, Soon),
    (0xA1, Soon),
    (0xA2, Soon),
];

fn check(phone: &mut Phone, code: u8, expected: Expected) {
    let (cause, retry_in) = phone.disconnected().pop().expect("an end");
    let Disconnected::Broker { code: told, name, .. } = &cause else { panic!("0x{code:02X}: {cause:?}") };
    assert_eq!(*told, code);
    assert_ne!(name, "Unknown");
    assert_eq!(phone.status().last_failure, Some(cause));
    assert_eq!(phone.link(), None, "0x{code:02X}: closed");
    let retry_in = retry_in.expect("a next attempt");
    let (reason, base) = match expected {
        Soon | TakenOver | Moved => (WaitReason::BackOff, SECOND),
        Later => (WaitReason::BrokerIncompatible, MINUTE),
        Registration => (WaitReason::CredentialsRefused, MINUTE),
    };
    assert_eq!(phone.phase(), Phase::Waiting(reason), "0x{code:02X}");
    // The second wait is up to nine times the base.
    assert!((base..=(9 * base).max(RECONNECT_WINDOW)).contains(&retry_in), "0x{code:02X}: {retry_in} ms");
    let (next, at) = phone.status().next.expect("a next action");
    let ended = phone.log.iter().rev().find(|(_, output)| matches!(output, Output::Close { .. })).expect("closed").0;
    let left = ended + retry_in - phone.now.boot;
    assert_eq!(at, phone.now.wall + left as i64);
    assert_eq!(next, if expected == Registration { NextAction::Register } else { NextAction::Connect });
    phone.broker = Broker::Accepts;
    let requests = phone.registrations.len();
    phone.advance(left);
    assert_eq!(phone.registrations.len() - requests, usize::from(expected == Registration), "0x{code:02X}");
    assert_eq!(phone.phase(), Phase::Connected, "0x{code:02X}");
}

#[test]
fn every_connack_code_leads_to_its_action() {
    // A broker's refusal is a short wait, a long one, a question to the gateway, or another broker.
    for (code, expected) in CONNACK {
        let mut phone = Phone::connected();
        phone.broker = Broker::Refuses(*code, Vec::new());
        phone.drop_link();
        while phone.attempts.is_empty() {
            phone.advance(100);
        }
        check(&mut phone, *code, *expected);
    }
}

#[test]
fn every_disconnect_code_leads_to_its_action() {
    // A broker's goodbye is a short wait, a long one, a question to the gateway, or another broker.
    for (code, expected) in DISCONNECT {
        let mut phone = Phone::connected();
        phone.receive(&disconnect(*code, None));
        check(&mut phone, *code, *expected);
    }
}

#[test]
fn every_suback_refusal_leads_to_its_action() {
    // Without its topic a connection is worth nothing: it is ended, and tried again as the code says.
    for (code, expected) in SUBACK {
        let mut phone = Phone::connected();
        phone.receive(&sub_ack(1, *code));
        check(&mut phone, *code, *expected);
    }
}

#[test]
fn connect_subscribe_and_hello_go_out_in_one_write() {
    // Three packets in one write save two round trips; the will names the connection that the hello names.
    let mut phone = Phone::new();
    phone.input(Input::Network(wifi()));
    let (_, _, first) = &phone.sent[0];
    let [Sent::Connect(connect), Sent::Subscribe { filter, .. }, Sent::Publish { packet_id, topic, payload }] =
        &first[..]
    else {
        panic!("{first:?}");
    };
    assert_eq!((&*connect.client_id, &*connect.username), (REG_ID, REG_ID));
    assert_eq!(connect.password, phone.credentials().1);
    assert!(connect.clean_start);
    assert_eq!((connect.keep_alive, connect.receive_maximum), (240, 128));
    assert_eq!(*filter, format!("op/d/{REG_ID}"));
    assert_eq!((topic, &connect.will_topic), (&format!("op/u/{REG_ID}"), topic));
    assert!(packet_id.is_some(), "the hello goes at QoS 1");
    let hello = UpFrame::decode(payload).expect("a frame").hello.expect("a hello");
    let gone = UpFrame::decode(&connect.will).expect("a frame").gone.expect("gone");
    assert_eq!(hello.connection, gone.connection);
    assert_eq!((hello.network.as_deref(), hello.heartbeat), (Some("wifi"), Some(240)));
}

#[test]
fn each_connection_has_its_own_id() {
    // The end of an old connection cannot be taken for the end of the new one.
    let mut phone = Phone::connected();
    for _ in 0..5 {
        phone.drop_link();
        phone.advance(HOUR);
    }
    let mut ids: Vec<&str> = phone.gateway.hellos.iter().map(|hello| &*hello.connection).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn a_takeover_twice_within_a_minute_is_a_state_of_its_own() {
    // Once is a race; twice means that another phone has our identity, which no quick retry helps.
    let mut phone = Phone::connected();
    phone.receive(&disconnect(0x8E, None));
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::BackOff));
    phone.advance(10 * SECOND);
    assert_eq!(phone.phase(), Phase::Connected);
    phone.receive(&disconnect(0x8E, None));
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::IdentityInUse));
    let (_, retry_in) = phone.disconnected().pop().expect("an end");
    assert!(retry_in.expect("a wait") >= MINUTE);
    assert_eq!(phone.status().reg_id.as_deref(), Some(REG_ID), "nobody can make us forget who we are");
}

#[test]
fn takeovers_more_than_a_minute_apart_are_two_single_ones() {
    // What happens now and then is no other phone.
    let mut phone = Phone::connected();
    phone.receive(&disconnect(0x8E, None));
    phone.advance(MINUTE + SECOND);
    phone.receive(&disconnect(0x8E, None));
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::BackOff));
}

#[test]
fn another_phone_that_connects_in_between_is_noticed_without_the_brokers_word() {
    // Brokers end a connection that is taken over in silence; the gateway names the connection before this one.
    let mut phone = Phone::connected();
    for (other, phase) in [
        ("another phone's", Phase::Connected),
        // The same one is counted once.
        ("another phone's", Phase::Connected),
        ("another phone's next", Phase::Waiting(WaitReason::IdentityInUse)),
    ] {
        phone.gateway.previous = Some(other.to_owned());
        phone.drop_link();
        phone.advance(15 * SECOND);
        assert_eq!(phone.phase(), phase, "{other}");
    }
    let (cause, retry_in) = phone.disconnected().pop().expect("an end");
    assert_eq!(cause, Disconnected::IdentityShared);
    assert!(retry_in.expect("a wait") >= MINUTE);
}

#[test]
fn a_broker_that_names_another_is_followed() {
    // Use another server, or server moved: the one named is tried first, the others stay.
    for (code, reference, address) in [
        (0x9C, "b.example:1884", "mqtts://b.example:1884"),
        (0x9D, "b.example", "mqtts://b.example:8883"),
        (0x9D, "mqtts://b.example:1", "mqtts://b.example:1"),
        (0x9D, "b.example c.example", "mqtts://b.example:8883"),
    ] {
        let mut phone = Phone::connected();
        phone.receive(&disconnect(code, Some(reference)));
        phone.advance(3 * SECOND);
        assert_eq!(phone.attempts[0].2, [address, BROKER], "{reference}");
    }
    for unusable in ["http://b.example", "", "mqtt://b.example:1883"] {
        let mut phone = Phone::connected();
        phone.receive(&disconnect(0x9C, Some(unusable)));
        phone.advance(3 * SECOND);
        assert_eq!(phone.attempts[0].2, [BROKER], "{unusable:?}");
    }
}

#[test]
fn a_refusal_that_names_another_broker_is_followed_too() {
    // The reference may come with CONNACK.
    let mut phone = Phone::connected();
    let mut properties = vec![0x1C];
    properties.extend(field("b.example"));
    phone.broker = Broker::Refuses(0x9D, properties);
    phone.drop_link();
    phone.advance(3 * SECOND);
    phone.broker = Broker::Accepts;
    phone.advance(9 * SECOND);
    assert_eq!(phone.attempts.last().expect("an attempt").2, ["mqtts://b.example:8883", BROKER]);
}

#[test]
fn a_protocol_violation_ends_in_disconnect_with_the_reason() {
    // A broker that breaks the protocol is told why, and tried again after a back-off.
    let topic = format!("op/d/{REG_ID}");
    let wildcard = packets::publish(None, "op/d/+", b"{}");
    let qos2 = packets::packet(0x34, &[&field(&topic)[..], &[0, 1, 0]].concat());
    let zero_id = packets::packet(0x32, &[&field(&topic)[..], &[0, 0, 0]].concat());
    let session = packets::packet(0x20, &[1, 0, 0]);
    for (bytes, reason) in [
        (vec![0x00, 0x00], 0x81),
        (vec![0xF0, 0x00], 0x82),
        (vec![0xD1, 0x00], 0x81),
        (vec![0x30, 0xFF, 0xFF, 0xFF, 0xFF], 0x81),
        (vec![0x30, 0xFF, 0xFF, 0xFF, 0x7F], 0x95),
        (wildcard, 0x90),
        (qos2, 0x82),
        (zero_id, 0x82),
        (conn_ack(0, &[]), 0x82),
    ] {
        let mut phone = Phone::connected();
        phone.receive(&bytes);
        assert_eq!(phone.packets(), [Sent::Disconnect { reason }], "{bytes:02X?}");
        let (cause, retry_in) = phone.disconnected().pop().expect("an end");
        assert!(matches!(cause, Disconnected::Protocol { .. }), "{cause:?}");
        assert!(retry_in.is_some());
    }
    for before_connack in [packets::ping_resp(), packets::publish(None, &topic, b"{}"), session] {
        let mut phone = Phone::connected();
        phone.broker = Broker::Mute;
        phone.drop_link();
        phone.advance(3 * SECOND);
        phone.receive(&before_connack);
        assert_eq!(phone.packets().last(), Some(&Sent::Disconnect { reason: 0x82 }), "{before_connack:02X?}");
    }
}

#[test]
fn bytes_may_be_split_anywhere() {
    // A packet that comes byte by byte is the same packet.
    let mut phone = Phone::connected();
    let frames = phone.gateway.accept("m", offpush_wire::Down::Message(Box::new(message("m"))));
    for byte in packets::publish(std::num::NonZeroU16::new(7), &format!("op/d/{REG_ID}"), &frames[0]) {
        phone.receive(&[byte]);
    }
    assert_eq!(phone.acknowledged, [7]);
    assert_eq!(phone.shown_ids(), ["m"]);
}

#[test]
fn waits_grow_with_jitter_and_stay_within_their_bounds() {
    // Each wait is drawn between the base and three times the one before, at most ten minutes.
    let mut seen = Vec::new();
    for seed in 0..20 {
        let mut phone = Phone::with(common::config(), seed);
        phone.broker = Broker::Fails(LinkFailure::Refused);
        phone.input(Input::Network(wifi()));
        phone.advance(3 * HOUR);
        let waits: Vec<u64> = phone.disconnected().iter().filter_map(|(_, retry_in)| *retry_in).collect();
        let mut before = SECOND;
        for wait in &waits {
            assert!((SECOND..=(3 * before).min(10 * MINUTE)).contains(wait), "{wait} after {before}");
            before = *wait;
        }
        assert!(waits.iter().any(|wait| *wait > 5 * MINUTE), "they grow");
        assert_eq!(phone.status().attempts as usize, waits.len());
        seen.push(waits);
    }
    seen.dedup();
    assert_eq!(seen.len(), 20, "phones that failed together do not come back together");
}

#[test]
fn a_connection_that_drops_at_once_goes_on_backing_off() {
    // Connect-then-drop is no success: only a connection of a minute starts the waits from their base.
    let mut phone = Phone::connected();
    for _ in 0..40 {
        phone.advance(10 * MINUTE);
        let lasting = phone.phase() == Phase::Connected;
        assert!(lasting);
        phone.forget();
        phone.drop_link();
        let (_, retry_in) = phone.disconnected().pop().expect("an end");
        assert!(retry_in.expect("a wait") <= RECONNECT_WINDOW, "after a lasting connection");
    }
    let mut longest = 0;
    for _ in 0..40 {
        while phone.phase() != Phase::Connected {
            phone.advance(SECOND);
        }
        phone.drop_link();
        let (_, retry_in) = phone.disconnected().pop().expect("an end");
        longest = longest.max(retry_in.expect("a wait"));
    }
    assert!(longest > 2 * MINUTE, "after {longest} ms");
}

#[test]
fn an_attempt_has_twenty_seconds_for_tls_and_ten_for_connack() {
    // Neither a silent host nor a mute broker holds the phone for longer than its wake lock.
    let mut phone = Phone::connected();
    phone.broker = Broker::Silent;
    phone.drop_link();
    phone.advance(3 * SECOND);
    let (began, link, _) = phone.attempts[0].clone();
    phone.advance(began + 20 * SECOND - 1 - phone.now.boot);
    assert_eq!((phone.phase(), phone.link()), (Phase::Connecting, Some(link)));
    phone.advance(1);
    let (cause, retry_in) = phone.disconnected().pop().expect("an end");
    assert_eq!(cause, Disconnected::Link { failure: LinkFailure::TimedOut });
    let retry_in = retry_in.expect("a wait");
    assert!(retry_in >= 20 * SECOND, "no shorter than the attempt: {retry_in}");

    phone.broker = Broker::Mute;
    phone.advance(retry_in);
    assert_eq!(phone.phase(), Phase::Handshaking);
    let began = phone.attempts.last().expect("an attempt").0;
    phone.advance(began + 10 * SECOND - 1 - phone.now.boot);
    assert_eq!(phone.phase(), Phase::Handshaking);
    phone.advance(1);
    assert_eq!(phone.disconnected().pop().expect("an end").0, Disconnected::NoConnAck);
}

#[test]
fn the_first_deadline_covers_names_tcp_and_tls_the_second_begins_with_connect() {
    // TLS that stands after 19 seconds still leaves the broker its ten.
    let mut phone = Phone::connected();
    phone.broker = Broker::Silent;
    phone.drop_link();
    phone.advance(3 * SECOND);
    let (began, link, _) = phone.attempts[0].clone();
    phone.advance(began + 19 * SECOND - phone.now.boot);
    phone.broker = Broker::Mute;
    phone.input(Input::Connected(link, path()));
    phone.advance(9 * SECOND);
    assert_eq!(phone.phase(), Phase::Handshaking);
    phone.advance(SECOND);
    assert_ne!(phone.phase(), Phase::Handshaking);
}

#[test]
fn what_an_old_link_says_is_not_heard() {
    // Inputs about a link that was closed change nothing.
    let mut phone = Phone::connected();
    let old = phone.link().expect("a link");
    phone.drop_link();
    phone.advance(3 * SECOND);
    phone.forget();
    phone.input(Input::Closed(old, LinkFailure::Reset));
    phone.input(Input::Received(old, disconnect(0x8E, None)));
    phone.input(Input::Connected(old, path()));
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(phone.log, []);
}

#[test]
fn a_broker_without_qos_1_is_not_used() {
    // Without QoS 1 there is no flow control: named, and tried again much later.
    let mut phone = Phone::connected();
    phone.properties = vec![0x24, 0];
    phone.drop_link();
    phone.advance(3 * SECOND);
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::BrokerIncompatible));
}

#[test]
fn a_stop_says_goodbye_so_that_the_will_is_published() {
    // The gateway learns at once that the phone is gone, and nothing is left to wake up for.
    let mut phone = Phone::connected();
    phone.input(Input::Stop);
    assert_eq!(phone.packets(), [Sent::Disconnect { reason: 0x04 }]);
    assert_eq!(phone.link(), None);
    phone.advance(HOUR);
    assert_eq!(phone.attempts.len(), 0);
}

#[test]
fn every_wait_has_a_reason_a_since_and_a_next_action() {
    // Nothing waits silently.
    let mut phone = Phone::connected();
    let check = |phone: &Phone| {
        let status = phone.status();
        assert!(status.next.is_some(), "{:?}", status.phase);
        assert!(status.since <= phone.now.wall);
    };
    check(&phone);
    phone.broker = Broker::Silent;
    phone.drop_link();
    for _ in 0..200 {
        phone.advance(700);
        check(&phone);
    }
    phone.broker = Broker::Refuses(0x86, Vec::new());
    for _ in 0..200 {
        phone.advance(10 * SECOND);
        check(&phone);
    }
}

#[test]
fn a_broker_moved_for_good_stays_the_first_one() {
    // 0x9D names the broker for every later attempt, over restarts; 0x9C for the next attempt alone.
    for (code, stays) in [(0x9D, true), (0x9C, false)] {
        let mut phone = Phone::connected();
        phone.receive(&disconnect(code, Some("b.example")));
        phone.advance(3 * SECOND);
        assert_eq!(phone.attempts[0].2, ["mqtts://b.example:8883", BROKER]);
        let expected: &[&str] = if stays { &["mqtts://b.example:8883", BROKER] } else { &[BROKER] };
        phone.drop_link();
        phone.advance(10 * SECOND);
        assert_eq!(phone.attempts[1].2, expected, "0x{code:02X}");
        phone.crash();
        assert_eq!(phone.attempts.last().expect("an attempt").2, expected, "0x{code:02X}");
    }
}

#[test]
fn a_broker_that_never_acknowledges_is_not_sent_more_and_more() {
    // A hello that is repeated does not exceed the broker's Receive Maximum, nor does it use up the packet ids.
    let mut phone = Phone::connected();
    phone.properties = vec![0x21, 0, 1];
    phone.drop_link();
    phone.advance(5 * SECOND);
    phone.broker_answers = false;
    phone.forget();
    for _ in 0..50 {
        phone.advance(2 * SECOND);
        phone.deliver(br#"{"v":1,"epoch":"another"}"#);
    }
    let (mut at_qos_0, mut at_qos_1) = (0, 0);
    for packet in phone.packets() {
        match packet {
            Sent::Publish { packet_id: Some(_), .. } => at_qos_1 += 1,
            Sent::Publish { packet_id: None, .. } => at_qos_0 += 1,
            _ => {}
        }
    }
    assert!(at_qos_0 >= 48 && at_qos_1 <= 1, "{at_qos_0} and {at_qos_1}");
}
