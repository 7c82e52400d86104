//! The default route changes, or goes and comes back.

use std::time::Duration;

use offpush_tests::net::{Families, Uplink, Weather};
use offpush_tests::{Broker, wait};
use serde_json::Value;

use crate::site::{Device, PING_ANSWER, ROUNDED, SLACK, Site, between};

/// The search goes so many times faster than its rules: the first heartbeat is 235 s / 60.
const SCALE: &str = "60";
/// A link flaps so often.
const FLAPS: usize = 5;

/// IPv4 only, for which the lab keeps a way over each uplink.
fn at_home() -> Option<Site> {
    let site = Site::build(Broker::Embedded)?;
    site.lab.take_default_route(Uplink::Home, Families::V4);
    Some(site)
}

fn is_change(event: &Value, network: &str) -> bool {
    event["event"] == "network-changed" && event["network"] == network
}

/// No silence was blamed for anything.
fn nothing_is_held_against_the_network(device: &mut Device) {
    device.watch.catch_up();
    let learned = device.watch.all("heartbeat-learned");
    assert!(learned.iter().all(|event| event["failed"] == 0), "{learned:?}");
}

/// When the default route leads another way the phone connects at once by that way; nothing is lost on the way, nothing is
/// held against a silence, and what was proved of the first network is used at once when it returns.
#[test]
fn a_new_default_route_is_taken_at_once_and_nothing_is_lost() {
    let Some(site) = at_home() else { return };
    let mut device = site.device(&["--heartbeat-scale", SCALE]);
    let mut all = vec![site.push(&device, "before")];
    let ping = device.watch.next("a heartbeat", 0, wait::SOON, |event| event["event"] == "ping");
    let proved = device.watch.next("what it proves", ping, wait::SOON, |event| event["event"] == "heartbeat-learned");
    let learned = device.watch.events[proved]["interval"].clone();
    for uplink in [Uplink::Mobile, Uplink::Home] {
        let before = device.watch.catch_up().len();
        all.push(site.push(&device, &format!("just before {uplink:?}")));
        site.lab.take_default_route(uplink, Families::V4);
        all.push(site.push(&device, &format!("just after {uplink:?}")));
        let told = device.watch.next("the change", before, wait::SOON, |event| is_change(event, "up"));
        let there = device.watch.next("a connection", told, wait::SOON, |event| event["event"] == "connected");
        let took = between(&device.watch.events[told], &device.watch.events[there]);
        println!("over {uplink:?} after {took:?}");
        assert!(took <= SLACK, "{took:?}");
        assert!(!site.lab.router(uplink).remembers().is_empty(), "by the new way");
        device.showed_once(&all);
        all.push(site.push(&device, &format!("over {uplink:?}")));
    }
    device.showed_once(&all);
    let ends = device.watch.all("disconnected");
    assert!(ends.iter().all(|event| event["cause"] == "network-changed"), "{ends:?}");
    nothing_is_held_against_the_network(&mut device);
    let page = device.phone.status().expect("a status");
    assert_eq!(page["heartbeat"], learned, "{page}");
}

/// A link that flaps keeps its connection: each time a ping goes out at once and is answered, and what was pushed meanwhile
/// arrives over the same connection.
#[test]
fn a_flapping_link_keeps_its_connection() {
    let Some(site) = at_home() else { return };
    let mut device = site.device(&["--heartbeat-scale", SCALE]);
    let mut all = Vec::new();
    for flap in 0..FLAPS {
        let before = device.watch.catch_up().len();
        // The cable is pulled, or the interface goes down and is set up anew with the same address and routes.
        let flaps = |there| match flap % 2 {
            0 => site.lab.router(Uplink::Home).carrier(there),
            _ => site.lab.interface(Uplink::Home, there),
        };
        flaps(false);
        let gone = device.watch.next("no network", before, wait::SOON, |event| is_change(event, "none"));
        all.push(site.push(&device, &format!("during flap {flap}")));
        flaps(true);
        let back = device.watch.next("the network", gone, wait::SOON, |event| is_change(event, "up"));
        let ping = device.watch.next("a ping", back, wait::SOON, |event| event["event"] == "ping");
        let asked = between(&device.watch.events[back], &device.watch.events[ping]);
        assert!(asked <= SLACK, "{asked:?}");
        device.watch.next("its answer", ping, PING_ANSWER, |event| event["event"] == "pong");
        device.showed_once(&all);
    }
    assert_eq!(device.ends(), 0, "{}", device.watch.last());
    nothing_is_held_against_the_network(&mut device);
}

/// A link that comes back dead is given up when the ping after its return had no answer for 10 s, and not before; the
/// silence is not blamed.
#[test]
fn a_link_that_comes_back_dead_is_given_up_at_the_pings_deadline() {
    let Some(site) = at_home() else { return };
    let mut device = site.device(&["--heartbeat-scale", SCALE]);
    let before = device.watch.catch_up().len();
    let router = site.lab.router(Uplink::Home);
    router.carrier(false);
    let gone = device.watch.next("no network", before, wait::SOON, |event| is_change(event, "none"));
    router.weather(Weather::BlackHole);
    router.carrier(true);
    let pushed = site.push(&device, "to a dead link");
    let back = device.watch.next("the network", gone, wait::SOON, |event| is_change(event, "up"));
    let end = device.watch.next("the end", back, wait::SOON, |event| event["event"] == "disconnected");
    assert_eq!(device.watch.events[end]["cause"], "ping-unanswered");
    let noticed = between(&device.watch.events[back], &device.watch.events[end]);
    assert!(noticed + ROUNDED >= PING_ANSWER && noticed <= PING_ANSWER + SLACK, "{noticed:?}");
    router.weather(Weather::Clear);
    device.showed_once(&[pushed]);
    nothing_is_held_against_the_network(&mut device);
}

/// A network that gives another address has taken the connection's: the ping that asks has no answer, and the phone connects
/// from its new address; the silence is not blamed.
#[test]
fn a_connection_that_lost_its_address_is_given_up_at_the_pings_deadline() {
    let Some(site) = at_home() else { return };
    let mut device = site.device(&["--heartbeat-scale", SCALE]);
    let before = device.watch.catch_up().len();
    site.lab.readdress(Uplink::Home);
    let pushed = site.push(&device, "to the old address");
    let told = device.watch.next("the change", before, wait::SOON, |event| is_change(event, "up"));
    let end = device.watch.next("the end", told, wait::SOON, |event| event["event"] == "disconnected");
    let noticed = between(&device.watch.events[told], &device.watch.events[end]);
    assert!(noticed <= PING_ANSWER + SLACK, "{noticed:?}");
    device.showed_once(&[pushed]);
    nothing_is_held_against_the_network(&mut device);
}

/// Without a default route nothing is attempted and no heartbeat goes out; when it is back, the connection is asked at once.
#[test]
fn nothing_is_attempted_without_a_default_route() {
    let Some(site) = at_home() else { return };
    let mut device = site.device(&["--heartbeat", "1"]);
    let before = device.watch.catch_up().len();
    // No way around the routing table either.
    site.lab.router(Uplink::Home).weather(Weather::BlackHole);
    site.lab.lose_default_routes();
    let gone = device.watch.next("no network", before, wait::SOON, |event| is_change(event, "none"));
    let page = device.phone.wait_for("it says so", wait::SOON, |page| page["state"] == "no-network");
    assert_eq!(page["next"]["action"], "check-network", "{page}");
    let pushed = site.push(&device, "meanwhile");
    // A heartbeat and more: none is due.
    wait::while_true("nothing happens", Duration::from_secs(3), || device.watch.catch_up().len() == gone + 1);
    site.lab.router(Uplink::Home).weather(Weather::Clear);
    site.lab.take_default_route(Uplink::Home, Families::V4);
    let back = device.watch.next("the network", gone, wait::SOON, |event| is_change(event, "up"));
    let ping = device.watch.next("a ping", back, wait::SOON, |event| event["event"] == "ping");
    let asked = between(&device.watch.events[back], &device.watch.events[ping]);
    assert!(asked <= SLACK, "{asked:?}");
    device.showed_once(&[pushed]);
}

/// As long as the new way leads nowhere, the old connection serves: messages arrive over it at once. When the new one
/// stands, it takes over, and the end of the old one is nobody's takeover.
#[test]
fn the_old_link_serves_until_the_new_one_stands() {
    let Some(site) = at_home() else { return };
    let mut device = site.device(&[]);
    let before = device.watch.catch_up().len();
    site.lab.router(Uplink::Mobile).weather(Weather::BlackHole);
    site.lab.take_default_route(Uplink::Mobile, Families::V4);
    let told = device.watch.next("the change", before, wait::SOON, |event| is_change(event, "up"));
    let old = site.push(&device, "over the old link");
    let delay = device.shows(&old);
    assert!(delay <= SLACK, "{delay:?}");
    assert_eq!(device.ends(), 0, "{}", device.watch.last());
    site.lab.router(Uplink::Mobile).weather(Weather::Clear);
    let there = device.watch.next("a connection", told, wait::SOON, |event| event["event"] == "connected");
    let new = site.push(&device, "over the new link");
    device.showed_once(&[old, new]);
    assert!(!site.lab.router(Uplink::Mobile).remembers().is_empty(), "by the new way");
    // The gateway heard of the old one's end before or after the new one's beginning; it answers on the new one.
    device.watch.next("the gateway", there, wait::SOON, |event| event["event"] == "gateway-present");
    let page = device.phone.connected();
    assert_eq!(page["problems"].as_array().map(Vec::len), Some(0), "{page}");
    nothing_is_held_against_the_network(&mut device);
}
