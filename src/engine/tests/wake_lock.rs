//! When the wake lock is held: during an attempt, a ping, and from arrival to presentation.

mod common;

use common::{Broker, Disk, HOUR, Input, MINUTE, Phone, SECOND, Screen, message, path, wifi};
use offpush_engine::Network;
use offpush_engine::input::Presented;

fn is_held(phone: &Phone) -> bool {
    phone.wake_lock.last().is_some_and(|(_, longest)| longest.is_some())
}

#[test]
fn it_is_held_for_an_attempt_and_let_go_with_connack() {
    // An attempt ends within its deadlines, and so does the lock.
    let mut phone = Phone::connected();
    phone.broker = Broker::Silent;
    phone.drop_link();
    phone.advance(SECOND / 2);
    assert!(!is_held(&phone), "not while waiting");
    while phone.attempts.is_empty() {
        phone.advance(100);
    }
    let began = phone.attempts[0].0;
    assert_eq!(phone.wake_lock.last(), Some(&(began, Some(20 * SECOND))), "until TLS must stand");
    let link = phone.link().expect("a link");
    phone.broker = Broker::Mute;
    phone.advance(began + 15 * SECOND - phone.now.boot);
    phone.input(Input::Connected(link, path()));
    assert_eq!(phone.wake_lock.last(), Some(&(phone.now.boot, Some(10 * SECOND))), "until CONNACK must be there");
    phone.receive(&common::packets::conn_ack(0, &[]));
    assert!(!is_held(&phone));
}

#[test]
fn it_is_held_while_a_ping_waits_for_its_answer() {
    // As long as the answer has, and not longer.
    let mut phone = Phone::connected();
    phone.broker_answers = false;
    phone.advance(4 * MINUTE - SECOND);
    let ping = phone.pings()[0];
    assert_eq!(phone.wake_lock, [(ping, Some(10 * SECOND))]);
    phone.receive(&common::packets::ping_resp());
    assert!(!is_held(&phone));
}

#[test]
fn it_is_held_from_arrival_until_the_platform_has_the_message() {
    // Over the commit and the presentation.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    phone.screen = Screen::Held;
    phone.push_message(message("m"));
    assert_eq!(phone.wake_lock, [(phone.now.boot, Some(10 * SECOND))]);
    phone.disk = Disk::Works;
    phone.commit();
    assert!(is_held(&phone));
    phone.present(Presented::Shown);
    assert!(!is_held(&phone));
}

#[test]
fn an_attempt_that_begins_while_it_is_held_gets_its_own_length() {
    // A lock of ten seconds for a slow commit does not end a connection that is being made.
    let mut phone = Phone::connected();
    phone.screen = Screen::Held;
    phone.push_message(message("m"));
    assert!(is_held(&phone));
    phone.broker = Broker::Silent;
    phone.drop_link();
    phone.advance(3 * SECOND);
    let began = phone.attempts[0].0;
    assert_eq!(phone.wake_lock.last(), Some(&(began, Some(20 * SECOND))));
}

#[test]
fn it_is_not_held_while_nothing_happens() {
    // Idle, offline, waiting for an app or for the platform's permission: the phone sleeps.
    let mut phone = Phone::connected();
    phone.screen = Screen::Later("off".to_owned());
    phone.push_message(message("m"));
    phone.push_message(common::pass_through("p"));
    phone.advance(HOUR);
    assert!(!is_held(&phone));
    phone.input(Input::Network(Network::None));
    assert!(!is_held(&phone));
    phone.advance(HOUR);
    phone.gateway.present = false;
    phone.input(Input::Network(wifi()));
    phone.advance(HOUR);
    assert!(!is_held(&phone), "not while the gateway does not answer");
}

#[test]
fn every_hold_is_followed_by_a_release() {
    // Over a day with everything in it, no hold stands alone at the end and none is longer than 30 s.
    let mut phone = Phone::connected();
    for round in 0..30_u64 {
        phone.broker = [Broker::Accepts, Broker::Silent, Broker::Mute, Broker::Refuses(0x88, Vec::new())]
            [(round % 4) as usize]
            .clone();
        if phone.link().is_some() {
            phone.drop_link();
        }
        phone.advance(round * 20 * SECOND);
        phone.push_message(message(&format!("m{round}")));
        phone.advance(30 * MINUTE);
    }
    phone.broker = Broker::Accepts;
    phone.advance(HOUR);
    assert!(!is_held(&phone));
    let mut held_since = None;
    for (at, longest) in &phone.wake_lock {
        match (longest, held_since) {
            (Some(longest), None) => {
                assert!(*longest <= 30 * SECOND);
                held_since = Some(*at);
            }
            (Some(_), Some(_)) => {}
            (None, Some(since)) => {
                assert!(at - since <= 30 * SECOND, "held for {} ms", at - since);
                held_since = None;
            }
            (None, None) => panic!("let go without being held"),
        }
    }
}
