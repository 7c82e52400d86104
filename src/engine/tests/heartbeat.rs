//! When a ping goes out, and when a connection is dead.

mod common;

use common::{Broker, HOUR, MINUTE, Phone, SECOND, message, packets};
use offpush_engine::{Disconnected, Event};

#[test]
fn a_ping_goes_out_after_four_minutes_of_silence() {
    // Nothing was received for the interval: one ping, and its answer is enough for the next interval.
    let mut phone = Phone::connected();
    let start = phone.now.boot - SECOND;
    phone.advance(20 * MINUTE - 2 * SECOND);
    assert_eq!(phone.pings(), [4, 8, 12, 16].map(|minutes| start + minutes * MINUTE));
    assert!(phone.events().contains(&Event::Ping { idle: 4 * MINUTE }));
    assert!(phone.events().contains(&Event::Pong { round_trip: 0 }));
}

#[test]
fn an_idle_phone_wakes_up_for_nothing_but_its_heartbeats() {
    // Sixteen intervals, sixteen wake-ups.
    let mut phone = Phone::connected();
    phone.push_message(message("m"));
    phone.advance(SECOND);
    assert_eq!(phone.advance(64 * MINUTE), 16);
}

#[test]
fn any_inbound_byte_is_life() {
    // Even a part of a packet puts off the ping, and answers one that is out.
    let mut phone = Phone::connected();
    phone.broker_answers = false;
    let part = &packets::publish(None, "op/d/x", b"0123456789")[..2];
    phone.advance(4 * MINUTE);
    assert_eq!(phone.pings().len(), 1);
    phone.advance(5 * SECOND);
    phone.receive(&part[..1]);
    phone.advance(3 * MINUTE);
    phone.receive(&part[1..]);
    assert_eq!(phone.disconnected(), [], "the byte answered the ping");
    assert_eq!(phone.pings().len(), 1);
}

#[test]
fn an_unanswered_ping_ends_the_connection_after_ten_seconds() {
    // The answer has ten seconds; then the link is closed at once and tried again soon.
    let mut phone = Phone::connected();
    phone.broker_answers = false;
    phone.advance(4 * MINUTE);
    let ping = *phone.pings().last().expect("a ping");
    phone.advance(ping + 10 * SECOND - 1 - phone.now.boot);
    assert!(phone.link().is_some());
    phone.advance(1);
    let (cause, retry_in) = phone.disconnected().pop().expect("an end");
    assert_eq!(cause, Disconnected::PingUnanswered);
    assert!(retry_in.expect("a wait") <= 3 * SECOND);
    assert_eq!(phone.link(), None);
}

#[test]
fn the_servers_keep_alive_wins() {
    // A broker that wants to hear from us each minute does, and is told nothing more often than that.
    let mut phone = Phone::connected();
    phone.properties = vec![0x13, 0, 60];
    phone.drop_link();
    phone.advance(3 * SECOND);
    phone.forget();
    phone.advance(10 * MINUTE);
    let pings = phone.pings();
    assert_eq!(pings.len(), 10);
    assert!(pings.windows(2).all(|pair| pair[1] - pair[0] == MINUTE), "{pings:?}");
}

#[test]
fn a_server_without_keep_alive_leaves_our_own_interval() {
    // A server keep-alive of 0 turns off the broker's side only.
    let mut phone = Phone::connected();
    phone.properties = vec![0x13, 0, 0];
    phone.drop_link();
    phone.advance(3 * SECOND);
    phone.forget();
    phone.advance(12 * MINUTE);
    assert_eq!(phone.pings().len(), 3);
}

#[test]
fn nothing_sent_for_the_keep_alive_sends_a_ping() {
    // A phone that only listens still tells the broker that it lives.
    let mut phone = Phone::connected();
    let start = phone.now.boot - SECOND;
    for _ in 0..10 {
        phone.advance(MINUTE);
        phone.receive(&packets::publish(None, &format!("op/d/{}", common::REG_ID), b"{\"v\":1,\"epoch\":\"epoch-1\"}"));
    }
    assert_eq!(phone.pings(), [start + 4 * MINUTE, start + 8 * MINUTE]);
}

#[test]
fn a_late_alarm_is_noticed_and_used() {
    // The platform may wake the phone late; what is due is done then, and the history says so.
    let mut phone = Phone::connected();
    phone.jump(9 * MINUTE);
    phone.input(common::Input::Timeout);
    assert_eq!(phone.pings(), [phone.now.boot]);
    let late = phone.events().into_iter().find_map(|event| match event {
        Event::AlarmLate { late } => Some(late),
        _ => None,
    });
    assert_eq!(late, Some(5 * MINUTE + SECOND));
    phone.advance(MINUTE);
    assert_eq!(phone.disconnected(), [], "the answer is waited for from the ping on, not from when it was due");
}

#[test]
fn an_early_alarm_does_nothing() {
    // Calls that come too early do no harm.
    let mut phone = Phone::connected();
    for _ in 0..100 {
        phone.jump(SECOND);
        phone.input(common::Input::Timeout);
    }
    assert_eq!(phone.log, []);
}

#[test]
fn a_dead_broker_costs_one_ping_and_then_only_attempts() {
    // No ping is sent on a link that is not there.
    let mut phone = Phone::connected();
    phone.broker_answers = false;
    phone.advance(4 * MINUTE);
    phone.broker = Broker::Silent;
    phone.advance(HOUR);
    assert_eq!(phone.pings().len(), 1);
}
