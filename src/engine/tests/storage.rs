//! A disk that refuses.

mod common;

use common::packets::Sent;
use common::{Disk, HOUR, Input, MINUTE, Phone, Registrar, SECOND, message, wifi};
use offpush_engine::status::Phase;
use offpush_engine::{Event, Output};

const FULL: &str = "No space left on device (os error 28)";

#[test]
fn a_full_disk_acknowledges_nothing_shows_nothing_and_recovers() {
    // Named in status and history, tried again, and everything goes on once there is room.
    let mut phone = Phone::connected();
    phone.disk = Disk::Fails(FULL.to_owned());
    for id in ["a", "b"] {
        phone.push_message(message(id));
    }
    phone.alias("x");
    phone.advance(MINUTE);
    assert_eq!((phone.acknowledged.len(), phone.shown.len(), phone.gateway.taken.len()), (0, 0, 0));
    assert!(!phone.packets().iter().any(|packet| matches!(packet, Sent::Publish { .. })), "no mark, no command");
    assert_eq!(phone.status().storage_failure.as_deref(), Some(FULL));
    let named = phone.events().iter().filter(|event| matches!(event, Event::StorageFailed { .. })).count();
    assert_eq!(named, 1, "named once, not at every attempt");
    phone.disk = Disk::Works;
    phone.advance(10 * SECOND);
    assert_eq!(phone.shown_ids(), ["a", "b"]);
    assert!(phone.acknowledged.is_sorted() && phone.acknowledged.len() >= 2);
    assert_eq!(phone.status().storage_failure, None);
    assert_eq!(phone.status().aliases, ["x"]);
    assert_eq!(phone.gateway.settled, phone.gateway.last);
}

#[test]
fn a_full_disk_is_tried_every_ten_seconds_and_not_more_often() {
    // Neither a busy loop nor an hour of waiting.
    let mut phone = Phone::connected();
    phone.disk = Disk::Fails(FULL.to_owned());
    phone.push_message(message("m"));
    let commits =
        |phone: &Phone| phone.log.iter().filter(|(_, output)| matches!(output, Output::Commit { .. })).count();
    assert_eq!(commits(&phone), 1);
    for index in 0..20 {
        phone.push_message(message(&format!("m{index}")));
    }
    phone.advance(MINUTE);
    assert_eq!(commits(&phone), 7);
}

#[test]
fn a_crash_while_the_disk_is_full_loses_nothing() {
    // What was not acknowledged comes again.
    let mut phone = Phone::connected();
    phone.disk = Disk::Fails(FULL.to_owned());
    for id in ["a", "b"] {
        phone.push_message(message(id));
    }
    phone.disk = Disk::Works;
    phone.crash();
    phone.advance(MINUTE);
    assert_eq!(phone.shown_ids(), ["a", "b"]);
}

#[test]
fn a_phone_that_cannot_write_does_not_register() {
    // Without request id and secret on disk a crash would make a second device of it.
    let mut phone = Phone::new();
    phone.store.clear();
    phone.die();
    phone.disk = Disk::Fails(FULL.to_owned());
    phone.restart();
    phone.advance(HOUR);
    assert_eq!(phone.registrations.len(), 0);
    assert_eq!(phone.status().storage_failure.as_deref(), Some(FULL));
    phone.disk = Disk::Works;
    phone.registrar = Registrar::Accepts;
    phone.input(Input::Network(wifi()));
    phone.advance(11 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_disk_that_takes_its_time_delays_but_stops_nothing() {
    // A commit that takes minutes costs neither the connection nor an order.
    let mut phone = Phone::connected();
    phone.disk = Disk::Held;
    phone.push_message(message("a"));
    phone.advance(9 * MINUTE);
    phone.push_message(message("b"));
    phone.disk = Disk::Works;
    phone.commit();
    phone.advance(SECOND);
    assert_eq!(phone.shown_ids(), ["a", "b"]);
    assert_eq!(phone.disconnected(), []);
}

#[test]
fn a_disk_that_was_full_for_hours_has_cost_no_memory_and_is_caught_up_with() {
    // While it refuses, nothing is taken: what a gateway and its broker repeat for hours does not pile up.
    let mut phone = Phone::connected();
    phone.disk = Disk::Fails(FULL.to_owned());
    phone.push_message(message("first"));
    phone.push_many(60);
    assert_eq!(phone.message_ids(), ["first"]);
    for _ in 0..100 {
        let window: Vec<Vec<u8>> =
            phone.gateway.window.iter().map(|(n, id, down)| phone.gateway.frame(*n, id, down)).collect();
        phone.deliver_together(&window);
        phone.advance(MINUTE);
    }
    assert_eq!(phone.message_ids(), ["first"]);
    assert_eq!(phone.status().full, Some("writes waiting for the disk"));
    assert_eq!(phone.shown.len(), 0);
    let largest = phone.log.iter().map(|(_, output)| match output {
        Output::Commit { writes, .. } => writes.len(),
        _ => 0,
    });
    assert!(largest.max() < Some(10));
    phone.disk = Disk::Works;
    phone.advance(MINUTE);
    assert_eq!(phone.shown.len(), 61);
    assert_eq!((phone.status().full, phone.gateway.settled), (None, phone.gateway.last));
}

#[test]
fn attempts_to_register_without_a_disk_do_not_become_several_requests() {
    // Each attempt waits for the disk and ends with its time; once it works, one request goes out.
    let mut phone = Phone::new();
    phone.store.clear();
    phone.die();
    phone.disk = Disk::Fails(FULL.to_owned());
    phone.registrar = Registrar::Silent;
    phone.restart();
    phone.advance(HOUR);
    while phone.phase() != Phase::Registering {
        phone.advance(SECOND);
    }
    phone.disk = Disk::Works;
    phone.advance(11 * SECOND);
    let first = phone.registrations[0].1;
    assert!(phone.registrations.iter().skip(1).all(|(_, link, _)| *link != first));
}
