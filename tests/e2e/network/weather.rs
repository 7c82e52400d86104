//! Links that lose packets, fail and flap, on one and the same network.

use std::time::Duration;

use offpush_tests::net::{Uplink, Weather};
use offpush_tests::{Broker, full, wait};

use crate::site::{PING_ANSWER, ROUNDED, SLACK, Site, between};

/// The heartbeat in these tests, in seconds.
const HEARTBEAT: u64 = 2;

/// A network that swallows everything is noticed within the heartbeat and the ping's 10 s, and said; once it is over the
/// phone connects again and shows what was pushed meanwhile.
#[test]
fn a_black_hole_is_noticed_within_the_heartbeat_and_the_pings_deadline() {
    let Some(site) = Site::build(Broker::Embedded) else { return };
    let mut device = site.device(&["--heartbeat", &HEARTBEAT.to_string()]);
    device.beats(1, wait::SOON);
    let before = device.watch.events.len() - 1;
    site.lab.router(Uplink::Home).weather(Weather::BlackHole);
    let pushed = site.push(&device, "into the hole");
    let end = device.watch.next("the end", before, wait::SOON, |event| event["event"] == "disconnected");
    assert_eq!(device.watch.events[end]["cause"], "ping-unanswered", "{}", device.watch.last());
    // What came in last is the answer to the ping before.
    let heard = device.watch.events[..end].iter().rposition(|event| event["event"] == "pong").expect("an answer");
    let noticed = between(&device.watch.events[heard], &device.watch.events[end]);
    let bound = Duration::from_secs(HEARTBEAT) + PING_ANSWER;
    println!("noticed after {noticed:?}");
    assert!(noticed + ROUNDED >= bound && noticed <= bound + SLACK, "{noticed:?}, not {bound:?}");
    let page = device.phone.wait_for("it says why", wait::SOON, |page| page["state"] == "waiting");
    assert!(!page["reason"].is_null() && page["next"]["action"] == "connect", "{page}");
    assert_eq!(page["problems"][0]["code"], "broker-unreachable", "{page}");
    site.lab.router(Uplink::Home).weather(Weather::Clear);
    device.showed_once(&[pushed]);
}

/// A network whose router says that there is no way out is named as one without internet; when it is renewed, the phone
/// connects and shows what was pushed meanwhile.
#[test]
fn a_network_without_a_way_out_is_named_and_left() {
    let Some(site) = Site::build(Broker::Embedded) else { return };
    let device = site.device(&["--heartbeat", &HEARTBEAT.to_string()]);
    site.lab.router(Uplink::Home).weather(Weather::NoRoute);
    let pushed = site.push(&device, "to nowhere");
    device.phone.problem("no-internet");
    site.lab.router(Uplink::Home).weather(Weather::Clear);
    site.lab.renew(Uplink::Home);
    device.showed_once(&[pushed]);
}

/// One packet of five lost, either way: TCP repeats them within the ping's 10 s, so no link is taken for dead, and every
/// message arrives.
#[test]
fn a_fifth_of_all_packets_lost_kills_nothing_and_loses_nothing() {
    let Some(site) = Site::build(Broker::Embedded) else { return };
    let mut device = site.device(&["--heartbeat", "1"]);
    site.lab.router(Uplink::Home).weather(Weather::OneIn(5));
    let (rounds, beats) = if full() { (10, 8) } else { (4, 4) };
    let mut pushed = Vec::new();
    for round in 0..rounds {
        device.beats(beats, wait::LATER);
        pushed.push(site.push(&device, &format!("message {round}")));
    }
    device.showed_once(&pushed);
    assert_eq!(device.ends(), 0, "{}", device.watch.last());
}
