//! The network decides: no attempt without one, an attempt at once with a new one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::packets::{Sent, disconnect};
use common::{Broker, DAY, HOUR, Input, MINUTE, Phone, Registrar, SECOND, cellular, message, wifi};
use offpush_engine::status::{Phase, WaitReason};
use offpush_engine::{Disconnected, Internet, LinkFailure, Network};

#[test]
fn a_network_is_read_as_it_was_written_and_refused_with_a_part_missing() {
    // As Java tells it: writing is derived, reading is not.
    let internet = Internet::Portal;
    let up = Network::Up { key: 1, transport: "wifi".to_owned(), addresses: 2, internet };
    for network in [Network::None, up] {
        let json = serde_json::to_string(&network).unwrap();
        assert_eq!(serde_json::from_str::<Network>(&json).unwrap(), network);
    }
    for wrong in [
        r#"{"network":"up"}"#,
        r#"{"network":"up","key":1,"transport":"wifi","addresses":2}"#,
        r#"{"network":"up","key":1,"transport":"wifi","addresses":2,"internet":"slow"}"#,
        r#"{"network":"up","key":-1,"transport":"wifi","addresses":2,"internet":"works"}"#,
        r#"{"network":"down"}"#,
        "{}",
    ] {
        assert!(serde_json::from_str::<Network>(wrong).is_err(), "{wrong}");
    }
}

fn connects_from_boot() -> Phone {
    let mut phone = Phone::connected();
    phone.input(Input::Network(Network::None));
    phone
}

#[test]
fn without_a_network_there_is_no_attempt_and_one_look_a_day() {
    // The only timer that is left is the daily one.
    let mut phone = Phone::new();
    phone.input(Input::Network(Network::None));
    assert_eq!(phone.advance(10 * DAY + 11 * HOUR), 10);
    assert_eq!((phone.registrations.len(), phone.attempts.len()), (0, 0));
    assert_eq!(phone.phase(), Phase::NoNetwork);

    let mut phone = connects_from_boot();
    phone.drop_link();
    phone.forget();
    assert_eq!(phone.advance(10 * DAY + 11 * HOUR), 10);
    assert_eq!((phone.attempts.len(), phone.sent.len()), (0, 0));
}

#[test]
fn a_wait_for_the_next_attempt_ends_with_the_network() {
    // The attempt would come to nothing: its timer is gone, and the status names the network.
    for broker in [Broker::Fails(LinkFailure::Refused), Broker::Refuses(0x86, Vec::new()), Broker::Silent] {
        let mut phone = Phone::connected();
        phone.broker = broker;
        phone.drop_link();
        phone.advance(5 * SECOND);
        phone.input(Input::Network(Network::None));
        phone.advance(SECOND);
        phone.forget();
        assert_eq!(phone.advance(3 * DAY + 4 * HOUR), 3);
        assert_eq!((phone.phase(), phone.attempts.len()), (Phase::NoNetwork, 0));
    }
}

#[test]
fn a_new_network_is_tried_at_once() {
    // Neither a wait nor a timer stands between the network and the attempt.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.drop_link();
    phone.advance(2 * HOUR);
    phone.input(Input::Network(Network::None));
    phone.broker = Broker::Accepts;
    phone.advance(MINUTE);
    phone.forget();
    phone.input(Input::Network(cellular()));
    assert_eq!(phone.attempts[0].0, phone.now.boot);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_network_that_does_not_work_goes_on_backing_off() {
    // A new network is tried once at once; its failures wait as long as the ones before.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.drop_link();
    phone.advance(3 * HOUR);
    let attempts = phone.status().attempts;
    phone.input(Input::Network(Network::None));
    phone.input(Input::Network(cellular()));
    assert!(phone.status().attempts > attempts, "the back-off is not forgotten");
}

#[test]
fn the_same_network_flapping_is_asked_with_a_ping() {
    // The connection may well live: a ping first, and nothing is rebuilt if it is answered.
    let mut phone = Phone::connected();
    phone.input(Input::Network(Network::None));
    assert_eq!(phone.phase(), Phase::NoNetwork);
    phone.advance(30 * SECOND);
    assert_eq!(phone.packets(), []);
    phone.input(Input::Network(wifi()));
    assert_eq!(phone.packets(), [Sent::PingReq]);
    phone.advance(MINUTE);
    assert_eq!((phone.phase(), phone.attempts.len()), (Phase::Connected, 0));
}

#[test]
fn silence_after_a_flap_ends_the_connection() {
    // The ping has its ten seconds, then the phone reconnects.
    let mut phone = connects_from_boot();
    phone.broker_answers = false;
    phone.advance(30 * SECOND);
    phone.input(Input::Network(wifi()));
    phone.advance(10 * SECOND);
    assert_eq!(phone.disconnected().pop().expect("an end").0, Disconnected::PingUnanswered);
    phone.advance(3 * SECOND);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_ping_that_was_out_when_the_network_went_is_asked_again() {
    // Its answer could not come; the new ping has ten seconds of its own.
    let mut phone = Phone::connected();
    phone.broker_answers = false;
    phone.advance(4 * MINUTE);
    assert_eq!(phone.pings().len(), 1);
    phone.input(Input::Network(Network::None));
    phone.advance(MINUTE);
    phone.input(Input::Network(wifi()));
    phone.advance(5 * SECOND);
    assert_eq!(phone.disconnected(), []);
    phone.receive(&common::packets::ping_resp());
    phone.advance(MINUTE);
    assert_eq!(phone.disconnected(), []);
}

#[test]
fn another_network_means_another_connection() {
    // The old address is gone with its network.
    let mut phone = Phone::connected();
    let old = phone.link();
    phone.input(Input::Network(cellular()));
    assert_eq!(phone.disconnected(), [(Disconnected::NetworkChanged, None)]);
    assert_ne!(phone.link(), old);
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(phone.gateway.hellos.last().expect("a hello").network.as_deref(), Some("cellular"));
}

#[test]
fn another_network_after_a_gap_means_another_connection_too() {
    // Out of the house, minutes of nothing, then the cell.
    let mut phone = connects_from_boot();
    phone.advance(5 * MINUTE);
    phone.input(Input::Network(cellular()));
    assert_eq!(phone.attempts.len(), 1);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn the_same_news_twice_changes_nothing() {
    // Platforms repeat themselves.
    let mut phone = Phone::connected();
    phone.input(Input::Network(wifi()));
    assert_eq!(phone.log, []);
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.forget();
    for _ in 0..10 {
        phone.input(Input::Network(wifi()));
    }
    assert_eq!(phone.attempts.len(), 0, "repetitions do not get around the back-off");
}

#[test]
fn a_lasting_connection_that_another_network_ends_starts_the_back_off_anew() {
    // What it was before the connection says nothing about the next network.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.drop_link();
    phone.advance(3 * HOUR);
    phone.broker = Broker::Accepts;
    phone.advance(HOUR);
    assert_eq!(phone.phase(), Phase::Connected);
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.forget();
    phone.input(Input::Network(cellular()));
    let (_, retry_in) = phone.disconnected().pop().expect("an end");
    assert!(retry_in.expect("a wait") <= 3 * SECOND);
}

#[test]
fn long_waits_survive_a_change_of_network() {
    // Refused credentials and a stolen identity are not the network's doing.
    let mut phone = Phone::connected();
    phone.receive(&disconnect(0x87, None));
    let (_, retry_in) = phone.disconnected().pop().expect("an end");
    let until = phone.now.boot + retry_in.expect("a wait");
    phone.advance(10 * SECOND);
    phone.input(Input::Network(Network::None));
    phone.advance(10 * SECOND);
    phone.input(Input::Network(cellular()));
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::CredentialsRefused));
    phone.advance(until - 1 - phone.now.boot);
    assert_eq!((phone.attempts.len(), phone.registrations.len()), (0, 0));
    phone.advance(1);
    assert_eq!(phone.registrations.len(), 1);
}

#[test]
fn a_long_wait_that_ended_without_a_network_is_over() {
    // Its time has passed: the network that returns is used at once.
    let mut phone = Phone::connected();
    phone.receive(&disconnect(0x81, None));
    phone.input(Input::Network(Network::None));
    phone.advance(HOUR);
    phone.input(Input::Network(wifi()));
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_registration_is_given_up_with_its_network() {
    // And made at once on the next.
    let mut phone = Phone::new();
    phone.registrar = Registrar::Silent;
    phone.input(Input::Network(wifi()));
    phone.input(Input::Network(Network::None));
    assert_eq!(phone.phase(), Phase::NoNetwork);
    phone.advance(HOUR);
    assert_eq!(phone.registrations.len(), 1);
    phone.registrar = Registrar::Accepts;
    phone.input(Input::Network(wifi()));
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_hello_that_was_not_answered_before_a_flap_is_repeated_after_it() {
    // The flap must not end the waiting for the gateway.
    let mut phone = Phone::connected();
    phone.gateway.present = false;
    phone.drop_link();
    phone.advance(5 * SECOND);
    phone.input(Input::Network(Network::None));
    phone.advance(5 * SECOND);
    phone.input(Input::Network(wifi()));
    phone.gateway.present = true;
    phone.advance(MINUTE);
    assert!(phone.status().gateway_present);
}

#[test]
fn what_was_on_disk_is_shown_without_a_network() {
    // Showing needs none.
    let mut phone = Phone::connected();
    phone.disk = common::Disk::Held;
    phone.push_message(message("m"));
    phone.input(Input::Network(Network::None));
    phone.disk = common::Disk::Works;
    phone.commit();
    assert_eq!(phone.shown_ids(), ["m"]);
}
