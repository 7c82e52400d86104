//! The default network, as Linux tells it.
//!
//! A netlink socket says that something changed in routes, addresses or interfaces; what it says is not looked at. The state comes
//! from `/proc/net/route` and `/proc/net/ipv6_route`: the interface and gateway of the default route, IPv4's if there is
//! one, make the network's key. Where the system tells neither, there is taken to be a network: an attempt costs less
//! than never trying.
//!
//! What the network gives us, for connections lose their ground with it, is both families' default routes and
//! addresses: of IPv4 the one that the kernel connects from, which a VPN changes too when it works by policy rules and
//! leaves the default route alone; of IPv6 those of `/proc/net/if_inet6` that last. Temporary addresses come and go by
//! the hour (RFC 8981), and what was connected from an old one goes on.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;

use nix::errno::Errno;
use nix::libc::{IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TEMPORARY, IFA_F_TENTATIVE};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket};
use offpush_engine::{Internet, Network};

use crate::clock::hash;

/// The groups of changes that netlink tells: interfaces, routes, rules (`RTMGRP_*` of `linux/rtnetlink.h`; the C bindings
/// have them for some systems only). Addresses come and go with routes of their own; their own groups tell besides that a
/// router has prolonged one, every few minutes. Rules: a VPN may come with one as its last step.
const GROUPS: u32 = LINK | IPV4_ROUTE | IPV4_RULE | IPV6_ROUTE;
const LINK: u32 = 0x1;
const IPV4_ROUTE: u32 = 0x40;
const IPV4_RULE: u32 = 0x80;
const IPV6_ROUTE: u32 = 0x400;

/// The route is usable (`RTF_UP`).
const ROUTE_UP: u32 = 0x1;
/// The route says that there is no way (`RTF_REJECT`).
const ROUTE_REJECTS: u32 = 0x200;

/// Knows the default network.
#[derive(Debug)]
pub(crate) enum Monitor {
    /// By looking, and where the system lets us watch, as soon as it changes; else only what happens anyway makes us
    /// look.
    Looks {
        /// Tells that something has changed.
        socket: Option<OwnedFd>,
        /// The look, given as a function so that an app's library, which is told, has nothing of it.
        look: fn() -> Network,
    },
    /// The servers are on this machine: there always is one.
    Loopback,
    /// As was told last.
    Told(Network),
}

impl Monitor {
    /// With `loopback` there always is a network, whatever the default route.
    pub(crate) fn new(loopback: bool) -> Self {
        if loopback { Self::Loopback } else { Self::Looks { socket: subscribe().map_err(not_watched).ok(), look } }
    }

    /// There is none until one is [told](Self::tell).
    pub(crate) fn told() -> Self {
        Self::Told(Network::None)
    }

    /// The default network, from whoever knows; not listened to where we look ourselves.
    pub(crate) fn tell(&mut self, network: Network) {
        if let Self::Told(current) = self {
            *current = network;
        }
    }

    fn socket(&self) -> Option<&OwnedFd> {
        if let Self::Looks { socket, .. } = self { socket.as_ref() } else { None }
    }

    pub(crate) fn raw_fd(&self) -> Option<RawFd> {
        self.socket().map(AsRawFd::as_raw_fd)
    }

    /// Whether changes are told, as far as there can be any.
    pub(crate) fn is_told(&self) -> bool {
        !matches!(self, Self::Looks { socket: None, .. })
    }

    /// Takes note of every change told so far.
    pub(crate) fn drain(&self) {
        let Some(socket) = self.socket() else { return };
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
        match self {
            Self::Looks { look, .. } => look(),
            Self::Loopback => up(0, "loopback", 0),
            Self::Told(network) => network.clone(),
        }
    }
}

fn look() -> Network {
    let tables = (fs::read_to_string("/proc/net/route"), fs::read_to_string("/proc/net/ipv6_route"));
    if let (Err(_), Err(_)) = tables {
        return up(0, "other", 0);
    }
    let interfaces = Path::new("/sys/class/net");
    let usable = |route: &Route| is_usable(interfaces, &route.interface);
    let table = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let mut ipv6 = ipv6_routes(&tables.1.unwrap_or_default());
    // The kernel lists the routes of all tables there, also those that only rules lead to.
    let way = source(IpAddr::V6(NOBODY_V6)).map(|address| owner(&table, address));
    ipv6.retain(|route| way.is_some_and(|way| way.is_none_or(|way| way == route.interface)));
    let routes = (default_route(&ipv4_routes(&tables.0.unwrap_or_default()), usable), default_route(&ipv6, usable));
    let Some(main) = routes.0.as_ref().or(routes.1.as_ref()) else { return Network::None };
    let ipv6 = routes.1.as_ref().map(|route| ipv6_addresses(&table, &route.interface)).unwrap_or_default();
    up(
        hash(&[main.interface.as_bytes(), main.gateway.as_bytes()]),
        transport(interfaces, &main.interface),
        what_it_gives([routes.0.as_ref(), routes.1.as_ref()], source(IpAddr::V4(NOBODY_V4)), &ipv6),
    )
}

fn up(key: u64, transport: &str, addresses: u64) -> Network {
    Network::Up { key, transport: transport.to_owned(), addresses, internet: Internet::Unknown }
}

/// Everything that a connection rests on, as one number.
fn what_it_gives(routes: [Option<&Route>; 2], source: Option<IpAddr>, ipv6: &[&str]) -> u64 {
    let source = source.map(|address| address.to_string()).unwrap_or_default();
    let routes = routes.into_iter().flat_map(|route| {
        route.map_or(["", ""], |Route { interface, gateway, .. }| [interface.as_str(), gateway.as_str()])
    });
    let parts: Vec<&[u8]> = routes.chain([source.as_str()]).chain(ipv6.iter().copied()).map(str::as_bytes).collect();
    hash(&parts)
}

/// Addresses that are nobody's (RFC 5737, RFC 3849).
const NOBODY_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const NOBODY_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// The address that the kernel connects from to that one. Connecting a UDP socket asks the routing tables, as its rules
/// say, and sends nothing.
fn source(to: IpAddr) -> Option<IpAddr> {
    /// `discard`; any would do.
    const PORT: u16 = 9;
    let any = match to {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((to, PORT)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Whose address that is in `/proc/net/if_inet6`.
fn owner(table: &str, address: IpAddr) -> Option<&str> {
    let IpAddr::V6(address) = address else { return None };
    let text = format!("{:032x}", u128::from(address));
    table.lines().find(|line| line.starts_with(&text))?.split_ascii_whitespace().last()
}

/// The lasting global addresses of an interface in `/proc/net/if_inet6`, sorted: `address index length scope flags
/// iface`, all but the last in hexadecimal.
fn ipv6_addresses<'a>(table: &'a str, interface: &str) -> Vec<&'a str> {
    /// The global scope (`IPV6_ADDR_ANY`, as the kernel prints it).
    const GLOBAL: &str = "00";
    const PASSING: u32 = IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED;
    let read = |line: &'a str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [address, _, _, scope, flags, name] = fields[..] else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        (scope == GLOBAL && name == interface && flags & PASSING == 0).then_some(address)
    };
    let mut addresses: Vec<&str> = table.lines().filter_map(read).collect();
    addresses.sort_unstable();
    addresses
}

fn subscribe() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
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
#[path = "tests/unit/network.rs"]
mod tests;
