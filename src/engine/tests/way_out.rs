//! Captive portals and networks without a way out: recognised, said, and not tried over and over.

mod common;

use common::{Broker, HOUR, Input, MINUTE, Phone, SECOND, cellular, wifi};
use offpush_engine::input::CertificateProblem;
use offpush_engine::status::{Phase, WaitReason};
use offpush_engine::{Event, Internet, LinkFailure, Network, Output};

fn told(internet: Internet) -> Network {
    let Network::Up { key, transport, addresses, .. } = wifi() else { panic!("a network") };
    Network::Up { key, transport, addresses, internet }
}

/// What a portal with a certificate of its own does to every attempt.
fn behind_a_portal() -> Phone {
    let mut phone = Phone::connected();
    let problem = CertificateProblem::UnknownIssuer;
    phone.broker = Broker::Fails(LinkFailure::Certificate { problem });
    phone.found = Some(Internet::Portal);
    phone
}

#[test]
fn a_portal_is_found_when_the_servers_cannot_be_reached_and_named() {
    // One look tells it apart from a server that is missing.
    let mut phone = behind_a_portal();
    phone.drop_link();
    phone.advance(10 * SECOND);
    assert_eq!(phone.probes.len(), 1);
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::CaptivePortal));
    assert_eq!(phone.status().internet, Internet::Portal);
    assert!(phone.log.iter().any(|(_, output)| *output == Output::Event(Event::WayOut { internet: Internet::Portal })));
}

#[test]
fn a_network_without_names_or_routes_has_no_way_out() {
    // It is named, and asked less often.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.found = Some(Internet::None);
    phone.drop_link();
    phone.advance(10 * SECOND);
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::NoInternet));
    assert_eq!(phone.status().internet, Internet::None);
}

#[test]
fn silence_proves_nothing() {
    // The probe that nobody answers has ten seconds; the server may be gone, or drop what is not for it.
    let mut phone = Phone::connected();
    (phone.broker, phone.found) = (Broker::Silent, None);
    phone.drop_link();
    phone.advance(25 * SECOND);
    assert_eq!(phone.probes.len(), 1);
    phone.advance(30 * SECOND);
    assert_eq!(phone.status().internet, Internet::Unknown);
    assert!(phone.attempts.len() > 1, "the ordinary back-off goes on");
}

#[test]
fn a_server_that_is_missing_is_not_blamed_on_the_network() {
    // The probe reached the host, or nothing needed a probe: the ordinary back-off.
    for (failure, found, probes) in [
        (LinkFailure::TimedOut, Some(Internet::Unknown), 1),
        (LinkFailure::Refused, Some(Internet::Portal), 0),
        (LinkFailure::Certificate { problem: CertificateProblem::Expired { clock_ahead: false } }, None, 0),
        (LinkFailure::Certificate { problem: CertificateProblem::NotYetValid }, None, 0),
    ] {
        let mut phone = Phone::connected();
        phone.broker = Broker::Fails(failure.clone());
        phone.found = found;
        phone.drop_link();
        phone.advance(20 * SECOND);
        assert_eq!(phone.phase(), Phase::Waiting(WaitReason::BackOff), "{failure}");
        assert_eq!(phone.probes.len(), probes, "{failure}");
    }
}

#[test]
fn a_network_is_looked_at_twice_an_hour_at_most() {
    // However often the attempts fail; another network is looked at anew.
    let mut phone = behind_a_portal();
    phone.drop_link();
    phone.advance(2 * HOUR);
    assert!((2..=5).contains(&phone.probes.len()), "{:?}", phone.probes);
    let probes = phone.probes.len();
    phone.input(Input::Network(cellular()));
    phone.advance(MINUTE);
    assert_eq!(phone.probes.len(), probes + 1);
}

#[test]
fn attempts_behind_a_portal_are_two_minutes_apart() {
    // From the one that found it on: what changes it is a person. A third of that may be saved by another wake-up.
    let mut phone = behind_a_portal();
    phone.drop_link();
    phone.advance(HOUR);
    for pair in phone.attempts.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= 80 * SECOND, "{:?}", phone.attempts);
    }
    assert!(phone.attempts.len() >= 5, "and they do not end");
}

#[test]
fn a_portal_that_was_passed_is_over_with_the_first_connection() {
    // The next failure is judged anew.
    let mut phone = behind_a_portal();
    phone.drop_link();
    phone.advance(MINUTE);
    phone.broker = Broker::Accepts;
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(phone.status().internet, Internet::Works);
}

#[test]
fn the_platforms_word_counts() {
    // Nobody probes, and when it says that the network works the next attempt comes at once.
    let mut phone = behind_a_portal();
    phone.input(Input::Network(told(Internet::Portal)));
    phone.drop_link();
    phone.advance(10 * SECOND);
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::CaptivePortal));
    assert_eq!(phone.probes, []);
    phone.broker = Broker::Accepts;
    phone.forget();
    phone.input(Input::Network(told(Internet::Works)));
    assert_eq!(phone.attempts[0].0, phone.now.boot);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_probe_ends_with_its_network() {
    // Its answer would be about another one.
    let mut phone = Phone::connected();
    (phone.broker, phone.found) = (Broker::Fails(LinkFailure::TimedOut), None);
    phone.drop_link();
    phone.advance(6 * SECOND);
    let (_, probe) = phone.probes[0];
    phone.input(Input::Network(Network::None));
    assert!(phone.log.iter().any(|(_, output)| *output == Output::Close { link: probe }));
    phone.input(Input::Probed(probe, Internet::Portal));
    assert_eq!(phone.status().internet, Internet::Unknown);
}

#[test]
fn a_registration_behind_a_portal_finds_it_too() {
    // The page that answers it is no answer.
    let mut phone = Phone::new();
    phone.found = Some(Internet::Portal);
    phone.registrar = common::Registrar::Answers(offpush_engine::HttpAnswer {
        status: 200,
        retry_after: None,
        body: b"<html>sign in</html>".to_vec(),
    });
    phone.input(Input::Network(wifi()));
    phone.advance(SECOND);
    assert_eq!(phone.status().internet, Internet::Portal);
    phone.registrar = common::Registrar::Accepts;
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
}
