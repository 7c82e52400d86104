//! Names to addresses, off the loop.
//!
//! The system's resolver blocks, for half a minute and more if its servers are silent. So each lookup has a thread of
//! its own that ends with it; at idle there is none. `getaddrinfo` gives the addresses of both families at once and in
//! the order of RFC 6724, so there is no AAAA to wait for once an A is there (RFC 8305 §3); different names are looked
//! up at the same time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use mio::Waker;

/// Lookups under way at a time, abandoned ones included: two attempts to four names each. More means that the resolver
/// hangs; then waiting for one of these is as good.
const MAXIMUM_LOOKUPS: usize = 8;

/// Bytes of stack of a lookup's thread. glibc's resolver and its plug-ins take below 100 KiB.
const STACK_BYTES: usize = 256 * 1024;

/// Identifies a lookup.
pub(crate) type LookupId = u64;

/// What a name stands for, in the order to try; or the resolver's words.
pub(crate) type Resolved = Result<Vec<IpAddr>, String>;

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

    /// Starts a lookup; `None` if too many are under way, until one of them is done.
    pub(crate) fn start(&mut self, host: &str) -> Result<Option<LookupId>, String> {
        if self.under_way >= MAXIMUM_LOOKUPS {
            return Ok(None);
        }
        self.last += 1;
        let id = self.last;
        let (host, sender, waker) = (host.to_owned(), self.sender.clone(), Arc::clone(&self.waker));
        let look_up = move || {
            let found = (host.as_str(), 0).to_socket_addrs();
            let resolved = found.map(|all| all.map(|to| to.ip()).collect()).map_err(|error| error.to_string());
            // Both fail only if the daemon has ended meanwhile.
            let _ = sender.send((id, resolved));
            let _ = waker.wake();
        };
        let started = thread::Builder::new().name("resolve".to_owned()).stack_size(STACK_BYTES).spawn(look_up);
        started.map_err(|error| format!("no thread for the lookup: {error}"))?;
        self.under_way += 1;
        Ok(Some(id))
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
pub(crate) fn literal(host: &str) -> Option<Vec<IpAddr>> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]);
    }
    host.parse().ok().map(|address| vec![address])
}

#[cfg(test)]
mod tests {
    use mio::{Events, Poll, Token};

    use super::*;

    #[test]
    fn lookups_beyond_the_bound_wait_until_one_is_done() {
        // A resolver that hangs must not gather threads; whoever comes later is asked to come again.
        let mut poll = Poll::new().unwrap();
        let mut resolver = Resolver::new(Arc::new(Waker::new(poll.registry(), Token(0)).unwrap()));
        for number in 0..MAXIMUM_LOOKUPS {
            assert!(matches!(resolver.start(&format!("{number}.invalid")), Ok(Some(_))));
        }
        assert_eq!(resolver.start("more.invalid"), Ok(None));
        // The waker tells.
        poll.poll(&mut Events::with_capacity(1), None).unwrap();
        let (_, result) = resolver.take().unwrap();
        assert!(result.is_err());
        assert!(matches!(resolver.start("more.invalid"), Ok(Some(_))));
    }

    #[test]
    fn addresses_and_this_machine_need_no_lookup() {
        // Every other name does.
        assert_eq!(literal("192.0.2.1"), Some(vec![IpAddr::from([192, 0, 2, 1])]));
        assert_eq!(literal("LocalHost").map(|addresses| addresses.len()), Some(2));
        assert_eq!(literal("localhost.example.com"), None);
    }
}
