//! Who starts when in a race to several servers, each with several addresses (Happy Eyeballs, RFC 8305).
//!
//! Pure: time and results come in, starts come out. What is raced, and what it means to win, is the caller's.
//!
//! Each start differs from the one before in family and, where it can, in server too. So the two things that go wrong
//! most, a broken IPv6 and a blocked port, have both been got round with the second start.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use offpush_engine::Family;

/// Milliseconds from one start to the next: the connection attempt delay recommended by RFC 8305 §5. The first in line
/// has the same head start when only its name is still being looked up.
pub(crate) const STAGGER: u64 = 250;

/// Connections under way at a time: three servers over both families. A start every 250 ms is six in 1.5 s, by when a
/// network that works has answered; each costs a socket and, once TCP stands, a TLS handshake of some 30 KiB.
pub(crate) const MAXIMUM_CONTENDERS: usize = 6;

/// The least that a connection under way is given before another may take its place, in milliseconds: TCP's first
/// retransmission comes after 1 s (RFC 6298 §2), and half a world's round trips for TCP and TLS take another.
pub(crate) const MINIMUM_PATIENCE: u64 = 3_000;

/// Addresses of one name and family that take part: enough for every provider's records, and a bound for a hostile
/// resolver.
const MAXIMUM_ADDRESSES: usize = 4;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// Connect.
    Start {
        /// Identifies the contender.
        contender: usize,
        /// Which server it is for.
        server: usize,
        /// Where to.
        to: SocketAddr,
    },
    /// End this contender to make room for those that have not started.
    GiveUp {
        /// As it was started.
        contender: usize,
    },
}

/// A race's state. See the module's page.
#[derive(Debug)]
pub(crate) struct Race {
    servers: Vec<Server>,
    /// The first in line.
    favourite: (usize, Family),
    began: u64,
    /// No start before, in boot time.
    next_start: u64,
    /// The family of the last start.
    last: Option<Family>,
    /// Contenders under way and since when, the oldest first.
    under_way: VecDeque<(usize, u64)>,
    contenders: usize,
}

#[derive(Debug, Default)]
struct Server {
    /// Its name is being looked up.
    pending: bool,
    v6: VecDeque<SocketAddr>,
    v4: VecDeque<SocketAddr>,
    started: usize,
}

impl Server {
    fn addresses(&mut self, family: Family) -> &mut VecDeque<SocketAddr> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    fn has(&self, family: Family) -> bool {
        match family {
            Family::V4 => !self.v4.is_empty(),
            Family::V6 => !self.v6.is_empty(),
        }
    }
}

impl Race {
    /// A race to so many servers, none of which has an address yet. The favourite starts first; without one it is the
    /// first server over IPv6.
    pub(crate) fn new(servers: usize, favourite: Option<(usize, Family)>, boot: u64) -> Self {
        Self {
            servers: (0..servers).map(|_| Server { pending: true, ..Server::default() }).collect(),
            favourite: favourite.unwrap_or((0, Family::V6)),
            began: boot,
            next_start: boot,
            last: None,
            under_way: VecDeque::new(),
            contenders: 0,
        }
    }

    /// A server's addresses, in the order to try; none if its name has none.
    pub(crate) fn resolved(&mut self, server: usize, addresses: &[IpAddr], port: u16) {
        let Some(server) = self.servers.get_mut(server) else { return };
        server.pending = false;
        for family in [Family::V6, Family::V4] {
            let of_family = addresses.iter().filter(|address| family_of(address) == family);
            server.addresses(family).extend(of_family.take(MAXIMUM_ADDRESSES).map(|ip| SocketAddr::new(*ip, port)));
        }
    }

    /// This contender is out; the next starts at once.
    pub(crate) fn failed(&mut self, contender: usize, boot: u64) {
        self.under_way.retain(|(id, _)| *id != contender);
        self.next_start = boot;
    }

    /// The next thing to do at this time, if there is any.
    pub(crate) fn next(&mut self, boot: u64) -> Option<Move> {
        self.next_timeout().filter(|at| *at <= boot)?;
        if self.under_way.len() >= MAXIMUM_CONTENDERS {
            return self.under_way.pop_front().map(|(contender, _)| Move::GiveUp { contender });
        }
        let (index, family) = self.first_in_line()?;
        let server = self.servers.get_mut(index)?;
        let to = server.addresses(family).pop_front()?;
        server.started += 1;
        let contender = self.contenders;
        self.contenders += 1;
        self.last = Some(family);
        self.next_start = boot.saturating_add(STAGGER);
        self.under_way.push_back((contender, boot));
        Some(Move::Start { contender, server: index, to })
    }

    /// When [`next`](Self::next) has something, in boot time, if nothing else happens.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        let (index, _) = self.first_in_line()?;
        let (favourite, _) = self.favourite;
        let awaits_favourite =
            self.last.is_none() && index != favourite && self.servers.get(favourite).is_some_and(|s| s.pending);
        Some(match self.under_way.front() {
            Some((_, since)) if self.under_way.len() >= MAXIMUM_CONTENDERS => {
                self.next_start.max(since.saturating_add(MINIMUM_PATIENCE))
            }
            _ if awaits_favourite => self.began.saturating_add(STAGGER),
            _ => self.next_start,
        })
    }

    /// Who of those with an address starts next.
    fn first_in_line(&self) -> Option<(usize, Family)> {
        let of_families = |index| [(index, Family::V6), (index, Family::V4)];
        let waiting = (0..self.servers.len()).flat_map(of_families);
        let waiting = waiting.filter(|(index, family)| self.servers.get(*index).is_some_and(|s| s.has(*family)));
        waiting.min_by_key(|(index, family)| match self.last {
            None => (usize::from(*index != self.favourite.0), usize::from(*family != self.favourite.1), *index),
            Some(last) => {
                (usize::from(*family == last), self.servers.get(*index).map_or(0, |server| server.started), *index)
            }
        })
    }

    /// Nobody is under way, and nobody can start any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.under_way.is_empty() && self.first_in_line().is_none() && self.servers.iter().all(|server| !server.pending)
    }
}

/// An address's version of IP.
pub(crate) fn family_of(address: &IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::V4,
        IpAddr::V6(_) => Family::V6,
    }
}

#[cfg(test)]
#[path = "tests/unit/race.rs"]
mod tests;
