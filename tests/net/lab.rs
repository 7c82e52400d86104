//! A real network in network namespaces: a phone with two uplinks, each behind a NAT of its own, and a server.
//!
//! ```text
//!             ┌─ wlan0 ── lan  home router  wan ── home0 ─┐
//!      phone ─┤                                           ├─ server 203.0.113.1, 2001:db8::1
//!             └─ wwan0 ── lan mobile router wan ── cell0 ─┘
//! ```
//!
//! The routers are the kernel's own: forwarding, masquerading and connection tracking by nftables. What they do to
//! packets is changed while a test runs. The calling thread moves into the server's namespace, so that whatever it
//! starts and connects to is there; a phone's processes are started in its own.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sched::{CloneFlags, setns};

use super::router::{Router, Uplink};

/// The server's name for the phone, which has both its addresses.
pub const SERVER_NAME: &str = "push.lab.test";
/// The server's address (RFC 5737).
pub(super) const SERVER_V4: &str = "203.0.113.1";
/// Its IPv6 address (RFC 3849).
pub(super) const SERVER_V6: &str = "2001:db8::1";

/// Where `ip netns` keeps its namespaces.
const NAMESPACES: &str = "/run/netns";
/// Where `ip netns exec` finds what replaces files of `/etc`.
const CONFIGURATIONS: &str = "/etc/netns";
/// The beginning of every name here; then the process's id.
const PREFIX: &str = "offpush-";

/// Everything that a router needs of the kernel, tried out and taken back: whether there is a NAT on this machine.
const PROBE: &str = "
    table inet probe {
        chain raw { type filter hook prerouting priority raw; numgen inc mod 5 == 0 drop; }
        chain arriving { type nat hook prerouting priority dstnat; tcp dport 80 redirect to :8080; }
        chain forward { type filter hook forward priority filter; ct state invalid reject with tcp reset; }
        chain leaving { type nat hook postrouting priority srcnat; masquerade; }
    }
    delete table inet probe";

static NEXT: AtomicU32 = AtomicU32::new(0);
/// Held while the machine's folders of namespaces change: tests run side by side.
static FOLDERS: Mutex<()> = Mutex::new(());

/// One host: a network namespace, gone when dropped.
#[derive(Debug)]
pub(super) struct Node {
    name: String,
}

/// Which address families an uplink offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Families {
    /// Both.
    Both,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// See the module's page.
#[derive(Debug)]
pub struct Lab {
    phone: Node,
    home: Router,
    mobile: Router,
    // Kept for its namespace.
    _server: Node,
    /// Where the calling thread was.
    outside: File,
}

impl Lab {
    /// Builds the network, with the phone at home on both address families, and moves the calling thread to the server.
    /// If this machine does not allow it (no root, no nftables), the error says why.
    pub fn build() -> Result<Self, String> {
        remove_leftovers();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let node = |role: &str| Node::add(&format!("{PREFIX}{}-{number}-{role}", std::process::id()));
        let (phone, server) = (node("phone")?, node("server")?);
        phone.nft(PROBE).map_err(|error| format!("no NAT by nftables: {error}"))?;
        let home = Router::new(node("home")?, Uplink::Home);
        let mobile = Router::new(node("mobile")?, Uplink::Mobile);
        server.ip(&format!("addr add {SERVER_V4}/32 dev lo\naddr add {SERVER_V6}/128 dev lo"));
        for router in [&home, &mobile] {
            router.connect(&phone, &server);
        }
        let hosts = format!("127.0.0.1 localhost\n{SERVER_V6} {SERVER_NAME}\n{SERVER_V4} {SERVER_NAME}\n");
        phone.configure("hosts", &hosts);
        let outside = File::open("/proc/thread-self/ns/net").expect("the namespace of this thread");
        server.enter();
        let lab = Self { phone, home, mobile, _server: server, outside };
        lab.take_default_route(Uplink::Home, Families::Both);
        Ok(lab)
    }

    /// The namespace in which the phone's processes belong.
    pub fn phone(&self) -> &str {
        &self.phone.name
    }

    /// The router of an uplink.
    pub fn router(&self, uplink: Uplink) -> &Router {
        match uplink {
            Uplink::Home => &self.home,
            Uplink::Mobile => &self.mobile,
        }
    }

    /// The phone's default routes lead over this uplink from now on, and those of other families are gone. IPv4
    /// sockets that are bound to the other uplink's address keep their way, as on Android.
    pub fn take_default_route(&self, uplink: Uplink, families: Families) {
        for (family, unwanted) in [("-4", Families::V6), ("-6", Families::V4)] {
            if families == unwanted {
                self.lose_default_route(family);
            } else {
                // Replaced rather than removed and added: the kernel tells of one change, and there always is a route.
                let (gateway, interface) = (uplink.gateway(family), uplink.interface());
                self.phone.ip(&format!("route replace default via {gateway} dev {interface} metric 100"));
            }
        }
    }

    /// The phone's interface goes down, with its routes, or comes up with what DHCP gave before: IPv4, the default route too.
    pub fn interface(&self, uplink: Uplink, up: bool) {
        let (interface, state) = (uplink.interface(), if up { "up" } else { "down" });
        self.phone.ip(&format!("link set {interface} {state}"));
        if up {
            uplink.add_ways(&self.phone);
            self.take_default_route(uplink, Families::V4);
        }
    }

    /// The phone is given another IPv4 address.
    pub fn readdress(&self, uplink: Uplink) {
        uplink.move_address(&self.phone);
        self.take_default_route(uplink, Families::V4);
    }

    /// The default routes go and come back, both families', as when DHCP and router advertisements begin again.
    pub fn renew(&self, uplink: Uplink) {
        self.lose_default_routes();
        self.take_default_route(uplink, Families::Both);
    }

    /// The phone has no default route.
    pub fn lose_default_routes(&self) {
        self.lose_default_route("-4");
        self.lose_default_route("-6");
    }

    fn lose_default_route(&self, family: &str) {
        self.phone.command("ip", &[family, "route", "flush", "exact", "default", "table", "main"]);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Processes have ended before, for whatever was started is dropped before the network it runs in.
        let _ = setns(&self.outside, CloneFlags::CLONE_NEWNET);
    }
}

impl Node {
    fn add(name: &str) -> Result<Self, String> {
        let folders = folders();
        let made = Command::new("ip").args(["netns", "add", name]).output();
        drop(folders);
        let made = made.map_err(|error| format!("no network namespaces: ip: {error}"))?;
        if !made.status.success() {
            return Err(format!("no network namespaces: {}", String::from_utf8_lossy(&made.stderr).trim()));
        }
        let node = Self { name: name.to_owned() };
        // Duplicate address detection keeps a link from IPv6 for a second or two; the addresses here are ours alone.
        node.set("ipv6/conf/default/accept_dad", 0);
        node.ip("link set lo up");
        Ok(node)
    }

    fn path(&self) -> PathBuf {
        Path::new(NAMESPACES).join(&self.name)
    }

    /// Replaces a file of `/etc` for what is started there by `ip netns exec`.
    fn configure(&self, file: &str, content: &str) {
        let _folders = folders();
        let directory = Path::new(CONFIGURATIONS).join(&self.name);
        fs::create_dir_all(&directory).expect("a folder for the namespace's /etc");
        fs::write(directory.join(file), content).expect("a file for the namespace's /etc");
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Moves the calling thread there.
    fn enter(&self) {
        let namespace = File::open(self.path()).expect("a namespace of ours");
        setns(namespace, CloneFlags::CLONE_NEWNET).expect("a namespace of ours");
    }

    /// Does something there; sockets that are opened in it stay there.
    pub(super) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let there = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                self.enter();
                work()
            });
            thread.join()
        });
        there.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Runs a command there that works.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) {
        self.inside(|| feed(Command::new(program).args(arguments), "")).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Lines for `ip -batch`.
    pub(super) fn ip(&self, batch: &str) {
        self.inside(|| feed(Command::new("ip").args(["-batch", "-"]), batch)).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Rules for nftables.
    pub(super) fn nft(&self, rules: &str) -> Result<(), String> {
        self.inside(|| feed(Command::new("nft").args(["-f", "-"]), rules))
    }

    /// A parameter of the kernel under `/proc/sys/net`.
    pub(super) fn set(&self, parameter: &str, value: u32) {
        let path = Path::new("/proc/sys/net").join(parameter);
        let written = self.inside(|| fs::write(&path, value.to_string()));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Runs a command with this input; the error is what it said.
fn feed(command: &mut Command, input: &str) -> Result<(), String> {
    let what = format!("{command:?}");
    let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut process = process.map_err(|error| format!("{what}: {error}"))?;
    // Dropped at the end of the statement: the command sees the end of its input.
    let written = process.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(input.as_bytes()));
    let output = process.wait_with_output().map_err(|error| format!("{what}: {error}"))?;
    if written.is_ok() && output.status.success() {
        return Ok(());
    }
    Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn folders() -> MutexGuard<'static, ()> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(name: &str) {
    let _folders = folders();
    let _ = Command::new("ip").args(["netns", "del", name]).output();
    let _ = fs::remove_dir_all(Path::new(CONFIGURATIONS).join(name));
    // Only if it is empty, so that nobody else's is touched.
    let _ = fs::remove_dir(CONFIGURATIONS);
}

/// Removes what a test program left that was killed.
fn remove_leftovers() {
    for entry in fs::read_dir(NAMESPACES).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
            remove(&name);
        }
    }
}
