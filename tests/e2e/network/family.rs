//! IPv4, IPv6, and a network on which one of both does not work.

use std::time::Duration;

use offpush_tests::Broker;
use offpush_tests::net::{Families, Uplink, Weather};

use crate::site::Site;

/// With an address that does not answer, the next one is tried after a moment, not after a time-out: RFC 8305 §5 recommends
/// 250 ms and allows up to 2 s. This is both, for name resolution, TCP and TLS on a busy machine.
const RACED: Duration = Duration::from_secs(2);

/// Connects on such a network and shows a message; how long the connection took.
fn connects(families: Families, weather: Weather) {
    let Some(site) = Site::build(Broker::Embedded) else { return };
    site.lab.take_default_route(Uplink::Home, families);
    site.lab.router(Uplink::Home).weather(weather);
    let device = site.device(&[]);
    let took = device.watch.all("connected").last().and_then(|event| event["took"].as_u64());
    let took = Duration::from_millis(took.expect("a connection"));
    println!("{families:?}, {weather:?}: connected after {took:?}");
    assert!(took <= RACED, "{took:?}: {}", device.watch.last());
    let pushed = site.push(&device, "hello");
    device.showed_once(&[pushed]);
}

/// A network without IPv6 is enough.
#[test]
fn ipv4_alone_connects() {
    connects(Families::V4, Weather::Clear);
}

/// A network without IPv4 is enough.
#[test]
fn ipv6_alone_connects() {
    connects(Families::V6, Weather::Clear);
}

/// Where IPv6 is offered and swallowed, IPv4 connects as soon as if it were alone.
#[test]
fn a_broken_ipv6_does_not_hold_up_ipv4() {
    connects(Families::Both, Weather::WithoutV6);
}

/// Where IPv4 is offered and swallowed, IPv6 connects.
#[test]
fn a_broken_ipv4_does_not_hold_up_ipv6() {
    connects(Families::Both, Weather::WithoutV4);
}
