//! The default network, as Linux tells it.
//!
//! A netlink socket says that something changed in routes or interfaces; what it says is not looked at. The state comes
//! from `/proc/net/route` and `/proc/net/ipv6_route`: the interface and gateway of the default route, IPv4's if there is
//! one. Where the system tells neither, there is taken to be a network: an attempt costs less than never trying.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;

use nix::errno::Errno;
use nix::libc::{RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_ROUTE, RTMGRP_LINK};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket};
use offpush_engine::{Internet, Network};

use crate::clock::hash;

/// The route is usable (`RTF_UP`).
const ROUTE_UP: u32 = 0x1;
/// The route says that there is no way (`RTF_REJECT`).
const ROUTE_REJECTS: u32 = 0x200;

/// Watches the default network.
#[derive(Debug)]
pub(crate) struct Monitor {
    /// `None` if the system does not let us watch; then only what happens anyway makes us look.
    socket: Option<OwnedFd>,
    /// The servers are on this machine.
    loopback: bool,
}

impl Monitor {
    /// With `loopback` there always is a network, whatever the default route.
    pub(crate) fn new(loopback: bool) -> Self {
        let socket = if loopback { None } else { subscribe().map_err(not_watched).ok() };
        Self { socket, loopback }
    }

    pub(crate) fn raw_fd(&self) -> Option<RawFd> {
        self.socket.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Whether changes are told, as far as there can be any.
    pub(crate) fn is_told(&self) -> bool {
        self.socket.is_some() || self.loopback
    }

    /// Takes note of every change told so far.
    pub(crate) fn drain(&self) {
        let Some(socket) = self.socket.as_ref() else { return };
        let mut buffer = [0; 4096];
        loop {
            match recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                // ENOBUFS: some were lost, which makes no difference.
                Ok(1..) | Err(Errno::EINTR | Errno::ENOBUFS) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// The default network now.
    pub(crate) fn current(&self) -> Network {
        if self.loopback {
            return up(0, "loopback");
        }
        let tables = (fs::read_to_string("/proc/net/route"), fs::read_to_string("/proc/net/ipv6_route"));
        if let (Err(_), Err(_)) = tables {
            return up(0, "other");
        }
        let interfaces = Path::new("/sys/class/net");
        let usable = |route: &Route| is_usable(interfaces, &route.interface);
        let route = default_route(&ipv4_routes(&tables.0.unwrap_or_default()), usable)
            .or_else(|| default_route(&ipv6_routes(&tables.1.unwrap_or_default()), usable));
        match route {
            Some(route) => up(
                hash(&[route.interface.as_bytes(), route.gateway.as_bytes()]),
                transport(interfaces, &route.interface),
            ),
            None => Network::None,
        }
    }
}

fn up(key: u64, transport: &str) -> Network {
    Network::Up { key, transport: transport.to_owned(), addresses: 0, internet: Internet::Unknown }
}

fn subscribe() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
    let groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_LINK;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups.unsigned_abs()))?;
    Ok(socket)
}

fn not_watched(error: io::Error) {
    log::warn!("changes of the network are not noticed at once: netlink: {error}");
}

/// A default route.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    interface: String,
    /// As the kernel prints it; all zeroes without one.
    gateway: String,
    metric: u32,
}

/// The default routes of `/proc/net/route`: a header, then `iface destination gateway flags refcnt use metric mask …`,
/// addresses and flags in hexadecimal, the metric in decimal.
fn ipv4_routes(table: &str) -> Vec<Route> {
    let read = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [interface, destination, gateway, flags, _, _, metric, mask, ..] = fields[..] else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let is_default = destination == "00000000" && mask == "00000000";
        (is_default && leads_somewhere(flags)).then_some(())?;
        Some(Route { interface: interface.to_owned(), gateway: gateway.to_owned(), metric: metric.parse().ok()? })
    };
    table.lines().skip(1).filter_map(read).collect()
}

/// The default routes of `/proc/net/ipv6_route`: `destination length source length gateway metric refcnt use flags iface`,
/// all in hexadecimal, without a header.
fn ipv6_routes(table: &str) -> Vec<Route> {
    let read = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [destination, length, _, _, gateway, metric, _, _, flags, interface] = fields[..] else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let is_default = length == "00" && destination.bytes().all(|byte| byte == b'0') && interface != "lo";
        (is_default && leads_somewhere(flags)).then_some(())?;
        let metric = u32::from_str_radix(metric, 16).ok()?;
        Some(Route { interface: interface.to_owned(), gateway: gateway.to_owned(), metric })
    };
    table.lines().filter_map(read).collect()
}

fn leads_somewhere(flags: u32) -> bool {
    flags & ROUTE_UP != 0 && flags & ROUTE_REJECTS == 0
}

/// The one that the kernel takes: of the lowest metric, of equal ones the first.
fn default_route(routes: &[Route], usable: impl Fn(&Route) -> bool) -> Option<Route> {
    routes.iter().filter(|route| usable(route)).min_by_key(|route| route.metric).cloned()
}

/// A route stays when the cable is pulled, so the interface is asked too. Tunnels say `unknown`.
fn is_usable(interfaces: &Path, interface: &str) -> bool {
    let state = fs::read_to_string(interfaces.join(interface).join("operstate"));
    !state.is_ok_and(|state| matches!(state.trim(), "down" | "lowerlayerdown" | "notpresent"))
}

/// What kind of network an interface is, as well as can be told from outside.
fn transport(interfaces: &Path, interface: &str) -> &'static str {
    /// `ARPHRD_ETHER` (`if_arp.h`).
    const ETHERNET: &str = "1";
    let directory = interfaces.join(interface);
    let has = |name: &str| directory.join(name).exists();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| interface.starts_with(prefix));
    let kind = fs::read_to_string(directory.join("type")).unwrap_or_default();
    if has("wireless") || has("phy80211") {
        "wifi"
    } else if has("tun_flags") || starts(&["tun", "tap", "wg", "ipsec"]) {
        "vpn"
    } else if starts(&["wwan", "rmnet", "ccmni", "ppp"]) {
        "cellular"
    } else if kind.trim() == ETHERNET {
        "ethernet"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::process::Command;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

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
        assert_eq!(network, up(0, "loopback"));
    }

    /// Tells the test command that a test cannot run on this machine.
    fn skip(test: &str, reason: &str) {
        eprintln!("skipped: {test}: {reason}");
        if let Some(file) = std::env::var_os("OFFPUSH_SKIPPED") {
            let file = fs::OpenOptions::new().append(true).create(true).open(file);
            file.and_then(|mut file| writeln!(file, "{test}: {reason}")).expect("the list of skips");
        }
    }

    fn ip(arguments: &str) {
        let status = Command::new("ip").args(arguments.split(' ')).status().expect("ip");
        assert!(status.success(), "ip {arguments}");
    }

    /// What the monitor finds once it is told of a change.
    fn told(monitor: &Monitor) -> Network {
        let fd = monitor.socket.as_ref().expect("netlink").as_fd();
        let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::from(10_000_u16)), Ok(1), "nothing is told");
        monitor.drain();
        monitor.current()
    }

    #[test]
    fn the_kernel_tells_when_a_network_comes_and_goes() {
        // A default route is a network; in a network namespace of this test's own it comes, changes and goes.
        const NAME: &str = "the_kernel_tells_when_a_network_comes_and_goes";
        const INSIDE: &str = "OFFPUSH_TEST_NAMESPACE";
        if std::env::var_os(INSIDE).is_some() {
            let monitor = Monitor::new(false);
            assert_eq!(monitor.current(), Network::None);
            ip("link set lo up");
            assert_eq!(told(&monitor), Network::None, "an interface is no network");
            ip("route add default dev lo metric 7");
            let first = told(&monitor);
            assert!(matches!(first, Network::Up { .. }), "{first:?}");
            ip("address add 192.0.2.2/24 dev lo");
            ip("route add default via 192.0.2.1 dev lo metric 1");
            monitor.drain();
            let second = monitor.current();
            assert!(matches!(second, Network::Up { .. }) && second != first, "{second:?}");
            ip("route del default metric 1");
            assert_eq!(told(&monitor), first);
            ip("route del default metric 7");
            assert_eq!(told(&monitor), Network::None);
            return;
        }
        let namespace = |arguments: &[&str]| Command::new("unshare").args(arguments).env(INSIDE, "1").output();
        let works = |output: io::Result<std::process::Output>| output.is_ok_and(|output| output.status.success());
        let Some(how) = ["-n", "-rn"].into_iter().find(|how| works(namespace(&[how, "ip", "link"]))) else {
            return skip(NAME, "no network namespace can be made, or iproute2 is missing");
        };
        let program = std::env::current_exe().expect("this program");
        let name = format!("{}::{NAME}", module_path!().split_once("::").expect("a crate").1);
        let program = program.to_str().expect("a path in UTF-8");
        let output = namespace(&[how, program, "--exact", &name, "--nocapture"]).expect("unshare");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
}
