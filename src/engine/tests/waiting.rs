//! When the next attempt comes: what a server asked for, what a restart keeps, what many phones do together.

mod common;

use common::packets::{disconnect_with, field};
use common::{Broker, HOUR, Input, MINUTE, Phone, SECOND, cellular, config, wifi};
use offpush_engine::config::limit;
use offpush_engine::status::{Phase, WaitReason};
use offpush_engine::{LinkFailure, Network};

/// A DISCONNECT or CONNACK property section that asks to stay away.
fn retry_after(seconds: &str) -> Vec<u8> {
    [&[0x26][..], &field("retry-after"), &field(seconds)].concat()
}

fn retry_in(phone: &Phone) -> u64 {
    phone.disconnected().pop().expect("an end").1.expect("a wait")
}

#[test]
fn phones_that_a_server_cut_off_spread_over_the_window_that_the_gateway_asked_for() {
    // A restart ends all connections at once: the first attempts fill the window evenly.
    let mut waits = Vec::new();
    for seed in 0..200 {
        let mut phone = Phone::with(config(), seed);
        phone.gateway.reconnect_window = Some(300);
        phone.input(Input::Network(wifi()));
        phone.advance(2 * MINUTE);
        phone.drop_link();
        waits.push(retry_in(&phone));
    }
    assert!(waits.iter().all(|wait| *wait <= 300 * SECOND));
    for quarter in 0..4 {
        let range = quarter * 75 * SECOND..(quarter + 1) * 75 * SECOND;
        let inside = waits.iter().filter(|wait| range.contains(wait)).count();
        assert!((25..=75).contains(&inside), "{inside} of 200 in {range:?}");
    }
}

#[test]
fn what_is_not_the_servers_doing_does_not_wait_for_the_window() {
    // A death on the way, or another network, is this phone's alone.
    for end in [LinkFailure::TimedOut, LinkFailure::Unreachable] {
        let mut phone = Phone::connected();
        phone.gateway.reconnect_window = Some(3_000);
        phone.drop_link();
        phone.advance(MINUTE);
        phone.advance(2 * MINUTE);
        phone.forget();
        phone.close_link(end);
        assert!(retry_in(&phone) <= 3 * SECOND);
    }
    let mut phone = Phone::connected();
    phone.gateway.reconnect_window = Some(3_000);
    phone.drop_link();
    phone.advance(MINUTE);
    phone.input(Input::Network(cellular()));
    phone.advance(SECOND);
    assert_eq!(phone.gateway.hellos.last().expect("a hello").network.as_deref(), Some("cellular"));
}

#[test]
fn a_window_without_a_bound_is_bounded() {
    // No gateway can send its phones away for more than an hour by it.
    let mut phone = Phone::connected();
    phone.gateway.reconnect_window = Some(u32::MAX);
    phone.drop_link();
    phone.advance(10 * MINUTE);
    phone.forget();
    phone.drop_link();
    assert!(retry_in(&phone) <= limit::RECONNECT_WINDOW_MAX);
}

#[test]
fn a_server_that_asks_to_stay_away_is_heard() {
    // In CONNACK and in DISCONNECT; neither another network nor a restart ends the wait.
    for in_connack in [false, true] {
        let mut phone = Phone::connected();
        if in_connack {
            phone.broker = Broker::Refuses(0x89, retry_after("900"));
            phone.drop_link();
            while phone.attempts.is_empty() {
                phone.advance(100);
            }
        } else {
            phone.receive(&disconnect_with(0x8B, &retry_after("900")));
        }
        let wait = retry_in(&phone);
        assert!((900 * SECOND..=900 * SECOND + limit::RECONNECT_WINDOW).contains(&wait), "{wait}");
        assert_eq!(phone.phase(), Phase::Waiting(WaitReason::AskedToStayAway));
        phone.broker = Broker::Accepts;
        phone.forget();
        phone.advance(5 * MINUTE);
        phone.input(Input::Network(cellular()));
        phone.crash();
        phone.advance(5 * MINUTE);
        assert_eq!(phone.attempts.len(), 0);
        assert_eq!(phone.phase(), Phase::Waiting(WaitReason::AskedToStayAway));
        phone.advance(6 * MINUTE);
        assert_eq!(phone.phase(), Phase::Connected);
    }
}

#[test]
fn a_server_cannot_send_a_phone_away_for_good() {
    // At most as long as the longest wait of its own.
    let mut phone = Phone::connected();
    phone.receive(&disconnect_with(0x8B, &retry_after("4294967295")));
    assert!(retry_in(&phone) <= 6 * HOUR + limit::RECONNECT_WINDOW);
}

#[test]
fn a_restart_does_not_end_a_wait() {
    // A process that is killed and started again and again makes no more attempts than one that lives.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.advance(2 * HOUR);
    phone.forget();
    for _ in 0..360 {
        phone.crash();
        phone.advance(10 * SECOND);
    }
    assert!((3..=60).contains(&phone.attempts.len()), "{}", phone.attempts.len());
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::BackOff));
}

#[test]
fn another_network_than_the_one_before_the_restart_ends_an_ordinary_wait() {
    // The wait was drawn for a network that is gone.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.advance(2 * HOUR);
    phone.broker = Broker::Accepts;
    phone.crash();
    let waits = phone.phase() == Phase::Waiting(WaitReason::BackOff);
    phone.input(Input::Network(cellular()));
    assert!(waits && phone.phase() == Phase::Connected);
}

#[test]
fn the_back_off_goes_on_growing_after_a_restart() {
    // The next wait is drawn from the one before, as if nothing had happened.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.advance(3 * HOUR);
    phone.crash();
    phone.forget();
    phone.advance(HOUR);
    assert!(phone.attempts.len() < 60, "{}", phone.attempts.len());
}

#[test]
fn a_clock_that_was_set_back_does_not_prolong_a_wait() {
    // The wait is over at the latest after its own length.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.advance(2 * HOUR);
    phone.broker = Broker::Accepts;
    phone.now.wall -= 1_000 * HOUR as i64;
    phone.crash();
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_connection_that_has_lasted_forgets_the_wait() {
    // A restart after it connects at once.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.advance(2 * HOUR);
    phone.broker = Broker::Accepts;
    phone.advance(20 * MINUTE);
    phone.input(Input::Network(Network::None));
    phone.input(Input::Network(cellular()));
    phone.advance(2 * SECOND);
    phone.crash();
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_longer_wait_rides_on_another_wake_up() {
    // It may end a third earlier when the phone is awake anyway, and never later than drawn.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.advance(2 * HOUR);
    let before = phone.attempts.len();
    while phone.attempts.len() == before {
        phone.advance(SECOND);
    }
    let (_, retry_in) = phone.disconnected().pop().expect("an end");
    let drawn = retry_in.expect("a wait");
    assert!(drawn > MINUTE, "{drawn}");
    let attempts = phone.attempts.len();
    let failed_at = phone.attempts.last().expect("an attempt").0;
    phone.jump(failed_at + drawn * 3 / 4 - phone.now.boot);
    phone.input(Input::Timeout);
    assert_eq!(phone.attempts.len(), attempts + 1);
}
