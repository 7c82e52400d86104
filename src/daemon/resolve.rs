//! Names to addresses, off the loop.
//!
//! The system's resolver blocks, for half a minute and more if its servers are silent. So each lookup has a thread of
//! its own that ends with it; at idle there is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use mio::Waker;

/// Lookups under way at a time, abandoned ones included. Attempts come one at a time, so more means that the resolver
/// hangs; then waiting for one of these is as good.
const MAXIMUM_LOOKUPS: usize = 4;

/// Bytes of stack of a lookup's thread. glibc's resolver and its plug-ins take below 100 KiB.
const STACK_BYTES: usize = 256 * 1024;

/// Addresses tried of one name: enough for every provider's records, and a bound for a hostile resolver.
const MAXIMUM_ADDRESSES: usize = 8;

/// Identifies a lookup.
pub(crate) type LookupId = u64;

/// What a name stands for, in the order to try; or the resolver's words.
pub(crate) type Resolved = Result<Vec<SocketAddr>, String>;

/// Looks names up.
#[derive(Debug)]
pub(crate) struct Resolver {
    waker: Arc<Waker>,
    sender: Sender<(LookupId, Resolved)>,
    receiver: Receiver<(LookupId, Resolved)>,
    under_way: usize,
    last: LookupId,
}

impl Resolver {
    /// The waker is called when there is something to take.
    pub(crate) fn new(waker: Arc<Waker>) -> Self {
        let (sender, receiver) = channel();
        Self { waker, sender, receiver, under_way: 0, last: 0 }
    }

    /// Starts a lookup.
    pub(crate) fn start(&mut self, host: &str, port: u16) -> Result<LookupId, String> {
        if self.under_way >= MAXIMUM_LOOKUPS {
            return Err("the system's resolver does not answer".to_owned());
        }
        self.last += 1;
        let id = self.last;
        let (host, sender, waker) = (host.to_owned(), self.sender.clone(), Arc::clone(&self.waker));
        let look_up = move || {
            let found = (host.as_str(), port).to_socket_addrs();
            let resolved = found.map(|all| all.take(MAXIMUM_ADDRESSES).collect()).map_err(|error| error.to_string());
            // Both fail only if the daemon has ended meanwhile.
            let _ = sender.send((id, resolved));
            let _ = waker.wake();
        };
        let started = thread::Builder::new().name("resolve".to_owned()).stack_size(STACK_BYTES).spawn(look_up);
        started.map_err(|error| format!("no thread for the lookup: {error}"))?;
        self.under_way += 1;
        Ok(id)
    }

    /// The next lookup that is done.
    pub(crate) fn take(&mut self) -> Option<(LookupId, Resolved)> {
        let done = self.receiver.try_recv().ok()?;
        self.under_way -= 1;
        Some(done)
    }
}

/// The addresses of a host that needs no lookup: an IP address, or `localhost`, which never leaves the machine
/// (RFC 6761 §6.3).
pub(crate) fn literal(host: &str, port: u16) -> Option<Vec<SocketAddr>> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    host.parse::<IpAddr>().ok().map(|address| vec![(address, port).into()])
}
