use std::os::fd::AsFd;
use std::process::Command;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::*;
use crate::skip::skip;

const IPV4: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
dead0\t00000000\t010200C0\t0002\t0\t0\t0\t00000000\t0\t0\t0
";

const IPV6: &str = "\
fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

#[test]
fn the_default_route_of_the_lowest_metric_is_taken() {
    // Of two default routes the kernel takes the one of the lower metric; one that is not up does not count.
    let route = default_route(&ipv4_routes(IPV4), |_| true);
    let expected = Route { interface: "eth0".to_owned(), gateway: "010200C0".to_owned(), metric: 100 };
    assert_eq!(route, Some(expected));
}

#[test]
fn an_interface_without_a_carrier_gives_no_network() {
    // With the cable pulled, the next best default route is taken.
    let route = default_route(&ipv4_routes(IPV4), |route| route.interface != "eth0");
    assert_eq!(route.map(|route| route.interface), Some("wlan0".to_owned()));
    assert_eq!(default_route(&ipv4_routes(IPV4), |_| false), None);
}

#[test]
fn an_ipv6_default_route_is_found_and_the_kernels_reject_route_is_not_taken_for_one() {
    // The kernel always lists a default route over `lo` that only says that there is none.
    let routes = ipv6_routes(IPV6);
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].interface, "eth0");
    assert_eq!(routes[0].metric, 0x400);
}

#[test]
fn tables_that_are_not_understood_hold_no_route() {
    // Empty, cut and foreign lines are passed over.
    for table in ["", "\n", "header\neth0", "header\neth0 00000000 x zz 0 0 0 00000000", "a b c d e f g h i j"] {
        assert_eq!(ipv4_routes(table), [], "{table:?}");
        assert_eq!(ipv6_routes(table), [], "{table:?}");
    }
}

#[test]
fn servers_on_this_machine_are_reachable_without_a_network() {
    // With loopback servers the default network does not matter.
    let network = Monitor::new(true).current();
    assert_eq!(network, up(0, "loopback", 0));
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("ip");
    assert!(status.success(), "ip {arguments}");
}

const IF_INET6: &str = "\
20010db8000000000000000000000002 04 40 00 80     eth0
20010db8000000000000000000000001 04 40 00 00     eth0
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
20010db800000000000000000000aaaa 04 40 00 01     eth0
20010db800000000000000000000dddd 04 40 00 20     eth0
20010db800000000000000000000eeee 04 40 00 40     eth0
20010db8000000000000000000000009 05 40 00 80    wlan0
00000000000000000000000000000001 01 80 10 80       lo
";

#[test]
fn an_interfaces_lasting_global_ipv6_addresses_are_found() {
    // Link-local, temporary, deprecated and tentative ones are passed over, and so is what is not understood.
    let expected = ["20010db8000000000000000000000001", "20010db8000000000000000000000002"];
    assert_eq!(ipv6_addresses(IF_INET6, "eth0"), expected);
    for table in ["", "\n", "a b c d e", "a 04 40 00 zz eth0", "a 04 40 00 00 eth0 more"] {
        assert_eq!(ipv6_addresses(table, "eth0"), [""; 0], "{table:?}");
    }
}

#[test]
fn whatever_a_connection_rests_on_changes_what_a_network_gives() {
    // Either default route, the source address, an IPv6 address; and the same again is the same.
    let route = |interface: &str, gateway: &str| Route {
        interface: interface.to_owned(),
        gateway: gateway.to_owned(),
        metric: 0,
    };
    let (v4, v6, tunnel) = (route("eth0", "010200C0"), route("eth0", "fe80"), route("tun0", "00000000"));
    let source = |last| Some(IpAddr::from([192, 0, 2, last]));
    let all = [
        what_it_gives([Some(&v4), None], source(2), &[]),
        what_it_gives([Some(&v4), Some(&v6)], source(2), &[]),
        what_it_gives([Some(&v4), Some(&v6)], source(2), &["a"]),
        what_it_gives([Some(&v4), Some(&v6)], source(2), &["a", "b"]),
        what_it_gives([Some(&v4), None], source(3), &[]),
        what_it_gives([Some(&v4), None], None, &[]),
        what_it_gives([None, Some(&v6)], None, &["a"]),
        what_it_gives([Some(&tunnel), None], source(2), &[]),
    ];
    let distinct: std::collections::BTreeSet<u64> = all.into_iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(what_it_gives([Some(&v4), Some(&v6)], source(2), &["a"]), all[2]);
}

/// What the monitor finds once it is told of a change.
fn told(monitor: &Monitor) -> Network {
    let fd = monitor.socket().expect("netlink").as_fd();
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    assert_eq!(poll(&mut fds, PollTimeout::from(10_000_u16)), Ok(1), "nothing is told");
    monitor.drain();
    monitor.current()
}

/// Waits until the monitor, when told of changes, finds another network than this.
fn changed(monitor: &Monitor, before: &Network) -> Network {
    loop {
        let network = told(monitor);
        if network != *before {
            return network;
        }
    }
}

fn key_and_addresses(network: &Network) -> (u64, u64) {
    let Network::Up { key, addresses, .. } = network else { panic!("no network") };
    (*key, *addresses)
}

/// Runs the test of this name in a network namespace of its own: this calls itself in another process.
fn in_namespace(name: &str, test: fn()) {
    const INSIDE: &str = "OFFPUSH_TEST_NAMESPACE";
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let namespace = |arguments: &[&str]| Command::new("unshare").args(arguments).env(INSIDE, "1").output();
    let works = |output: io::Result<std::process::Output>| output.is_ok_and(|output| output.status.success());
    let Some(how) = ["-n", "-rn"].into_iter().find(|how| works(namespace(&[how, "ip", "link"]))) else {
        return skip(name, "no network namespace can be made, or iproute2 is missing");
    };
    let program = std::env::current_exe().expect("this program");
    let path = format!("{}::{name}", module_path!().split_once("::").expect("a crate").1);
    let program = program.to_str().expect("a path in UTF-8");
    let output = namespace(&[how, program, "--exact", &path, "--nocapture"]).expect("unshare");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn the_kernel_tells_when_a_network_comes_and_goes() {
    // A default route is a network; in a network namespace of this test's own it comes, changes and goes.
    in_namespace("the_kernel_tells_when_a_network_comes_and_goes", || {
        let monitor = Monitor::new(false);
        assert_eq!(monitor.current(), Network::None);
        ip("link set lo up");
        ip("address add 198.51.100.2/24 dev lo");
        assert_eq!(told(&monitor), Network::None, "an interface is no network");
        ip("route add default dev lo metric 7");
        let first = changed(&monitor, &Network::None);
        assert!(matches!(first, Network::Up { .. }), "{first:?}");
        ip("route add default via 198.51.100.1 dev lo metric 1");
        let second = changed(&monitor, &first);
        assert_ne!(key_and_addresses(&second).0, key_and_addresses(&first).0);
        ip("route del default metric 1");
        assert_eq!(changed(&monitor, &second), first);
        ip("route del default metric 7");
        assert_eq!(changed(&monitor, &first), Network::None);
    });
}

#[test]
fn what_a_network_gives_is_followed_under_its_key() {
    // Another address, IPv6, and a VPN that leaves the default route alone: told by the kernel, and the key stays.
    in_namespace("what_a_network_gives_is_followed_under_its_key", || {
        let monitor = Monitor::new(false);
        ip("link add v0 type veth peer name v1");
        for end in ["v0", "v1"] {
            // Or the kernel would tell of more than this test does.
            ip(&format!("link set {end} addrgenmode none"));
        }
        ip("link set v0 up");
        ip("link set v1 up");
        ip("address add 198.51.100.2/24 dev v0");
        ip("route add default via 198.51.100.1 dev v0");
        let first = changed(&monitor, &Network::None);
        let (key, _) = key_and_addresses(&first);

        ip("address add 198.51.100.3/24 dev v0");
        ip("route replace default via 198.51.100.1 dev v0 src 198.51.100.3");
        let renewed = changed(&monitor, &first);
        assert_eq!(key_and_addresses(&renewed).0, key, "another address");

        ip("address add 2001:db8:1::2/64 dev v0 nodad");
        ip("-6 route add default via 2001:db8:1::1 dev v0");
        let dual = changed(&monitor, &renewed);
        assert_eq!(key_and_addresses(&dual).0, key, "IPv6 came");
        ip("-6 route del default");
        assert_eq!(changed(&monitor, &dual), renewed, "IPv6 went");

        ip("address add 203.0.113.9/32 dev v1");
        ip("route add default dev v1 table 100");
        assert_eq!(told(&monitor), renewed, "nothing goes through it yet");
        ip("rule add table 100");
        let tunnelled = changed(&monitor, &renewed);
        assert_eq!(key_and_addresses(&tunnelled).0, key, "a VPN came");
        ip("rule del table 100");
        assert_eq!(changed(&monitor, &tunnelled), renewed, "the VPN went");
    });
}

#[test]
fn a_route_that_only_rules_lead_to_is_no_network() {
    // The kernel lists the IPv6 routes of all tables together; what counts is where it would send us.
    in_namespace("a_route_that_only_rules_lead_to_is_no_network", || {
        let monitor = Monitor::new(false);
        ip("link add v0 type veth peer name v1");
        ip("link set v0 up");
        ip("link set v1 up");
        ip("address add 2001:db8:2::2/64 dev v0 nodad");
        ip("address add 2001:db8:3::2/64 dev v1 nodad");
        ip("-6 route add default via 2001:db8:2::1 dev v0 table 2");
        assert_eq!(told(&monitor), Network::None);
        ip("-6 route add default via 2001:db8:3::1 dev v1 metric 5000");
        let first = changed(&monitor, &Network::None);
        ip("-6 route add default via 2001:db8:2::9 dev v0 table 2 metric 1");
        assert_eq!(told(&monitor), first, "of a lower metric, and for others");
    });
}
