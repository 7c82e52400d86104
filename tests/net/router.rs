//! A router of the [`Lab`](super::Lab): a NAT that forgets, and the weather on its link to the phone.

use std::fs;
use std::time::Duration;

use super::lab::{Node, SERVER_V4, SERVER_V6};
use super::portal::Portal;

/// One of the phone's two ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uplink {
    /// `wlan0`.
    Home,
    /// `wwan0`.
    Mobile,
}

/// What a NAT does with packets of a connection that it has forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// Drops them without a word.
    Drop,
    /// Answers with RST.
    Reset,
}

/// What becomes of packets between phone and router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// All pass.
    Clear,
    /// Each way, every so manieth packet is lost: what is sent again gets through, and no chance decides a test.
    OneIn(u8),
    /// None passes, and nothing says so.
    BlackHole,
    /// The router has no way on, and says so.
    NoRoute,
    /// IPv4 is lost.
    WithoutV4,
    /// IPv6 is lost.
    WithoutV6,
}

/// See the module's page.
#[derive(Debug)]
pub struct Router {
    node: Node,
    uplink: Uplink,
}

impl Uplink {
    /// The number in its addresses.
    fn number(self) -> u8 {
        match self {
            Self::Home => 1,
            Self::Mobile => 2,
        }
    }

    /// The phone's interface.
    pub(super) fn interface(self) -> &'static str {
        match self {
            Self::Home => "wlan0",
            Self::Mobile => "wwan0",
        }
    }

    /// The phone's route for sockets that are bound to its address here.
    pub(super) fn add_ways(self, phone: &Node) {
        let (number, interface) = (self.number(), self.interface());
        phone.ip(&format!("route add default via 192.168.{number}.1 dev {interface} table {number}"));
    }

    /// Gives the phone its second address instead of its first.
    pub(super) fn move_address(self, phone: &Node) {
        let (number, interface) = (self.number(), self.interface());
        phone.ip(&format!(
            "addr del 192.168.{number}.2/24 dev {interface}
             addr add 192.168.{number}.3/24 dev {interface}"
        ));
    }

    /// The router's address for the phone; `family` is `-4` or `-6`.
    pub(super) fn gateway(self, family: &str) -> String {
        match family {
            "-4" => format!("192.168.{}.1", self.number()),
            _ => format!("2001:db8:{}::1", self.number()),
        }
    }
}

impl Router {
    /// A router that forgets nothing within a test, and lets everything pass.
    pub(super) fn new(node: Node, uplink: Uplink) -> Self {
        // What is lost on the way from the phone never reaches the NAT, and what is lost on the way to it has passed the NAT.
        // A packet of a connection that is not known is `invalid` (with `nf_conntrack_tcp_loose` off). Those from outside
        // come to the router's own address.
        let rules = "
            table inet lab {
                chain up { }
                chain down { }
                chain forgotten { }
                chain portal { }
                chain gate { }
                chain raw { type filter hook prerouting priority raw; iifname lan jump up; }
                chain arriving { type nat hook prerouting priority dstnat; iifname lan jump portal; }
                chain forward {
                    type filter hook forward priority filter;
                    jump gate
                    iifname wan jump down
                    ct state invalid jump forgotten
                }
                chain input { type filter hook input priority filter; iifname wan ct state invalid jump forgotten; }
                chain leaving { type nat hook postrouting priority srcnat; oifname wan masquerade; }
            }";
        node.nft(rules).unwrap_or_else(|error| panic!("{error}"));
        node.set("ipv4/ip_forward", 1);
        node.set("ipv6/conf/all/forwarding", 1);
        node.set("netfilter/nf_conntrack_tcp_loose", 0);
        let router = Self { node, uplink };
        router.forgets(Forgotten::Drop);
        router
    }

    /// Lays the cables to the phone and to the server, with addresses and routes.
    pub(super) fn connect(&self, phone: &Node, server: &Node) {
        let (number, router, interface) = (self.uplink.number(), self.node.name(), self.uplink.interface());
        let outside = format!("{interface}-server");
        phone.ip(&format!("link add {interface} type veth peer name lan netns {router}"));
        server.ip(&format!("link add {outside} type veth peer name wan netns {router}"));
        phone.ip(&format!(
            "addr add 192.168.{number}.2/24 dev {interface}
             addr add 2001:db8:{number}::2/64 dev {interface}
             link set {interface} up
             rule add from 192.168.{number}.2 table {number}"
        ));
        self.uplink.add_ways(phone);
        server.ip(&format!(
            "addr add 198.51.100.{server_host}/30 dev {outside}
             addr add 2001:db8:10{number}::2/64 dev {outside}
             link set {outside} up",
            server_host = number * 4 + 2
        ));
        self.node.ip(&format!(
            "addr add 192.168.{number}.1/24 dev lan
             addr add 2001:db8:{number}::1/64 dev lan
             link set lan up
             addr add 198.51.100.{router_host}/30 dev wan
             addr add 2001:db8:10{number}::1/64 dev wan
             link set wan up
             route add {SERVER_V4}/32 via 198.51.100.{server_host}
             route add {SERVER_V6}/128 via 2001:db8:10{number}::2",
            router_host = number * 4 + 1,
            server_host = number * 4 + 2
        ));
    }

    /// A connection that is idle for so long (whole seconds) is forgotten, and its packets are treated so.
    pub fn forgets_after(&self, time_out: Duration, forgotten: Forgotten) {
        let seconds = u32::try_from(time_out.as_secs()).expect("a short time-out");
        self.node.set("netfilter/nf_conntrack_tcp_timeout_established", seconds);
        self.forgets(forgotten);
    }

    fn forgets(&self, forgotten: Forgotten) {
        let verdict = match forgotten {
            Forgotten::Drop => "drop",
            Forgotten::Reset => "reject with tcp reset",
        };
        self.replace(&[("forgotten", verdict)]);
    }

    /// For how many more seconds, rounded down, this NAT remembers each of the phone's established connections if nothing
    /// passes.
    pub fn remembers(&self) -> Vec<u64> {
        let table = self.node.inside(|| fs::read_to_string("/proc/thread-self/net/nf_conntrack"));
        // Such as `ipv4 2 tcp 6 431999 ESTABLISHED src=…`.
        let seconds = |line: &str| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let [_, _, "tcp", _, seconds, "ESTABLISHED", ..] = fields[..] else { return None };
            seconds.parse().ok()
        };
        table.expect("the kernel's table of connections").lines().filter_map(seconds).collect()
    }

    /// From now on.
    pub fn weather(&self, weather: Weather) {
        let gate = if weather == Weather::NoRoute { "iifname lan reject with icmpx no-route" } else { "" };
        let rule = match weather {
            Weather::Clear | Weather::NoRoute => String::new(),
            Weather::OneIn(packets) => format!("numgen inc mod {packets} == 0 drop"),
            Weather::BlackHole => "drop".to_owned(),
            Weather::WithoutV4 => "meta nfproto ipv4 drop".to_owned(),
            // Without its neighbours' discovery IPv6 would not be lost but unreachable, which is said at once.
            Weather::WithoutV6 => "meta nfproto ipv6 meta l4proto tcp drop".to_owned(),
        };
        self.replace(&[("up", &rule), ("down", &rule), ("gate", gate)]);
    }

    /// A captive portal answers from now on, until the value is dropped.
    pub fn portal(&self) -> Portal<'_> {
        Portal::open(self)
    }

    /// The cable to the phone is pulled, or put in again.
    pub fn carrier(&self, there: bool) {
        self.node.ip(&format!("link set lan {}", if there { "up" } else { "down" }));
    }

    /// Does something there.
    pub(super) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.node.inside(work)
    }

    /// Replaces what is in these chains, at once.
    pub(super) fn replace(&self, chains: &[(&str, &str)]) {
        let mut rules = String::new();
        for (chain, rule) in chains {
            rules += &format!("flush chain inet lab {chain}\n");
            if !rule.is_empty() {
                rules += &format!("add rule inet lab {chain} {rule}\n");
            }
        }
        self.node.nft(&rules).unwrap_or_else(|error| panic!("{error}"));
    }
}
