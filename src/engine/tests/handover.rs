//! From one default network to the next: the old connection serves until TLS stands on the new one.

mod common;

use common::packets::Sent;
use common::{Broker, HOUR, Input, MINUTE, Phone, SECOND, cellular, message, path, wifi};
use offpush_engine::status::Phase;
use offpush_engine::{Disconnected, Family, Internet, LinkFailure, Network, Output, Path};

/// A connected phone whose default network has changed, and a broker that the new one has not reached yet.
fn moving() -> Phone {
    let mut phone = Phone::connected();
    phone.broker = Broker::Silent;
    phone.input(Input::Network(cellular()));
    phone.broker = Broker::Accepts;
    phone
}

fn successor(phone: &Phone) -> Input {
    Input::Connected(phone.attempts.last().expect("an attempt").1, path())
}

#[test]
fn the_old_connection_serves_until_the_new_one_stands() {
    // A message that comes while the new network is tried comes at once, on the old connection.
    let mut phone = moving();
    assert!(phone.status().moving);
    assert_eq!(phone.phase(), Phase::Connected);
    phone.push_message(message("m"));
    assert_eq!(phone.shown_ids(), ["m"]);
    let old = phone.link();
    phone.input(successor(&phone));
    assert_ne!(phone.link(), old);
    assert!(!phone.status().moving);
    phone.push_message(message("n"));
    assert_eq!(phone.shown_ids(), ["m", "n"]);
}

#[test]
fn the_new_connection_begins_right_after_a_goodbye_on_the_old_one() {
    // Nothing of ours goes out on the new one before, and the broker does not publish the will.
    let mut phone = moving();
    let (old, stands) = (phone.link().expect("a link"), successor(&phone));
    phone.forget();
    phone.input(Input::Network(cellular()));
    assert_eq!((phone.packets(), phone.attempts.len()), (vec![], 0), "one attempt is enough");
    phone.input(stands);
    assert_eq!(phone.sent[0].1, old);
    assert!(matches!(phone.sent[0].2[..], [Sent::Disconnect { reason: 0, .. }]), "{:?}", phone.sent[0]);
    assert!(matches!(phone.sent[1].2[..], [Sent::Connect(_), Sent::Subscribe { .. }, Sent::Publish { .. }]));
}

#[test]
fn a_connection_that_we_replaced_is_no_takeover() {
    // The gateway names the connection before: it is our own.
    let mut phone = Phone::connected();
    for network in [cellular(), wifi(), cellular(), wifi()] {
        let before = phone.gateway.hellos.last().expect("a hello").connection.clone();
        phone.gateway.previous = Some(before);
        phone.input(Input::Network(network));
        phone.advance(SECOND);
        assert_eq!(phone.phase(), Phase::Connected);
    }
}

#[test]
fn an_old_connection_that_ends_leaves_the_attempt_under_way() {
    // Its end costs neither a wait nor a second attempt.
    let mut phone = moving();
    let attempts = phone.attempts.len();
    phone.drop_link();
    assert_eq!(phone.phase(), Phase::Connecting);
    assert_eq!(phone.attempts.len(), attempts);
    phone.input(successor(&phone));
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(phone.attempts.len(), attempts);
}

#[test]
fn a_new_network_that_leads_nowhere_leaves_the_old_connection_in_force() {
    // It is asked whether it still serves, and the new network is tried again with growing waits.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.input(Input::Network(cellular()));
    assert_eq!(phone.packets(), [Sent::PingReq]);
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
    assert!(phone.status().moving);
    let attempts = phone.attempts.len();
    assert!((3..40).contains(&attempts), "{attempts}");
    assert!(!phone.disconnected().iter().any(|(cause, _)| *cause == Disconnected::NetworkChanged));
    phone.broker = Broker::Accepts;
    phone.advance(10 * MINUTE);
    assert!(!phone.status().moving);
    assert_eq!(phone.gateway.hellos.last().expect("a hello").network.as_deref(), Some("cellular"));
}

#[test]
fn an_old_connection_that_is_silent_when_the_new_network_fails_is_ended() {
    // Ten seconds after the question; the attempts on the new network go on.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.broker_answers = false;
    phone.input(Input::Network(cellular()));
    phone.advance(11 * SECOND);
    assert!(phone.disconnected().iter().any(|(cause, _)| *cause == Disconnected::PingUnanswered));
    (phone.broker, phone.broker_answers) = (Broker::Accepts, true);
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn the_attempt_on_the_new_network_has_its_deadline() {
    // Twenty seconds up to TLS, as any attempt.
    let mut phone = moving();
    phone.broker = Broker::Silent;
    phone.advance(20 * SECOND);
    let (cause, retry_in) = phone.disconnected().pop().expect("an end");
    assert_eq!(cause, Disconnected::Link { failure: LinkFailure::TimedOut });
    assert!(retry_in.is_some());
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn going_back_to_the_old_network_keeps_the_connection() {
    // The attempt on the other one is given up, and the connection is asked.
    let mut phone = moving();
    let link = phone.link();
    phone.forget();
    phone.input(Input::Network(wifi()));
    assert_eq!(phone.packets(), [Sent::PingReq]);
    phone.advance(HOUR);
    assert_eq!(phone.link(), link);
    assert_eq!(phone.attempts.len(), 0);
}

#[test]
fn no_network_ends_the_attempt_and_keeps_the_connection_for_its_return() {
    // Nothing is attempted meanwhile.
    let mut phone = moving();
    let link = phone.link();
    phone.input(Input::Network(Network::None));
    phone.advance(5 * MINUTE);
    assert_eq!(phone.attempts.len(), 1);
    phone.input(Input::Network(wifi()));
    phone.advance(MINUTE);
    assert_eq!(phone.link(), link);
}

#[test]
fn other_addresses_on_the_same_network_are_asked_with_a_ping() {
    // A tunnel or a second version of IP has come, or the lease is another: the connection may have lost its address.
    let mut phone = Phone::connected();
    let Network::Up { key, transport, internet, .. } = wifi() else { panic!("a network") };
    phone.input(Input::Network(Network::Up { key, transport, addresses: 99, internet }));
    assert_eq!(phone.packets(), [Sent::PingReq]);
    phone.advance(MINUTE);
    assert_eq!(phone.attempts.len(), 0);
}

#[test]
fn a_tunnel_that_comes_is_another_network() {
    // The old way goes on outside of it until a broker was reached through it.
    let mut phone = Phone::connected();
    let old = phone.link();
    phone.input(Input::Network(Network::Up {
        key: 7,
        transport: "vpn".to_owned(),
        addresses: 7,
        internet: Internet::Unknown,
    }));
    assert_ne!(phone.link(), old);
    assert_eq!(phone.gateway.hellos.last().expect("a hello").network.as_deref(), Some("vpn"));
}

#[test]
fn the_way_that_worked_on_a_network_is_tried_first_there() {
    // Kept per network and over a restart; another network knows nothing of it.
    let way = Path { broker: common::BROKER.to_owned(), family: Family::V6 };
    let mut phone = Phone::new();
    phone.path = way.clone();
    phone.input(Input::Network(wifi()));
    phone.advance(SECOND);
    phone.path = path();
    phone.drop_link();
    phone.advance(10 * SECOND);
    assert_eq!(phone.preferred, [None, Some(way)]);
    phone.input(Input::Network(cellular()));
    assert_eq!(phone.preferred.last(), Some(&None));
    phone.advance(SECOND);
    phone.crash();
    assert_eq!(phone.preferred.last(), Some(&Some(path())));
}

#[test]
fn a_way_to_a_broker_that_is_no_longer_listed_is_not_preferred() {
    // The gateway has moved its phones.
    let mut phone = Phone::connected();
    phone.registrar = common::Registrar::Answers(Phone::accepted(&["mqtts://new.example:8883"]));
    phone.broker = Broker::Refuses(0x86, Vec::new());
    phone.drop_link();
    phone.advance(10 * SECOND);
    phone.broker = Broker::Accepts;
    phone.advance(HOUR);
    assert_eq!(phone.attempts.last().expect("an attempt").2, ["mqtts://new.example:8883"]);
    assert_eq!(phone.preferred.last(), Some(&None));
}

#[test]
fn stopping_ends_the_attempt_too() {
    // Nothing is left open.
    let mut phone = moving();
    phone.forget();
    phone.input(Input::Stop);
    let closed = phone.log.iter().filter(|(_, output)| matches!(output, Output::Close { .. })).count();
    assert_eq!(closed, 2);
}
